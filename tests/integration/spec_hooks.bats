#!/usr/bin/env bats
# The runtime-spec 1.2 for Linux, statement by statement: each test is a row "page, section: what it says in short",
# with a container that looks at it from inside. Here the hooks of config.md.
load helper
load spec

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
	run ! mountpoint -q "$B/rootfs/mnt"
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
