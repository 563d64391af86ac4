#!/usr/bin/env bats
# The runtime-spec 1.2 for Linux, statement by statement: each test is a row "page, section: what it says in short",
# with a container that looks at it from inside.
#
# Not here: resources of cgroups (config-linux.md "Control groups", see cgroup.bats), Solaris, Windows, VMs, z/OS.
load helper

setup_file() {
	mkdir -p "$FILE_DIR/b/rootfs"
	busybox_tree "$FILE_DIR/b/rootfs"
	cat >"$FILE_DIR/base.json" <<-'END'
		{"ociVersion": "1.2.0", "hostname": "box", "root": {"path": "rootfs"},
		 "process": {"args": ["true"], "cwd": "/", "env": ["PATH=/bin"], "user": {"uid": 0, "gid": 0},
		  "capabilities": {"bounding": ["CAP_CHOWN", "CAP_KILL"], "effective": ["CAP_CHOWN"],
		   "permitted": ["CAP_CHOWN", "CAP_KILL"], "inheritable": [], "ambient": []}},
		 "mounts": [
		  {"destination": "/proc", "type": "proc", "source": "proc"},
		  {"destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "mode=755"]},
		  {"destination": "/dev/pts", "type": "devpts", "source": "devpts", "options": ["newinstance", "ptmxmode=0666"]},
		  {"destination": "/dev/shm", "type": "tmpfs", "source": "shm", "options": ["nosuid", "noexec", "nodev"]},
		  {"destination": "/dev/mqueue", "type": "mqueue", "source": "mqueue"},
		  {"destination": "/sys", "type": "sysfs", "source": "sysfs", "options": ["nosuid", "noexec", "nodev", "ro"]}],
		 "linux": {"namespaces": [{"type": "pid"}, {"type": "mount"}, {"type": "network"}, {"type": "ipc"},
		   {"type": "uts"}, {"type": "cgroup"}]}}
	END
	mkdir -p "$FILE_DIR/src/sub"
	echo text >"$FILE_DIR/src/file"
}
teardown_file() { :; }
setup() {
	need root
	need program jq
	B=$FILE_DIR/b ID=box$BATS_TEST_NUMBER
	: >"$FILE_DIR/hooks"
}
teardown() {
	[ "$(id -u)" != 0 ] || oci delete --force "$ID"
}

oci() { "$HOD" oci --root "$FILE_DIR/state" "$@"; }
config() { jq --arg c "${2:-true}" --arg d "$FILE_DIR" ".process.args = [\"sh\", \"-c\", \$c] | ${1:-.}" "$FILE_DIR/base.json" >"$B/config.json"; }
# box FILTER COMMAND: a container of our config.json changed by a jq filter ($d is our directory), running sh -c COMMAND
box() {
	config "$@"
	oci run --bundle "$B" "$ID" </dev/null
}
says() { # says EXPECTED FILTER COMMAND
	local expected=$1
	shift
	run -0 --separate-stderr box "$@"
	is "$expected"
}
refuses() { # refuses TEXT FILTER: an error with the text, and nothing left
	run box "$2" "echo it ran"
	[ "$status" -ne 0 ]
	has "$1"
	lacks "it ran"
	[ ! -e "$FILE_DIR/state/$ID" ]
}
create() { # create FILTER COMMAND
	config "$@"
	oci create --bundle "$B" "$ID" </dev/null >"$FILE_DIR/out" 2>&1
}
state() { oci state "$ID" | jq -r "$1"; }
is_status() { [ "$(state .status)" = "$1" ]; }
ns() { readlink "/proc/self/ns/$1"; }

# ---- bundle.md, runtime.md ----

@test "bundle.md: config.json must be in the bundle's directory" {
	mkdir -p "$FILE_DIR/empty"
	run oci run --bundle "$FILE_DIR/empty" "$ID"
	[ "$status" -ne 0 ]
	has config.json
}
@test "runtime.md, State: ociVersion, id, status, pid, bundle, annotations" {
	create '.annotations = {"org.example.a": "b"}' "sleep 1000"
	run -0 oci state "$ID"
	[ "$(jq -r '.ociVersion, .id, .status, .bundle, .annotations["org.example.a"]' <<<"$output" | paste -sd' ')" = \
		"1.2.0 $ID created $B b" ]
	grep -q . "/proc/$(jq -r .pid <<<"$output")/cmdline"
}
@test "runtime.md, State: created, running, stopped in this order" {
	create . "read x </wait"
	mkfifo "$B/rootfs/wait"
	is_status created
	oci start "$ID"
	is_status running
	timeout 10 sh -c "echo >$B/rootfs/wait"
	until_ok 10 is_status stopped
	rm "$B/rootfs/wait"
}
@test "runtime.md, Lifecycle: create does not run the process, start does" {
	rm -f "$B/rootfs/tmp/ran"
	create . "touch /tmp/ran"
	sleep 0.2
	[ ! -e "$B/rootfs/tmp/ran" ]
	oci start "$ID"
	until_ok 10 test -e "$B/rootfs/tmp/ran"
}
@test "runtime.md, Lifecycle: config.json changed behind create has no effect" {
	rm -f "$B/rootfs/tmp/first" "$B/rootfs/tmp/second"
	create . "touch /tmp/first"
	config . "touch /tmp/second"
	oci start "$ID"
	until_ok 10 test -e "$B/rootfs/tmp/first"
	[ ! -e "$B/rootfs/tmp/second" ]
}
@test "runtime.md, Create: an id that is in use is an error" {
	create . "sleep 1000"
	run oci create --bundle "$B" "$ID"
	[ "$status" -ne 0 ]
	is_status created
}
@test "runtime.md, State: of a container that does not exist is an error" {
	run -1 oci state no-such
	has "does not exist"
}
@test "runtime.md, Start: of one that is not created is an error without effect" {
	create . "sleep 1000"
	oci start "$ID"
	run oci start "$ID"
	[ "$status" -ne 0 ]
	is_status running
}
@test "runtime.md, Start: needs a process" {
	run box 'del(.process)'
	[ "$status" -ne 0 ]
	has process
}
@test "runtime.md, Kill: sends the signal; of one that is stopped is an error" {
	create . 'trap "exit 9" USR1; touch /tmp/trap; while :; do sleep 0.1; done'
	rm -f "$B/rootfs/tmp/trap"
	run oci kill no-such TERM
	[ "$status" -ne 0 ]
	oci start "$ID"
	until_ok 10 test -e "$B/rootfs/tmp/trap"
	oci kill "$ID" USR1
	until_ok 10 is_status stopped
	run oci kill "$ID" TERM
	[ "$status" -ne 0 ]
	has "not running"
}
@test "runtime.md, Delete: of one that runs is an error; then nothing is left" {
	create . "sleep 1000"
	oci start "$ID"
	run oci delete "$ID"
	[ "$status" -ne 0 ]
	is_status running
	oci kill "$ID" KILL
	until_ok 10 is_status stopped
	oci delete "$ID"
	run -1 oci delete "$ID"
	[ ! -e "$FILE_DIR/state/$ID" ]
}
@test "runtime.md, Errors: the environment is as if the operation had not been tried" {
	local before
	before=$(wc -l </proc/self/mountinfo)
	refuses "exec:" '.process.args = ["/no/such"]'
	[ "$(wc -l </proc/self/mountinfo)" = "$before" ]
}
@test "runtime-linux.md, File descriptors: only the standard streams are open" {
	says "0 1 2 3" . 'echo $(ls /proc/self/fd)' # 3: the directory that ls reads
}
@test "runtime-linux.md, File descriptors: further ones are passed when the caller asks" {
	config . 'cat <&3'
	run -0 oci run --preserve-fds 1 --bundle "$B" "$ID" 3<"$FILE_DIR/src/file" </dev/null
	is text
}
@test "runtime-linux.md, Dev symbolic links: fd, stdin, stdout, stderr" {
	says "/proc/self/fd /proc/self/fd/0 /proc/self/fd/1 /proc/self/fd/2" . \
		'echo $(for l in fd stdin stdout stderr; do readlink /dev/$l; done)'
}

# ---- config.md ----

@test "config.md, Specification version: one that is not ours is an error" {
	refuses ociVersion '.ociVersion = "2.0.0"'
}
@test "config.md, Root: path is relative to the bundle, or absolute" {
	says text . 'mkdir -p /tmp; echo text >/tmp/t; cat /tmp/t'
	says text '.root.path = $d + "/b/rootfs"' "cat /tmp/t"
}
@test "config.md, Root: a path that is not there is an error" {
	refuses root '.root.path = "nothing"'
}
@test "config.md, Root: readonly" {
	run box '.root.readonly = true' "touch /x"
	[ "$status" -ne 0 ]
	has "Read-only file system"
	run -0 box . "touch /tmp/x"
}
@test "config.md, Mounts: in the listed order" {
	says text '.mounts += [{"destination": "/tmp", "type": "tmpfs", "source": "t"},
		{"destination": "/tmp/x", "type": "bind", "source": ($d + "/src"), "options": ["bind"]}]' "cat /tmp/x/file"
}
@test "config.md, Mounts: destination is made when it is not there, and may be relative to /" {
	says text '.mounts += [{"destination": "a/b/c", "type": "bind", "source": ($d + "/src"), "options": ["bind"]}]' "cat /a/b/c/file"
	rm -r "$B/rootfs/a"
}
@test "config.md, Mounts: a file binds on a file" {
	says text '.mounts += [{"destination": "/tmp/new", "type": "bind", "source": ($d + "/src/file"), "options": ["bind"]}]' "cat /tmp/new"
}
@test "config.md, Mounts: source of a bind mount is absolute or relative to the bundle" {
	says text '.mounts += [{"destination": "/tmp", "type": "bind", "source": "../src", "options": ["bind"]}]' "cat /tmp/file"
}
@test "config.md, Mounts: type none or bind, or absent, with bind is a bind mount" {
	says text '.mounts += [{"destination": "/tmp", "type": "none", "source": ($d + "/src"), "options": ["bind"]}]' "cat /tmp/file"
	says text '.mounts += [{"destination": "/tmp", "source": ($d + "/src"), "options": ["bind"]}]' "cat /tmp/file"
}
@test "config.md, Mounts: a source that is not there is an error" {
	refuses "mounts: /tmp" '.mounts += [{"destination": "/tmp", "type": "bind", "source": "/no/such", "options": ["bind"]}]'
}
@test "config.md, Mounts: an unknown option is an error" {
	refuses "like-this" '.mounts += [{"destination": "/tmp", "type": "tmpfs", "source": "t", "options": ["like-this"]}]'
	refuses "like-this" '.mounts += [{"destination": "/tmp", "type": "bind", "source": ($d + "/src"), "options": ["bind", "like-this"]}]'
}
@test "config.md, Mounts: the options of a mount itself" {
	local pair
	for pair in ro:ro nosuid:nosuid nodev:nodev noexec:noexec noatime:noatime nodiratime:nodiratime nosymfollow:nosymfollow relatime:relatime; do
		run -0 --separate-stderr box '.mounts += [{"destination": "/tmp", "type": "bind", "source": ($d + "/src"), "options": ["bind", "'"${pair%:*}"'"]}]' \
			"grep ' /tmp ' /proc/self/mounts | cut -d' ' -f4"
		[[ ",$output," == *",${pair#*:},"* ]] || { echo "$pair: $output"; return 1; }
	done
	run -0 --separate-stderr box '.mounts += [{"destination": "/tmp", "type": "bind", "source": ($d + "/src"), "options": ["bind", "noatime", "strictatime"]}]' \
		"grep ' /tmp ' /proc/self/mounts | cut -d' ' -f4"
	lacks atime
}
@test "config.md, Mounts: the later of two contrary options counts" {
	local pair
	for pair in "ro rw" "nosuid suid" "nodev dev" "noexec exec" "nodiratime diratime" "nosymfollow symfollow" "rro rrw" "rnosuid rsuid" "rnodev rdev" "rnoexec rexec"; do
		run -0 --separate-stderr box '.mounts += [{"destination": "/tmp", "type": "tmpfs", "source": "t"},
			{"destination": "/tmp/x", "type": "bind", "source": ($d + "/src"), "options": (["bind"] + ("'"$pair"'" | split(" ")))}]' \
			"grep ' /tmp/x ' /proc/self/mounts | cut -d' ' -f4"
		[[ ! ",$output," =~ ,r?${pair% *}, ]] || { echo "$pair: $output"; return 1; }
	done
}
@test "config.md, Mounts: bind takes one mount, rbind those below it as well" {
	local kind
	mkdir -p "$FILE_DIR/tree/below"
	mount -t tmpfs t "$FILE_DIR/tree/below"
	touch "$FILE_DIR/tree/below/deep"
	for kind in bind rbind; do
		run --separate-stderr box '.mounts += [{"destination": "/tmp", "type": "bind", "source": ($d + "/tree"), "options": ["'$kind'"]}]' "ls /tmp/below"
		echo "$output" >"$FILE_DIR/$kind"
	done
	umount "$FILE_DIR/tree/below"
	[ "$(cat "$FILE_DIR/bind")" = "" ]
	[ "$(cat "$FILE_DIR/rbind")" = deep ]
}
@test "config.md, Mounts: the recursive options reach what is mounted below" {
	local option missing=
	mkdir -p "$FILE_DIR/tree/below"
	mount -t tmpfs t "$FILE_DIR/tree/below"
	for option in rro rnosuid rnodev rnoexec rnosymfollow rnoatime rnodiratime; do
		run --separate-stderr box '.mounts += [{"destination": "/tmp", "type": "bind", "source": ($d + "/tree"), "options": ["rbind", "'$option'"]}]' \
			"grep ' /tmp/below ' /proc/self/mounts | cut -d' ' -f4"
		[[ ",$output," == *",${option#r},"* ]] || missing="$missing $option:$output"
	done
	umount "$FILE_DIR/tree/below"
	[ -z "$missing" ] || { echo "$missing"; return 1; }
}
@test "config.md, Mounts: ro does not reach what is mounted below" {
	mkdir -p "$FILE_DIR/tree/below"
	mount -t tmpfs t "$FILE_DIR/tree/below"
	run box '.mounts += [{"destination": "/tmp", "type": "bind", "source": ($d + "/tree"), "options": ["rbind", "ro"]}]' "touch /tmp/below/x"
	umount "$FILE_DIR/tree/below"
	[ "$status" -eq 0 ]
}
@test "config.md, Mounts: remount changes what is there" {
	says ro '.mounts += [{"destination": "/tmp", "type": "tmpfs", "source": "t"}, {"destination": "/tmp", "options": ["remount", "ro"]}]' \
		"grep ' /tmp ' /proc/self/mounts | cut -d' ' -f4 | cut -d, -f1"
}
@test "config.md, Mounts: tmpcopyup brings what the image has there" {
	echo kept >"$B/rootfs/home/user/note"
	says kept '.mounts += [{"destination": "/home", "type": "tmpfs", "source": "t", "options": ["tmpcopyup"]}]' \
		"cat /home/user/note; echo other >/home/user/note"
	[ "$(cat "$B/rootfs/home/user/note")" = kept ]
}
@test "config.md, Mounts: data goes to the file system" {
	says "size=1024k 700" '.mounts += [{"destination": "/tmp", "type": "tmpfs", "source": "t", "options": ["size=1m", "mode=700"]}]' \
		"echo \$(grep ' /tmp ' /proc/self/mounts | grep -o size=[0-9k]*) \$(stat -c %a /tmp)"
}
@test "config.md, Mounts: private, slave, shared and unbindable, and their recursive forms" {
	local kind field
	for kind in private slave shared unbindable rprivate rslave rshared runbindable; do
		case $kind in *private) field="-" ;; *slave) field="-" ;; *shared) field="shared:*" ;; *) field="unbindable*" ;; esac
		# a slave of nobody is private
		run -0 --separate-stderr box '.mounts += [{"destination": "/tmp", "type": "tmpfs", "source": "t", "options": ["'$kind'"]}]' \
			"grep ' /tmp ' /proc/self/mountinfo | cut -d' ' -f7"
		# shellcheck disable=SC2053 # a pattern
		[[ $output == $field ]] || { echo "$kind: $output"; return 1; }
	done
}
@test "config.md, Mounts: a slave hears of what the host mounts, private does not" {
	mkdir -p "$FILE_DIR/prop/x"
	mount -t tmpfs t "$FILE_DIR/prop"
	mount --make-shared "$FILE_DIR/prop"
	mkdir "$FILE_DIR/prop/x"
	create '.mounts += [{"destination": "/tmp", "type": "bind", "source": ($d + "/prop"), "options": ["rbind", "rslave"]},
		{"destination": "/home", "type": "bind", "source": ($d + "/prop"), "options": ["rbind", "rprivate"]}]' "sleep 1000"
	oci start "$ID"
	mount -t tmpfs u "$FILE_DIR/prop/x"
	run -0 oci exec "$ID" sh -c "grep -c ' /tmp/x ' /proc/self/mounts; grep -c ' /home/x ' /proc/self/mounts; true"
	umount "$FILE_DIR/prop/x" && umount "$FILE_DIR/prop"
	is $'1\n0'
}
@test "config.md, Mounts: uidMappings and gidMappings show other owners" {
	mkdir -p "$FILE_DIR/owned" && touch "$FILE_DIR/owned/f"
	says 5000:6000 '.mounts += [{"destination": "/tmp", "type": "bind", "source": ($d + "/owned"), "options": ["bind", "idmap"],
		"uidMappings": [{"containerID": 0, "hostID": 5000, "size": 10}], "gidMappings": [{"containerID": 0, "hostID": 6000, "size": 10}]}]' \
		"stat -c %u:%g /tmp/f"
}
@test "config.md, Mounts: ridmap reaches what is mounted below, idmap does not" {
	local kind
	mkdir -p "$FILE_DIR/tree/below"
	mount -t tmpfs t "$FILE_DIR/tree/below"
	for kind in idmap ridmap; do
		run --separate-stderr box '.mounts += [{"destination": "/tmp", "type": "bind", "source": ($d + "/tree"), "options": ["rbind", "'$kind'"],
			"uidMappings": [{"containerID": 0, "hostID": 5000, "size": 10}], "gidMappings": [{"containerID": 0, "hostID": 5000, "size": 10}]}]' \
			"stat -c %u /tmp/below"
		echo "$output" >"$FILE_DIR/$kind"
	done
	umount "$FILE_DIR/tree/below"
	[ "$(cat "$FILE_DIR/idmap" "$FILE_DIR/ridmap" | paste -sd' ')" = "0 5000" ]
}
@test "config.md, Mounts: idmap without maps takes the container's, and without those is an error" {
	says 0 '.linux.namespaces += [{"type": "user"}] | .linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 65536}]
		| .linux.gidMappings = .linux.uidMappings
		| .mounts += [{"destination": "/tmp", "type": "bind", "source": ($d + "/src"), "options": ["bind", "idmap"]}]' "stat -c %u /tmp/file"
	refuses idmap '.mounts += [{"destination": "/tmp", "type": "bind", "source": ($d + "/src"), "options": ["bind", "idmap"]}]'
}
@test "config.md, Mounts: one of uidMappings and gidMappings alone is an error" {
	refuses "gidMappings" '.mounts += [{"destination": "/tmp", "type": "bind", "source": ($d + "/src"), "options": ["bind"],
		"uidMappings": [{"containerID": 0, "hostID": 5000, "size": 10}]}]'
}
@test "config.md, Process: terminal attaches one, with consoleSize" {
	config '.process.terminal = true | .process.consoleSize = {"height": 33, "width": 77}' 'test -t 0 && test -t 1 && stty size && ls -l /dev/console'
	run -0 with_terminal "$HOD oci --root $FILE_DIR/state run --bundle $B $ID"
	has "33 77"
	has "/dev/console"
}
@test "config.md, Process: without terminal consoleSize is ignored" {
	says no '.process.consoleSize = {"height": 33, "width": 77}' 'test -t 0 || echo no'
}
@test "config.md, Process: cwd is where it begins, and must be absolute" {
	says /home/user '.process.cwd = "/home/user"' pwd
	refuses cwd '.process.cwd = "home"'
}
@test "config.md, Process: env is all of its environment" {
	says $'A=b c\nPATH=/bin' '.process.env = ["A=b c", "PATH=/bin"] | .process.args = ["env"]'
}
@test "config.md, Process: args are searched in PATH, and are required" {
	says "a  b" '.process.args = ["echo", "a  b"]'
	refuses args '.process.args = []'
	refuses "not found" '.process.args = ["no-such-command"]'
}
@test "config.md, POSIX process: rlimits" {
	says "64 128" '.process.rlimits = [{"type": "RLIMIT_NOFILE", "soft": 64, "hard": 128}]' 'echo $(ulimit -Sn) $(ulimit -Hn)'
}
@test "config.md, POSIX process: an unknown rlimit, two of one type, soft above hard are errors" {
	refuses rlimits '.process.rlimits = [{"type": "RLIMIT_LUCK", "soft": 1, "hard": 1}]'
	refuses rlimits '.process.rlimits = [{"type": "RLIMIT_CORE", "soft": 1, "hard": 1}, {"type": "RLIMIT_CORE", "soft": 1, "hard": 1}]'
	refuses rlimits '.process.rlimits = [{"type": "RLIMIT_CORE", "soft": 2, "hard": 1}]'
}
@test "config.md, Linux process: each set of capabilities exactly" {
	# CAP_CHOWN is bit 0, CAP_KILL 5, CAP_NET_BIND_SERVICE 10, CAP_SYS_CHROOT 18
	says "0000000000000400 0000000000000400 0000000000040421 0000000000000400" '
		.process.user.uid = 1000 | .process.capabilities = {"bounding": ["CAP_CHOWN", "CAP_KILL", "CAP_NET_BIND_SERVICE", "CAP_SYS_CHROOT"],
		"permitted": ["CAP_CHOWN", "CAP_NET_BIND_SERVICE"], "inheritable": ["CAP_NET_BIND_SERVICE"],
		"effective": ["CAP_CHOWN"], "ambient": ["CAP_NET_BIND_SERVICE"]}' \
		'echo $(grep -E "^Cap(Prm|Eff|Bnd|Amb)" /proc/self/status | cut -f2)' # of a user: an exec leaves the ambient ones
}
@test "config.md, Linux process: no capabilities, no privileges" {
	says "0000000000000000 0000000000000000" 'del(.process.capabilities)' 'echo $(grep -E "^Cap(Prm|Bnd)" /proc/self/status | cut -f2)'
}
@test "config.md, Linux process: a capability that nobody knows is warned of" {
	run -0 box '.process.capabilities.bounding += ["CAP_MAGIC"]' "echo it ran"
	has "it ran"
	has CAP_MAGIC
}
@test "config.md, Linux process: noNewPrivileges" {
	says 1 '.process.noNewPrivileges = true' "grep NoNewPrivs /proc/self/status | cut -f2"
	says 0 . "grep NoNewPrivs /proc/self/status | cut -f2"
}
@test "config.md, Linux process: oomScoreAdj; unset it is the caller's" {
	says 500 '.process.oomScoreAdj = 500' "cat /proc/self/oom_score_adj"
	says "$(cat /proc/self/oom_score_adj)" . "cat /proc/self/oom_score_adj"
	refuses oomScoreAdj '.process.oomScoreAdj = 1001'
}
@test "config.md, Linux process: scheduler" {
	says "3 125" '.process.scheduler = {"policy": "SCHED_BATCH", "nice": 5}' "awk '/^policy|^prio/ {print \$3}' /proc/1/sched | paste -sd' '"
	says "5" '.process.scheduler = {"policy": "SCHED_IDLE"}' "awk '/^policy/ {print \$3}' /proc/1/sched"
	refuses "scheduler: policy" '.process.scheduler = {"policy": "SCHED_NEVER"}'
	refuses "scheduler: nice" '.process.scheduler = {"policy": "SCHED_OTHER", "nice": 40}'
	refuses "scheduler: flags" '.process.scheduler = {"policy": "SCHED_OTHER", "flags": ["SCHED_FLAG_NO"]}'
}
@test "config.md, Linux process: real-time scheduling, where the machine lets it" {
	chrt -f 1 true 2>/dev/null || skip "no real-time scheduling here"
	says "1 7" '.process.scheduler = {"policy": "SCHED_FIFO", "priority": 7}' "awk '/^policy/ {p = \$3} /^prio/ {print p, 99 - \$3}' /proc/1/sched"
}
@test "config.md, Linux process: ioPriority" {
	says "idle" '.process.ioPriority = {"class": "IOPRIO_CLASS_IDLE"}' "ionice -p 1 | cut -d: -f1"
	says "best-effort: prio 6" '.process.ioPriority = {"class": "IOPRIO_CLASS_BE", "priority": 6}' "ionice -p 1"
	refuses "ioPriority: class" '.process.ioPriority = {"class": "IOPRIO_CLASS_NO"}'
	refuses "ioPriority: priority" '.process.ioPriority = {"class": "IOPRIO_CLASS_BE", "priority": 8}'
}
@test "config.md, Linux process: apparmorProfile and selinuxLabel are taken where the kernel has none" {
	[ ! -e /sys/kernel/security/apparmor ] && [ ! -e /sys/fs/selinux/enforce ] || skip "this kernel has one"
	says yes '.process.apparmorProfile = "p" | .process.selinuxLabel = "a:b:c:s0"' "echo yes"
}
@test "config.md, User: uid, gid, additionalGids" {
	says "uid=1000 gid=2000 groups=3000,4000" '.process.user = {"uid": 1000, "gid": 2000, "additionalGids": [3000, 4000]}' \
		"id | sed -E 's/\([a-z]+\)//g'"
}
@test "config.md, User: none of the caller's groups stay" {
	says "Groups:" . "echo \$(grep Groups /proc/self/status)"
}
@test "config.md, User: umask" {
	says 0027 '.process.user.umask = 23' umask
	says 0022 . umask
}
@test "config.md, Hostname and Domainname" {
	says "one two" '.hostname = "one" | .domainname = "two"' 'echo $(hostname) $(cat /proc/sys/kernel/domainname)'
	[ "$(cat /proc/sys/kernel/domainname)" != two ]
}
@test "config.md, Hostname: without a uts namespace it is an error, not the host's new name" {
	refuses hostname '.linux.namespaces -= [{"type": "uts"}]'
}
@test "config.md, Annotations: of any kind are taken, and told by state" {
	create '.annotations = {"x": "", "y.z": "Ä\n\""}' "sleep 1000"
	[ "$(state '.annotations["y.z"]')" = $'Ä\n"' ]
	oci delete --force "$ID"
	refuses annotations '.annotations = {"x": {}}'
}
@test "config.md, Valid values: a wrong type, a wrong value, an unknown member are errors that name their path" {
	refuses "process: noNewPrivileges" '.process.noNewPrivileges = "yes"'
	refuses "linux: namespaces" '.linux.namespaces += [{"type": "soul"}]'
	refuses "readOnly" '.root.readOnly = true'
	refuses "intelRdt" '.linux.intelRdt = {"closID": "x"}'
}

