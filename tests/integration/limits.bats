# limits.bats - limits and devices: what is refused and how, what is told of a container's use. That limits hold, on a
# machine that has them, is also shown by tests/vm.sh.
load helper

can_limit() { # can_limit CONTROLLER
	hod info -f '{{.CgroupControllers}}' | grep -qw "$1"
}

@test "limits that contradict each other are refused with the reason" {
	local options
	for options in "--cpus 1 --cpu-quota 5000" "--memory-swap 1g" "-m 64m --memory-swap 32m" \
		"-m 64m --memory-reservation 128m" "--cpu-period 5" "--blkio-weight 5" "--cpus one" "-m lots" \
		"--cgroups disabled -m 64m" "--device fuse" "--device-cgroup-rule c:1:3" "--device-read-bps /dev/null:1m"; do
		# shellcheck disable=SC2086 # options and values
		run -125 hod run --network none $options busybox true
		[[ $output == *"${options%% *}"* || $output == *"--cpus"* || $output == *"--memory"* ]]
	done
}

@test "what only cgroup v1 had is refused, and not asking for it is not" {
	run -125 hod run --network none --memory-swappiness 60 busybox true
	[[ $output == *"cgroup v2 has none"* ]]
	run -125 hod run --network none --oom-kill-disable busybox true
	[[ $output == *"no such switch"* ]]
	run -125 hod run --network none --kernel-memory 64m busybox true
	hod run --rm --network none --memory-swappiness -1 busybox true
}

@test "a limit that this machine cannot keep is refused by the controller's name, and nothing is run" {
	! can_limit memory || skip "this machine has limits"
	run -125 hod run --network none --name never -m 64m busybox touch /ran
	[[ $output == *"memory controller"* ]]
	[ "$(hod inspect -f '{{.State.Status}}' never)" = created ]
	run -125 hod run --network none --rm --pids-limit 5 busybox true
	[[ $output == *"pids controller"* ]]
}

@test "a memory limit kills, and says so" {
	can_limit memory || skip "no memory controller here for $(id -un)"
	run -137 hod run --network none --name big -m 32m busybox tail /dev/zero
	[[ $output == *"killed for want of memory: its limit is 32MiB"* ]]
	[ "$(hod inspect -f '{{.State.OOMKilled}}' big)" = true ]
}

@test "without limits there is nothing to refuse" {
	hod run --rm --network none busybox true
	hod run --rm --network none --cgroups disabled busybox true
}

@test "the report tells how it ended and what it used" {
	run -3 hod run --rm --network none --report - busybox sh -c 'exit 3'
	[[ $output == *'"exitCode":3,"reason":"exited","oomKilled":false'* ]]
	[[ $output == *'"max_rss_bytes":'* ]]
	hod run -d --name later --network none --report "$FILE_DIR/report.json" busybox sh -c 'exit 4'
	hod wait later
	until_ok 10 grep -q '"exitCode":4' "$FILE_DIR/report.json"
	run -127 hod run --rm --network none --report "$FILE_DIR/report.json" busybox no-such-command
	grep -q '"exitCode":127' "$FILE_DIR/report.json"
	run -125 hod run --network none --report "$FILE_DIR/no/such/dir" busybox true
	run -125 hod run -d --network none --report - busybox true
}

