#!/usr/bin/env bats
# SIGKILL at random moments: after each the store is clean and the next command works.
# HOD_KILLS sets how many (default 40 for each command; 500 by hand). The moments come from a fixed seed.
load helper

# kill_often WORD...: starts hod with these words and kills it after a random part of the time that it takes whole.
# The program itself is the job, not a shell around it, and some of the kills must have met it alive.
kill_often() {
	local kills=${HOD_KILLS:-40} i us delay start whole status met=0 never
	exec {never}<> <(:) # to wait on: another program to sleep would take longer than what is killed
	prepare
	start=${EPOCHREALTIME/./}
	"$HOD" "$@" >/dev/null 2>&1
	whole=$((${EPOCHREALTIME/./} - start))
	RANDOM=1
	for i in $(seq "$kills"); do
		prepare
		us=$(((RANDOM * 32768 + RANDOM) % (whole + 2000)))
		printf -v delay %d.%06d $((us / 1000000)) $((us % 1000000))
		"$HOD" "$@" >/dev/null 2>&1 3>&- &
		read -rt "$delay" -u "$never" || true
		kill -9 $! 2>/dev/null || true
		status=0
		wait $! 2>/dev/null || status=$?
		[ $status != 137 ] || met=$((met + 1))
		after "$i" "$us"
	done
	exec {never}>&-
	echo "# $met of $kills kills met hod $1 alive"
	[ $met -gt 0 ]
}
prepare() { :; }
after() { # after NUMBER MICROSECONDS
	hod fsck >"$FILE_DIR/fsck" 2>&1 || {
		echo "kill $1 after $2 us: fsck:" >&2
		cat "$FILE_DIR/fsck" >&2
		return 1
	}
	[ "$(hod_run --rm busybox echo fine)" = fine ] || {
		echo "kill $1 after $2 us: run does not work any more" >&2
		return 1
	}
}

@test "kill of run --rm" {
	kill_often run --network none --rm busybox sh -c 'echo x >/f; sleep 0.01; sleep 0.0112233'
	until_ok 10 no_process 'sleep 0.0112233'
	until_ok 10 bash -c '[ -z "$("$HOD" ps -q)" ]'
	hod container prune -f >/dev/null
	run -0 hod ps -aq
	is ""
}

@test "kill of run -d" {
	prepare() { hod rm -f k >/dev/null; }
	kill_often run --network none -d --name k busybox sleep 1000
	run -0 hod rm -f k
	store_down
}

@test "kill of rm -f" {
	prepare() { hod_run -d --replace --name k busybox sleep 1000 >/dev/null; }
	hod_run -d --name k busybox sleep 1000
	kill_often rm -f k
	run -0 hod rm -f k
	run -0 hod ps -aq
	is ""
}

@test "kill of load" {
	hod save -o "$FILE_DIR/load.tar" busybox
	prepare() { hod rmi -f busybox >/dev/null 2>&1 || true; }
	usual_after=$(declare -f after)
	after() {
		hod fsck || return
		hod load -i "$FILE_DIR/load.tar" >/dev/null && hod_run --rm busybox true
	}
	kill_often load -i "$FILE_DIR/load.tar"
	eval "$usual_after"
	run -0 hod fsck --deep
}

@test "kill of import" {
	kill_often import "$(busybox_tar)" again
	run -0 hod import "$(busybox_tar)" again
	run -0 hod fsck --deep
}

@test "kill of build" {
	mkdir -p "$FILE_DIR/ctx"
	head -c 3000000 /dev/urandom >"$FILE_DIR/ctx/data"
	printf 'FROM busybox\nCOPY data /d\nRUN cp /d /e && rm /d\nRUN echo done >/f\n' >"$FILE_DIR/ctx/Dockerfile"
	kill_often build -q --no-cache -t killed "$FILE_DIR/ctx"
	run -0 hod build -q -t killed "$FILE_DIR/ctx"
	run -0 hod_run --rm killed cat /f
	is "done"
	run -0 hod fsck --deep
}

@test "kill of rmi, tag and volume create" {
	prepare() { hod tag busybox extra:1; }
	kill_often rmi extra:1
	kill_often tag busybox extra:2
	prepare() { hod volume rm v >/dev/null 2>&1 || true; }
	kill_often volume create v
	run -0 hod fsck --deep
}

@test "kill of a monitor at any moment" {
	for i in $(seq "${HOD_KILLS:-20}"); do
		hod_run -d --replace --name k busybox sh -c 'while :; do echo x; done' >/dev/null
		kill -9 "$(monitor_of k)"
		run -0 hod rm -f k
	done
	run -0 hod fsck
}

@test "no staging is left when all is done" {
	run -0 hod fsck --repair
	[ "$(staged)" = 0 ]
}