# ---- hooks ----

@test "config.md, Hooks: all six, each with the state, its status and pid on stdin, in order" {
	run -0 --separate-stderr box '
		def h($k): {"path": "/bin/sh", "args": ["sh", "-c", "{ printf \"%s \" \($k); cat; echo; } >>\($d)/hooks"], "env": ["PATH=/bin:/usr/bin"]};
		.annotations = {"a": "b"} | .hooks = ({"prestart": [h("prestart")], "createRuntime": [h("createRuntime")], "createContainer": [h("createContainer")],
		"startContainer": [{"path": "/bin/sh", "args": ["sh", "-c", "echo startContainer $(cat) >/tmp/hook"]}],
		"poststart": [h("poststart")], "poststop": [h("poststop")]})' "cat /tmp/hook >&2; sed 's/.*\"status\":\"\([a-z]*\)\".*/\1/' /tmp/hook"
	is created
	[ "$(cut -d' ' -f1 "$FILE_DIR/hooks" | paste -sd' ')" = "prestart createRuntime createContainer poststart poststop" ]
	[ "$(cut -d' ' -f2- "$FILE_DIR/hooks" | jq -r .status | paste -sd' ')" = "creating creating creating running stopped" ]
	[ "$(cut -d' ' -f2- "$FILE_DIR/hooks" | jq -r '"\(.id) \(.bundle) \(.annotations.a) \(.ociVersion)"' | sort -u)" = "$ID $B b 1.2.0" ]
}
@test "config.md, Hooks: those of a kind run in the listed order, with args and env" {
	run -0 box '.hooks.createRuntime = [{"path": "/bin/sh", "args": ["name", "-c", "echo $0 $A >>" + $d + "/hooks"], "env": ["A=1"]},
		{"path": "/bin/sh", "args": ["sh", "-c", "echo $0 [$A] >>" + $d + "/hooks"]}]'
	[ "$(cat "$FILE_DIR/hooks")" = $'name 1\nsh []' ]
}
@test "config.md, Hooks: prestart and createRuntime see the host, and the container's namespaces by its pid" {
	local kind
	for kind in prestart createRuntime; do
		box ".hooks.$kind"' = [{"path": "/bin/sh", "args": ["sh", "-c", "p=$(sed \"s/.*pid.:\\([0-9]*\\),.*/\\1/\"); { readlink /proc/self/ns/mnt /proc/$p/ns/net; } >>" + $d + "/hooks"], "env": ["PATH=/bin:/usr/bin"]}]' true
	done
	[ "$(grep -cxF "$(ns mnt)" "$FILE_DIR/hooks")" = 2 ]
	[ "$(grep net "$FILE_DIR/hooks" | grep -vcxF "$(ns net)")" = 2 ]
}
@test "config.md, Hooks: createContainer is in the container's namespaces with the host's files, before pivot_root" {
	mkdir -p "$B/rootfs/mnt"
	says text '.hooks.createContainer = [{"path": "/bin/sh", "args": ["sh", "-c", "mount --bind " + $d + "/src " + $d + "/b/rootfs/mnt; hostname >" + $d + "/hooks"],
		"env": ["PATH=/bin:/usr/bin:/usr/sbin:/sbin"]}]' "cat /mnt/file"
	[ "$(cat "$FILE_DIR/hooks")" = box ]
	! mountpoint -q "$B/rootfs/mnt"
}
@test "config.md, Hooks: startContainer is in the container, of its files, before the process" {
	says "box process" '.hooks.startContainer = [{"path": "/bin/sh", "args": ["sh", "-c", "hostname >/tmp/said"]}]' 'echo $(cat /tmp/said) process'
}
@test "config.md, Hooks: startContainer has no more rights than the process" {
	run -0 --separate-stderr box '.process.user.uid = 1000 | .process.noNewPrivileges = true
		| .linux.seccomp = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["reboot"], "action": "SCMP_ACT_ERRNO"}]}
		| .hooks.startContainer = [{"path": "/bin/sh", "args": ["sh", "-c", "echo $(id -u) $(sed -n \"s/^CapEff:.//p; s/^Seccomp:.//p\" /proc/self/status)"]}]' true
	# shellcheck disable=SC2154 # of run
	[[ $stderr == *"1000 0000000000000000 2"* ]]
}
@test "config.md, Hooks: one of create that fails stops it; poststop is run, the process is not" {
	local kind
	for kind in prestart createRuntime createContainer startContainer; do
		: >"$FILE_DIR/hooks"
		refuses "hooks.${kind}[0]" ".hooks.$kind"' = [{"path": "/bin/sh", "args": ["sh", "-c", "exit 3"]}]
			| .hooks.poststop = [{"path": "/bin/sh", "args": ["sh", "-c", "echo stopped >>" + $d + "/hooks"]}]'
		has "exit status 3"
		[ "$(cat "$FILE_DIR/hooks")" = stopped ]
	done
}
@test "config.md, Hooks: poststart and poststop that fail are warned of, the others go on" {
	run -0 box '.hooks.poststart = [{"path": "/bin/false"}, {"path": "/bin/sh", "args": ["sh", "-c", "echo 1 >>" + $d + "/hooks"]}]
		| .hooks.poststop = [{"path": "/bin/false"}, {"path": "/bin/sh", "args": ["sh", "-c", "echo 2 >>" + $d + "/hooks"]}]' "echo it ran"
	has "hooks.poststart[0]"
	has "hooks.poststop[0]"
	has "it ran"
	[ "$(paste -sd' ' "$FILE_DIR/hooks")" = "1 2" ]
}
@test "config.md, Hooks: timeout" {
	local begun=$SECONDS
	refuses "within 1 seconds" '.hooks.createRuntime = [{"path": "/bin/sleep", "args": ["sleep", "30"], "timeout": 1}]'
	[ $((SECONDS - begun)) -lt 20 ]
	refuses timeout '.hooks.createRuntime = [{"path": "/bin/true", "timeout": 0}]'
}
@test "config.md, Hooks: path must be absolute" {
	refuses "createRuntime" '.hooks.createRuntime = [{"path": "true"}]'
}
@test "config.md, Hooks: poststart comes behind the process's start, poststop behind its deletion" {
	create '.hooks.poststart = [{"path": "/bin/sh", "args": ["sh", "-c", "echo start >>" + $d + "/hooks"]}]
		| .hooks.poststop = [{"path": "/bin/sh", "args": ["sh", "-c", "test ! -e " + $d + "/state/'"$ID"' && echo stop >>" + $d + "/hooks"]}]' "sleep 1000"
	[ ! -s "$FILE_DIR/hooks" ]
	oci start "$ID"
	[ "$(cat "$FILE_DIR/hooks")" = start ]
	oci delete --force "$ID"
	[ "$(paste -sd' ' "$FILE_DIR/hooks")" = "start stop" ]
}

