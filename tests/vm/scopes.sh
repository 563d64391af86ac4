# scopes.sh - in the guest, as root with systemd: scopes of the system's manager, and of a user's who is in a cgroup
# that is not his (a login session, cron).
# shellcheck shell=sh
# shellcheck source=/dev/null
. /share/tests/vm/lib.sh
chmod -R a+rX "$W"

as_tester() { setpriv --reuid tester --regid tester --init-groups env HOME=/home/tester HOD_ROOT=/var/tmp/tester-store "$@"; }

# out of the delegated unit that we are in
elsewhere() { systemd-run --quiet --wait --pipe --collect -p Delegate=no env HOD_ROOT="$HOD_ROOT" "$@"; }
check "root has limits from a unit that is not delegated" is \
	"$(elsewhere "$HOD" run --rm --network none -m 32m busybox cat /sys/fs/cgroup/memory.max)" 33554432
elsewhere "$HOD" run -d --name s -m 32m --network none busybox sleep 1000 >/dev/null
check "in a scope" sh -c "'$HOD' inspect -f '{{.Hod.Cgroup}}' s | grep -q '/system.slice/hod-.*[.]scope/container'"
check "exec enters it" is "$(elsewhere "$HOD" exec s cat /sys/fs/cgroup/memory.max)" 33554432
hod rm -f s >/dev/null

loginctl enable-linger tester
until [ -S /run/user/1000/systemd/private ]; do sleep 0.2; done
as_tester "$HOD" import "$W/image.tar" busybox >/dev/null
check "a user in a cgroup of root has limits" is \
	"$(as_tester "$HOD" run --rm --network none -m 32m busybox cat /sys/fs/cgroup/memory.max)" 33554432
as_tester "$HOD" run -d --name t -m 32m --network none busybox sleep 1000 >/dev/null
check "in a scope of the user's manager" sh -c \
	"setpriv --reuid tester --clear-groups env HOD_ROOT=/var/tmp/tester-store '$HOD' inspect -f '{{.Hod.Cgroup}}' t | grep -q '/user@1000.service/.*hod-.*[.]scope/container'"
check "exec enters it from outside" between "$(as_tester "$HOD" exec t cat /sys/fs/cgroup/cgroup.procs | wc -l)" 2 3
as_tester "$HOD" run --rm --network none -m 32m busybox tail /dev/zero
check "limits hold" is $? 137
as_tester "$HOD" rm -f t >/dev/null
gone() {
	tries=50
	while [ -n "$(ours)" ]; do
		tries=$((tries - 1))
		[ $tries -gt 0 ] || { ours; return 1; }
		sleep 0.2
	done
}
check "nothing is left" gone
echo end
