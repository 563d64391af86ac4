#!/usr/bin/env bats
# run and create: what goes in, what comes out, and what the process sees.
load helper

@test "run gives the exit code of the program" {
	for code in 0 1 3 42 124 125 126 127 128 200 255; do
		run "-$code" hod_run --rm busybox sh -c "exit $code"
	done
}

@test "run gives 128 plus the signal that killed the program" {
	hod_run --name victim busybox sleep 1000 3>&- &
	until_ok 10 is_state victim running
	hod kill victim
	code=0
	wait $! || code=$?
	[ $code = 137 ]
	run -143 hod_run --rm --init busybox sh -c 'kill -TERM $$; sleep 10'
}

@test "stdout and stderr are kept apart, byte for byte" {
	hod_run --rm busybox sh -c 'printf "a\0b\377\n\n"; printf "err" >&2' >"$FILE_DIR/out" 2>"$FILE_DIR/err"
	printf 'a\0b\377\n\n' | cmp - "$FILE_DIR/out"
	printf err | cmp - "$FILE_DIR/err"
}

@test "a command that is not there is 127, one that cannot be executed 126, our own failure 125" {
	run -127 hod_run --rm busybox /no/such/command
	has "/no/such/command"
	run -127 hod_run --rm busybox no-such-command
	run -126 hod_run --rm busybox /etc/passwd
	run -126 hod_run --rm busybox /etc
	run -125 hod_run --rm no-such-image true
	has "no-such-image"
	run -125 hod_run --no-such-flag busybox true
	has "--no-such-flag"
	run -127 hod_run --rm busybox sh -c 'printf "#!/no/interpreter\n" >/tmp/x; chmod 755 /tmp/x; exec /tmp/x'
}

@test "nothing is left behind by a run that could not start" {
	run -127 hod_run --rm busybox /no/such/command
	run -127 hod_run -d --rm busybox /no/such/command
	run -0 hod ps -aq
	is ""
}

@test "an image without a command is refused before anything is made" {
	hod import "$(busybox_tar)" nocmd >/dev/null
	run -125 hod_run nocmd
	has "command"
	run -0 hod ps -aq
	is ""
}

@test "without -i stdin is closed, with -i it is passed on to its end" {
	run -0 bash -c 'echo lost | "$HOD" run --rm --network none busybox cat'
	is ""
	run -0 bash -c 'printf "one\ntwo" | "$HOD" run -i --rm --network none busybox cat'
	is $'one\ntwo'
	run -0 bash -c 'head -c 3000000 /dev/zero | "$HOD" run -i --rm --network none busybox wc -c'
	is 3000000
}

@test "-t without a terminal is refused, with one the program has a terminal" {
	run bash -c '"$HOD" run -it --rm --network none busybox true </dev/null'
	[ "$status" -ne 0 ]
	has "TTY"
	run -0 with_terminal "$HOD run -it --rm --network none busybox sh -c 'tty; test -t 0 && test -t 1 && test -t 2 && echo all'"
	has /dev/pts/0
	has all
}

@test "the terminal has the size of ours" {
	run -0 with_terminal "stty rows 31 cols 87; $HOD run -it --rm --network none busybox sh -c 'tty; stty size'"
	has "31 87"
}

@test "a terminal passes the exit code on and is restored afterwards" {
	run -7 with_terminal "$HOD run -it --rm --network none busybox sh -c 'exit 7'"
	run -0 with_terminal "stty -g >$FILE_DIR/before; $HOD run -it --rm --network none busybox true; stty -g >$FILE_DIR/after"
	cmp "$FILE_DIR/before" "$FILE_DIR/after"
}

@test "a lot of output neither hangs nor is cut, whoever reads slowly" {
	run -0 bash -c '"$HOD" run --rm --network none busybox sh -c "dd if=/dev/zero bs=1M count=64 2>/dev/null" | (sleep 0.3; wc -c)'
	is 67108864
}

@test "a reader that goes away ends the writer" {
	run -0 timeout 20 bash -c '"$HOD" run --rm --network none busybox yes | head -n 1'
	has y
	until_ok 10 bash -c '[ -z "$("$HOD" ps -q)" ]'
}

