#!/usr/bin/env bats
# load and save: the archives other tools know, and back.
load helper

image_id() { hod inspect -f '{{.Id}}' "$1"; }
other_store() { HOD_ROOT=$FILE_DIR/other "$HOD" "$@"; }

@test "what is saved is loaded again as the same image, in both formats" {
	printf 'FROM busybox\nRUN echo hi >/hi\n' | hod build -q -t saved - >/dev/null
	for format in docker-archive oci-archive; do
		hod save --format $format -o "$FILE_DIR/$format.tar" saved
		run -0 other_store load -i "$FILE_DIR/$format.tar"
		has "Loaded image:"
		has saved
		run -0 other_store run --rm --network none saved cat /hi
		is hi
		[ "$(other_store inspect -f '{{json .RootFS}}' saved)" = "$(hod inspect -f '{{json .RootFS}}' saved)" ]
		[ "$(other_store inspect -f '{{.Id}}' saved)" = "$(image_id saved)" ]
		other_store rmi -f "$(image_id saved)"
	done
}

@test "saving twice gives the same bytes" {
	for format in docker-archive oci-archive; do
		hod save --format $format busybox | sha256sum >"$FILE_DIR/sum1"
		hod save --format $format busybox | sha256sum >"$FILE_DIR/sum2"
		cmp "$FILE_DIR/sum1" "$FILE_DIR/sum2"
	done
}

@test "docker-archive is as docker writes it: manifest.json, repositories, and an OCI layout in it" {
	hod tag busybox second:2
	hod save -o "$FILE_DIR/d.tar" busybox second:2
	run -0 tar -xOf "$FILE_DIR/d.tar" manifest.json
	json=$output
	run -0 jq -r '.[].RepoTags[]' <<<"$json"
	has busybox:latest
	has second:2
	config=$(jq -r '.[0].Config' <<<"$json")
	layer=$(jq -r '.[0].Layers[0]' <<<"$json")
	diffid=$(tar -xOf "$FILE_DIR/d.tar" "$config" | jq -r '.rootfs.diff_ids[0]')
	[ "sha256:$(tar -xOf "$FILE_DIR/d.tar" "$layer" | sha256sum | cut -d' ' -f1)" = "$diffid" ]
	run -0 tar -tf "$FILE_DIR/d.tar"
	has oci-layout
	has index.json
}

@test "compressed archives are recognised by their content" {
	hod save -o "$FILE_DIR/s.tar" busybox
	for tool in "gzip -c" "zstd -qc" "xz -c -0" "bzip2 -c"; do
		$tool "$FILE_DIR/s.tar" >"$FILE_DIR/compressed"
		run -0 env HOD_ROOT="$FILE_DIR/c$RANDOM" "$HOD" load -i "$FILE_DIR/compressed"
		has busybox
		run -0 env HOD_ROOT="$FILE_DIR/c$RANDOM" "$HOD" load <"$FILE_DIR/compressed"
		has busybox
	done
}

@test "an OCI layout in a directory is loaded, and transports work where an image is named" {
	rm -rf "$FILE_DIR/layout"
	mkdir "$FILE_DIR/layout"
	hod save --format oci-archive busybox | tar -C "$FILE_DIR/layout" -x
	hod save --format oci-archive -o "$FILE_DIR/oci.tar" busybox
	hod save -o "$FILE_DIR/docker.tar" busybox
	run -0 env HOD_ROOT="$FILE_DIR/l1" "$HOD" load -i "$FILE_DIR/layout"
	for image in "oci:$FILE_DIR/layout" "oci-archive:$FILE_DIR/oci.tar" "docker-archive:$FILE_DIR/docker.tar"; do
		run -0 env HOD_ROOT="$FILE_DIR/l2" "$HOD" run --rm --network none "$image" echo works
		is works
		run -0 bash -c "printf 'FROM %s\nENV A=1\n' '$image' | HOD_ROOT=$FILE_DIR/l3 \"\$HOD\" build -q -t t -"
	done
}

@test "save refuses a terminal, an image that is not there, an unknown format" {
	run with_terminal "$HOD save busybox"
	[ "$status" -ne 0 ]
	run hod save nosuch
	[ "$status" -ne 0 ]
	has nosuch
	run hod save --format nosuch busybox
	[ "$status" -ne 0 ]
	has nosuch
}

@test "a file that cannot be read or written is named once, by the name that was typed" {
	local none=$FILE_DIR/no/such
	run hod save -o "$none" busybox
	is "hod: write $none: No such file or directory"
	run hod load -i "$none"
	is "hod: open '$none': No such file or directory"
	run hod import "$none"
	is "hod: cannot import $none: open '$none': No such file or directory"
	run hod load </dev/null
	has "load '-': neither an OCI layout nor a docker archive"
}

@test "a damaged archive is refused and leaves nothing" {
	hod save -o "$FILE_DIR/good.tar" busybox
	head -c 100000 "$FILE_DIR/good.tar" >"$FILE_DIR/cut.tar"
	# one byte in the middle is changed
	cp "$FILE_DIR/good.tar" "$FILE_DIR/flip.tar"
	printf '\377' | dd of="$FILE_DIR/flip.tar" bs=1 seek=$(($(stat -c %s "$FILE_DIR/good.tar") / 2)) conv=notrunc 2>/dev/null
	run ! cmp -s "$FILE_DIR/good.tar" "$FILE_DIR/flip.tar"
	head -c 20000 /dev/urandom >"$FILE_DIR/noise.tar"
	: >"$FILE_DIR/nothing.tar"
	export HOD_ROOT=$FILE_DIR/damaged
	for f in cut flip noise nothing; do
		run hod load -i "$FILE_DIR/$f.tar"
		[ "$status" -ne 0 ]
		run -0 hod images -q
		is ""
		run -0 hod fsck
	done
}

@test "an archive whose members point outside is refused" {
	d=$FILE_DIR/evil
	mkdir -p "$d"
	echo '[{"Config":"../../../etc/passwd","RepoTags":["evil:1"],"Layers":["l.tar"]}]' >"$d/manifest.json"
	ln -sf /etc/passwd "$d/l.tar"
	tar -C "$d" -cf "$FILE_DIR/evil.tar" manifest.json l.tar
	run hod load -i "$FILE_DIR/evil.tar"
	[ "$status" -ne 0 ]
	echo '{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":["sha256:'"$(sha256sum </etc/passwd | cut -d' ' -f1)"'"]}}' >"$d/c.json"
	echo '[{"Config":"c.json","RepoTags":["evil:1"],"Layers":["l.tar"]}]' >"$d/manifest.json"
	tar -C "$d" -cf "$FILE_DIR/evil.tar" manifest.json l.tar c.json
	run hod load -i "$FILE_DIR/evil.tar"
	[ "$status" -ne 0 ]
}
