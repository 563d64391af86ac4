#!/usr/bin/env bats
# The runtime-spec 1.2 for Linux, statement by statement: each test is a row "page, section: what it says in short",
# with a container that looks at it from inside. Here bundle.md, runtime.md, runtime-linux.md and
# config.md; its hooks are in spec_hooks.bats, config-linux.md is in spec_linux.bats.
#
# Nowhere: resources of cgroups (config-linux.md "Control groups", see limits.bats), Solaris, Windows, VMs, z/OS.
load helper
load spec

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
@test "config.md, POSIX process: a limit that we may not give is lowered, and that is told" {
	local hard
	hard=$(ulimit -Hn)
	! (ulimit -Hn $((hard + 1))) 2>/dev/null || skip "we may give any limit"
	run -0 box '.process.rlimits = [{"type": "RLIMIT_NOFILE", "soft": 64, "hard": '$((hard + 1))'}]' 'ulimit -Hn'
	like "RLIMIT_NOFILE.*lowered to $hard"
	like "(^|"$'\n'")$hard\$"
	run -0 box '.process.rlimits = [{"type": "RLIMIT_NOFILE", "soft": 64, "hard": '"$hard"'}]' 'ulimit -Hn'
	is "$hard"
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
@test "config.md, Linux process: apparmorProfile is an error where the kernel has none; no profile is not" {
	! grep -q Y /sys/module/apparmor/parameters/enabled 2>/dev/null || skip "this kernel has it: tests/vm/apparmor.sh"
	refuses "process.apparmorProfile: this kernel has no AppArmor" '.process.apparmorProfile = "p"'
	says yes '.process.apparmorProfile = "unconfined"' "echo yes"
	says yes '.process.apparmorProfile = ""' "echo yes"
	create . "sleep 1000"
	oci start "$ID"
	run ! oci exec --apparmor p "$ID" true
	has "AppArmor"
}
@test "config.md, Linux process: selinuxLabel is an error where the kernel has no SELinux" {
	[ ! -e /sys/fs/selinux/enforce ] || skip "this kernel has it"
	refuses "process.selinuxLabel: this kernel has no SELinux" '.process.selinuxLabel = "a:b:c:s0"'
	says yes '.process.selinuxLabel = ""' "echo yes"
}
@test "config.md, Linux process: execCPUAffinity is where exec begins and where it runs; the container's own process has none" {
	[ "$(nproc)" -ge 2 ] || skip "one processor"
	refuses "execCPUAffinity: initial" '.process.execCPUAffinity = {"initial": "one"}'
	local allowed='grep Cpus_allowed_list /proc/self/status | cut -f2' all
	all=$(sh -c "$allowed")
	create '.process.execCPUAffinity = {"initial": "0", "final": "1"}' "$allowed; sleep 1000"
	oci start "$ID"
	until_ok 10 grep -q "^$all\$" "$FILE_DIR/out"
	run -0 --separate-stderr oci exec "$ID" sh -c "$allowed"
	is 1
	jq -n --arg c "$allowed" '{args: ["sh", "-c", $c], cwd: "/", env: ["PATH=/bin"], execCPUAffinity: {initial: "0"}}' >"$FILE_DIR/process"
	run -0 --separate-stderr oci exec --process "$FILE_DIR/process" "$ID"
	is "$all" # it has begun on 0, and is let go
	jq '.execCPUAffinity = {final: "9000"}' "$FILE_DIR/process" >"$FILE_DIR/wrong"
	run ! oci exec --process "$FILE_DIR/wrong" "$ID"
	has "execCPUAffinity: final"
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
	refuses "windows" '.windows = {"layerFolders": ["x"]}'
}
