#!/usr/bin/env bats
# restart policies: who is started again, how often, and who is not.
load helper
# shellcheck disable=SC2016 # variables in single quotes are of the container

restarts() { [ "$(hod inspect -f '{{.RestartCount}}' "$1")" -ge "$2" ]; } # restarts NAME N

@test "a failure is tried again as often as was said, and the last code counts" {
	hod run -d --name c --network none --restart on-failure:2 busybox sh -c 'echo run; exit 3' >/dev/null
	run -0 hod wait c
	is 3
	run -0 hod inspect -f '{{.RestartCount}} {{.State.Status}} {{.HostConfig.RestartPolicy}}' c
	is "2 exited {on-failure 2}"
	[ "$(hod logs c | grep -c run)" = 3 ]
}

@test "a success is not tried again by on-failure" {
	hod run -d --name c --network none --restart on-failure busybox true >/dev/null
	run -0 hod wait c
	is 0
	run -0 hod inspect -f '{{.RestartCount}}' c
	is 0
}

@test "always starts again until it is stopped, and what was written stays" {
	hod run -d --name c --network none --restart always busybox sh -c 'echo x >>/count; wc -l </count; sleep 0.1' >/dev/null
	until_ok 20 restarts c 2
	run -0 hod stop -t 0 c
	run -0 hod inspect -f '{{.State.Status}} {{.State.Restarting}}' c
	is "exited false"
	until_ok 20 gone_monitor c
	run -0 hod logs c
	[ "${lines[0]}" = 1 ] && [ "${lines[1]}" = 2 ] && [ "${lines[2]}" = 3 ]
	# and it can be started by hand
	run -0 hod start c
	run -0 hod rm -f c
}
gone_monitor() { ! hod inspect -f '{{.Hod.MonitorPid}}' "$1" | grep -q '[1-9]'; }

@test "between two runs it is shown as restarting, and stop and rm -f end that" {
	hod run -d --name c --network none --restart always busybox sh -c 'exit 5' >/dev/null
	hod run -d --name d --network none --restart always busybox sh -c 'exit 6' >/dev/null
	# the pause doubles: by the sixth it lasts for seconds
	until_ok 30 restarts c 5
	until_ok 10 is_state c restarting
	run -0 hod ps --format '{{.Names}} {{.Status}}' --filter status=restarting --filter name=c
	like '^c Restarting \(5\) .* ago$'
	run -125 hod exec c true
	has "not running"
	run -1 hod rm c
	has "container is restarting"
	run -0 hod stop c
	run -0 hod inspect -f '{{.State.Status}} {{.State.ExitCode}}' c
	is "exited 5"
	until_ok 30 restarts d 5
	run -0 hod rm -f d
	run -0 hod ps -aq --filter name=d
	is ""
}

@test "kill and --timeout are ends that were asked for" {
	hod run -d --name c --network none --restart always busybox sleep 100 >/dev/null
	hod kill c
	run -0 hod wait c
	is 137
	run -124 hod run --name d --network none --restart always --timeout 1 --init busybox sleep 100
	run -0 hod inspect -f '{{.RestartCount}}' c d
	is $'0\n0'
}

@test "after a boot start --restart-policy starts those that should run" {
	hod run -d --name always --network none --restart always busybox sleep 1000 >/dev/null
	hod run -d --name unless --network none --restart unless-stopped busybox sleep 1000 >/dev/null
	hod run -d --name stopped --network none --restart unless-stopped busybox sleep 1000 >/dev/null
	hod run -d --name plain --network none busybox sleep 1000 >/dev/null
	hod run -d --name failing --network none --restart on-failure busybox sleep 1000 >/dev/null
	hod stop -t 0 always stopped >/dev/null
	# as a power cut would: the monitors are gone without a word
	for name in unless plain failing; do kill -9 "$(monitor_of $name)"; done
	for name in unless plain failing; do until_ok 10 is_state $name exited; done
	run -0 hod start --restart-policy
	for name in always unless failing; do is_state $name running; done
	for name in stopped plain; do is_state $name exited; done
	run -0 hod start --all
	for name in stopped plain; do is_state $name running; done
}

@test "in the foreground it goes on until Ctrl-C" {
	"$HOD" run --name c --network none --restart always busybox sh -c 'echo run; sleep 0.2' >"$BATS_TEST_TMPDIR/out" &
	pid=$!
	until_ok 20 restarts c 2
	kill -TERM $pid # an INT is ignored by what a shell runs in the background
	wait $pid || true
	run -0 hod inspect -f '{{.State.Status}}' c
	is exited
	[ "$(grep -c run "$BATS_TEST_TMPDIR/out")" -ge 3 ]
}

@test "with a terminal each run has a new one" {
	hod run -dt --name c --network none --restart on-failure:1 busybox sh -c 'tty; exit 1' >/dev/null
	run -0 hod wait c
	[ "$(hod logs c | grep -c '^/dev/pts/0')" = 2 ]
}

@test "bad policies are refused before anything is made" {
	run -125 hod run -d --name c --network none --restart sometimes busybox true
	has "must be no, on-failure[:N], always or unless-stopped"
	run -125 hod run -d --name c --network none --rm --restart always busybox true
	has "exclude each other"
	run -0 hod ps -aq
	is ""
}
