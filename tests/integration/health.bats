#!/usr/bin/env bats
# health checks: states, results, what ends a probe, what an unhealthy container comes to; no systemd anywhere.
load helper
# shellcheck disable=SC2016 # variables in single quotes are of the container

health() { hod inspect -f '{{.State.Health.Status}}' "$1"; }
is_health() { [ "$(health "$1")" = "$2" ]; }                                               # is_health NAME STATUS
results() { hod inspect -f '{{len .State.Health.Log}}' "$1"; }
probed() { [ "$(results "$1")" -ge "$2" ]; }                                               # probed NAME N
restarts() { [ "$(hod inspect -f '{{.RestartCount}}' "$1")" -ge "$2" ]; }                  # restarts NAME N
checked() { hod run -d --network none --health-interval 200ms "$@"; }

@test "starting, healthy, unhealthy and healthy again, as ps, inspect and filters show it" {
	checked --name c --health-cmd 'echo "it is $(cat /ok)"; test -e /ok' --health-retries 2 busybox sleep 1000
	run -0 hod ps --format '{{.Status}}|{{.HealthStatus}}'
	like '^Up .* \((health: starting|unhealthy)\)\|(starting|unhealthy)$'
	until_ok 20 is_health c unhealthy
	run -0 hod ps --format '{{.Status}}'
	like '\(unhealthy\)$'
	run -0 hod ps -q --filter health=healthy
	is ""
	hod exec c sh -c 'echo well >/ok'
	run -0 hod wait --condition healthy c
	is "-1"
	run -0 hod ps --format '{{.Names}} {{.Status}}' --filter health=healthy
	like '^c Up .* \(healthy\)$'
	until_ok 20 probed c 5 # the last of which are those that succeed
	run -0 hod inspect -f '{{.State.Health.FailingStreak}} {{json (index .State.Health.Log 4)}}' c
	like '^0 \{"Start":"20.*Z","End":"20.*Z","ExitCode":0,"Output":"it is well\\n"\}$'
	hod exec c rm /ok
	run -0 hod wait --condition unhealthy c
	run -0 hod inspect -f '{{json .Config.Healthcheck}}' c
	is '{"Test":["CMD-SHELL","echo \"it is $(cat /ok)\"; test -e /ok"],"Interval":200000000,"Retries":2}'
	hod stop -t 0 c >/dev/null
	run -0 hod ps -a --format '{{.Status}}|{{.HealthStatus}}'
	like '^Exited .* ago\|$'
}

@test "the last five results are kept, of each 4096 bytes, whatever they are" {
	checked --name c --health-cmd 'head -c 10000 /dev/zero | tr "\0" x; printf "\377"' busybox sleep 1000
	until_ok 20 probed c 5
	checked --name d --health-cmd 'printf "a\000b\377c\033d"' busybox sleep 1000
	until_ok 20 is_health d healthy
	run -0 hod inspect -f '{{json .State.Health.Log}}' d
	has '"Output":"a?b?c\u001bd"'
	[ "$(results c)" = 5 ]
	[ "$(hod inspect -f '{{(index .State.Health.Log 0).Output}}' c | wc -c)" = 4097 ] # and a newline
	run -0 hod exec c true
	[ "$(results c)" = 5 ]
}

@test "HEALTHCHECK of an image is carried out, changed by options, switched off" {
	mkdir -p "$FILE_DIR/c"
	printf 'FROM busybox\nHEALTHCHECK --interval=200ms --retries=1 CMD test -e /ok\nCMD ["sleep", "1000"]\n' >"$FILE_DIR/c/Dockerfile"
	hod build -q -t checked "$FILE_DIR/c" >/dev/null
	hod run -d --name image --network none checked >/dev/null
	hod run -d --name changed --network none --health-cmd true checked >/dev/null
	hod run -d --name off --network none --no-healthcheck checked >/dev/null
	hod run -d --name none --network none --health-cmd none checked >/dev/null
	until_ok 20 is_health image unhealthy
	until_ok 20 is_health changed healthy
	run -0 hod inspect -f '{{if .State.Health}}checked{{else}}not checked{{end}}' off none
	is $'not checked\nnot checked'
	run -0 hod ps --filter health=none --format '{{.Names}}'
	is $'none\noff'
	run -0 hod inspect -f '{{json .Config.Healthcheck}}' changed
	is '{"Test":["CMD-SHELL","true"],"Interval":200000000,"Retries":1}'
	run -0 hod healthcheck run changed
	is ""
	run -1 hod healthcheck run image
}