@test "run -d prints the full id and leaves the container running" {
	run -0 --separate-stderr hod_run -d --name d busybox sleep 1000
	like '^[0-9a-f]{64}$'
	[ "$stderr" = "" ]
	is_state d running
}

@test "run -d closes what it inherited: a pipe that captures its output ends" {
	run -0 timeout 20 bash -c 'id=$("$HOD" run -d --network none busybox sleep 1000 2>&1); echo "${#id}"'
	is 64
}

@test "run -d tells of a start that failed" {
	run -127 hod_run -d busybox /no/such/command
	run -125 hod_run -d -v /no/such/dir-$$:/x no-such-image true
}

@test "a name is taken once, and its holder is named" {
	id=$(hod_run -d --name taken busybox sleep 1000)
	run -125 hod_run -d --name taken busybox true
	has taken
	has "${id:0:12}"
	run -0 hod_run --replace --name taken busybox echo new
	is new
	run -125 hod_run --name 'not/a/name' busybox true
}

@test "environment: -e, -e NAME from ours, --env-file, and the order of them" {
	printf '# comment\nF1=file one\nF2="quoted"\nF3\nBOTH=file\n\n' >"$FILE_DIR/env"
	export FROM_US="ours = yes" F3=inherited
	unset NOT_SET
	run -0 hod_run --rm --env-file "$FILE_DIR/env" -e A=1 -e FROM_US -e NOT_SET -e BOTH=flag -e EMPTY= busybox env
	has "A=1"
	has "FROM_US=ours = yes"
	has "F1=file one"
	has 'F2="quoted"'
	has "F3=inherited"
	has "BOTH=flag"
	like $'(^|\n)EMPTY=($|\n)'
	lacks NOT_SET
	lacks "BATS_"
	like $'(^|\n)PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin($|\n)'
	like $'(^|\n)HOME=/root($|\n)'
	like $'(^|\n)HOSTNAME=[0-9a-f]{12}($|\n)'
}

@test "-w sets the directory and makes it" {
	run -0 hod_run --rm -w /new/dir busybox pwd
	is /new/dir
	run -125 hod_run --rm -w relative busybox pwd
}

@test "-u takes names and numbers, never falls back to root" {
	need many-ids
	run -0 hod_run --rm -u user busybox sh -c 'id -u; id -g; id -G; echo $HOME'
	is $'1000\n1000\n1000 2000\n/home/user'
	run -0 hod_run --rm -u 1234 busybox sh -c 'id -u; id -g'
	is $'1234\n0'
	run -0 hod_run --rm -u 1234:77 busybox sh -c 'id -u; id -g'
	is $'1234\n77'
	run -0 hod_run --rm -u 0:extra busybox id -g
	is 2000
}

@test "a user that cannot be is refused" {
	for user in nosuchuser 4294967296 99999999999999999999 -1 'user:nosuchgroup' 0x0; do
		run hod_run --rm -u "$user" busybox id -u
		[ "$status" -eq 125 ] || [ "$status" -eq 126 ]
		lacks $'\n0'
	done
}

@test "--entrypoint replaces the image's, and its command" {
	run -0 hod_run --rm --entrypoint /bin/echo busybox one two
	is "one two"
	run -0 hod_run --rm --entrypoint /bin/echo busybox
	is ""
}

@test "hostname: the short id, or what --hostname says" {
	run -0 hod_run --rm --hostname box busybox sh -c 'hostname; cat /etc/hostname'
	is $'box\nbox'
	id=$(hod_run -d busybox sleep 1000)
	run -0 hod exec "$id" hostname
	is "${id:0:12}"
}

@test "--add-host, --dns, --dns-search and --dns-option write the files" {
	run -0 hod_run --rm --add-host db:10.1.2.3 --dns 192.0.2.1 --dns-search example.org --dns-option ndots:2 busybox \
		sh -c 'cat /etc/hosts /etc/resolv.conf'
	like $'10\.1\.2\.3[ \t]+db'
	has "nameserver 192.0.2.1"
	has "search example.org"
	has "ndots:2"
	like $'127\.0\.0\.1[ \t]+localhost'
}

