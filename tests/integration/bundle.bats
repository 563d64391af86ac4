#!/usr/bin/env bats
# bundle: what other runtimes are given runs there as it would here.
load helper

setup_file() {
	store_up
	# shellcheck disable=SC2016 # the variable is of the image
	printf '%s\n' 'FROM busybox' 'RUN echo app:x:100:100::/:/bin/sh >>/etc/passwd && echo hi >/f && chown app /f && chmod 600 /f' \
		'USER app' 'WORKDIR /tmp' 'ENV COLOR=red' 'CMD ["sh", "-c", "id -u; pwd; cat /f; echo $COLOR"]' |
		hod build -q -t app - >/dev/null
}
teardown_file() { store_down; }
setup() { bundle=$BATS_TEST_TMPDIR/bundle; }

# under RUNTIME: runs the bundle that was written
under() {
	need program "$1"
	case $1 in
	crun) # crun 1.8 runs on no machine with both cgroup trees: the second is taken out of its sight
		HIDE='[ ! -d /sys/fs/cgroup/unified ] || umount /sys/fs/cgroup/unified; exec "$@"'
		unshare --mount sh -c "$HIDE" - crun --root "$BATS_TEST_TMPDIR/state" --cgroup-manager disabled \
			run --bundle "$bundle" "c$$"
		;;
	runc) runc --root "$BATS_TEST_TMPDIR/state" run --bundle "$bundle" "c$$" ;;
	esac </dev/null
}

@test "crun and runc run a bundle as hod runs the image" {
	need many-ids
	want=$(hod run --rm --network none app)
	hod bundle app "$bundle"
	runtimes=runc
	[ "$(id -u)" != 0 ] || runtimes="$runtimes crun"
	for runtime in $runtimes; do
		run -0 under "$runtime"
		[ "$output" = "$want" ] || { printf '%s: %s\n' "$runtime" "$output" >&2; false; }
	done
}

@test "an ordinary user's bundle has his ids" {
	need user
	hod bundle -u 0 app "$bundle"
	run -0 jq -r '.linux.uidMappings[0] | "\(.containerID) \(.hostID)"' "$bundle/config.json"
	is "0 $(id -u)"
	run -0 stat -c %u "$bundle/rootfs/bin"
	is "$(id -u)"
}

@test "options are in config.json" {
	hod bundle -e A=B -u 0 -w / --read-only -v /tmp:/mnt:ro --hostname box busybox "$bundle" echo ready
	run -0 jq -c '[.process.args, .process.cwd, .root, .hostname, (.mounts[] | select(.destination == "/mnt").source),
		(.process.env | index("A=B") != null)]' "$bundle/config.json"
	is '[["echo","ready"],"/",{"path":"rootfs","readonly":true},"box","/tmp",true]'
}

@test "nothing of the store is in a bundle" {
	hod bundle -u 0 app "$bundle"
	run ! grep -q "$HOD_ROOT" "$bundle/config.json"
	hod rmi -f app >/dev/null
	[ "$(cat "$bundle/rootfs/f" 2>/dev/null || echo hi)" = hi ]
	[ -L "$bundle/rootfs/bin/ls" ] || [ -e "$bundle/rootfs/bin/ls" ]
}

@test "a bundle is not written over another" {
	hod bundle busybox "$bundle"
	before=$(cat "$bundle/config.json")
	run -1 hod bundle -e X=Y busybox "$bundle"
	has "there is a rootfs already"
	[ "$(cat "$bundle/config.json")" = "$before" ]
}

@test "what only hod gives is refused by name and leaves nothing" {
	for options in "-v vol:/data" "--mount type=volume,dst=/data"; do
		# shellcheck disable=SC2086 # words
		run -1 hod bundle $options busybox "$bundle"
		has "a bundle has none"
		[ ! -e "$bundle" ]
	done
	run -1 hod bundle nosuch "$bundle"
	has "nosuch"
	[ ! -e "$bundle" ]
}
