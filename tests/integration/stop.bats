#!/usr/bin/env bats
# stop, kill, restart, wait, pause, rename.
load helper

willing() { # a container that leaves when told to, and says when it listens
	hod_run -d --name "$1" busybox sh -c 'trap "echo told; exit 21" TERM; trap "echo hup" HUP; echo up; while :; do sleep 1000 & wait $!; done' >/dev/null
	until_ok 10 logged "$1" up
}

@test "stop asks first: the program ends itself, quickly" {
	willing w
	before=$SECONDS
	run -0 hod stop w
	is w
	[ $((SECONDS - before)) -lt 5 ]
	run -0 hod inspect -f '{{.State.ExitCode}} {{.State.Status}}' w
	is "21 exited"
	logged w told
}

@test "stop kills who does not listen, after the time given" {
	hod_run -d --name deaf busybox sh -c 'trap "" TERM; echo up; sleep 1000; sleep 1000'
	until_ok 10 logged deaf up
	run -0 hod stop --time 1 deaf
	run -0 hod inspect -f '{{.State.ExitCode}}' deaf
	is 137
}

@test "stop of what is stopped is fine, of what is not there 1, and the rest is done" {
	willing w
	run -1 hod stop nosuch w
	has "nosuch"
	is_state w exited
	run -0 hod stop w
}

@test "several are stopped at once" {
	for i in 1 2 3; do
		hod_run -d --name "deaf$i" busybox sh -c 'trap "" TERM; echo up; sleep 1000; sleep 1000'
		until_ok 10 logged "deaf$i" up
	done
	before=$SECONDS
	run -0 hod stop -t 2 deaf1 deaf2 deaf3
	[ $((SECONDS - before)) -lt 6 ]
}

@test "no lock is held while stop waits" {
	hod_run -d --name deaf busybox sh -c 'trap "" TERM; echo up; sleep 1000; sleep 1000'
	until_ok 10 logged deaf up
	hod stop -t 30 deaf 3>&- >/dev/null &
	pid=$!
	run -0 timeout 5 "$HOD" ps -q
	run -0 timeout 5 "$HOD" inspect -f '{{.State.Running}}' deaf
	is true
	run -0 timeout 5 "$HOD" exec deaf echo works
	run -0 timeout 10 "$HOD" kill deaf
	wait $pid
}

@test "--stop-signal and --stop-timeout are kept" {
	hod_run -d --name s --stop-signal HUP --stop-timeout 1 busybox sh -c 'trap "exit 5" HUP; trap "" TERM; echo up; while :; do sleep 1000 & wait $!; done'
	until_ok 10 logged s up
	hod stop s
	run -0 hod inspect -f '{{.State.ExitCode}} {{.Config.StopSignal}}' s
	like '^5 (SIG)?HUP$'
}

@test "kill sends any signal by name or number, KILL by default" {
	willing w
	hod kill -s HUP w
	until_ok 10 logged w hup
	hod kill --signal SIGHUP w
	hod kill -s 1 w
	is_state w running
	run -0 hod kill w
	is w
	run -0 hod wait w
	is 137
	run -1 hod kill w
	has "not running"
	run -1 hod kill nosuch
	run hod kill -s NOSUCH w
	[ "$status" -ne 0 ]
}

@test "restart starts it anew" {
	willing w
	pid=$(hod inspect -f '{{.State.Pid}}' w)
	run -0 hod restart -t 5 w
	is w
	is_state w running
	[ "$(hod inspect -f '{{.State.Pid}}' w)" != "$pid" ]
}

@test "wait gives the codes of several, in order" {
	hod_run -d --name a busybox sh -c 'sleep 0.2; exit 3'
	hod_run -d --name b busybox sh -c 'exit 4'
	run -0 hod wait a b
	is $'3\n4'
	run -1 hod wait nosuch
}

@test "wait costs nothing while it waits" {
	hod_run -d --name a busybox sleep 1000
	hod wait a 3>&- >"$FILE_DIR/waited" &
	pid=$!
	until_ok 10 grep -q '^State:.S' "/proc/$pid/status"
	ticks() { cut -d' ' -f14,15 "/proc/$pid/stat"; }
	before=$(ticks)
	sleep 0.5
	[ "$(ticks)" = "$before" ]
	hod kill a
	wait $pid
	[ "$(cat "$FILE_DIR/waited")" = 137 ]
}

@test "pause freezes, unpause goes on, stop thaws" {
	need freezer
	hod_run -d --name p busybox sh -c 'trap "exit 6" TERM; i=0; while :; do i=$((i+1)); echo $i; sleep 0.05; done'
	until_ok 10 logged p 2
	run -0 hod pause p
	is_state p paused
	run -0 hod ps --format '{{.Status}}'
	has "(Paused)"
	run hod exec p true
	[ "$status" -ne 0 ]
	run -0 hod unpause p
	is_state p running
	hod pause p
	run -0 hod stop -t 5 p
	is_state p exited
}

@test "without a freezer pause is refused with the reason" {
	need user
	hod_run -d --name p busybox sleep 1000
	run hod pause p
	[ "$status" = 0 ] || has cgroup
}

@test "rename" {
	id=$(hod_run -d --name old busybox sleep 1000)
	run -0 hod rename old new
	run -0 hod inspect -f '{{.Id}}' new
	is "$id"
	run -1 hod inspect old
	hod_run -d --name other busybox sleep 1000
	run hod rename new other
	[ "$status" -ne 0 ]
	has other
}

@test "all processes of a container end with it" {
	hod_run -d --name tree busybox sh -c 'sleep 54321 & (setsid sleep 54321 &) ; echo up; sleep 54321'
	until_ok 10 logged tree up
	pids=$(pgrep -f 'sleep 54321')
	[ -n "$pids" ]
	hod stop -t 0 tree
	for pid in $pids; do until_ok 10 is_dead "$pid"; done
}

@test "a container ends with its monitor, and the next command knows" {
	hod_run -d --name m busybox sleep 1000
	pid=$(hod inspect -f '{{.State.Pid}}' m)
	kill -9 "$(monitor_of m)"
	until_ok 10 is_dead "$pid"
	until_ok 10 is_state m exited
	run -0 hod ps -a --format '{{.Status}}'
	has "Exited (137)"
	run -0 hod start m
	is_state m running
}
