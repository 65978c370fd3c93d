#!/bin/bash
# Run a command where nothing but loopback exists. Usage: box.sh PROGRAMS COMMAND...
#
# New network, mount, host name and process namespaces. PROGRAMS is seen as /home/harness, its bin/ is first on PATH; HOME is
# /home/box, empty and gone afterwards, and /home/vcr is free for `cassette discover --home`: so no path of this machine
# shows. The environment is empty but for what is named below and what a leading env(1) adds. Other directories below
# /home stay where they are: the tool itself may live there. When the command ends, all that it started ends.
# Needs root (or CAP_SYS_ADMIN), unshare and iproute2.
set -eu
programs=$(realpath "$1")
shift
for needed in unshare ip mount; do
  command -v "$needed" >/dev/null || { echo "box.sh: $needed is missing: install util-linux and iproute2." >&2; exit 4; }
done
unshare --net true 2>/dev/null || { echo "box.sh: no network namespace can be made here: run it as root." >&2; exit 4; }

inside='
set -eu
programs=$1
shift
here=$PWD
ip link set lo up
echo box >/proc/sys/kernel/hostname
mount --make-rprivate /
kept=$(mktemp -d)
mount --rbind /home "$kept"
exec 8<"$programs" # held open: its path may be below /home
mount -t tmpfs tmpfs /home
for other in "$kept"/*; do
  [ -d "$other" ] || continue
  mkdir "/home/${other##*/}"
  mount --rbind "$other" "/home/${other##*/}"
done
mkdir -p /home/harness /home/box
mount --bind /proc/self/fd/8/. /home/harness
exec 8<&-
umount -l "$kept"
rmdir "$kept"
cd "$here"
exec env -i PATH="/home/harness/bin:$PATH" HOME=/home/box USER=vcr LOGNAME=vcr SHELL=/bin/bash \
  TERM=xterm-256color LANG=C.UTF-8 TZ=UTC "$@"
'
exec unshare --net --mount --uts --pid --fork --mount-proc --kill-child bash -c "$inside" box "$programs" "$@"
