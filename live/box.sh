#!/bin/bash
# Run a command where nothing but loopback exists. Usage: box.sh PROGRAMS HOME COMMAND...
#
# New network, mount and process namespaces. PROGRAMS is /home/harness, HOME is /home/vcr and the working directory
# /home/vcr/proj, so no path of this machine is ever shown; the environment is empty but for what is named below and
# what a leading env(1) adds. Other directories below /home stay where they are: the tool itself may live there.
# When the command ends, everything it started ends. Needs root (or CAP_SYS_ADMIN), unshare and iproute2.
set -eu
programs=$(realpath "$1") home=$(realpath "$2")
shift 2
for needed in unshare ip mount; do
  command -v "$needed" >/dev/null || { echo "box.sh: $needed is missing: install util-linux and iproute2." >&2; exit 4; }
done
unshare --net true 2>/dev/null || { echo "box.sh: no new network namespace may be made here: run it as root." >&2; exit 4; }
mkdir -p "$home/proj"

inside='
set -eu
programs=$1 home=$2
shift 2
ip link set lo up
mount --make-rprivate /
kept=$(mktemp -d)
mount --rbind /home "$kept"
exec 8<"$programs" 9<"$home" # held open: the paths may be below /home
mount -t tmpfs tmpfs /home
for other in "$kept"/*; do
  [ -d "$other" ] || continue
  mkdir "/home/${other##*/}"
  mount --rbind "$other" "/home/${other##*/}"
done
mkdir -p /home/harness /home/vcr
mount --bind /proc/self/fd/8/. /home/harness
mount --bind /proc/self/fd/9/. /home/vcr
exec 8<&- 9<&-
umount -l "$kept"
rmdir "$kept"
cd /home/vcr/proj
exec env -i PATH="/home/harness/bin:$PATH" HOME=/home/vcr USER=vcr LOGNAME=vcr SHELL=/bin/bash \
  TERM=xterm-256color LANG=C.UTF-8 TZ=UTC "$@"
'
exec unshare --net --mount --pid --fork --mount-proc --kill-child bash -c "$inside" box "$programs" "$home" "$@"
