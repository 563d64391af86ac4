#!/usr/bin/env bats
# What a process in a container, or what starts it, could use to get out or to gain rights. That each test bites is
# shown by tests/weaken.sh; the rows about files, and the list of all known attacks, are in attacks_files.bats.
#
#	CVE-2019-5736, CVE-2016-9962 the runtime's program and memory   here
#	CVE-2022-27649, -27650, -27651, -29162 inheritable capabilities here
#	CVE-2026-57231 the image's variables without a value            here
#	CVE-2021-3602, CVE-2020-14370 the caller's environment          here
#	CVE-2023-25809, CVE-2022-0492 cgroup file systems               here
#	CVE-2017-5226 (bubblewrap), TIOCSTI, TIOCLINUX                  here
#	CVE-2014-8989 groups                                            here
#	CVE-2026-31431 AF_ALG, io_uring, x32, nested user namespaces    here; every call and capability set in unit: runtime/filter.c
#	keyrings                                                        here
#	sysctls, names of containers, paths of cgroups, a number that another process has now  here
#	speculation flags, order of filter and capabilities             unit: engine/spec.c (the golden specification has no flags), here
load helper
load attacks

# ---- the runtime itself ----

@test "the runtime's program cannot be executed from inside, nor opened (CVE-2019-5736)" {
	local before
	# one's own: what belongs to another may be executed, as any program, but not written
	cp "$HOD" "$FILE_DIR/hod"
	local HOD=$FILE_DIR/hod
	# with the libraries that it would need
	hostile self 'ln -s /proc/self/exe $t/bin/self; for l in $(ldd "$HOD" | grep -o "/[^ ]*"); do mkdir -p "$t${l%/*}"; cp "$l" "$t$l"; done'
	before=$(sha256sum <"$HOD")
	hod_run -d --name c self sleep 1000
	run hod_run --rm self /proc/self/exe version
	lacks "$("$HOD" version | head -n 1)"
	run hod_run --rm self self version
	lacks "$("$HOD" version | head -n 1)"
	run hod exec c /proc/self/exe version
	lacks "$("$HOD" version | head -n 1)"
	run hod exec c self version
	lacks "$("$HOD" version | head -n 1)"
	[ "$(sha256sum <"$HOD")" = "$before" ]
}
@test "one who watches for the runtime in his container finds nothing to open (CVE-2016-9962)" {
	local long i
	# the search for a command that is not there is the time in which the runtime is inside with the rights it gives
	long=$(printf '/no:%.0s' {1..25000})
	hod_run -d --name c plain attack hunt /tmp/end
	until_ok 20 logged c hunting
	# shellcheck disable=SC2034 # how often
	for i in 1 2 3 4 5 6 7 8; do
		run -127 hod exec -e "PATH=$long" c no-such-command
		run -127 hod_run --rm --pid container:c -e "PATH=$long" plain no-such-command
	done
	hod exec c touch /tmp/end
	run -0 hod wait c
	run -0 hod logs c
	is hunting
}

# ---- rights ----