@test "CMD is run without a shell, as the container's user, with its environment and directory" {
	checked --name c -u 1000 -e WHO=me -w /tmp --health-cmd '["CMD", "sh", "-c", "echo $(id -u) $WHO $(pwd)"]' \
		--health-timeout 20s busybox sleep 1000 >/dev/null 2>&1 || skip "$(id_mode): one id only"
	until_ok 20 is_health c healthy
	run -0 hod inspect -f '{{(index .State.Health.Log 0).Output}}' c
	is "1000 me /tmp"
}

@test "what cannot be executed has failed, and says why" {
	checked --name c --health-cmd '["/nothing"]' --health-retries 1 busybox sleep 1000
	until_ok 20 is_health c unhealthy
	run -0 hod inspect -f '{{(index .State.Health.Log 0).ExitCode}} {{(index .State.Health.Log 0).Output}}' c
	has '-1 exec: "/nothing": stat /nothing: no such file or directory'
	run -1 hod healthcheck run c
	has "no such file"
}

@test "a probe that takes too long is killed with all that it has started" {
	checked --name c --health-timeout 1s --health-retries 1 \
		--health-cmd 'echo begun; (sleep 31415 & sleep 31415); sleep 31415' busybox sleep 1000
	until_ok 30 is_health c unhealthy
	run -0 hod inspect -f '{{json (index .State.Health.Log 0)}}' c
	has '"ExitCode":-1,"Output":"Health check exceeded timeout (1s): begun\n"'
	hod rm -f c >/dev/null
	# in a container without a pid namespace of its own nothing else would end them
	checked --name d --pid host --health-timeout 1s --health-retries 1 --health-interval 1h --health-start-period 2s \
		--health-start-interval 100ms --health-cmd '(sleep 31416 & sleep 31416) & sleep 31416' busybox sleep 1000
	until_ok 30 probed d 1
	until_ok 30 no_sleepers 31416
}
no_sleepers() { ! hod exec d ps -o args | grep -q "^sleep $1"; }

@test "it is the container that is asked, not who is asking: a probe that ignores TERM, hangs and prints on" {
	checked --name c --health-timeout 1s --health-retries 1 \
		--health-cmd 'trap "" TERM; while :; do echo xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx; done' busybox sleep 1000
	until_ok 30 is_health c unhealthy
	# the container is served meanwhile
	run -0 hod exec c echo alive
	is alive
	run -0 hod stop -t 0 c
	until_ok 20 no_process "hod-probe"
}

@test "failures in the start period do not count" {
	checked --name c --health-interval 1h --health-start-period 1h --health-start-interval 100ms --health-retries 1 \
		--health-cmd 'test -e /ok' busybox sleep 1000
	until_ok 20 probed c 3
	run -0 hod inspect -f '{{.State.Health.Status}} {{.State.Health.FailingStreak}}' c
	is "starting 0"
	hod exec c touch /ok
	until_ok 20 is_health c healthy
}

@test "nothing is asked while it is paused" {
	need freezer
	checked --name c --health-cmd 'echo x >>/asked' --health-timeout 1s --health-retries 1 busybox sleep 1000
	until_ok 20 is_health c healthy
	hod pause c >/dev/null
	before=$(results c)
	sleep 1.5 # longer than interval and timeout together: nothing may have happened in it
	[ "$(hod inspect -f '{{.State.Health.Status}}' c)" = healthy ]
	hod unpause c >/dev/null
	until_ok 20 probed c "$((before < 5 ? before + 1 : 5))"
	is_health c healthy
}

@test "an unhealthy container is killed, stopped or started again, as was asked" {
	checked --name k --health-retries 1 --health-cmd false --health-on-failure kill busybox sleep 1000
	run -0 hod wait k
	is 137
	run -0 hod inspect -f '{{.State.Status}} {{.Hod.Reason}} {{.RestartCount}}' k
	is "exited unhealthy 0"
	checked --name s --restart always --health-retries 1 --health-cmd false --health-on-failure stop \
		busybox sh -c 'trap "exit 7" TERM; while :; do sleep 0.1; done'
	run -0 hod wait s
	is 7
	run -0 hod inspect -f '{{.State.Status}} {{.RestartCount}}' s
	is "exited 0"
	# with a process that does not end by itself, too
	checked --name r --stop-timeout 1 --health-retries 1 --health-cmd 'test ! -e /ill' --health-on-failure restart \
		busybox sh -c 'trap "" TERM; while :; do sleep 0.1; done'
	until_ok 20 is_health r healthy
	hod exec r touch /ill
	until_ok 30 restarts r 1
	until_ok 30 is_state r running
	hod exec r rm /ill || until_ok 30 hod exec r rm /ill
	until_ok 30 is_health r healthy
	# what is stopped on purpose stays stopped
	run -0 hod stop -t 0 r
	run -0 hod inspect -f '{{.State.Status}}' r
	is exited
	run -0 hod start r
	until_ok 20 is_health r healthy
}

