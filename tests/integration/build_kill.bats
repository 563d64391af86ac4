#!/usr/bin/env bats
# Builds ended at random moments by SIGINT, SIGTERM, SIGKILL and a full disk: no process, mount or broken cache
# entry is left, and the next build works and is right. HOD_KILLS sets how many (default 30 for each kind; 170 by
# hand make 500 in all; default 10 for each kind with the ten shapes of real.bash). The moments come
# from a fixed seed.
load helper
load real

make_context() {
	ctx=$FILE_DIR/ctx
	rm -rf "$ctx"
	mkdir -p "$ctx/data"
	for i in $(seq 50); do head -c 20000 /dev/urandom >"$ctx/data/$i"; done
	printf word >"$FILE_DIR/secret"
	cat >"$ctx/Dockerfile" <<-'END'
		FROM busybox AS one
		RUN --mount=type=cache,target=/c echo x >>/c/log && cp /bin/busybox /one && sleep 0.0112233
		FROM busybox AS two
		COPY data /data
		RUN --mount=type=secret,id=s cat /run/secrets/s >/two && rm /data/1 /data/2 && sleep 0.0112233
		FROM busybox
		COPY --from=one /one /one
		COPY --from=two /data /data
		COPY --from=two /two /two
		RUN cat /data/* /one | sha256sum | cut -d' ' -f1 >/sum
	END
	rm "$ctx/data/1" "$ctx/data/2"
	want=$( (cd "$ctx/data" && LC_ALL=C && cat ./* "$(command -v busybox)") | sha256sum | cut -d' ' -f1)
	echo x >"$ctx/data/1"
	echo x >"$ctx/data/2"
}
build() { "$HOD" build -q --jobs 2 --secret id=s,src="$FILE_DIR/secret" "$@" "$ctx"; }

# end_often SIGNAL...: ends builds by one of them, each after a random part of the time that one takes whole
end_often() {
	local kills=${HOD_KILLS:-30} i us start whole pid
	make_context
	start=${EPOCHREALTIME/./}
	build >/dev/null
	whole=$((${EPOCHREALTIME/./} - start))
	RANDOM=7
	for i in $(seq "$kills"); do
		us=$(((RANDOM * 32768 + RANDOM) % (whole + 5000)))
		signal=${*:$((RANDOM % $# + 1)):1}
		hod builder prune -af >/dev/null
		# background jobs ignore SIGINT, and what they start does too
		env --default-signal=INT "$HOD" build -q --jobs 2 --secret id=s,src="$FILE_DIR/secret" -t killed "$ctx" >/dev/null 2>&1 3>&- &
		pid=$!
		sleep "0.$(printf %06d "$us")"
		kill "-$signal" $pid 2>/dev/null || true
		wait $pid 2>/dev/null || true
		right_again "$i: $signal after $us us"
	done
	until_ok 10 no_process 'sleep 0.0112233'
	run -0 hod fsck --deep
	run -0 hod fsck --repair
	[ "$(staged)" = 0 ]
	[ "$(hod ps -aq | wc -l)" = 0 ]
	run -1 grep "$HOD_ROOT" /proc/self/mountinfo
}
right_again() {
	hod fsck >"$FILE_DIR/fsck" 2>&1 || {
		echo "$1: fsck:" >&2
		cat "$FILE_DIR/fsck" >&2
		return 1
	}
	build -t right >/dev/null || {
		echo "$1: the next build fails" >&2
		return 1
	}
	[ "$(hod_run --rm right cat /sum)" = "$want" ] || {
		echo "$1: the next build is wrong" >&2
		return 1
	}
}

teardown() {
	[ "$(id -u)" != 0 ] || ! mountpoint -q "$FILE_DIR/disk" || umount "$FILE_DIR/disk"
	store_down
}

@test "a build ended by SIGKILL at any moment" { end_often KILL; }

@test "a build ended by SIGINT or SIGTERM at any moment" { end_often INT TERM; }

@test "a build that meets a full disk at any moment" {
	need root
	local i kib
	make_context
	mkdir -p "$FILE_DIR/disk"
	mount -t tmpfs -o size=96m,mode=700 hod-test "$FILE_DIR/disk"
	export HOD_ROOT=$FILE_DIR/disk/store
	hod import --change 'CMD ["sh"]' "$(busybox_tar)" busybox >/dev/null
	RANDOM=11
	for i in $(seq "${HOD_KILLS:-30}"); do
		kib=$((RANDOM % 9000))
		hod builder prune -af >/dev/null
		hod rmi -f right >/dev/null 2>&1 || true
		hod system prune -f >/dev/null
		dd if=/dev/zero of="$FILE_DIR/disk/filler" bs=64k 2>/dev/null || true
		truncate -s $(($(stat -c %s "$FILE_DIR/disk/filler") - kib * 1024)) "$FILE_DIR/disk/filler"
		if build -t full >"$FILE_DIR/said" 2>&1; then
			[ "$(hod_run --rm full cat /sum)" = "$want" ]
		else
			grep -qE 'space|file system' "$FILE_DIR/said" || {
				echo "$i: with $kib KiB:" >&2
				cat "$FILE_DIR/said" >&2
				return 1
			}
		fi
		rm -f "$FILE_DIR/disk/filler"
		right_again "$i: $kib KiB"
	done
	run -0 hod fsck --deep
	unset HOD_ROOT
	until_ok 10 umount "$FILE_DIR/disk"
}

# ---- the ten shapes of real projects ----

make_shapes() {
	local s
	for s in "${shapes[@]}"; do
		ctx=$FILE_DIR/shape-$s
		[ ! -d "$ctx" ] || continue
		mkdir -p "$ctx"
		"shape_$s"
	done
}
shape_build() { # shape_build NAME OPTION...
	local ctx=$FILE_DIR/shape-$1
	(real_build "$@")
}
# What each says when nothing disturbs it, and how long it takes.
learn_shapes() {
	local s start
	declare -gA says takes
	make_shapes
	for s in "${shapes[@]}"; do
		hod builder prune -af >/dev/null
		start=${EPOCHREALTIME/./}
		shape_build "$s" -t "right-$s" >/dev/null
		takes[$s]=$((${EPOCHREALTIME/./} - start))
		says[$s]=$(real_answer "$s" "right-$s")
		hod rmi "right-$s" >/dev/null
	done
}
shape_right_again() { # shape_right_again NAME WHEN
	hod fsck >"$FILE_DIR/fsck" 2>&1 || {
		echo "$2: fsck:" >&2
		cat "$FILE_DIR/fsck" >&2
		return 1
	}
	shape_build "$1" -t "right-$1" >"$FILE_DIR/said" 2>&1 || {
		echo "$2: the next build fails:" >&2
		cat "$FILE_DIR/said" >&2
		return 1
	}
	[ "$(real_answer "$1" "right-$1")" = "${says[$1]}" ] || {
		echo "$2: the next build is wrong" >&2
		return 1
	}
	hod rmi "right-$1" >/dev/null
}
none_inside() { ! grep -qs "$HOD_ROOT" /proc/[0-9]*/mountinfo; } # no process sees a mount of the store