@test "inheritable and ambient capabilities are empty, whatever the caller has (CVE-2022-27649, -27651, -29162)" {
	need root
	local caller=(setpriv --inh-caps "+net_raw,+chown" --ambient-caps +net_raw)
	none() {
		[ "$(grep -c 0000000000000000 <<<"$output")" = 2 ] || { echo "$1: $output"; return 1; }
	}
	run -0 "${caller[@]}" "$HOD" run --rm --network none plain grep -E '^Cap(Inh|Amb)' /proc/self/status
	none run
	run -0 "${caller[@]}" "$HOD" run -d --name c --network none plain sleep 1000
	run -0 hod exec c grep -E '^Cap(Inh|Amb)' /proc/1/status
	none "run -d"
	run -0 "${caller[@]}" "$HOD" exec c grep -E '^Cap(Inh|Amb)' /proc/self/status
	none exec
	run -0 "${caller[@]}" "$HOD" exec -u 1000 c grep -E '^Cap(Inh|Amb)' /proc/self/status
	none "exec -u"
	run -0 "${caller[@]}" "$HOD" build --progress plain --no-cache --network none - <<<$'FROM plain\nRUN grep -E "^Cap(Inh|Amb)" /proc/self/status'
	none build
	config . 'grep -E "^Cap(Inh|Amb)" /proc/self/status'
	run -0 "${caller[@]}" "$HOD" oci --root "$FILE_DIR/state" run --bundle "$FILE_DIR/b" box
	none "oci run"
}
@test "a user has no capabilities, and cannot get them back" {
	need many-ids
	run -0 hod_run --rm -u 1000 plain sh -c 'grep -E "^Cap(Prm|Eff|Inh|Amb)" /proc/self/status | cut -f2 | sort -u'
	is 0000000000000000
	run -0 hod_run --rm -u 1000 --cap-drop all plain sh -c 'grep -E "^CapBnd" /proc/self/status | cut -f2'
	is 0000000000000000
}
@test "none of the caller's groups are the container's (CVE-2014-8989)" {
	need root
	run -0 setpriv --groups 1234,5678 "$HOD" run --rm --network none plain grep ^Groups /proc/self/status
	lacks 1234
	run -0 setpriv --groups 1234,5678 "$HOD" run -d --name c --network none plain sleep 1000
	run -0 setpriv --groups 1234,5678 "$HOD" exec c grep ^Groups /proc/self/status
	lacks 1234
	run -0 setpriv --groups 1234,5678 "$HOD" exec -u 1000 c grep ^Groups /proc/self/status
	lacks 1234
	config . 'grep ^Groups /proc/self/status'
	run -0 setpriv --groups 1234,5678 "$HOD" oci --root "$FILE_DIR/state" run --bundle "$FILE_DIR/b" box
	lacks 1234
}
@test "one who has a single id cannot let go of a group that is shut out" {
	need single
	run -0 hod_run --rm plain cat /proc/self/setgroups
	is deny
}

# ---- system calls ----

expected_calls() {
	cat <<-'END'
		af_alg EPERM
		af_alg_high_bits EPERM
		af_vsock EPERM
		socketcall_32 EPERM
		x32 ENOSYS
		io_uring ENOSYS
		add_key EPERM
		request_key EPERM
		keyctl EPERM
		clone_user EPERM
		clone3 ENOSYS
		mount EPERM
		setns EPERM
		bpf EPERM
		userfaultfd EPERM
		perf_event_open EPERM
		open_by_handle_at EPERM
		init_module EPERM
		tiocsti EPERM
		tiocsti_high_bits EPERM
		tioclinux EPERM
		dev_tty ENXIO
		unshare_user EPERM
	END
}
# answers TEXT: what the attacker printed is what a filtered process is answered
answers() {
	diff -u <(expected_calls | { [ "$(uname -m)" = x86_64 ] && cat || grep -vE '^(x32|socketcall)'; }) <(grep -oE '[a-z_0-9]+ (E[A-Z]+|succeeds)$' <<<"$output") ||
		{ echo "$1"; return 1; }
}
@test "system calls that lead out: AF_ALG (CVE-2026-31431), io_uring, x32, keys, namespaces, the terminal" {
	run -0 hod_run --rm plain attack calls
	answers run
	hod_run -d --name c plain sleep 1000
	run -0 hod exec c attack calls
	answers exec
	run -0 hod build --progress plain --network none - <<<$'FROM plain\nRUN attack calls'
	answers build
	need many-ids
	run -0 hod_run --rm -u 1000 plain attack calls
	answers "run -u"
	run -0 hod exec -u 1000 c attack calls
	answers "exec -u"
}
@test "the caller's terminal is not the container's to type into (CVE-2017-5226, TIOCSTI)" {
	# stdin is the terminal, and handed on
	run -0 with_terminal "$HOD run -i --rm --network none plain attack calls"
	has "tiocsti EPERM"
	has "tioclinux EPERM"
	has "dev_tty ENXIO"
	# it is not by the filter alone
	run -0 with_terminal "$HOD run -i --rm --network none --security-opt seccomp=unconfined plain attack calls"
	lacks "tiocsti succeeds"
	has "dev_tty ENXIO"
	# nor is ours by the terminal of the container's own
	run -0 with_terminal "$HOD run -it --rm --network none plain attack calls"
	has "tiocsti EPERM"
	has "tioclinux EPERM"
}
@test "the session keyring is not the caller's" {
	local ours theirs
	ours=$("$FILE_DIR/attack" keyring)
	[[ $ours =~ ^[0-9]+$ ]] || skip "this kernel has no keyrings: $ours"
	theirs=$(hod_run --rm --security-opt seccomp=unconfined plain attack keyring)
	[ -n "$theirs" ] && [ "$theirs" != "$ours" ]
	hod_run -d --name c --security-opt seccomp=unconfined plain sleep 1000
	theirs=$(hod exec c attack keyring)
	[ -n "$theirs" ] && [ "$theirs" != "$ours" ]
}
@test "the cgroup file system is read-only, and shows the container's own alone (CVE-2022-0492, CVE-2023-25809)" {
	run -0 hod_run --rm plain sh -c 'grep " /sys/fs/cgroup" /proc/self/mounts | while read -r s p t o r; do case ,$o, in *,ro,*) ;; *) echo "$p $o" ;; esac; done; :'
	is ""
	run -0 hod_run --rm plain sh -c 'grep -c " /sys/fs/cgroup " /proc/self/mounts; for f in /sys/fs/cgroup/x /sys/fs/cgroup/*/x; do ! mkdir "$f" 2>/dev/null || echo "made $f"; done; for f in /sys/fs/cgroup/release_agent /sys/fs/cgroup/*/release_agent /sys/fs/cgroup/cgroup.procs; do ! { echo 0 >"$f"; } 2>/dev/null || echo "wrote $f"; done; :'
	is 1
	run -0 hod_run --rm plain sh -c 'sed -n "s/^0:://p" /proc/self/cgroup'
	is /
}