@test "killed for its health, it is started again by its policy, and begins as starting" {
	checked --name c --restart on-failure:1 --health-retries 1 --health-cmd false --health-on-failure kill busybox sleep 1000
	run -0 hod wait c
	is 137
	run -0 hod inspect -f '{{.RestartCount}}' c
	is 1
}

@test "in the foreground it is the same, and the caller's streams are not touched" {
	run -137 --separate-stderr hod_run --name c --health-interval 100ms --health-retries 1 --health-cmd 'echo probe; false' \
		--health-on-failure kill busybox sh -c 'echo out; sleep 1000'
	is out
	run -0 hod logs c
	is out
}

@test "sdnotify=healthy tells the service manager not before it is healthy" {
	need program python3
	sock=$FILE_DIR/notify
	cat >"$FILE_DIR/manager.py" <<-'END'
		import socket, sys
		s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
		s.bind(sys.argv[1])
		s.settimeout(60)
		print(s.recv(4096).decode(), flush=True)
	END
	python3 "$FILE_DIR/manager.py" "$sock" >"$FILE_DIR/told" &
	until_ok 10 test -S "$sock"
	NOTIFY_SOCKET=$sock checked --name c --sdnotify healthy --health-cmd 'test -e /ok' busybox sleep 1000
	until_ok 20 probed c 1
	[ ! -s "$FILE_DIR/told" ]
	hod exec c touch /ok
	wait $!
	grep -q READY=1 "$FILE_DIR/told"
}

@test "no helper and no probe is left when the container, or its monitor, is killed" {
	checked --name c --health-interval 10ms --health-cmd 'sleep 27182' busybox sleep 1000
	until_ok 20 sleeping c
	hod rm -f c >/dev/null
	until_ok 20 no_process '^sleep 27182'
	checked --name d --health-interval 10ms --health-cmd 'sleep 27183' busybox sleep 1000
	until_ok 20 sleeping d
	kill -9 "$(monitor_of d)"
	until_ok 20 no_process '^sleep 27183'
	until_ok 20 is_state d exited
}
sleeping() { hod exec "$1" ps -o args | grep -q '^sleep 2718'; }

@test "wait --condition, and what it cannot wait for" {
	run -0 hod create --name c --network none busybox sh -c 'sleep 1; exit 4'
	run -0 hod wait --condition created c
	hod start c >/dev/null
	run -0 hod wait --condition running --condition exited c
	run -0 hod wait --condition stopped c
	is 4
	run -1 hod wait --condition healthy c
	is "hod: cannot wait for 'c': container is not running"
	hod run -d --name d --network none busybox sleep 1000 >/dev/null
	run -1 hod wait --condition healthy d
	is "hod: cannot wait for 'd': it has no health check"
	run -125 hod wait --condition well d
	has "--condition well: must be created, running"
	checked --name e --health-cmd 'sleep 100' busybox sleep 2
	run -1 hod wait --condition healthy e
	has "container is not running"
}

@test "what does not fit is refused by name" {
	run -125 hod_run --rm --health-interval 3s busybox true
	has "--health-interval: neither --health-cmd nor the image has a health check"
	run -125 hod_run --rm --health-cmd true --no-healthcheck busybox true
	has "--no-healthcheck and --health-cmd exclude each other"
	run -125 hod_run --rm --health-cmd true --health-interval 10us busybox true
	has "--health-interval: must be 0 or at least 1ms"
	run -125 hod_run --rm --health-cmd true --health-on-failure reboot busybox true
	has "--health-on-failure"
	run -125 hod_run --rm --health-cmd true --health-on-failure restart busybox true
	has "--health-on-failure restart and --rm exclude each other"
	run -125 hod ps --filter health=ill
	has "--filter health=ill: must be starting"
	hod run -d --name d --network none busybox sleep 1000 >/dev/null
	run -125 hod healthcheck run d
	is "hod: health check of 'd': container has no health check"
}

@test "a damaged health.json is no reason to fail" {
	checked --name c --health-interval 1h --health-cmd true busybox sleep 1000
	id=$(hod inspect -f '{{.Id}}' c)
	echo '{"status":' >"$HOD_ROOT/containers/$id/health.json"
	run -0 hod ps --format '{{.Names}}'
	is c
	run -0 hod inspect -f '{{.State.Status}}' c
	is running
}
