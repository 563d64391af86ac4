#!/usr/bin/env bats
# what surrounds a command: its environment, its directory, its streams, files that it may not use. Each complaint is
# one line that names what the user named.
load helper

complains() { # complains CODE TEXT: of the last run
	[ "$status" = "$1" ] || { echo "status $status: $output" >&2; return 1; }
	[ "$(grep -c '^hod: ' <<<"$output")" = 1 ]
	[ "$(grep -vc '^     ' <<<"$output")" = 1 ] # but for what would help
	has "$2"
}

@test "an empty environment is enough" {
	run -0 env -i "$HOD" --root "$HOD_ROOT" run --rm --network none busybox sh -c 'echo $PATH'
	is /usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
	printf 'FROM busybox\nRUN echo built >/f\n' >"$FILE_DIR/Dockerfile"
	run -0 env -i "$HOD" --root "$HOD_ROOT" build -q -t built -f "$FILE_DIR/Dockerfile" "$FILE_DIR"
	run -0 env -i "$HOD" --root "$HOD_ROOT" run --rm --network none built cat /f
	is built
}

@test "without HOME the store is where a login shell has it" {
	local home
	home=$(getent passwd "$(id -u)" | cut -d: -f6)
	[ "$(id -u)" = 0 ] || expected=$home/.local/share/hod
	run -0 env -u HOME -u HOD_ROOT -u XDG_DATA_HOME "$HOD" info --format '{{.DockerRootDir}}'
	is "${expected:-/var/lib/hod}"
}

@test "a relative --root is the same store from anywhere" {
	cd "$FILE_DIR"
	run -0 "$HOD" --root relative import "$(busybox_tar)" other
	run -0 "$HOD" --root ./relative run -d --name far --network none other sleep 1000
	cd /
	run -0 "$HOD" --root "$FILE_DIR/relative" exec far echo in
	is in
	cd "$FILE_DIR/relative"
	run -0 "$HOD" --root ../relative rm -f far
}

@test "a store that cannot be one" {
	run hod --root /etc/passwd images
	complains 1 "/etc/passwd"
	mkdir "$FILE_DIR/full"
	echo text >"$FILE_DIR/full/file"
	run hod --root "$FILE_DIR/full" run --rm busybox true
	complains 125 "$FILE_DIR/full is not a store of hod, and not empty"
	[ "$(ls "$FILE_DIR/full")" = file ]
}

@test "a store of somebody else" {
	need user
	run hod --root /root/store run --rm busybox true
	complains 125 "/root/store: Permission denied"
}

@test "streams that are closed, or full" {
	run -0 bash -c '"$HOD" run --rm --network none busybox sh -c "echo hi; cat" <&- >&- 2>&-'
	is ""
	run bash -c '"$HOD" images >/dev/full'
	complains 1 "stdout: write: No space left on device"
	run bash -c '"$HOD" run --rm --network none busybox echo hi >/dev/full'
	complains 125 "No space left on device"
	run bash -c '"$HOD" run --rm --network none busybox sh -c "yes | head -n 100000" | head -n 1'
	is y
}

@test "files that may not be read" {
	need user
	echo A=1 >"$FILE_DIR/hidden"
	chmod 000 "$FILE_DIR/hidden"
	run hod_run --rm --env-file "$FILE_DIR/hidden" busybox true
	complains 125 "--env-file: open $FILE_DIR/hidden: Permission denied"
	run hod build -q /root
	complains 1 "/root: Permission denied"
}

@test "words that were mistyped" {
	while IFS='|' read -r words text; do
		# shellcheck disable=SC2086 # words
		run hod $words
		complains 125 "$text"
	done <<-'END'
		rum|did you mean 'rm'
		run --frob busybox|unknown option --frob
		run -m 12q busybox|-m '12q': must be a size
		run --memory|option --memory needs a value
		run --pull sometimes busybox|--pull 'sometimes': must be
		network|needs one of
		network frob|'network frob' is not a command
		ps extra|'extra' is one operand too many
		stop -t soon c|-t 'soon': must be a number of seconds
		kill -s FOO c|there is no such signal
		ps --filter frob=1|'frob' is not known
	END
}
