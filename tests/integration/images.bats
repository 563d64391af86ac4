#!/usr/bin/env bats
# images, tag, untag, rmi, history, import, export, image prune and exists.
load helper

@test "images has docker's columns" {
	run -0 hod images
	like $'^REPOSITORY +TAG +IMAGE ID +CREATED +SIZE(\n|$)'
	like $'\n(localhost/|docker.io/library/)?busybox +latest +[0-9a-f]{12} +.* ago +[0-9.]+[kM]?B'
	run -0 hod images -q
	like '^[0-9a-f]{12}$'
	run -0 hod images -q --no-trunc
	like '^sha256:[0-9a-f]{64}$'
	run -0 hod images --format '{{.Repository}}:{{.Tag}} {{.Size}}'
	has busybox:latest
	run -0 bash -c '"$HOD" images --format json | jq -r .Tag'
	has latest
}

@test "tag adds a name, untag and rmi take one away" {
	id=$(hod inspect -f '{{.Id}}' busybox)
	run -0 hod tag busybox other:v1
	run -0 hod inspect -f '{{.Id}}' other:v1
	is "$id"
	short=${id#sha256:}
	run -0 hod tag "${short:0:12}" example.org/deep/name:v2
	run -0 hod rmi other:v1
	has "Untagged:"
	lacks "Deleted:"
	run -0 hod untag example.org/deep/name:v2
	run -0 hod images
	[ "${#lines[@]}" = 2 ]
	run -1 hod tag nosuch x
	run hod tag busybox UPPER
	[ "$status" -ne 0 ]
	run hod tag busybox "x:$(printf 'a%.0s' $(seq 129))"
	[ "$status" -ne 0 ]
}

@test "rmi by id with two names is refused without -f" {
	printf 'FROM busybox\nENV X=1\n' | hod build -q -t one -t two - >/dev/null
	id=$(hod inspect -f '{{.Id}}' one)
	run -1 hod rmi "$id"
	run -0 hod rmi -f "$id"
	has Deleted
	run -1 hod inspect one
	run -1 hod inspect two
}

@test "rmi refuses what a container uses, and goes on after an error" {
	printf 'FROM busybox\nENV X=2\n' | hod build -q -t used - >/dev/null
	printf 'FROM busybox\nENV X=3\n' | hod build -q -t free - >/dev/null
	hod_run --name c used true
	run -1 hod rmi used nosuch free
	has nosuch
	run -1 hod inspect free
	run -0 hod inspect used
	run -0 hod rm c
	run -0 hod rmi used
	has Deleted
}

@test "an image in use by a running container is refused even with -f" {
	printf 'FROM busybox\nENV X=4\n' | hod build -q -t running - >/dev/null
	hod_run -d running sleep 1000
	run -1 hod rmi -f "$(hod inspect -f '{{.Id}}' running)"
}

@test "image exists says it by its exit code" {
	run -0 hod image exists busybox
	is ""
	run -1 hod image exists nosuch
	is ""
}

@test "image prune removes dangling ones, with -a unused ones" {
	printf 'FROM busybox\nENV X=5\n' | hod build -q -t pruned - >/dev/null
	printf 'FROM busybox\nENV X=6\n' | hod build -q -t pruned - >/dev/null
	hod_run --name c busybox true
	run -0 hod images -q --filter dangling=true
	dangling=${#lines[@]}
	[ "$dangling" -ge 1 ]
	run -0 hod image prune -f
	has "Total reclaimed space:"
	run -0 hod images -q --filter dangling=true
	is ""
	run -0 hod inspect pruned
	run -0 hod image prune -af
	run -1 hod inspect pruned
	run -0 hod inspect busybox
}

@test "history tells the newest first" {
	printf 'FROM busybox\nENV A=1\nRUN touch /y\n' | hod build -q -t h - >/dev/null
	run -0 hod history h
	like $'^IMAGE +CREATED +CREATED BY +SIZE +COMMENT'
	[[ ${lines[1]} == *"touch /y"* ]]
	[[ ${lines[2]} == *"A=1"* ]]
	[[ ${lines[2]} == *"0B"* ]]
	run -0 hod history -q h
	[ "${#lines[@]}" = 3 ]
}

@test "import takes changes and compressed input; export gives the tree back" {
	gzip -c "$(busybox_tar)" >"$FILE_DIR/b.tar.gz"
	run -0 hod import --change 'ENV A=b' --change 'CMD ["env"]' -m 'a message' "$FILE_DIR/b.tar.gz" imp:1
	like 'sha256:[0-9a-f]{64}$'
	run -0 hod_run --rm imp:1
	has A=b
	run -0 bash -c 'zstd -qc "$(cat)" | "$HOD" import - imp:2' <<<"$(busybox_tar)"
	[ "$(hod inspect -f '{{index .RootFS.Layers 0}}' imp:1)" = "$(hod inspect -f '{{index .RootFS.Layers 0}}' imp:2)" ]
	hod_run --name e busybox sh -c 'echo new >/new; rm /etc/group'
	run -0 bash -c '"$HOD" export e | tar -t | sed "s|^\./||; s|/$||" | sort'
	[[ $'\n'$output$'\n' == *$'\nnew\n'* ]]
	[[ $'\n'$output$'\n' == *$'\netc/passwd\n'* ]]
	[[ $'\n'$output$'\n' != *$'\netc/group\n'* ]]
	run hod import "$FILE_DIR/no-such.tar" x
	[ "$status" -ne 0 ]
	has no-such
}

@test "owners, modes, links and extended attributes survive import and export" {
	need many-ids
	tree=$(mktemp -d "$FILE_DIR/tree.XXXXXX")
	mkdir "$tree/d"
	echo x >"$tree/d/f"
	ln "$tree/d/f" "$tree/d/hard"
	ln -s f "$tree/d/soft"
	chmod 4751 "$tree/d/f"
	tar -C "$tree" --owner=12 --group=34 --numeric-owner --mtime=@1600000000 -cf "$FILE_DIR/attr.tar" d
	hod import "$FILE_DIR/attr.tar" attr >/dev/null
	id=$(hod create --network none attr true)
	run -0 bash -c "\"\$HOD\" export $id | tar -tv --numeric-owner --full-time --utc"
	like '-rwsr-x--x 12/34 +2 2020-09-13 12:26:40 (\./)?d/f'
	like '(link to|hrw|h)'
	like 'd/soft -> f'
}

@test "hostile layers: nothing outside the store is touched" {
	d=$FILE_DIR/hostile
	mkdir -p "$d/x"
	echo evil >"$d/x/payload"
	# names that climb
	tar -C "$d/x" --transform "s|payload|../../../../../../../../..$d/escaped|" -P -cf "$d/dotdot.tar" payload
	# a link to the outside, then a file through it
	ln -s "$d" "$d/x/out"
	tar -C "$d/x" -cf "$d/link.tar" out
	tar -C "$d/x" --transform "s|payload|out/through|" -rf "$d/link.tar" payload
	# a whiteout of the parent
	touch "$d/x/.wh..."
	tar -C "$d/x" -cf "$d/wh.tar" .wh...
	for f in dotdot link wh; do
		run hod import "$d/$f.tar" "evil-$f"
	done
	[ ! -e "$d/escaped" ]
	[ ! -e "$d/through" ]
	run -0 hod images
	run -0 hod fsck
}

@test "-q names an image by what was asked for" {
	hod tag busybox other:1
	run -0 hod images -q other
	[ "${#lines[@]}" = 1 ]
	id=$output
	[ "$(hod images -q | grep -c "^$id$")" = 1 ] # two names, one image
}

@test "system prune forgets the build cache; an age for volumes is refused before anything is gone" {
	printf 'FROM busybox\nRUN echo x >/x\n' | hod build -q -t cached - >/dev/null
	hod rmi cached >/dev/null
	hod create --name kept --network none busybox true >/dev/null
	run hod system prune -f --volumes --filter until=1h
	[ "$status" = 125 ]
	run -0 hod ps -aq
	[ "${#lines[@]}" = 1 ]
	layers=$(count "$HOD_ROOT/layers")
	run -0 hod system prune -f
	[ "$(count "$HOD_ROOT/layers")" -lt "$layers" ]
	run -0 hod fsck
}
