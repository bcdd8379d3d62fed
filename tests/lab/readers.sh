#!/usr/bin/env bash
# readers.sh UPPER WORK SCRIPT: runs SCRIPT in a server's root with WORK as /lab, without any network.
set -euo pipefail
memory=$(mktemp -d /tmp/smtpconf-lab.XXXXXX); trap 'rmdir "$memory"' EXIT
unshare -m -n -u bash -euo pipefail -c '
    memory=$1 upper=$2 work=$3 script=$4
    mount --make-rprivate /
    hostname mail.lab.example
    mount -t tmpfs none "$memory"; mkdir "$memory"/{upper,work,root}
    cp -a "$upper/." "$memory/upper/"
    root=$memory/root
    mount -t overlay overlay -o "lowerdir=$(readlink "$upper/../base"),upperdir=$memory/upper,workdir=$memory/work" "$root"
    mount --rbind /dev "$root/dev"; mount -t proc proc "$root/proc"
    mkdir -p "$root/lab"; mount --bind "$work" "$root/lab"
    printf "127.0.0.1 localhost mail.lab.example\n" > "$root/etc/hosts"
    chroot "$root" /bin/bash "/lab/$script"
' _ "$memory" "$@"
