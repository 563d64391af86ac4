# delegate.sh - in the guest, as root without systemd: what `setup cgroup` prints gives a user limits.
# shellcheck shell=sh
# shellcheck source=/dev/null
. /share/tests/vm/lib.sh
chmod -R a+rX "$W"

as_tester() { setpriv --reuid tester --regid tester --init-groups env HOME=/home/tester HOD_ROOT=/var/tmp/tester-store "$@"; }

hod setup cgroup --user tester >"$W/delegate.sh"
check "the commands are a shell's" sh -n "$W/delegate.sh"
check "they run" sh "$W/delegate.sh"
check "the caller's shell is in the user's cgroup" is "$(cat /proc/self/cgroup)" "0::/hod-1000/login"
as_tester "$HOD" import "$W/image.tar" busybox >/dev/null
check "the user has limits" is \
	"$(as_tester "$HOD" run --rm --network none -m 32m --cpus 1 busybox cat /sys/fs/cgroup/memory.max)" 33554432
as_tester "$HOD" run --rm --network none -m 32m busybox tail /dev/zero
check "which hold" is $? 137
check "info tells where" is "$(as_tester "$HOD" info -f '{{.CgroupDriver}} {{.CgroupParent}}')" "cgroupfs /hod-1000"
check "nothing is left but what was set up" is "$(find /sys/fs/cgroup/hod-1000 -mindepth 1 -type d)" /sys/fs/cgroup/hod-1000/login
echo end
