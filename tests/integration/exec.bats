#!/usr/bin/env bats
# exec: another process in a running container.
load helper

setup() { hod_run -d --name c -e FROM_RUN=yes --label x=y busybox sleep 100000 >/dev/null; }

@test "exec passes output, errors, input and the exit code" {
	run -0 hod exec c echo hello
	is hello
	run -0 --separate-stderr hod exec c sh -c 'echo out; echo err >&2'
	is out
	[ "$stderr" = err ]
	for code in 0 1 77 125 255; do
		run "-$code" hod exec c sh -c "exit $code"
	done
	run -0 bash -c 'printf "1\n2" | "$HOD" exec -i c cat'
	is $'1\n2'
	run -0 bash -c 'echo lost | "$HOD" exec c cat'
	is ""
	run -137 hod exec c sh -c 'kill -9 $$'
}

@test "exec of what is not there is 127, of what cannot be executed 126, in what does not run 125 or 1" {
	run -127 hod exec c /no/such
	has /no/such
	run -126 hod exec c /etc/passwd
	run hod exec nosuch true
	[ "$status" = 1 ] || [ "$status" = 125 ]
	has nosuch
	hod stop -t 0 c
	run hod exec c true
	[ "$status" = 1 ] || [ "$status" = 125 ]
	has "not running"
}

@test "exec has the container's environment, its own on top, and HOME of its user" {
	run -0 hod exec -e MINE=1 -e FROM_RUN=no c env
	has MINE=1
	has FROM_RUN=no
	has HOME=/root
	need many-ids
	run -0 hod exec -u user c sh -c 'echo $FROM_RUN $HOME; id -u; id -G'
	is $'yes /home/user\n1000\n1000 2000'
	run -0 hod exec -u 1234:5 c sh -c 'id -u; id -G'
	is $'1234\n5'
}

@test "exec -w" {
	run -0 hod exec -w /tmp c pwd
	is /tmp
	run hod exec -w /no/such/dir c pwd
	[ "$status" -ne 0 ]
}

@test "exec is in all of the container's namespaces, with its capabilities and filter" {
	run -0 hod exec c sh -c 'for n in mnt pid net ipc uts cgroup user; do readlink /proc/self/ns/$n; readlink /proc/1/ns/$n; done | sort | uniq -c | grep -v " 2 " || true'
	is ""
	run -0 hod exec c grep -E '^(CapEff|Seccomp):' /proc/self/status
	has 00000000800405fb
	like $'Seccomp:[ \t]+2'
	run -0 hod exec --privileged c grep CapEff /proc/self/status
	lacks 00000000800405fb
}

@test "exec -it gives a terminal with our size" {
	run -0 with_terminal "stty rows 33 cols 99; $HOD exec -it c sh -c 'tty; stty size'"
	has /dev/pts/
	has "33 99"
	run -6 with_terminal "$HOD exec -it c sh -c 'exit 6'"
	code=0
	session "$HOD exec -it -e PS1=ready% c sh" <<-'END' || code=$?
		expect ready%
		type echo ty''ped\n
		expect typed
		type exit 3\n
	END
	[ $code = 3 ]
}

@test "the size of exec's terminal is right from its first moment" {
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		run -0 with_terminal "stty rows 33 cols 99; $HOD exec -it c stty size"
		has "33 99"
	done
}

@test "exec -t without a terminal is refused" {
	run bash -c '"$HOD" exec -it c true </dev/null'
	[ "$status" -ne 0 ]
	has TTY
}

@test "exec -d returns at once and the process goes on" {
	run -0 hod exec -d c sh -c 'echo done >/tmp/done; sleep 100000'
	is ""
	until_ok 10 hod exec c test -s /tmp/done
	run -0 hod exec c ps -o args
	has "sleep 100000"
}

@test "a lot of output through exec arrives whole" {
	run -0 bash -c '"$HOD" exec c dd if=/dev/zero bs=1M count=48 2>/dev/null | wc -c'
	is 50331648
	run -0 bash -c 'head -c 5000000 /dev/urandom >"$T/big"; "$HOD" exec -i c cat <"$T/big" | cmp - "$T/big" && echo same'
	is same
}

@test "exec ends with 137 when the container is killed" {
	"$HOD" exec c sh -c 'echo in >/tmp/in; sleep 1000' 3>&- &
	pid=$!
	until_ok 10 hod exec c test -s /tmp/in
	hod kill c
	code=0
	wait $pid || code=$?
	[ $code = 137 ]
}

@test "no zombie and no descriptor is left by many execs" {
	monitor=$(monitor_of c)
	before=$(count "/proc/$monitor/fd")
	for _ in $(seq 20); do hod exec c true; done
	run -127 hod exec c /no/such
	run -0 hod exec c ps -o stat,args
	lacks Z
	[ "$(count "/proc/$monitor/fd")" = "$before" ]
}

@test "ten execs at once" {
	pids=
	for i in $(seq 10); do
		"$HOD" exec c sh -c "exit $i" 3>&- &
		pids="$pids $!"
	done
	i=0
	for pid in $pids; do
		i=$((i + 1))
		code=0
		wait "$pid" || code=$?
		[ $code = $i ]
	done
}
