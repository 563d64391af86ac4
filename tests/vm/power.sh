# power.sh before|after - in the guest: containers with limits run when the power goes, and after the next boot
# everything works with no repair.
# shellcheck shell=sh
# shellcheck source=/dev/null
. /share/tests/vm/lib.sh

case $1 in
before)
	run -d --name lived -m 64m busybox sleep 1000 >/dev/null
	run -d --name removed --rm -m 64m busybox sleep 1000 >/dev/null
	check "two containers run" is "$(hod ps -q | wc -l)" 2
	sync
	echo end
	echo CUT
	sleep 100
	;;
after)
	check "no cgroup is left of another boot" is "$(ours)" ""
	check "ps -a shows how it ended" is "$(hod ps -a --filter name=lived --format '{{.State}}')" exited
	check "inspect says why" is "$(hod inspect -f '{{.State.ExitCode}} {{.Hod.Reason}}' lived)" "137 reboot"
	check "fsck finds nothing" hod fsck
	check "it starts again" hod start lived
	check "with its limit" is "$(hod exec lived cat /sys/fs/cgroup/memory.max)" 67108864
	check "all can be removed" sh -c "'$HOD' ps -aq | xargs '$HOD' rm -f"
	check "and nothing is left" is "$(ours)" ""
	echo end
	;;
esac