@test "process 1 is the program, and it is alone" {
	run -0 hod_run --rm busybox sh -c 'echo $$; ls -d /proc/[0-9]* | wc -l'
	[ "${lines[0]}" = 1 ]
	[ "${lines[1]}" -le 3 ]
}

@test "--init reaps what is left over" {
	run -0 hod_run --rm --init busybox sh -c 'echo $$; (sh -c "sleep 0.1 &" &); sleep 0.5; ps -o stat,args | grep -c "^Z" || true'
	[ "${lines[0]}" != 1 ]
	[ "${lines[1]}" = 0 ]
}

@test "network none has only a loopback, and it is up" {
	run -0 hod_run --rm busybox sh -c 'ls /sys/class/net; [ $(($(cat /sys/class/net/lo/flags) & 1)) = 1 ] && echo up'
	is $'lo\nup'
}

@test "network host is the host's" {
	run -0 hod run --rm --network host busybox cat /proc/net/dev
	[ "$output" = "$(cat /proc/net/dev)" ] || [ "$(echo "$output" | cut -d: -f1)" = "$(cut -d: -f1 /proc/net/dev)" ]
	run -0 hod run --rm --network host busybox hostname
	is "$(hostname)"
}

@test "network container: joins another's" {
	hod_run -d --name first busybox sleep 1000
	run -0 hod run --rm --network container:first busybox readlink /proc/self/ns/net
	theirs=$output
	run -0 hod exec first readlink /proc/self/ns/net
	is "$theirs"
	hod stop -t 0 first
	run -125 hod run --rm --network container:first busybox true
}

@test "what is not there yet is refused by name" {
	run -125 hod run --rm --network nowhere busybox true
	has network
	run -125 hod_run --rm --no-such busybox true
	has "--no-such"
	run -125 hod_run --rm --cap-add NO_SUCH_CAP busybox true
	has NO_SUCH_CAP
}

@test "capabilities are docker's or less, and --cap-add and --cap-drop change them" {
	run -0 hod_run --rm busybox grep CapEff /proc/self/status
	has 00000000800405fb
	run -0 hod_run --rm --cap-drop ALL busybox grep Cap /proc/self/status
	[ "$(echo "$output" | grep -c 0000000000000000)" = 5 ]
	run -0 hod_run --rm --cap-drop all --cap-add net_raw --cap-add CAP_CHOWN busybox grep CapEff /proc/self/status
	has 0000000000002001
}

@test "inheritable and ambient capabilities are empty, a user has none in effect" {
	run -0 hod_run --rm busybox grep -E 'CapInh|CapAmb' /proc/self/status
	[ "$(echo "$output" | grep -c 0000000000000000)" = 2 ]
	need many-ids
	run -0 hod_run --rm -u 1000 busybox grep CapEff /proc/self/status
	has 0000000000000000
}

@test "a system call filter is on, and can be switched off" {
	run -0 hod_run --rm busybox grep '^Seccomp:' /proc/self/status
	like '2$'
	# with one id only a filter that refuses nothing stays: by it owners are remembered (hod(1))
	[ "$(id_mode)" = single ] || off=0
	run -0 hod_run --rm --security-opt seccomp=unconfined busybox grep '^Seccomp:' /proc/self/status
	like "${off:-2}\$"
}

@test "no-new-privileges" {
	run -0 hod_run --rm --security-opt no-new-privileges busybox grep NoNewPrivs /proc/self/status
	like '1$'
	run -0 hod_run --rm busybox grep NoNewPrivs /proc/self/status
	like '0$'
}

@test "what must not be seen of the host is masked" {
	run -0 hod_run --rm busybox sh -c 'for f in kcore keys timer_list sched_debug; do [ ! -e /proc/$f ] || cat /proc/$f; done; ls -A /proc/acpi /sys/firmware 2>/dev/null | grep -v :; true'
	is ""
	run hod_run --rm busybox sh -c 'echo 1 >/proc/sys/kernel/core_pattern'
	[ "$status" -ne 0 ]
	run hod_run --rm busybox sh -c 'echo b >/proc/sysrq-trigger'
	[ "$status" -ne 0 ]
}

