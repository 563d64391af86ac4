#!/usr/bin/env bats
# a full disk: clear errors, nothing lost, and everything that frees space works. A store on a small tmpfs.
load helper

setup_file() {
	[ "$(id -u)" = 0 ] || return 0
	mkdir -p "$FILE_DIR/disk"
	mount -t tmpfs -o size=64m,mode=700 hod-test "$FILE_DIR/disk"
	HOD_ROOT=$FILE_DIR/disk/store hod import --change 'CMD ["sh"]' "$(busybox_tar)" busybox >/dev/null
}
teardown_file() {
	[ "$(id -u)" = 0 ] || return 0
	HOD_ROOT=$FILE_DIR/disk/store store_down
	until_ok 10 umount "$FILE_DIR/disk"
}
setup() {
	need root
	export HOD_ROOT=$FILE_DIR/disk/store
	rm -f "$FILE_DIR/disk/filler"
}
fill() { # all but the given KiB
	dd if=/dev/zero of="$FILE_DIR/disk/filler" bs=64k 2>/dev/null || true
	local size
	size=$(stat -c %s "$FILE_DIR/disk/filler")
	truncate -s $((size - ${1:-0} * 1024)) "$FILE_DIR/disk/filler"
}

@test "an image that does not fit is refused with the reason, and leaves nothing" {
	tree=$(mktemp -d "$FILE_DIR/big.XXXXXX")
	head -c 70000000 /dev/zero >"$tree/zero"
	tar -C "$tree" -czf "$FILE_DIR/big.tar.gz" zero
	before=$(du -sk "$HOD_ROOT" | cut -f1)
	run hod import "$FILE_DIR/big.tar.gz" big
	[ "$status" -ne 0 ]
	like '(No space left|space)'
	run -0 hod fsck
	run -1 hod inspect big
	after=$(du -sk "$HOD_ROOT" | cut -f1)
	[ $((after - before)) -lt 64 ]
}

@test "a step that fills the disk fails, and the next build works" {
	run hod build -t full - <<-'END'
		FROM busybox
		RUN dd if=/dev/zero of=/f bs=1M count=100
	END
	[ "$status" = 1 ]
	has "No space left"
	run -0 hod fsck
	run -0 hod build -q -t small - <<-'END'
		FROM busybox
		RUN echo fits >/f
	END
}

@test "a container that fills the disk gets the error itself, and its log goes on when there is room" {
	hod_run -d --name filler busybox sh -c 'dd if=/dev/zero of=/f bs=1M 2>/dev/null; echo full; rm /f; sync; until echo again; do sleep 0.05; done; sleep 1000'
	until_ok 20 logged filler again
	run -0 hod rm -f filler
	run -0 hod fsck
}

@test "with nothing left, what reads and what frees still works" {
	hod_run -d --name runs busybox sh -c 'trap "exit 0" TERM; echo up; while :; do sleep 1000 & wait $!; done'
	until_ok 10 logged runs up
	hod_run --name stopped busybox true
	hod tag busybox extra:1
	fill 0
	run -0 hod ps -a
	run -0 hod images
	run -0 hod logs runs
	is up
	run -0 hod inspect runs
	run -0 hod stop runs
	run -0 hod rm stopped runs
	run -0 hod rmi extra:1
	run -0 hod container prune -f
	run hod_run --rm busybox true
	[ "$status" = 0 ] || [ "$status" = 125 ]
	rm -f "$FILE_DIR/disk/filler"
	run -0 hod fsck
	run -0 hod_run --rm busybox echo fine
	is fine
}

@test "every amount of space between enough and nothing gives success or a clear error" {
	for free in 0 4 8 16 24 32 48 64 96 128 256 512; do
		fill $free
		run hod import "$(busybox_tar)" "try$free"
		[ "$status" = 0 ] || like '(No space left|space)'
		run hod create --name "c$free" --network none busybox true
		[ "$status" = 0 ] || like '(No space left|space)'
		rm -f "$FILE_DIR/disk/filler"
		run -0 hod fsck
		hod rm -f "c$free" >/dev/null
		hod rmi -f "try$free" >/dev/null 2>&1 || true
	done
}

@test "when files run out, too" {
	mount -o remount,nr_inodes=60 "$FILE_DIR/disk" 2>/dev/null || mount -o remount,nr_inodes=$(($(df --output=iused "$FILE_DIR/disk" | tail -n 1) + 4)) "$FILE_DIR/disk"
	run hod create --name inode --network none busybox true
	[ "$status" = 0 ] || like '(No space left|space)'
	mount -o remount,nr_inodes=100000 "$FILE_DIR/disk"
	run -0 hod fsck
	run -0 hod_run --rm busybox echo fine
}
