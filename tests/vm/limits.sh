# limits.sh - in the guest: limits hold and are told of, and nothing is left of a container's cgroup.
# shellcheck shell=sh
# shellcheck source=/dev/null
. /share/tests/vm/lib.sh
before=$(ours)

run --name oom --report "$W/r" -m 32m busybox tail /dev/zero 2>"$W/err"
code=$?
check "a container over its memory limit is killed: 137" is "$code" 137
check "and that is said, with the limit" has "$W/err" "container 'oom' was killed for want of memory: its limit is 32MiB"
check "inspect: OOMKilled" is "$(hod inspect -f '{{.State.OOMKilled}} {{.Hod.Reason}}' oom)" "true oom"
check "the report says so too" is "$(member "$W/r" oomKilled) $(member "$W/r" reason)" 'true "oom"'
check "its peak is the limit" between "$(member "$W/r" memory_peak_bytes)" 30000000 33554432
hod rm oom >/dev/null

# shellcheck disable=SC2016 # for the shell in there
run --rm --report "$W/r" --pids-limit 30 --timeout 8 busybox sh -c 'b() { b | b & }; b; while :; do sleep 1; done' \
	>/dev/null 2>&1
check "a fork bomb has no more processes than its limit" between "$(member "$W/r" pids_peak)" 25 30
check "and is refused more" between "$(member "$W/r" pids_refused)" 1 2000000000

# not as process 1, which would not hear the TERM
# shellcheck disable=SC2016
run --rm --report "$W/r" --cpus 0.5 busybox sh -c 'timeout 12 sh -c "while :; do :; done"; true' 2>/dev/null
check "half a processor is half a processor, within 10 %" \
	between $(($(member "$W/r" cpu_usec) * 1000 / $(member "$W/r" wallUsec))) 450 550

run --rm -m 64m --cpus 0.5 --pids-limit 50 --cgroup-conf memory.high=48m busybox sh -c \
	'cd /sys/fs/cgroup; cat memory.max memory.swap.max memory.high cpu.max pids.max' >"$W/files"
check "what is asked for is in the files" is "$(tr '\n' ' ' <"$W/files")" "67108864 67108864 50331648 50000 100000 50 "
check "a limit that is only a default is there as well" is "$(run --rm -m 64m busybox cat /sys/fs/cgroup/pids.max)" 2048

run -d --name live -m 64m busybox sleep 1000 >/dev/null
check "update changes a running container" hod update -m 96m --pids-limit 40 --cpus 0.25 live
check "at once" is "$(hod exec live sh -c 'cd /sys/fs/cgroup; cat memory.max pids.max cpu.max' | tr '\n' ' ')" \
	"100663296 40 25000 100000 "
check "and for inspect" is "$(hod inspect -f '{{.HostConfig.Memory}} {{.HostConfig.PidsLimit}}' live)" "100663296 40"
check "inspect tells what the cgroup enforces" is "$(hod inspect -f '{{.Hod.Enforced.Memory}} {{.Hod.Enforced.Pids}}' live)" "100663296 40"
# beside the two the process that made the second may be seen for a moment
check "exec joins the cgroup" between "$(hod exec live cat /sys/fs/cgroup/cgroup.procs | wc -l)" 2 3
check "stats tells the limit" is "$(hod stats --no-stream --format '{{.MemUsage}}' live | sed 's/.* //')" 96MiB
check "top lists its processes" is "$(hod top live -o comm | tail -1)" sleep
check "it can be paused" hod pause live
check "and go on" hod unpause live
check "it has its limits when started again" sh -c "
	'$HOD' stop -t 0 live && '$HOD' start live && [ \$('$HOD' exec live cat /sys/fs/cgroup/memory.max) = 100663296 ]"
hod rm -f live >/dev/null

if run --rm --cpuset-cpus 0 busybox true 2>"$W/err"; then
	check "processors that are not there are refused" sh -c "! '$HOD' run --rm --network none --cpuset-cpus 99 busybox true"
	check "one that is can be had" is "$(run --rm --cpuset-cpus 0 busybox cat /sys/fs/cgroup/cpuset.cpus.effective)" 0
else
	check "cpuset is refused by name" has "$W/err" "cpuset controller is held by cgroup /"
fi

if [ "$(id -u)" = 0 ]; then
	disk=$(findmnt -no SOURCE /var/tmp || findmnt -no SOURCE /)
	check "a rate of a disk" is "$(run --rm --device-write-bps "$disk:1m" busybox cat /sys/fs/cgroup/io.max | cut -d' ' -f3)" \
		wbps=1048576
	run --rm --cap-add MKNOD busybox sh -c 'mknod /tmp/disk b 254 0 && head -c 1 /tmp/disk' >/dev/null 2>"$W/err"
	check "a device that was not given cannot be opened" has "$W/err" "Operation not permitted"
	check "one that was given can" run --rm --device "$disk:/dev/disk:r" busybox sh -c 'head -c 1 /dev/disk >/dev/null'
	check "but not for more" sh -c "! '$HOD' run --rm --network none --device '$disk:/dev/disk:r' busybox sh -c ': >/dev/disk'"
	check "and /dev/null always" run --rm --device "$disk:/dev/disk:r" busybox sh -c 'echo >/dev/null && head -c 1 /dev/zero >/dev/null'
fi

# ---- what is left ----
i=0
while [ $i -lt "${RUNS:-100}" ]; do
	run --rm -m 64m busybox true || break
	i=$((i + 1))
done
check "${RUNS:-100} containers run" is "$i" "${RUNS:-100}"
gone() { # a scope goes when its last process has gone: told to the manager, not to us
	tries=50
	until [ "$(ours)" = "$before" ]; do
		tries=$((tries - 1))
		[ $tries -gt 0 ] || { ours; return 1; }
		sleep 0.2
	done
}
check "and nothing is left in the cgroup tree" gone

run -d --name lost -m 64m busybox sleep 1000 >/dev/null
kill -9 "$(hod inspect -f '{{.Hod.MonitorPid}}' lost)"
hod wait lost >/dev/null
check "a container ends with its monitor" is "$(hod inspect -f '{{.State.Status}} {{.State.ExitCode}}' lost)" "exited 137"
check "and starts again the first time" hod start lost
check "with its limits" is "$(hod exec lost cat /sys/fs/cgroup/memory.max)" 67108864
kill -9 "$(hod inspect -f '{{.Hod.MonitorPid}}' lost)"
hod wait lost >/dev/null
check "or is removed" hod rm lost
check "and nothing is left of that" gone
run -d --name lost -m 64m busybox sleep 1000 >/dev/null
kill -9 "$(hod inspect -f '{{.Hod.MonitorPid}}' lost)"
hod wait lost >/dev/null
hod ps -a >/dev/null
check "nor of one that nobody starts or removes, behind the next command" gone
hod rm lost >/dev/null

# ---- inside our own cgroup: last, as we are moved into a leaf of it ----
own=$(sed -n 's/^0:://p' /proc/self/cgroup)
own=${own%/hod-self}
run -d --name split --cgroups split -m 32m busybox sleep 1000 >/dev/null
check "--cgroups split: below the caller's cgroup" is \
	"$(hod inspect -f '{{.Hod.Cgroup}}' split)" "$own/hod/$(hod inspect -f '{{.Id}}' split)"
check "with its limit" is "$(hod exec split cat /sys/fs/cgroup/memory.max)" 33554432
check "the caller is in a leaf" is "$(sed -n 's/^0:://p' /proc/self/cgroup)" "$own/hod-self"
hod rm -f split >/dev/null
check "and that is all that is left" gone
echo end
