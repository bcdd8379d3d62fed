#!/usr/bin/env bash
# enter.sh UPPER WORK LAB: runs one case. UPPER is what prepare.sh kept, WORK the folder of the case, LAB this test program.
#
# The server lives in mount, network, PID and UTS namespaces of its own, at its real ports; its clients live in a second
# network namespace behind a veth pair, since on lo a server takes their addresses for its own. Nothing can leave, and all
# is gone at the end. WORK holds what the case needs (hostname, server.env, clients, sessions.json, serve.sh, files/) and
# gets the results.
set -euo pipefail
memory=$(mktemp -d /tmp/smtpconf-lab.XXXXXX); trap 'rmdir "$memory"' EXIT
unshare -m -n -p -u -f bash -euo pipefail -c '
    memory=$1 upper=$2 work=$3 lab=$4
    . "$work/server.env"                                       # HOST SERVER4 OTHER4 SERVER6 RESOLVER4 RESOLVER6
    mount --make-rprivate /
    mount -t tmpfs none "$memory"; mkdir "$memory"/{upper,work,root}
    cp -a "$upper/." "$memory/upper/"
    root=$memory/root
    mount -t overlay overlay -o "lowerdir=$(readlink "$upper/../base"),upperdir=$memory/upper,workdir=$memory/work" "$root"
    mount -t proc proc /proc
    mount -t proc proc "$root/proc"
    # Sendmail queues and refuses by the load of the machine, which here is that of the whole lab.
    echo "0.00 0.00 0.00 1/1 1" > "$work/loadavg"; mount --bind "$work/loadavg" "$root/proc/loadavg"
    mount -t tmpfs -o mode=755 none "$root/run"
    mount -t tmpfs none "$root/dev"
    for node in null:3 zero:5 full:7 random:8 urandom:9; do mknod -m 666 "$root/dev/${node%:*}" c 1 "${node#*:}"; done
    mknod -m 666 "$root/dev/tty" c 5 0
    mkdir "$root/dev/pts" "$root/dev/shm"; mount -t devpts -o newinstance,ptmxmode=0666 none "$root/dev/pts"
    ln -s pts/ptmx "$root/dev/ptmx"
    mkdir -p "$root/lab"; mount --bind "$work" "$root/lab"
    hostname "$HOST"                                           # with a dot, else Sendmail sleeps for a minute

    unshare -n sleep infinity & clients=$!
    until [ "$(readlink /proc/$clients/ns/net)" != "$(readlink /proc/self/ns/net)" ]; do sleep 0.01; done
    outside() { nsenter -t "$clients" -n "$@"; }
    ip link set lo up
    ip link add server0 type veth peer name client0 netns "$clients"
    for own in $SERVER4 $OTHER4; do ip addr add "$own/32" dev server0; done; ip -6 addr add "$SERVER6/128" dev server0 nodad
    ip link set server0 up
    ip route add default dev server0; ip -6 route add default dev server0
    outside ip link set lo up
    outside ip link set client0 up
    outside ip -batch "$work/clients"
    for own in $SERVER4 $OTHER4; do outside ip route add "$own/32" dev client0; done; outside ip -6 route add "$SERVER6/128" dev client0
    printf "127.0.0.1 localhost\n::1 localhost\n%s %s\n" "$SERVER4" "$HOST" > "$root/etc/hosts"
    printf "nameserver %s\noptions timeout:2 attempts:2\n" "$RESOLVER4" > "$root/etc/resolv.conf"

    "$lab" syslog "$root/dev/log" "$work/log" &
    outside "$lab" world "$work" &
    "$lab" beside "$work" "$root" &
    for _ in $(seq 200); do
        [ -e "$work/world.ready" ] && [ -e "$work/beside.ready" ] && [ -e "$root/dev/log" ] && break; sleep 0.02
    done
    code=0
    chroot "$root" /bin/bash /lab/serve.sh start > "$work/start.out" 2>&1 || code=$?
    if [ $code = 0 ]; then
        outside "$lab" speak "$work" outside & outer=$!
        "$lab" speak "$work" inside
        wait $outer || code=$?
        chroot "$root" /bin/bash /lab/serve.sh finish > "$work/finish.out" 2>&1 || code=$?
    fi
    exit $code
' _ "$memory" "$@"
