#!/usr/bin/env bash
# prepare.sh FOLDER BASE PACKAGE...: installs Debian packages into an overlay over BASE, which is / or a root of another
# release, and keeps what they changed in FOLDER/upper, BASE as FOLDER/base and the first package's version in
# FOLDER/version. So the servers, which exclude each other as packages, lie side by side, and BASE stays as it is.
set -euo pipefail
folder=$1 base=$2; shift 2
rm -rf "$folder"
mkdir -p "$folder"/{upper,work,root}
ln -s "$base" "$folder/base"
# An overlay cannot lie on an overlay (a container's /): then the work is done in memory, and the result copied.
if [ "$(stat -f -c %T "$folder")" = overlayfs ]; then
    memory=$(mktemp -d); mount -t tmpfs none "$memory"; mkdir "$memory"/{upper,work,root}; place=$memory
else
    memory=''; place=$folder
fi
unshare -m bash -euo pipefail -c '
    folder=$1 place=$2; shift 2
    mount --make-rprivate /
    mount -t overlay overlay -o "lowerdir=$(readlink "$folder/base"),upperdir=$place/upper,workdir=$place/work" "$place/root"
    for part in proc dev sys; do mount --rbind "/$part" "$place/root/$part"; done
    printf "#!/bin/sh\nexit 101\n" > "$place/root/usr/sbin/policy-rc.d"   # start no service while installing
    chmod +x "$place/root/usr/sbin/policy-rc.d"
    chroot "$place/root" apt-get -qq update
    chroot "$place/root" env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "$@"
    chroot "$place/root" dpkg-query -W -f "\${Version}" "$1" > "$folder/version"
' _ "$folder" "$place" "$@"
if [ -n "$memory" ]; then cp -a "$memory/upper/." "$folder/upper/"; umount "$memory"; rmdir "$memory"; fi
rm -rf "$folder/work" "$folder/root"
touch "$folder/ready"