# ---- config-linux.md ----

@test "config-linux.md, Namespaces: a new one of each type" {
	local type file
	for type in pid:pid network:net mount:mnt ipc:ipc uts:uts cgroup:cgroup user:user time:time; do
		file=${type#*:}
		run -0 --separate-stderr box '.linux.namespaces = (.linux.namespaces + [{"type": "user"}, {"type": "time"}])
			| .linux.uidMappings = [{"containerID": 0, "hostID": 0, "size": 65536}] | .linux.gidMappings = .linux.uidMappings' "readlink /proc/self/ns/$file"
		[ "$output" != "$(ns "$file")" ]
	done
}
@test "config-linux.md, Namespaces: one that is not listed is the caller's" {
	local type
	for type in network:net ipc:ipc cgroup:cgroup; do
		says "$(ns "${type#*:}")" '.linux.namespaces -= [{"type": "'"${type%:*}"'"}] | .mounts |= map(select(.type != "sysfs" and .type != "mqueue"))' \
			"readlink /proc/self/ns/${type#*:}"
	done
	says "$(ns uts)" '.linux.namespaces -= [{"type": "uts"}] | del(.hostname)' "readlink /proc/self/ns/uts"
}
@test "config-linux.md, Namespaces: a path is joined, of each type" {
	local type file pid
	unshare --fork --kill-child --pid --net --ipc --uts --cgroup --time --mount-proc sleep 1000 3>&- &
	local holder=$!
	until_ok 10 pgrep -P $holder sleep
	pid=$(pgrep -P $holder sleep)
	for type in pid:pid network:net ipc:ipc uts:uts cgroup:cgroup time:time; do
		file=${type#*:}
		run --separate-stderr box '.linux.namespaces = ([.linux.namespaces[] | select(.type != "'"${type%:*}"'")] + [{"type": "'"${type%:*}"'", "path": "/proc/'"$pid/ns/$file"'"}])' \
			"readlink /proc/self/ns/$file"
		[ "$output" = "$(readlink "/proc/$pid/ns/$file")" ] || { echo "$type: $output $stderr"; kill -9 "$pid" $holder; return 1; }
	done
	kill -9 "$pid" $holder
}
@test "config-linux.md, Namespaces: a user namespace by its path" {
	unshare --user --map-root-user sleep 1000 3>&- &
	local holder=$!
	until_ok 10 sh -c "[ \$(readlink /proc/$holder/ns/user) != $(ns user) ]"
	run --separate-stderr box '.linux.namespaces += [{"type": "user", "path": "/proc/'$holder'/ns/user"}]' "readlink /proc/self/ns/user; id -u"
	local expected
	expected=$(readlink /proc/$holder/ns/user)
	kill -9 $holder
	is "$expected"$'\n'0
}
@test "config-linux.md, Namespaces: a path of another type, a path that is not there, a type twice are errors" {
	refuses network '.linux.namespaces -= [{"type": "network"}] | .linux.namespaces += [{"type": "network", "path": "/proc/self/ns/uts"}]'
	refuses network '.linux.namespaces -= [{"type": "network"}] | .linux.namespaces += [{"type": "network", "path": "/no/such"}]'
	refuses namespaces '.linux.namespaces += [{"type": "uts"}]'
}
@test "config-linux.md, User namespace mappings" {
	says "0 100000 1000|1000 200000 1" '.linux.namespaces += [{"type": "user"}]
		| .linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 1000}, {"containerID": 1000, "hostID": 200000, "size": 1}]
		| .linux.gidMappings = [{"containerID": 0, "hostID": 100000, "size": 1000}]' 'cat /proc/self/uid_map | tr -s " " | sed "s/^ //" | paste -sd"|"'
	refuses Mappings '.linux.namespaces += [{"type": "user"}]'
}
@test "config-linux.md, Offset for time namespace" {
	says "monotonic 1000 5 boottime -100 0" '.linux.namespaces += [{"type": "time"}]
		| .linux.timeOffsets = {"monotonic": {"secs": 1000, "nanosecs": 5}, "boottime": {"secs": -100}}' 'echo $(cat /proc/self/timens_offsets)'
	refuses timeOffsets '.linux.timeOffsets = {"monotonic": {"secs": 1000}}'
	refuses timeOffsets '.linux.namespaces += [{"type": "time"}] | .linux.timeOffsets = {"sidereal": {"secs": 1}}'
}
@test "config-linux.md, Offset for time namespace: a further process sees the same time" {
	create '.linux.namespaces += [{"type": "time"}] | .linux.timeOffsets = {"boottime": {"secs": 500000}}' "sleep 1000"
	oci start "$ID"
	run -0 oci exec "$ID" readlink /proc/self/ns/time
	is "$(readlink "/proc/$(state .pid)/ns/time")"
	run -0 oci exec "$ID" cat /proc/uptime
	[ "${output%%.*}" -gt 500000 ]
	run oci exec "$ID" no-such-command
	[ "$status" -ne 0 ]
	has "not found"
	run -3 oci exec "$ID" sh -c "exit 3"
}
@test "config-linux.md, Devices: type, path, major, minor, fileMode, uid, gid" {
	says "character special file 1:3 640 5:6" '.linux.devices = [{"path": "/dev/mine", "type": "c", "major": 1, "minor": 3, "fileMode": 416, "uid": 5, "gid": 6}]' \
		'stat -c "%F %t:%T %a %u:%g" /dev/mine'
	says "fifo 666" '.linux.devices = [{"path": "/tmp/pipe", "type": "p", "fileMode": 438}]' 'stat -c "%F %a" /tmp/pipe'
	rm "$B/rootfs/tmp/pipe"
	says "block special file" '.linux.devices = [{"path": "/dev/block", "type": "b", "major": 7, "minor": 0}]' 'stat -c %F /dev/block'
	refuses devices '.linux.devices = [{"path": "/dev/mine", "type": "x"}]'
}
@test "config-linux.md, Default devices: null zero full random urandom tty ptmx" {
	says "1:3 1:5 1:7 1:8 1:9 5:0" . 'echo $(for d in null zero full random urandom tty; do stat -c %t:%T /dev/$d; done)'
	says pts/ptmx . "readlink /dev/ptmx"
}
@test "config-linux.md, Default filesystems: proc, sysfs, devpts, tmpfs where they were asked for" {
	says "proc sysfs devpts tmpfs" . "for p in /proc /sys /dev/pts /dev/shm; do grep \" \$p \" /proc/self/mounts | cut -d' ' -f3; done | paste -sd' '"
}
@test "config-linux.md, Control groups: a cgroup mount shows the container's own" {
	need cgroup2
	run -0 --separate-stderr box '.mounts += [{"destination": "/sys/fs/cgroup", "type": "cgroup", "source": "cgroup", "options": ["ro", "nosuid"]}]' \
		"grep ' /sys/fs/cgroup ' /proc/self/mounts"
	like ' /sys/fs/cgroup (cgroup2|tmpfs) ro,nosuid'
}
@test "config-linux.md, Sysctl" {
	says "1 77" '.linux.sysctl = {"net.ipv4.ip_forward": "1", "kernel.msgmax": "77"}' 'echo $(cat /proc/sys/net/ipv4/ip_forward /proc/sys/kernel/msgmax)'
	refuses sysctl '.linux.sysctl = {"kernel.panic": "1"}'
	refuses sysctl '.linux.namespaces -= [{"type": "network"}] | .mounts |= map(select(.type != "sysfs")) | .linux.sysctl = {"net.ipv4.ip_forward": "1"}'
}
seccomp() { echo '.process.noNewPrivileges = true | .linux.seccomp = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["'"$1"'"]'"$2"'}]}'; }
@test "config-linux.md, Seccomp: ALLOW, ERRNO with its number, LOG" {
	run box "$(seccomp mkdir ', "action": "SCMP_ACT_ERRNO", "errnoRet": 28')" "mkdir /tmp/m"
	has "No space left"
	run box "$(seccomp mkdir ', "action": "SCMP_ACT_ERRNO"')" "mkdir /tmp/m"
	has "Operation not permitted"
	says yes "$(seccomp getuid ', "action": "SCMP_ACT_LOG"')" "id -u >/dev/null; echo yes"
	says yes '.linux.seccomp = {"defaultAction": "SCMP_ACT_LOG"}' "echo yes"
}
@test "config-linux.md, Seccomp: KILL, KILL_PROCESS, KILL_THREAD, TRAP end who calls by SIGSYS" {
	local action
	for action in KILL KILL_PROCESS KILL_THREAD TRAP; do
		says 159 "$(seccomp mkdir ', "action": "SCMP_ACT_'$action'"')" 'mkdir /tmp/m; echo $?'
	done
}
@test "config-linux.md, Seccomp: TRACE without a tracer is an error of the call" {
	run box "$(seccomp mkdir ', "action": "SCMP_ACT_TRACE"')" "mkdir /tmp/m"
	has "Function not implemented"
}
@test "config-linux.md, Seccomp: every operator of args" {
	# kill(2) of no process (2^22 is above every number): ESRCH unless the filter answers with 28
	local row op value two hit
	for row in "EQ 10 0 yes" "EQ 11 0 no" "NE 11 0 yes" "NE 10 0 no" "LT 11 0 yes" "LT 10 0 no" "LE 10 0 yes" "LE 9 0 no" \
		"GT 9 0 yes" "GT 10 0 no" "GE 10 0 yes" "GE 11 0 no" "MASKED_EQ 2 2 yes" "MASKED_EQ 4 0 yes" "MASKED_EQ 1 1 no"; do
		read -r op value two hit <<<"$row"
		run box "$(seccomp kill ', "action": "SCMP_ACT_ERRNO", "errnoRet": 28, "args": [{"index": 1, "value": '"$value"', "valueTwo": '"$two"', "op": "SCMP_CMP_'"$op"'"}]')" \
			"kill -10 4194305"
		[[ $output == *"No space"* ]] && [ "$hit" = yes ] || { [[ $output == *"No such process"* ]] && [ "$hit" = no ]; } || { echo "$row: $output"; return 1; }
	done
}
@test "config-linux.md, Seccomp: conditions on several arguments hold together" {
	run box "$(seccomp kill ', "action": "SCMP_ACT_ERRNO", "errnoRet": 28, "args": [{"index": 0, "value": 4194305, "op": "SCMP_CMP_EQ"}, {"index": 1, "value": 10, "op": "SCMP_CMP_EQ"}]')" \
		"kill -10 4194305; kill -12 4194305"
	has "No space"
	has "No such process"
}
@test "config-linux.md, Seccomp: defaultErrnoRet, architectures, flags" {
	run box '.process.noNewPrivileges = true | .linux.seccomp = {"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"],
		"flags": ["SECCOMP_FILTER_FLAG_TSYNC", "SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_SPEC_ALLOW"]}' "grep ^Seccomp: /proc/self/status"
	like "2$"
	refuses flags '.linux.seccomp = {"defaultAction": "SCMP_ACT_ALLOW", "flags": ["SECCOMP_FILTER_FLAG_NO"]}'
	refuses architecture '.linux.seccomp = {"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_PDP11"]}'
	refuses action '.linux.seccomp = {"defaultAction": "SCMP_ACT_NO"}'
	refuses operator '.linux.seccomp = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["read"], "action": "SCMP_ACT_ERRNO", "args": [{"index": 0, "value": 1, "op": "SCMP_CMP_NO"}]}]}'
}
@test "config-linux.md, Seccomp: NOTIFY sends the listener and the state to listenerPath, once, and closes" {
	need program python3
	rm -f "$FILE_DIR/agent"
	python3 "$BATS_TEST_DIRNAME/seccomp_agent.py" "$FILE_DIR/agent" 75 >"$FILE_DIR/told" 2>&1 3>&- &
	until_ok 10 test -S "$FILE_DIR/agent"
	run box "$(seccomp mkdir ', "action": "SCMP_ACT_NOTIFY"') "'| .linux.seccomp.listenerPath = $d + "/agent" | .linux.seccomp.listenerMetadata = "m\"m"' "mkdir /tmp/m"
	has "Value too large" # 75, the agent's answer
	until_ok 10 grep -q end "$FILE_DIR/told"
	head -n 1 "$FILE_DIR/told" | jq -e --arg id "$ID" '.fds == ["seccompFd"] and .metadata == "m\"m" and .state.id == $id and .pid == .state.pid and .pid > 1'
	[ "$(sed -n 2p "$FILE_DIR/told")" = end ]
}
@test "config-linux.md, Seccomp: a listener that is not there, or none at all, is an error" {
	refuses listenerPath "$(seccomp mkdir ', "action": "SCMP_ACT_NOTIFY"') "'| .linux.seccomp.listenerPath = "/no/such"'
	refuses listenerPath "$(seccomp mkdir ', "action": "SCMP_ACT_NOTIFY"')"
	refuses listenerMetadata "$(seccomp mkdir ', "action": "SCMP_ACT_ERRNO"') "'| .linux.seccomp.listenerMetadata = "m"'
	says yes "$(seccomp mkdir ', "action": "SCMP_ACT_ERRNO"') "'| .linux.seccomp.listenerPath = "/no/such"' "echo yes"
}
@test "config-linux.md, Rootfs mount propagation" {
	local kind
	for kind in "private -" "rprivate -" "shared shared:*" "rshared shared:*" "unbindable unbindable*"; do
		run -0 --separate-stderr box '.linux.rootfsPropagation = "'"${kind% *}"'"' "awk '\$5 == \"/\" {print \$7}' /proc/self/mountinfo"
		# shellcheck disable=SC2053 # a pattern
		[[ $output == ${kind#* } ]] || { echo "$kind: $output"; return 1; }
	done
	refuses rootfsPropagation '.linux.rootfsPropagation = "public"'
}
@test "config-linux.md, Rootfs mount propagation: slave hears of what the host mounts" {
	mkdir -p "$FILE_DIR/prop"
	mount -t tmpfs t "$FILE_DIR/prop"
	mount --make-shared "$FILE_DIR/prop"
	cp -a "$B/rootfs" "$FILE_DIR/prop/"
	create '.root.path = $d + "/prop/rootfs" | .linux.rootfsPropagation = "slave"' "sleep 1000"
	oci start "$ID"
	mount -t tmpfs u "$FILE_DIR/prop/rootfs/home"
	run -0 oci exec "$ID" grep -c " /home " /proc/self/mounts
	umount "$FILE_DIR/prop/rootfs/home"
	oci delete --force "$ID"
	umount -l "$FILE_DIR/prop"
	is 1
}
@test "config-linux.md, Masked paths: nothing can be read there" {
	says "0 0" '.linux.maskedPaths = ["/etc/passwd", "/home", "/no/such"]' 'echo $(wc -c </etc/passwd) $(ls /home | wc -l)'
}
@test "config-linux.md, Readonly paths" {
	run box '.linux.readonlyPaths = ["/home", "/proc/sys"]' "touch /home/x; echo 1 >/proc/sys/net/ipv4/ip_forward; touch /tmp/fine && echo fine"
	has "/home/x: Read-only"
	has "ip_forward: Read-only"
	has fine
	refuses maskedPaths '.linux.maskedPaths = [1]'
}
@test "config-linux.md, Mount label is taken where the kernel has no SELinux" {
	[ ! -e /sys/fs/selinux/enforce ] || skip "this kernel has it"
	says yes '.linux.mountLabel = "a:b:c:s0"' "echo yes"
}
@test "config-linux.md, Personality" {
	[ "$(uname -m)" = x86_64 ] || skip "of this architecture there is one only"
	says i686 '.linux.personality = {"domain": "LINUX32"}' "uname -m"
	says x86_64 '.linux.personality = {"domain": "LINUX"}' "uname -m"
	refuses "personality: domain" '.linux.personality = {"domain": "BSD"}'
	refuses "personality: flags" '.linux.personality = {"domain": "LINUX", "flags": ["X"]}'
}

# ---- features.md ----

@test "features.md: every mount option, action, operator and namespace that is told is taken" {
	local option
	oci features >"$FILE_DIR/features"
	[ "$(jq -r '.hooks | length' "$FILE_DIR/features")" = 6 ]
	[ "$(jq -r '.linux.mountExtensions.idmap.enabled' "$FILE_DIR/features")" = true ]
	for option in $(jq -r '.mountOptions[]' "$FILE_DIR/features" | grep -vE '^(r?idmap|r?bind|remount|tmpcopyup|sync|dirsync|lazytime)$'); do
		run -0 --separate-stderr box '.mounts += [{"destination": "/tmp", "type": "bind", "source": ($d + "/src"), "options": ["rbind", "'"$option"'"]}]' true
	done
	jq -e '.linux.namespaces == ["cgroup", "ipc", "mount", "network", "pid", "time", "user", "uts"]' "$FILE_DIR/features"
	jq -e '.linux.seccomp.actions | index("SCMP_ACT_NOTIFY")' "$FILE_DIR/features"
}

# ---- beside the peers ----

@test "a bundle of ours runs under crun and runc, and one of runc's under hod" {
	local peer
	need program runc
	config '.ociVersion = "1.0.2" | del(.linux.namespaces[] | select(.type == "cgroup")) | .mounts |= map(select(.type != "mqueue"))' 'echo $(hostname) $(id -u)'
	for peer in runc crun; do
		command -v $peer >/dev/null || continue
		run $peer --root "$FILE_DIR/$peer" run --bundle "$B" "$ID-$peer"
		[ "$output" = "box 0" ] || [[ $output == *cgroup* ]] || { echo "$peer: $output"; return 1; } # crun 1.8 cannot on hybrid hosts
	done
	mkdir -p "$FILE_DIR/theirs"
	ln -sfn "$B/rootfs" "$FILE_DIR/theirs/rootfs"
	(cd "$FILE_DIR/theirs" && rm -f config.json && runc spec && jq '.process.terminal = false | .process.args = ["hostname"]' config.json >c && mv c config.json)
	run -0 --separate-stderr oci run --bundle "$FILE_DIR/theirs" "$ID"
	is runc
}

# ---- what a hostile bundle or image tries ----

@test "hostile: an id is no path" {
	local id
	config .
	for id in ../up . .. a/b ""; do
		run oci create --bundle "$B" "$id"
		[ "$status" -ne 0 ] || { echo "'$id' was taken"; return 1; }
	done
	[ ! -e "$FILE_DIR/up" ]
}
@test "hostile: /proc, /sys and /dev of the image are links out" {
	local dir
	for dir in proc sys dev; do
		rmdir "$B/rootfs/$dir"
		ln -s "$FILE_DIR/src" "$B/rootfs/$dir"
		run box . "echo it ran"
		rm "$B/rootfs/$dir"
		mkdir "$B/rootfs/$dir"
		[ "$status" -ne 0 ]
		lacks "it ran"
	done
	[ "$(cd "$FILE_DIR/src" && echo *)" = "file sub" ]
}
@test "hostile: a destination that is a link stays inside the root" {
	ln -sfn "$FILE_DIR/away" "$B/rootfs/home/link"
	says text '.mounts += [{"destination": "/home/link/../../../../a", "type": "bind", "source": ($d + "/src"), "options": ["bind"]},
		{"destination": "/home/link", "type": "bind", "source": ($d + "/src"), "options": ["bind"]}]' "cat /home/link/file"
	rm "$B/rootfs/home/link"
	[ ! -e "$FILE_DIR/away" ]
}
@test "hostile: a working directory over a descriptor of the runtime (CVE-2024-21626)" {
	local fd
	for fd in 3 4 5 6 7 8 9 10; do
		refuses "" '.process.cwd = "/proc/self/fd/'$fd'"'
	done
}
@test "hostile: the executable of the runtime cannot be reached (CVE-2019-5736)" {
	local before
	before=$(sha256sum <"$HOD")
	run box '.process.args = ["/proc/self/exe", "version"]'
	lacks "hod version"
	ln -sfn /proc/self/exe "$B/rootfs/home/exe"
	run box '.process.args = ["/home/exe", "version"]'
	rm "$B/rootfs/home/exe"
	lacks "hod version"
	[ "$(sha256sum <"$HOD")" = "$before" ]
}
@test "hostile: something that is no proc over /proc, and over what is below it" {
	refuses "proc" '.mounts += [{"destination": "/proc", "type": "tmpfs", "source": "t"}]'
	refuses "proc" '.mounts += [{"destination": "/proc/self/attr", "type": "tmpfs", "source": "t"}]'
	refuses "proc" '.mounts += [{"destination": "/a/../proc/sys", "type": "bind", "source": ($d + "/src"), "options": ["bind"]}]'
}
@test "hostile: a sysctl that climbs out of its namespace" {
	refuses sysctl '.linux.sysctl = {"net/../kernel/core_pattern": "|/x"}'
	refuses sysctl '.linux.sysctl = {"kernel.core_pattern": "|/x"}'
	refuses sysctl '.linux.sysctl = {"net//x": "1"}'
}
@test "hostile: /dev/null of the image is a link, and masks are to come from it (CVE-2025-31133)" {
	says 0 '.linux.maskedPaths = ["/etc/passwd"] | .mounts |= map(select(.destination | startswith("/dev") | not))' "wc -c </etc/passwd"
	rm -f "$B/rootfs/dev/null"
	ln -s /etc/group "$B/rootfs/dev/null"
	run box '.linux.maskedPaths = ["/etc/passwd"] | .mounts |= map(select(.destination | startswith("/dev") | not))' "wc -c </etc/passwd"
	rm -rf "$B/rootfs/dev"
	mkdir "$B/rootfs/dev"
	[ "$output" = 0 ] || [ "$status" -ne 0 ]
}
