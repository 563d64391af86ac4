#!/usr/bin/env bats
# engines: podman, containerd and Slurm, as Debian has them, with hod as their runtime.
# shellcheck disable=SC2016 # variables in single quotes are of the container
load helper

setup_file() {
	store_up
	mkdir -p "$FILE_DIR/bin"
	for name in hod-oci crun runc; do ln -sf "$HOD" "$FILE_DIR/bin/$name"; done
	hod save -o "$FILE_DIR/busybox.tar" busybox
}
teardown_file() {
	store_down
	[ "$(id -u)" != 0 ] || podman_ rmi -fa >/dev/null 2>&1 || true
	[ "$(id -u)" != 0 ] || umount "$FILE_DIR/podman/overlay" 2>/dev/null || true
	for pid in "$FILE_DIR"/*.pid; do
		[ ! -s "$pid" ] || kill "$(cat "$pid")" 2>/dev/null || true
	done
}

# ---- the command line itself ----

oci() { "$FILE_DIR/bin/hod-oci" --root "$BATS_TEST_TMPDIR/oci" "$@"; }
bundle() { hod bundle -u 0 busybox "$BATS_TEST_TMPDIR/b" "$@"; }

@test "a bundle's life: created, running, stopped, gone" {
	bundle sh -c 'echo ready; exec sleep 1000'
	oci create --bundle "$BATS_TEST_TMPDIR/b" --pid-file "$BATS_TEST_TMPDIR/pid" c >"$BATS_TEST_TMPDIR/out"
	[ "$(oci state c | jq -r '.status, .pid, .bundle')" = \
		"created"$'\n'"$(cat "$BATS_TEST_TMPDIR/pid")"$'\n'"$BATS_TEST_TMPDIR/b" ]
	[ ! -s "$BATS_TEST_TMPDIR/out" ]
	# the bundle is not read again
	rm "$BATS_TEST_TMPDIR/b/config.json"
	oci start c
	until_ok 10 grep -q ready "$BATS_TEST_TMPDIR/out"
	[ "$(oci state c | jq -r .status)" = running ]
	run -0 oci ps --format json c
	has "$(cat "$BATS_TEST_TMPDIR/pid")"
	run -1 oci start c
	has "cannot start an already running container"
	run -1 oci delete c
	has "that is not stopped"
	run -3 oci exec c sh -c 'exit 3'
	run -0 oci list -q
	is c
	oci kill c KILL
	until_ok 10 stopped c
	run -1 oci kill c
	has "container not running"
	oci delete c
	run -1 oci delete c
	has "container does not exist"
	oci delete --force c
	[ "$(count "$BATS_TEST_TMPDIR/oci")" = 0 ]
}
stopped() { [ "$(oci state "$1" | jq -r .status)" = stopped ]; }

@test "run waits, exits as the process does and leaves nothing" {
	bundle sh -c 'read x; echo "got $x"; exit 5'
	run -5 oci run c -b "$BATS_TEST_TMPDIR/b" <<<word
	is "got word"
	[ "$(count "$BATS_TEST_TMPDIR/oci")" = 0 ]
}

@test "run passes signals on" {
	bundle sh -c 'trap "echo caught; exit 6" TERM; echo ready; while :; do sleep 0.1; done'
	"$FILE_DIR/bin/hod-oci" --root "$BATS_TEST_TMPDIR/oci" run -b "$BATS_TEST_TMPDIR/b" c >"$BATS_TEST_TMPDIR/out" &
	pid=$!
	until_ok 10 grep -q ready "$BATS_TEST_TMPDIR/out"
	kill -TERM $pid
	code=0
	wait $pid || code=$?
	[ $code = 6 ]
	grep -q caught "$BATS_TEST_TMPDIR/out"
}

@test "a terminal goes to the console socket" {
	need program python3
	hod bundle -t -u 0 busybox "$BATS_TEST_TMPDIR/b" sh -c 'tty; stty size'
	printf '%s\n' 'import array, os, socket, sys' 's = socket.socket(socket.AF_UNIX)' 's.settimeout(60); s.bind(sys.argv[1]); s.listen(1)' \
		'c, _ = s.accept()' '_, anc, _, _ = c.recvmsg(4096, socket.CMSG_SPACE(4))' \
		'fd = array.array("i", anc[0][2])[0]' 'print("have it", flush=True)' \
		'try:' '    while True: print(os.read(fd, 1000).decode(), end="", flush=True)' 'except OSError: pass' \
		>"$BATS_TEST_TMPDIR/receive.py"
	python3 "$BATS_TEST_TMPDIR/receive.py" "$BATS_TEST_TMPDIR/console" >"$BATS_TEST_TMPDIR/out" 3>&- &
	pid=$!
	until_ok 20 test -S "$BATS_TEST_TMPDIR/console"
	until_ok 20 oci create -b "$BATS_TEST_TMPDIR/b" --console-socket "$BATS_TEST_TMPDIR/console" c
	oci start c
	wait $pid
	grep -q /dev/pts/0 "$BATS_TEST_TMPDIR/out"
	run -1 oci create -b "$BATS_TEST_TMPDIR/b" d
	has "cannot allocate tty"
}

@test "errors are in the log as engines read them" {
	run -1 oci --log "$BATS_TEST_TMPDIR/log.json" --log-format json start nosuch
	run -0 jq -r '.level, .msg' "$BATS_TEST_TMPDIR/log.json"
	is $'error\nstart '"'nosuch': container does not exist: nosuch"
	bundle nosuch
	run -1 oci create -b "$BATS_TEST_TMPDIR/b" c
	has 'executable file not found in $PATH'
	[ "$(count "$BATS_TEST_TMPDIR/oci")" = 0 ]
	run -1 oci create -b "$BATS_TEST_TMPDIR/b" ../c
	has "invalid container id format"
	run -1 oci checkpoint c
	has "processes cannot be saved"
	run -0 "$FILE_DIR/bin/runc" --version
	like '^runc version .*
commit: .*
spec: 1\.3\.0'
}

@test "features and spec are JSON that says what there is" {
	run -0 oci features
	jq -e '.ociVersionMax == "1.3.0" and (.mountOptions | index("rro") != null) and (.linux.namespaces | index("mount") != null)' <<<"$output"
	mkdir "$BATS_TEST_TMPDIR/s"
	rootless=
	[ "$(id -u)" = 0 ] || rootless=--rootless
	# shellcheck disable=SC2086 # a word or none
	oci spec --bundle "$BATS_TEST_TMPDIR/s" $rootless
	busybox_tree "$BATS_TEST_TMPDIR/s/rootfs"
	jq '.process.terminal = false | .process.args = ["echo", "from spec"]' "$BATS_TEST_TMPDIR/s/config.json" >"$BATS_TEST_TMPDIR/c"
	mv "$BATS_TEST_TMPDIR/c" "$BATS_TEST_TMPDIR/s/config.json"
	run -0 oci run -b "$BATS_TEST_TMPDIR/s" c
	is "from spec"
}

# ---- podman ----

podman_() { podman --root "$FILE_DIR/podman" --runroot "$FILE_DIR/podrun" --cgroup-manager cgroupfs --log-level error "$@"; }
# its own defaults need more than some test machines give
PODMAN_LIMITS="--pids-limit 0 --ulimit nofile=1024:1024 --ulimit nproc=1024:1024"

@test "podman runs containers with hod" {
	need root
	need program podman
	name=$(podman_ load -q -i "$FILE_DIR/busybox.tar" | sed -n 's/^Loaded image.*: //p')
	p() { podman_ --runtime "$FILE_DIR/bin/hod-oci" "$@"; }
	# shellcheck disable=SC2086 # words
	set -- --network none $PODMAN_LIMITS
	run -7 p run --rm "$@" "$name" sh -c 'echo hello; exit 7'
	is hello
	run -127 p run --rm "$@" "$name" nosuch
	run -126 p run --rm "$@" "$name" /etc
	p run -d --name c "$@" "$name" sh -c 'echo logged; exec sleep 1000' >/dev/null
	run -4 p exec c sh -c 'exit 4'
	run -0 p exec -i c cat <<<"over stdin"
	is "over stdin"
	until_ok 20 podman_logged c logged
	run -0 p stop -t 0 c
	run -0 p rm c
	# without a cgroup, as in locked-down jobs, podman trusts runtimes of one name only
	# shellcheck disable=SC2086 # words
	run -0 podman_ --runtime "$FILE_DIR/bin/crun" run --rm --network none --cgroups=disabled \
		--ulimit nofile=1024:1024 --ulimit nproc=1024:1024 "$name" echo no cgroup
	is "no cgroup"
}
podman_logged() { podman_ logs "$1" | grep -q "$2"; }

# ---- containerd ----

containerd_up() {
	[ ! -s "$FILE_DIR/containerd.pid" ] || return 0
	cat >"$FILE_DIR/containerd.toml" <<-EOF
		version = 2
		root = "$FILE_DIR/containerd/root"
		state = "$FILE_DIR/containerd/state"
		disabled_plugins = ["io.containerd.grpc.v1.cri"]
		[grpc]
		  address = "$FILE_DIR/containerd.sock"
	EOF
	containerd -c "$FILE_DIR/containerd.toml" >"$FILE_DIR/containerd.log" 2>&1 3>&- &
	echo $! >"$FILE_DIR/containerd.pid"
	until_ok 60 ctr_ version
}
ctr_() { timeout 60 ctr -a "$FILE_DIR/containerd.sock" -n "$(basename "$T")" "$@"; }

@test "containerd runs tasks with hod behind its shim for runc" {
	need root
	need program containerd
	containerd_up
	ctr_ image import "$FILE_DIR/busybox.tar" >/dev/null
	image=$(ctr_ image ls -q)
	c() { ctr_ run --snapshotter native --runc-binary "$FILE_DIR/bin/hod-oci" "$@"; }
	run -3 c --rm "$image" a sh -c 'echo hello; exit 3'
	has hello
	c -d "$image" b sleep 1000
	run -0 ctr_ task ls
	like 'b +[0-9]+ +RUNNING'
	run -9 ctr_ task exec --exec-id e b sh -c 'exit 9'
	run -0 ctr_ task ps b
	like '[0-9]+'
	ctr_ task kill -s KILL b
	until_ok 20 task_stopped b
	ctr_ task delete b || true # it reports the task's exit code
	ctr_ container rm b
	run -0 ctr_ task ls -q
	is ""
}
task_stopped() { ctr_ task ls | grep -q "$1 .*STOPPED"; }

@test "containerd gives a task a terminal" {
	need root
	need program containerd
	containerd_up
	ctr_ image import "$FILE_DIR/busybox.tar" >/dev/null
	image=$(ctr_ image ls -q)
	run -0 with_terminal "ctr -a $FILE_DIR/containerd.sock -n $(basename "$T") run -t --rm --snapshotter native --runc-binary $FILE_DIR/bin/hod-oci $image t tty"
	has /dev/pts/0
}

@test "containerd says in the runtime's words why a task cannot be made" {
	need root
	need program containerd
	containerd_up
	ctr_ image import "$FILE_DIR/busybox.tar" >/dev/null
	run ctr_ run --rm --snapshotter native --runc-binary "$FILE_DIR/bin/hod-oci" "$(ctr_ image ls -q)" n nosuch
	[ "$status" != 0 ]
	has 'executable file not found in $PATH'
	run -0 ctr_ task ls -q
	is ""
}

# ---- Slurm ----

# its directory, of which ordinary users see the inside; removed at the end
slurm_up() {
	local host
	dir=$(mktemp -d /var/tmp/hod-slurm.XXXXXX)
	export SLURM_CONF=$dir/slurm.conf
	host=$(hostname -s)
	mkdir "$dir/state" "$dir/spool"
	cp "$HOD" "$dir/hod"
	cp "$(busybox_tar)" "$dir/busybox.tar"
	chmod 755 "$dir" "$dir/hod" "$dir/spool"
	chmod 644 "$dir/busybox.tar"
	cat >"$SLURM_CONF" <<-EOF
		ClusterName=hod
		SlurmctldHost=$host(127.0.0.1)
		AuthType=auth/none
		CredType=cred/none
		SlurmUser=root
		SlurmdUser=root
		SlurmctldPort=26917
		SlurmdPort=26918
		StateSaveLocation=$dir/state
		SlurmdSpoolDir=$dir/spool
		SlurmctldPidFile=$dir/ctld.pid
		SlurmdPidFile=$dir/d.pid
		SlurmdLogFile=$dir/slurmd.log
		ProctrackType=proctrack/linuxproc
		TaskPlugin=task/none
		SwitchType=switch/none
		MpiDefault=none
		SelectType=select/linear
		NodeName=$host NodeAddr=127.0.0.1 CPUs=1 State=UNKNOWN
		PartitionName=main Nodes=$host Default=YES MaxTime=INFINITE State=UP
	EOF
	# as hod-oci(1) has it
	cat >"$dir/oci.conf" <<-EOF
		RunTimeQuery="$dir/hod oci --rootless=true state %n.%u.%j.%s.%t"
		RunTimeRun="$dir/hod oci --rootless=true run %n.%u.%j.%s.%t -b %b"
		RunTimeKill="$dir/hod oci --rootless=true kill -a %n.%u.%j.%s.%t"
		RunTimeDelete="$dir/hod oci --rootless=true delete --force %n.%u.%j.%s.%t"
	EOF
	slurmctld -D >"$dir/ctld.log" 2>&1 3>&- &
	echo $! >"$FILE_DIR/slurmctld.pid"
	slurmd -D >"$dir/d.out" 2>&1 3>&- &
	echo $! >"$FILE_DIR/slurmd.pid"
	until_ok 60 slurm_idle
}
ended() { ! kill -0 "$1"; }
slurm_idle() { [ "$(timeout 10 sinfo -h -o %T)" = idle ]; }

@test "srun --container runs a bundle with hod, as an ordinary user" {
	need root # the daemons are root's; the job is not
	need program srun
	slurm_up
	for user in hod-range hod-single; do
		mkdir "$dir/$user"
		chown $user "$dir/$user"
		as() { setpriv --reuid $user --regid $user --init-groups env -i PATH="$PATH" HOD_ROOT="$dir/$user/store" SLURM_CONF="$SLURM_CONF" "$@"; }
		as "$dir/hod" import "$dir/busybox.tar" busybox >/dev/null
		as "$dir/hod" bundle --network host -u 0 busybox "$dir/$user/b" sh
		run -5 --separate-stderr as timeout 60 srun --container "$dir/$user/b" sh -c 'id -u; echo job $SLURM_JOB_ID; exit 5'
		like $'^0\njob [0-9]+'
	done
	# slurmctld saves its state when it is told to end, so its directory stays until it has
	for daemon in slurmd slurmctld; do
		pid=$(cat "$FILE_DIR/$daemon.pid")
		kill "$pid"
		until_ok 60 ended "$pid"
		rm "$FILE_DIR/$daemon.pid"
	done
	rm -rf "$dir"
}
