#!/usr/bin/env bash
# readers.sh UPPER WORK SCRIPT: runs SCRIPT in a server's root with WORK as /lab, without any network.
set -euo pipefail
exec unshare -m -n -u bash -euo pipefail -c '
    upper=$1 work=$2 script=$3
    mount --make-rprivate /
    hostname mail.lab.example
    memory=$(mktemp -d /tmp/smtpconf-lab.XXXXXX); mount -t tmpfs none "$memory"; mkdir "$memory"/{upper,work,root}
    cp -a "$upper/." "$memory/upper/"
    root=$memory/root
    mount -t overlay overlay -o "lowerdir=/,upperdir=$memory/upper,workdir=$memory/work" "$root"
    mount --rbind /dev "$root/dev"; mount -t proc proc "$root/proc"
    mkdir -p "$root/lab"; mount --bind "$work" "$root/lab"
    printf "127.0.0.1 localhost mail.lab.example\n" > "$root/etc/hosts"
    chroot "$root" /bin/bash "/lab/$script"
' _ "$@"