@test "--privileged masks nothing and has all capabilities of its user namespace" {
	run -0 hod_run --rm --privileged busybox sh -c 'grep CapEff /proc/self/status; grep "^Seccomp:" /proc/self/status'
	lacks 00000000800405fb
	[ "$(id_mode)" = single ] || like $'Seccomp:[ \t]+0'
}

@test "--read-only makes the root read-only, --tmpfs and volumes stay writable" {
	run hod_run --rm --read-only busybox touch /x
	[ "$status" -ne 0 ]
	run -0 hod_run --rm --read-only --tmpfs /scratch:size=1m,mode=0700 -v vol:/vol busybox sh -c \
		'touch /scratch/x /vol/x /dev/shm/x && stat -c %a /scratch && grep " /scratch " /proc/mounts'
	has 700
	has "size=1024k"
	has noexec
}

@test "--shm-size" {
	run -0 hod_run --rm busybox sh -c 'df -k /dev/shm | tail -n 1 | tr -s " " | cut -d" " -f2'
	is 65536
	run -0 hod_run --rm --shm-size 2m busybox sh -c 'df -k /dev/shm | tail -n 1 | tr -s " " | cut -d" " -f2'
	is 2048
}

@test "bind mounts: read-write, read-only, a file, a relative source" {
	mkdir -p "$FILE_DIR/src"
	echo content >"$FILE_DIR/src/file"
	run -0 hod_run --rm -v "$FILE_DIR/src:/dst" busybox sh -c 'cat /dst/file; echo new >/dst/new'
	is content
	[ "$(cat "$FILE_DIR/src/new")" = new ]
	run hod_run --rm -v "$FILE_DIR/src:/dst:ro" busybox touch /dst/no
	[ "$status" -ne 0 ]
	[ ! -e "$FILE_DIR/src/no" ]
	run -0 hod_run --rm -v "$FILE_DIR/src/file:/etc/one" busybox cat /etc/one
	is content
	cd "$FILE_DIR"
	run -0 hod_run --rm -v ./src:/dst:ro busybox cat /dst/file
	is content
	run -0 hod_run --rm --mount "type=bind,source=$FILE_DIR/src,target=/dst,readonly" busybox cat /dst/file
	is content
	run -125 hod_run --rm --mount "type=bind,source=$FILE_DIR/absent,target=/dst" busybox true
	has absent
	run -125 hod_run --rm --mount "type=bind,sauce=$FILE_DIR/src,target=/dst" busybox true
	has sauce
}

@test "a read-only bind mount is read-only below, too" {
	need root
	mkdir -p "$FILE_DIR/rec/sub"
	unshare --mount sh -c 'mount -t tmpfs t "$1/rec/sub" && exec "$HOD" run --rm --network none -v "$1/rec:/dst:ro" busybox touch /dst/sub/x' - "$FILE_DIR" && return 1
	true
}

@test "a symlink of the image does not lead a mount out of the root" {
	tree=$(mktemp -d "$FILE_DIR/tree.XXXXXX")
	busybox_tree "$tree"
	ln -s "$FILE_DIR" "$tree/out"
	ln -s ../../../../../.. "$tree/up"
	tar -C "$tree" --owner=0 --group=0 -cf "$FILE_DIR/evil.tar" .
	hod import "$FILE_DIR/evil.tar" evil >/dev/null
	run hod_run --rm --tmpfs /out/made --tmpfs /up/made2 evil true
	[ ! -e "$FILE_DIR/made" ]
	[ ! -e /made2 ]
	run hod_run --rm -w /out/made evil true
	[ ! -e "$FILE_DIR/made" ]
}

@test "a working directory that is one of our descriptors is refused" {
	for n in 3 5 7 9; do
		run hod_run --rm -w "/proc/self/fd/$n" busybox sh -c 'pwd; ls ..'
		[ "$status" -ne 0 ]
	done
}

