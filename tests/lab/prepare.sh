#!/usr/bin/env bash
# prepare.sh FOLDER PACKAGE...: installs Debian packages into an overlay over / and keeps what they changed in
# FOLDER/upper. So the servers, which exclude each other as packages, lie side by side, and the host stays as it is.
set -euo pipefail
folder=$1; shift
rm -rf "$folder"
mkdir -p "$folder"/{upper,work,root}
# An overlay cannot lie on an overlay (a container's /): then the work is done in memory, and the result copied.
if [ "$(stat -f -c %T "$folder")" = overlayfs ]; then
    memory=$(mktemp -d); mount -t tmpfs none "$memory"; mkdir "$memory"/{upper,work,root}; place=$memory
else
    memory=''; place=$folder
fi
unshare -m bash -euo pipefail -c '
    place=$1; shift
    mount --make-rprivate /
    mount -t overlay overlay -o "lowerdir=/,upperdir=$place/upper,workdir=$place/work" "$place/root"
    for part in proc dev sys; do mount --rbind "/$part" "$place/root/$part"; done
    printf "#!/bin/sh\nexit 101\n" > "$place/root/usr/sbin/policy-rc.d"   # start no service while installing
    chmod +x "$place/root/usr/sbin/policy-rc.d"
    chroot "$place/root" apt-get -qq update
    chroot "$place/root" env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "$@"
' _ "$place" "$@"
if [ -n "$memory" ]; then cp -a "$memory/upper/." "$folder/upper/"; umount "$memory"; rmdir "$memory"; fi
rm -rf "$folder/work" "$folder/root"
touch "$folder/ready"
