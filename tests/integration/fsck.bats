#!/usr/bin/env bats
# fsck: 0 clean, 1 found, 2 repaired.
load helper

setup() {
	export HOD_ROOT=$FILE_DIR/fsck-$BATS_TEST_NUMBER
	hod import --change 'CMD ["sh"]' "$(busybox_tar)" busybox >/dev/null
}

@test "a healthy store is clean, deep too" {
	hod_run --name c -v vol:/v busybox true
	printf 'FROM busybox\nRUN touch /x\n' | hod build -q -t b - >/dev/null
	run -0 hod fsck
	run -0 hod fsck --deep
}

@test "a store that is not there yet is clean" {
	run -0 env HOD_ROOT="$FILE_DIR/never" "$HOD" fsck
}

@test "a damaged layer is found by --deep" {
	need many-ids
	layer=$(find "$HOD_ROOT/layers" -mindepth 1 -maxdepth 1 | head -n 1)
	if [ "$(id -u)" = 0 ]; then
		echo damage >>"$layer/diff/etc/passwd"
	else
		unshare --user --map-root-user sh -c 'echo damage >>"$1"' - "$layer/diff/etc/passwd"
	fi
	run -1 hod fsck --deep
	has "$(basename "$layer" | cut -c1-12)"
}

@test "a layer whose files changed without becoming larger is found by --deep" {
	printf 'FROM busybox\nRUN echo one >/f\n' | hod build -q -t changed - >/dev/null
	layer=$(hod inspect -f '{{range .RootFS.Layers}}{{.}} {{end}}' changed | tr ' ' '\n' | sed -n 's/^sha256://p' | tail -n 1)
	run -0 hod fsck --deep
	echo two >"$HOD_ROOT/layers/$layer/diff/f"
	run -0 hod fsck
	run -1 hod fsck --deep
	has "${layer:0:12}"
	hod rmi -f changed >/dev/null
}

@test "a missing layer is found, named, and repaired by taking what cannot work away" {
	hod tag busybox again
	layer=$(find "$HOD_ROOT/layers" -mindepth 1 -maxdepth 1 | head -n 1)
	mv "$layer" "$FILE_DIR/taken-$BATS_TEST_NUMBER"
	run -1 hod fsck
	has "$(basename "$layer" | cut -c1-12)"
	run -2 hod fsck --repair
	run -0 hod fsck
	# and the store goes on working
	run -0 hod import "$(busybox_tar)" busybox
	run -0 hod_run --rm busybox echo works
	is works
}

@test "damaged metadata is found and spoils nothing else" {
	id=$(hod create --network none busybox true)
	echo '{"broken' >"$HOD_ROOT/containers/$id/record.json"
	run -1 hod fsck
	has "${id:0:12}"
	run -0 hod_run --rm busybox echo works
	run -1 hod fsck --repair # nobody else knows what the record said
	run -0 hod rm -f "$id"
	run -0 hod fsck
}

@test "leftovers of a dead maker are found or swept" {
	mkdir -p "$HOD_ROOT/tmp/left-over-entry"
	: >"$HOD_ROOT/tmp/left-over-entry/file"
	run hod fsck --repair
	[ "$status" = 0 ] || [ "$status" = 2 ]
	run -0 hod fsck
	[ ! -e "$HOD_ROOT/tmp/left-over-entry" ]
}

@test "a name that leads nowhere is found and repaired" {
	mkdir -p "$HOD_ROOT/names"
	ln -s "$(printf 'a%.0s' $(seq 64))" "$HOD_ROOT/names/ghost"
	run hod fsck --repair
	[ "$status" = 0 ] || [ "$status" = 2 ] # as any leftover it may be swept without a word
	run -0 hod fsck
	run -0 hod create --name ghost --network none busybox true
}
