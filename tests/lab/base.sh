#!/usr/bin/env bash
# base.sh FOLDER SUITE: makes a root of another Debian release, with what the lab needs beside the servers.
set -euo pipefail
folder=$1 suite=$2
command -v debootstrap > /dev/null || { apt-get -qq update; apt-get -qq install -y --no-install-recommends debootstrap; }
rm -rf "$folder" "$folder.part"
debootstrap --variant=minbase --include=adduser,ca-certificates,iproute2,m4,openssl,ssl-cert \
    "$suite" "$folder.part" http://deb.debian.org/debian
mv "$folder.part" "$folder"