# ---- what is handed over ----

@test "a variable of the image without a value does not take the host's (CVE-2026-57231)" {
	local dir=$FILE_DIR/layout config manifest
	rm -rf "$dir"
	mkdir -p "$dir"
	hod save --format oci-archive plain | tar -C "$dir" -xf -
	manifest=$(jq -r '.manifests[0].digest | sub(":"; "/")' "$dir/index.json")
	config=$(jq -r '.config.digest | sub(":"; "/")' "$dir/blobs/$manifest")
	put() { # put FILE: as a blob; its digest
		local digest
		digest=$(sha256sum <"$1" | cut -d' ' -f1)
		cp "$1" "$dir/blobs/sha256/$digest"
		echo "$digest"
	}
	jq -c '.config.Env = ["PATH=/bin", "TOKEN_OF_HOST", "TOKEN*", "*", ""]' "$dir/blobs/$config" >"$FILE_DIR/config"
	jq -c --arg d "sha256:$(put "$FILE_DIR/config")" --argjson n "$(stat -c %s "$FILE_DIR/config")" '.config.digest = $d | .config.size = $n' \
		"$dir/blobs/$manifest" >"$FILE_DIR/manifest"
	jq -c --arg d "sha256:$(put "$FILE_DIR/manifest")" --argjson n "$(stat -c %s "$FILE_DIR/manifest")" \
		'.manifests = [.manifests[0] | .digest = $d | .size = $n | .annotations = {"org.opencontainers.image.ref.name": "docker.io/library/noeq:latest"}]' \
		"$dir/index.json" >"$FILE_DIR/index" && cp "$FILE_DIR/index" "$dir/index.json"
	tar -C "$dir" -cf "$FILE_DIR/noeq.tar" .
	hod load -i "$FILE_DIR/noeq.tar"
	export TOKEN_OF_HOST=of-the-host-only
	run -0 hod_run --rm noeq env
	lacks of-the-host-only
	run -0 hod build --progress plain --network none - <<<$'FROM noeq\nRUN env'
	lacks of-the-host-only
}
@test "the caller's environment stays with the caller (CVE-2021-3602, CVE-2020-14370)" {
	local pid
	export TOKEN_OF_HOST=of-the-host-only
	run -0 hod_run --rm plain env
	lacks of-the-host-only
	run -0 hod_run -d --name c plain sleep 1000
	run -0 hod exec c env
	lacks of-the-host-only
	run -0 hod exec c cat /proc/1/environ
	lacks of-the-host-only
	run -0 hod build --progress plain --network none - <<<$'FROM plain\nRUN env; cat /proc/*/environ'
	lacks of-the-host-only
	run -0 hod_run --rm plain sh -c 'cat /proc/*/environ'
	lacks of-the-host-only
	# nor is it what the monitor has, who lives longer
	pid=$(monitor_of c)
	run ! grep -aq of-the-host-only "/proc/$pid/environ"
	hod_run -d --name d -e A=of-the-first plain sleep 1000
	run -0 hod exec c env
	lacks of-the-first
}
@test "no descriptor of the caller or of the runtime is open inside (CVE-2024-21626)" {
	exec 7</etc/passwd 8<"$FILE_DIR"
	run -0 hod_run --rm plain ls /proc/self/fd
	is $'0\n1\n2\n3' # the last is ls's own
	hod_run -d --name c plain sleep 1000
	run -0 hod exec c ls /proc/self/fd
	is $'0\n1\n2\n3'
	run -0 hod exec c ls /proc/1/fd
	is $'0\n1\n2'
	[ "$(id -u)" != 0 ] || {
		config . 'ls /proc/self/fd'
		run -0 oci run --bundle "$FILE_DIR/b" box
		is $'0\n1\n2\n3'
	}
	exec 7<&- 8<&-
}
@test "signals that the caller ignores or blocks, his limits on core files and his umask are not the container's" {
	run -0 sh -c 'trap "" INT HUP PIPE; umask 0; exec "$HOD" run --rm --network none plain sh -c "sed -nE \"s/^Sig(Blk|Ign):.//p\" /proc/self/status; umask; ulimit -Sc"'
	is $'0000000000000000\n0000000000000000\n0022\n0'
}

