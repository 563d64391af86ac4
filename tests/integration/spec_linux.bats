#!/usr/bin/env bats
# The runtime-spec 1.2 for Linux, statement by statement: each test is a row "page, section: what it says in short",
# with a container that looks at it from inside. Here config-linux.md and features.md.
load helper
load spec

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
cgroup2_options() { sed -n "s|^[^ ]* $1 cgroup2 \([^ ]*\) .*|\1|p" /proc/self/mounts; }
@test "config-linux.md, Control groups: a container in our cgroup namespace sees the host's tree, and changes no option of it" {
	need cgroup2
	local tree=/sys/fs/cgroup before now
	[ "$(stat -f -c %T $tree)" = cgroup2fs ] || tree=/sys/fs/cgroup/unified
	before=$(cgroup2_options $tree)
	case $before in
	*nsdelegate*) ;;
	*) mount -t cgroup2 -o remount,nsdelegate cgroup2 $tree || skip "the options of the cgroup tree are not ours to set" ;;
	esac
	run --separate-stderr box '.linux.namespaces -= [{"type": "cgroup"}] | .mounts += [{"destination": "/sys/fs/cgroup", "type": "cgroup", "source": "cgroup", "options": ["ro", "nosuid"]}]' \
		"grep ' /sys/fs/cgroup ' /proc/self/mounts; cat /sys/fs/cgroup$(sed -n 's/^0:://p' /proc/self/cgroup)/cgroup.procs >/dev/null && echo seen"
	now=$(cgroup2_options $tree)
	case $before in
	*nsdelegate*) ;;
	*) mount -t cgroup2 -o "remount,$before" cgroup2 $tree # with its source named, the options of now are not kept ;;
	esac
	like ' /sys/fs/cgroup cgroup2 ro,nosuid'
	has seen
	[[ $now == *nsdelegate* ]]
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
@test "config-linux.md, Mount label is an error where the kernel has no SELinux" {
	[ ! -e /sys/fs/selinux/enforce ] || skip "this kernel has it"
	refuses mountLabel '.linux.mountLabel = "a:b:c:s0"'
	says yes '.linux.mountLabel = ""' "echo yes"
}
@test "config-linux.md, Personality" {
	[ "$(uname -m)" = x86_64 ] || skip "of this architecture there is one only"
	says i686 '.linux.personality = {"domain": "LINUX32"}' "uname -m"
	says x86_64 '.linux.personality = {"domain": "LINUX"}' "uname -m"
	refuses "personality: domain" '.linux.personality = {"domain": "BSD"}'
	refuses "personality: flags" '.linux.personality = {"domain": "LINUX", "flags": ["X"]}'
}
@test "config-linux.md, Default Devices: in a user namespace without a /dev of its own, of one rootfs again and again" {
	local users='.linux.namespaces += [{"type": "user"}] | .linux.uidMappings = [{"containerID": 0, "hostID": 0, "size": 1000}] |
		.linux.gidMappings = .linux.uidMappings | .mounts |= map(select(.type == "proc"))'
	says "character special file" "$users" "stat -c %F /dev/null"
	says "character special file" "$users" "stat -c %F /dev/null"
}
@test "config-linux.md, Memory policy" {
	[ -e /proc/self/numa_maps ] || skip "a kernel without memory nodes"
	local policy='head -n 1 /proc/self/numa_maps | cut -d" " -f2'
	says default . "$policy"
	says bind:0 '.linux.memoryPolicy = {"mode": "MPOL_BIND", "nodes": "0"}' "$policy"
	says bind=static:0 '.linux.memoryPolicy = {"mode": "MPOL_BIND", "nodes": "0", "flags": ["MPOL_F_STATIC_NODES"]}' "$policy"
	says interleave:0 '.linux.memoryPolicy = {"mode": "MPOL_INTERLEAVE", "nodes": "0"}' "$policy"
	says local '.linux.memoryPolicy = {"mode": "MPOL_LOCAL", "nodes": ""}' "$policy"
	says default '.linux.memoryPolicy = {"mode": "MPOL_DEFAULT", "nodes": ""}' "$policy"
	refuses "linux.memoryPolicy" '.linux.memoryPolicy = {"mode": "MPOL_BIND", "nodes": ""}' # of none it can be had
	refuses "memoryPolicy: mode" '.linux.memoryPolicy = {"mode": "MPOL_NEAR", "nodes": "0"}'
	refuses "memoryPolicy: flags" '.linux.memoryPolicy = {"mode": "MPOL_BIND", "nodes": "0", "flags": ["MPOL_F_FAST"]}'
	refuses "memoryPolicy: nodes" '.linux.memoryPolicy = {"mode": "MPOL_BIND", "nodes": "0-"}'
	create '.linux.memoryPolicy = {"mode": "MPOL_BIND", "nodes": "0"}' "sleep 1000"
	oci start "$ID"
	run -0 --separate-stderr oci exec "$ID" sh -c "$policy"
	is bind:0
}
# The kernel ends a network namespace, and with it both ends of its links, a while after its last process.
no_link() { ! ip link show "$1"; }
links_gone() { # what failed half way must not stay on the host
	local n
	for n in 0 1; do
		ip link del hodnd$n 2>/dev/null || true
		until_ok 20 no_link hodnp$n
	done
}
link_made() { ip link add "hodnd$1" type veth peer name "hodnp$1"; }
@test "config-linux.md, Network devices: moved with their addresses, by the name that is asked for, and up" {
	need program ip
	links_gone
	link_made 0
	ip address add 192.0.2.9/24 dev hodnd0
	ip address add 2001:db8::9/64 dev hodnd0
	says "inner 192.0.2.9/24 2001:db8::9/64" '.linux.netDevices = {"hodnd0": {"name": "inner"}} | .linux.sysctl = {"net.ipv4.conf.inner.forwarding": "1"}' \
		'ip link show inner up | grep -q inner && echo inner $(ip -o addr show inner scope global | awk "{print \$4}") && test $(cat /proc/sys/net/ipv4/conf/inner/forwarding) = 1'
	run ! ip link show hodnd0 # it was the container's, and such a one goes with its namespace
	links_gone
	link_made 0
	link_made 1
	says "hodnd0 t0" '.linux.netDevices = {"hodnd0": {}, "hodnd1": {"name": "t%d"}}' 'echo $(ip -o link show up | grep -oE "hodnd0|t[0-9]+" | sort -u)'
}
@test "config-linux.md, Network devices: in a user namespace, too" {
	need program ip
	links_gone
	link_made 0
	ip address add 192.0.2.9/24 dev hodnd0
	says "192.0.2.9/24" '.linux.netDevices = {"hodnd0": {"name": "u0"}} | .linux.namespaces += [{"type": "user"}] |
		.linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 1000}] | .linux.gidMappings = .linux.uidMappings |
		.mounts |= map(select(.type != "mqueue"))' 'ip -o -4 addr show u0 | awk "{print \$4}"'
}
@test "config-linux.md, Network devices: an absent one, a taken name, no namespace are errors, and nothing is lost" {
	need program ip
	links_gone
	link_made 0
	refuses "netDevices: hodnd7: there is no such link" '.linux.netDevices = {"hodnd7": {}}'
	refuses "netDevices: hodnd0: the container has a link 'lo'" '.linux.netDevices = {"hodnd0": {"name": "lo"}}'
	refuses "no network namespace" '.linux.netDevices = {"hodnd0": {}} | .linux.namespaces -= [{"type": "network"}] | .mounts |= map(select(.type != "sysfs"))'
	refuses "is no name of a link" '.linux.netDevices = {"hodnd0": {"name": "../x"}}'
	ip link show hodnd0
	links_gone
}
@test "config-linux.md, IntelRdt is an error where no resctrl is mounted, and one of a wrong form anywhere" {
	refuses "closID: '../x'" '.linux.intelRdt = {"closID": "../x"}'
	refuses "enableCMT" '.linux.intelRdt = {"enableCMT": true}'
	! grep -q " resctrl " /proc/self/mounts || skip "there is one here"
	refuses "no resctrl file system is mounted" '.linux.intelRdt = {"l3CacheSchema": "L3:0=f"}'
	refuses "no resctrl file system is mounted" '.linux.intelRdt = {}'
}
@test "config-linux.md, Namespaces: without a mount namespace the mounts would be the host's: refused" {
	refuses "a mount namespace of its own" '.linux.namespaces -= [{"type": "mount"}]'
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
	jq -e '.ociVersionMax == "1.3.0" and .linux.netDevices.enabled and .linux.intelRdt.schemata' "$FILE_DIR/features"
	[ -e /proc/self/numa_maps ] || return 0
	for option in $(jq -r '.linux.memoryPolicy.modes[]' "$FILE_DIR/features"); do
		run box ".linux.memoryPolicy = {\"mode\": \"$option\", \"nodes\": \"0\"}" true
		lacks "is not known"
	done
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
	# its example has ambient capabilities that root gets anyway: nothing to warn of
	is_quiet=$(oci run --bundle "$FILE_DIR/theirs" "$ID-2" 2>&1 >/dev/null </dev/null | grep -v RLIMIT || :)
	[ -z "$is_quiet" ] || { echo "$is_quiet"; return 1; }
}