@test "no descriptor and no lock of ours is open in the container" {
	run -0 bash -c 'exec 7</etc/passwd; "$HOD" run --rm --network none busybox ls /proc/self/fd'
	is $'0\n1\n2\n3'
}

@test "--ulimit sets limits, and one that cannot be raised is refused" {
	run -0 hod_run --rm --ulimit nofile=100:200 --ulimit core=0 busybox sh -c 'ulimit -Sn; ulimit -Hn; ulimit -c'
	is $'100\n200\n0'
	run -125 hod_run --rm --ulimit nosuch=1 busybox true
	has nosuch
}

@test "--pid host and --pid container:, --ipc, --uts" {
	run -0 hod_run --rm --uts host busybox hostname
	is "$(hostname)"
	hod_run -d --name p busybox sleep 1000
	run -0 hod_run --rm --pid container:p busybox ps -o pid,args
	like '1 .*sleep 1000'
	run -0 hod_run --rm --ipc host busybox readlink /proc/self/ns/ipc
	is "$(readlink /proc/self/ns/ipc)"
}

@test "--pid host sees the host's processes" {
	run -0 hod_run --rm --pid host busybox sh -c "ls -d /proc/$$ && echo seen"
	has seen
}

@test "--cidfile holds the id, and an existing one is refused" {
	rm -f "$FILE_DIR/cid"
	id=$(hod_run -d --cidfile "$FILE_DIR/cid" busybox sleep 1000)
	[ "$(cat "$FILE_DIR/cid")" = "$id" ]
	run -125 hod_run --cidfile "$FILE_DIR/cid" busybox true
	has cid
}

@test "--pull=never with an absent image is 125 and quick" {
	run -125 hod_run --pull=never absent:1 true
	has absent
	run -0 hod_run --pull=never --rm busybox true
}

@test "--label is kept, and ps finds it" {
	hod_run -d --label a=b --label c --name l busybox sleep 1000
	run -0 hod ps -q --filter label=a=b
	[ -n "$output" ]
	run -0 hod inspect -f '{{index .Config.Labels "a"}}-{{index .Config.Labels "c"}}-' l
	is "b--"
}

@test "--rm removes the container, and wait still gets its code" {
	hod_run -d --rm --name r busybox sh -c 'read x </tmp/none; sleep 3; exit 9'
	run -0 hod wait r
	is 9
	until_ok 10 gone r
}

is_up_to() {
	[ "$(hod inspect -f '{{.State.Status}}' "$1" 2>/dev/null)" = "$2" ]
}

@test "who waits for a container of --rm, and is slow, gets its code all the same" {
	local waiter code=0
	mkdir -p "$FILE_DIR/slow"
	hod_run -d --rm --name slow -v "$FILE_DIR/slow:/s" busybox sh -c 'until [ -e /s/go ]; do sleep 0.1; done; exit 9'
	"$HOD" wait slow >"$FILE_DIR/slow/code" 3>&- &
	waiter=$!
	until_ok 10 grep -Eq "FLOCK +ADVISORY +READ +$waiter " /proc/locks
	kill -STOP $waiter
	: >"$FILE_DIR/slow/go"
	until_ok 10 is_up_to slow exited
	kill -CONT $waiter
	wait $waiter || code=$?
	[ $code = 0 ]
	[ "$(cat "$FILE_DIR/slow/code")" = 9 ]
	until_ok 10 gone slow
}

@test "signals are passed on to the container" {
	mkdir -p "$FILE_DIR/sig"
	"$HOD" run --network none --name s -v "$FILE_DIR/sig:/s" busybox sh -c \
		'trap "echo usr1 >>/s/got" USR1; trap "exit 33" TERM; : >/s/ready; while :; do sleep 1000 & wait $!; done' 3>&- &
	pid=$!
	until_ok 10 test -e "$FILE_DIR/sig/ready"
	kill -USR1 $pid
	until_ok 10 grep -q usr1 "$FILE_DIR/sig/got"
	kill -TERM $pid
	code=0
	wait $pid || code=$?
	[ $code = 33 ]
}