cgroup_dir() { # cgroup_dir CONTAINER: where it is, if there is one
	local path mount
	path=$(hod inspect -f '{{.Hod.Cgroup}}' "$1")
	for mount in /sys/fs/cgroup /sys/fs/cgroup/unified; do
		[ -z "$path" ] || [ ! -e "$mount/cgroup.controllers" ] || echo "$mount$path"
	done
}
lose() { # lose CONTAINER: its monitor is killed, and it ends with that
	kill -9 "$(hod inspect -f '{{.Hod.MonitorPid}}' "$1")"
	until_ok 10 sh -c "! grep -q 1 '$2/cgroup.procs'"
}
@test "the cgroup that a killed monitor has left goes with the next command, and no other's" {
	local lost live command
	hod run -d --name live --network none busybox sleep 1000
	live=$(cgroup_dir live)
	[ -n "$live" ] || skip "no cgroup v2 that $(id -un) may write to"
	for command in "hod ps -a" "hod inspect lost" "hod run --rm --network none busybox true"; do
		hod run -d --name lost --network none busybox sleep 1000
		lost=$(cgroup_dir lost)
		[ -d "$lost" ]
		lose lost "$lost"
		[ -d "$lost" ]
		$command >/dev/null
		[ ! -e "$lost" ]
		[ -d "$live" ]
		[ "$(hod inspect -f '{{.State.Status}}' live)" = running ]
		[ "$(hod inspect -f '{{.State.Status}} {{.State.ExitCode}}' lost)" = "exited 137" ]
		hod rm lost
	done
	# one in a pid namespace that is not its own leaves processes too
	hod run -d --name lost --network none --pid host busybox sh -c 'sleep 3141 & sleep 1000'
	lost=$(cgroup_dir lost)
	until_ok 10 sh -c "[ \$(wc -l <'$lost/cgroup.procs') = 2 ]"
	kill -9 "$(hod inspect -f '{{.Hod.MonitorPid}}' lost)"
	until_ok 10 sh -c "[ \$(wc -l <'$lost/cgroup.procs') = 1 ]"
	hod ps -a
	[ ! -e "$lost" ]
	! pgrep -xaf "sleep 3141" || return 1
}

@test "a device is a node for root, with no other to be used beside it" {
	need root
	run hod run --rm --network none --device /dev/null:/dev/mine:r busybox sh -c 'ls -l /dev/mine; cat /dev/mine'
	[[ $output == *"1,   3"* ]]
	run -1 hod run --rm --network none --cap-add MKNOD busybox sh -c 'mknod /tmp/mem c 1 1 && head -c 1 /tmp/mem'
	[[ $output == *"Operation not permitted"* ]]
	run -125 hod run --rm --network none --device /etc/passwd busybox true
	[[ $output == *"not a device"* ]]
	run -125 hod run --rm --network none --device /dev/no-such busybox true
}

@test "a device is the host's own node for a user" {
	need user
	need userns
	run hod run --rm --network none --device /dev/zero:/dev/mine:r busybox sh -c 'head -c 3 /dev/mine | wc -c'
	[ "$output" = 3 ]
	run -125 hod run --rm --network none --device-cgroup-rule 'c 1:3 rwm' busybox true
	[[ $output == *"only real root"* ]]
}

@test "update keeps limits for the next start" {
	hod create --name kept -m 64m --network none busybox true
	[ "$(hod update -m 128m --cpus 1.5 --pids-limit 7 kept)" = kept ]
	[ "$(hod inspect -f '{{.HostConfig.Memory}} {{.HostConfig.NanoCpus}} {{.HostConfig.PidsLimit}}' kept)" = \
		"134217728 1500000000 7" ]
	hod update --cpu-quota 20000 kept
	[ "$(hod inspect -f '{{.HostConfig.NanoCpus}} {{.HostConfig.CpuQuota}}' kept)" = "0 20000" ]
	run -125 hod update kept # usage
	run -1 hod update -m 1m no-such-container
	run -1 hod update --memory-reservation 1g kept
	[ "$(hod inspect -f '{{.HostConfig.MemoryReservation}}' kept)" = 0 ]
}

@test "stats and top look at a running container" {
	hod run -d --name busy --network none busybox sleep 1000
	[ "$(hod top busy -eo comm | tail -1)" = sleep ]
	[ "$(hod top busy | wc -l)" = 2 ]
	run -125 hod top busy -eo nothing
	[[ $output == *"not a column"* ]]
	[ "$(hod stats --no-stream --format '{{.Name}} {{.PIDs}}' busy)" = "busy 1" ]
	[ "$(hod stats --no-stream --format '{{.Name}}')" = busy ]
	hod stop -t 0 busy
	run -1 hod top busy
	[ "$(hod stats --no-stream -a --format '{{.Name}} {{.CPUPerc}}')" = "busy --" ]
}

@test "info names the cgroup that containers have, and why" {
	[ -n "$(hod info -f '{{.CgroupReason}}')" ]
	case $(stat -f -c %T /sys/fs/cgroup) in
	cgroup2fs) [ "$(hod info -f '{{.CgroupVersion}}')" = 2 ] ;;
	*) [ "$(hod info -f '{{.CgroupVersion}} {{.CgroupDriver}}')" != "2 cgroupfs" ] ;;
	esac
}