# ---- names and numbers ----

@test "the name of a container is no path" {
	local id
	for id in ../up . .. a/b /tmp/x "" $'a\nb' -x; do
		run hod_run --rm --name "$id" plain true
		[ "$status" -ne 0 ] || { echo "run: '$id' was taken"; return 1; }
		run hod rm -f "$id"
		run hod inspect "$id"
		[ "$status" -ne 0 ]
	done
	need root
	config .
	for id in ../up . .. a/b ""; do
		# what waits for its start would hold our streams
		! oci create --bundle "$FILE_DIR/b" "$id" </dev/null >/dev/null 2>&1 3>&- || { echo "oci: '$id' was taken"; return 1; }
		run oci delete --force "$id"
		[ "$status" -ne 0 ] || { echo "oci: '$id' was deleted"; return 1; }
	done
	[ ! -e "$FILE_DIR/up" ]
}
@test "the path of a cgroup does not climb" {
	local path
	for path in ../x /../../x a/../../x; do
		run hod_run --rm --cgroup-parent "$path" plain echo it ran
		[ "$status" -ne 0 ]
		lacks "it ran"
	done
	need root
	for path in ../x /a/../../../x; do
		refuses cgroupsPath '.linux.cgroupsPath = "'"$path"'"'
	done
}
@test "a sysctl that is not of a namespace of the container" {
	local name
	# with the values that are there, should one be written
	for name in vm.swappiness net/../vm/swappiness net.ipv4/../../vm.swappiness kernel.shmall/../../vm/swappiness; do
		run hod_run --rm --sysctl "$name=$(cat /proc/sys/vm/swappiness)" plain echo it ran
		[ "$status" -ne 0 ] || { echo "$name was taken"; return 1; }
		has sysctl
		lacks "it ran"
	done
	need root
	refuses sysctl '.linux.sysctl = {"net/../vm/swappiness": "'"$(cat /proc/sys/vm/swappiness)"'"}'
	refuses sysctl '.linux.sysctl = {"vm.swappiness": "'"$(cat /proc/sys/vm/swappiness)"'"}'
	refuses sysctl '.linux.sysctl = {"net//ipv4/ip_forward": "1"}'
}
@test "a process that has the number of one that ended is not ours" {
	need root
	local victim
	sleep 1000 3>&- &
	victim=$!
	config . "sleep 1000"
	oci create --bundle "$FILE_DIR/b" box </dev/null >/dev/null 2>&1
	oci start box
	oci kill box KILL
	until_ok 10 sh -c "$HOD oci --root $FILE_DIR/state state box | grep -q stopped"
	jq ".pid = $victim" "$FILE_DIR/state/box/state.json" >"$FILE_DIR/new" && cp "$FILE_DIR/new" "$FILE_DIR/state/box/state.json"
	run oci kill --all box KILL
	[ "$status" -ne 0 ]
	run oci exec box true
	[ "$status" -ne 0 ]
	oci delete --force box
	kill -0 $victim
	kill -9 $victim
}
