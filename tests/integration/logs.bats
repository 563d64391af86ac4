#!/usr/bin/env bats
# logs: what the program printed, in order, whole.
load helper

@test "stdout goes to stdout, stderr to stderr, after the end too" {
	hod_run -d --name l busybox sh -c 'echo one; echo two >&2; printf "no end"'
	hod wait l
	run -0 --separate-stderr hod logs l
	is $'one\nno end'
	[ "$stderr" = two ]
	run -1 hod logs nosuch
	has nosuch
}

@test "the output of a foreground run is logged, too" {
	hod_run --name l busybox echo seen
	run -0 hod logs l
	is seen
}

@test "any byte survives" {
	hod_run -d --name l busybox sh -c 'i=0; while [ $i -lt 256 ]; do printf "\\$(printf %o $i)"; i=$((i+1)); done'
	hod wait l
	for i in $(seq 0 255); do printf %b "\\0$(printf %o "$i")"; done >"$FILE_DIR/all"
	hod logs l | cmp - "$FILE_DIR/all"
}

@test "-t puts the time before each line" {
	hod_run -d --name l busybox sh -c 'echo a; echo b'
	hod wait l
	run -0 hod logs -t l
	for line in "${lines[@]}"; do
		[[ $line =~ ^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{9}Z\ [ab]$ ]]
	done
	[ "${#lines[@]}" = 2 ]
}

@test "--tail counts lines, and a bad number means all" {
	hod_run -d --name l busybox sh -c 'seq 1 1000'
	hod wait l
	run -0 hod logs --tail 3 l
	is $'998\n999\n1000'
	run -0 hod logs -n 0 l
	is ""
	run -0 hod logs --tail all l
	[ "${#lines[@]}" = 1000 ]
	run -0 hod logs --tail bad l
	[ "${#lines[@]}" = 1000 ]
}

@test "--tail over both streams keeps their order" {
	hod_run -d --name l busybox sh -c 'for i in 1 2 3; do echo o$i; sleep 0.05; echo e$i >&2; sleep 0.05; done'
	hod wait l
	run -0 hod logs --tail 3 l
	is $'e2\no3\ne3'
}

@test "--since and --until cut by time" {
	mkdir -p "$FILE_DIR/m"
	rm -f "$FILE_DIR/m/"*
	hod_run -d --name l -v "$FILE_DIR/m:/m" busybox sh -c \
		'echo first; : >/m/1; until [ -e /m/2 ]; do sleep 0.02; done; echo second'
	until_ok 10 logged l first
	sleep 0.02 # so that no clock tick is shared
	middle=$(date -u +%Y-%m-%dT%H:%M:%S.%NZ)
	: >"$FILE_DIR/m/2"
	hod wait l
	run -0 hod logs --since "$middle" l
	is second
	run -0 hod logs --until "$middle" l
	is first
	run -0 hod logs --since 10m l
	is $'first\nsecond'
	run -0 hod logs --since "$(date -d '+1 hour' +%s)" l
	is ""
}

@test "-f follows to the end of the container" {
	mkdir -p "$FILE_DIR/f"
	rm -f "$FILE_DIR/f/"*
	hod_run -d --name l -v "$FILE_DIR/f:/f" busybox sh -c 'echo one; until [ -e /f/go ]; do sleep 0.02; done; echo two'
	timeout 30 "$HOD" logs -f l >"$FILE_DIR/followed" 3>&- &
	pid=$!
	until_ok 10 grep -q one "$FILE_DIR/followed"
	: >"$FILE_DIR/f/go"
	wait $pid
	[ "$(cat "$FILE_DIR/followed")" = $'one\ntwo' ]
}

@test "rotation keeps whole lines in order and no more than it may" {
	hod_run -d --name l --log-opt max-size=100k --log-opt max-file=3 busybox seq 1 100000
	hod wait l
	hod logs l >"$FILE_DIR/kept"
	[ "$(tail -n 1 "$FILE_DIR/kept")" = 100000 ]
	first=$(head -n 1 "$FILE_DIR/kept")
	seq "$first" 100000 | cmp - "$FILE_DIR/kept"
	[ "$(stat -c %s "$FILE_DIR/kept")" -le 330000 ]
	[ "$(stat -c %s "$FILE_DIR/kept")" -ge 90000 ]
}

@test "many lines at full speed arrive whole, and are all in the log" {
	hod_run -d --name l --log-opt max-size=-1 busybox sh -c 'seq 1 1000000'
	hod wait l
	seq 1 1000000 | cmp - <(hod logs l)
}

@test "a very long line stays one line" {
	hod_run -d --name l busybox sh -c 'head -c 1000000 /dev/zero | tr "\0" x; echo; echo end'
	hod wait l
	run -0 bash -c '"$HOD" logs l | awk "{ print length(\$0) }"'
	is $'1000000\n3'
}

@test "json-file and k8s-file have the forms other tools read" {
	hod_run -d --name j --log-driver json-file busybox sh -c 'echo out; echo "say \"err\"" >&2'
	hod wait j
	run -0 --separate-stderr hod logs j
	is out
	[ "$stderr" = 'say "err"' ]
	path=$(hod inspect -f '{{.LogPath}}' j)
	run -0 jq -r '.stream + ":" + .log + (.time | test("^[0-9-]+T[0-9:.]+Z$") | tostring)' "$path"
	has "stdout:out"
	has 'stderr:say "err"'
	lacks false
	hod_run -d --name k --log-driver k8s-file busybox sh -c 'echo out; printf part'
	hod wait k
	run -0 cat "$(hod inspect -f '{{.LogPath}}' k)"
	like $'(^|\n)[0-9-]+T[0-9:.]+(Z|[+-][0-9:]+) stdout F out($|\n)'
	like $'stdout P part($|\n)'
	run -0 hod logs k
	is $'out\npart'
}

@test "--log-driver none keeps nothing, and logs says so" {
	run -0 hod_run --name n --log-driver none busybox echo shown
	is shown
	run hod logs n
	[ "$status" -ne 0 ]
	has none
	run -125 hod_run --log-driver nosuch busybox true
	has nosuch
	run -125 hod_run --log-opt nosuch=1 busybox true
	has nosuch
}

@test "the plain log is a file anyone can read with cat" {
	hod_run -d --name p busybox sh -c 'echo as it is'
	hod wait p
	run -0 cat "$(hod inspect -f '{{.LogPath}}' p)"
	is "as it is"
}

@test "logs are there when the monitor was killed" {
	hod_run -d --name l busybox sh -c 'echo before; sleep 1000'
	until_ok 10 logged l before
	kill -9 "$(monitor_of l)"
	until_ok 10 is_state l exited
	run -0 hod logs l
	is before
	run -0 hod inspect -f '{{.State.ExitCode}}' l
	is 137
	run -0 hod rm l
}

@test "a name that is not there does not keep the others from being shown" {
	hod_run --name shown busybox echo here
	run hod logs nosuch shown
	[ "$status" = 1 ]
	has here
	has nosuch
}