@test "builds of ten real shapes ended by SIGKILL, SIGINT or SIGTERM at any moment" {
	import_dev
	local i us s signal pid signals=(KILL INT TERM)
	learn_shapes
	RANDOM=13
	for i in $(seq "${HOD_KILLS:-10}"); do
		s=${shapes[i % ${#shapes[@]}]}
		us=$(((RANDOM * 32768 + RANDOM) % (takes[$s] + 5000)))
		signal=${signals[RANDOM % 3]}
		hod builder prune -af >/dev/null
		# in the background, and what has the number is the builder itself
		(ctx=$FILE_DIR/shape-$s real_build "$s" -t killed >/dev/null 2>&1 3>&-) &
		pid=$!
		sleep "$((us / 1000000)).$(printf %06d $((us % 1000000)))"
		kill "-$signal" $pid 2>/dev/null || true
		wait $pid 2>/dev/null || true
		shape_right_again "$s" "$i: $s: $signal after $us us"
	done
	until_ok 10 none_inside
	run -0 hod fsck --deep
	[ "$(staged)" = 0 ]
	[ "$(hod ps -aq | wc -l)" = 0 ]
}

@test "builds of ten real shapes that meet a full disk at any moment" {
	need root
	local i kib s size
	mkdir -p "$FILE_DIR/disk"
	mount -t tmpfs -o size=1200m,mode=700 hod-test "$FILE_DIR/disk"
	export HOD_ROOT=$FILE_DIR/disk/store
	hod import --change 'CMD ["sh"]' "$(busybox_tar)" busybox >/dev/null
	import_dev
	learn_shapes
	RANDOM=17
	for i in $(seq "${HOD_KILLS:-10}"); do
		s=${shapes[i % ${#shapes[@]}]}
		kib=$((RANDOM % 12000))
		hod builder prune -af >/dev/null
		hod system prune -f >/dev/null
		size=$(df --output=avail -k "$FILE_DIR/disk" | tail -n 1)
		[ "$kib" -ge "$size" ] || fallocate -l $((size - kib))KiB "$FILE_DIR/disk/filler"
		if shape_build "$s" -t full >"$FILE_DIR/said" 2>&1; then
			[ "$(real_answer "$s" full)" = "${says[$s]}" ]
			hod rmi full >/dev/null
		else # or the program that met it says so in its own words
			grep -qiE 'space|file system|exit|git: .*(write|unable|cannot|could)' "$FILE_DIR/said" || {
				echo "$i: $s: with $kib KiB:" >&2
				cat "$FILE_DIR/said" >&2
				return 1
			}
		fi
		rm -f "$FILE_DIR/disk/filler"
		shape_right_again "$s" "$i: $s: $kib KiB"
	done
	run -0 hod fsck --deep
	unset HOD_ROOT
	until_ok 10 umount "$FILE_DIR/disk"
}