@test "--sig-proxy=false keeps signals to ourselves" {
	"$HOD" run --sig-proxy=false --network none --name s busybox sh -c 'trap "exit 33" TERM; echo up; while :; do sleep 1000 & wait $!; done' >"$FILE_DIR/sp" 3>&- &
	pid=$!
	until_ok 10 grep -q up "$FILE_DIR/sp"
	kill -TERM $pid
	code=0
	wait $pid || code=$?
	[ $code != 33 ]
}

@test "detach keys leave the container running, and attach comes back" {
	session "$HOD run -it --name dk --network none -e PS1=ready% busybox sh" <<-'END'
		expect ready%
		type echo fi''rst\n
		expect first
		type \x10\x11
	END
	is_state dk running
	code=0
	session "$HOD attach dk" <<-'END' || code=$?
		type echo ba''ck\n
		expect back
		type exit 5\n
	END
	[ $code = 5 ]
	is_state dk exited
}

@test "other detach keys, and none" {
	session "$HOD run -it --detach-keys ctrl-x,y --name dk --network none -e PS1=ready% busybox sh" <<-'END'
		expect ready%
		type \x18y
	END
	is_state dk running
	session "$HOD run -it --rm --detach-keys= --network none -e PS1=ready% busybox sh" <<-'END'
		expect ready%
		type \x10\x11\x03exit 0\n
	END
	run -0 hod ps -q
	[ "${#lines[@]}" = 1 ]
}

@test "create makes it, start runs it, start -a gives its output and code" {
	run -0 hod create --name c --network none busybox sh -c 'echo hello; exit 4'
	like '^[0-9a-f]{64}$'
	is_state c created
	run -0 hod start c
	is c
	run -0 hod wait c
	is 4
	run -4 hod start -a c
	is hello
	run -1 hod start nosuch
	has nosuch
}

@test "start of a running container does nothing, and works again after a stop" {
	hod_run -d --name again busybox sh -c 'echo started >>/runs; cat /runs; sleep 1000'
	run -0 hod start again
	is again
	hod stop -t 0 again
	hod start again
	until_ok 10 logged again started
	run -0 hod exec again cat /runs
	is $'started\nstarted'
}

@test "odd surroundings: no stdin, a full disk on stdout, a wide umask, few files" {
	run -0 bash -c '"$HOD" run --rm --network none busybox true <&- >&- 2>&-'
	run bash -c '"$HOD" ps >/dev/full'
	[ "$status" -ne 0 ]
	run -0 bash -c 'umask 000; "$HOD" run --rm --network none busybox sh -c "umask"'
	is 0022
	run -0 bash -c 'ulimit -n 64; "$HOD" run --rm --network none busybox echo fine'
	is fine
	[ "$(stat -c %a "$HOD_ROOT")" = 700 ]
}

@test "a umask that leaves nothing to anybody spoils neither store nor output" {
	local tar
	tar=$(busybox_tar)
	(
		umask 0777
		export HOD_ROOT=$FILE_DIR/narrow
		"$HOD" import "$tar" busybox >/dev/null
		"$HOD" run -d --name c --network none -v vol:/v busybox sh -c 'umask; exec sleep 1000' >/dev/null
		[ "$("$HOD" exec c sh -c 'umask')" = 0022 ]
		[ "$("$HOD" ps -q | wc -l)" = 1 ]
		"$HOD" images -q busybox >/dev/null
		"$HOD" cp c:/etc/passwd "$FILE_DIR/passwd"
		"$HOD" rm -f c >/dev/null
		"$HOD" save -o "$FILE_DIR/narrow.tar" busybox
	)
	[ -r "$FILE_DIR/passwd" ] && [ -r "$FILE_DIR/narrow.tar" ]
}

@test "--label-file: what comes later wins, --label over all" {
	printf 'k=1\nk=2\nz=9\n' >"$FILE_DIR/labels"
	id=$(hod create --label-file "$FILE_DIR/labels" -l z=0 --network none busybox true)
	run -0 hod inspect -f '{{.Config.Labels.k}} {{.Config.Labels.z}}' "$id"
	is "2 0"
}
