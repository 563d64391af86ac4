# refused.sh - in the guest: a user to whom nothing was delegated. Limits are refused by name, all else works.
# shellcheck shell=sh
# shellcheck source=/dev/null
. /share/tests/vm/lib.sh

check "without limits containers run" is "$(run --rm busybox echo yes)" yes
for limit in '-m 32m:memory' '--cpus 1:cpu' '--pids-limit 9:pids' '--cpuset-cpus 0:cpuset' '--blkio-weight 500:io'; do
	# shellcheck disable=SC2086 # an option and its value
	run --rm ${limit%:*} busybox true 2>"$W/err"
	check "${limit%:*} is refused" is $? 125
	check "and named, with its holder" has "$W/err" "the ${limit##*:} controller is held by cgroup /"
done
check "info says what there is" is "$(hod info -f '{{.CgroupDriver}} {{.CgroupVersion}}')" "none 2"
check "update refuses as well" sh -c "
	'$HOD' run -d --name a --network none busybox sleep 100 && ! '$HOD' update -m 32m a && '$HOD' rm -f a"
check "setup cgroup prints what root has to run" sh -c "'$HOD' setup cgroup | grep -q cgroup.subtree_control"
echo end
