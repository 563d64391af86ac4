#!/usr/bin/env bats
# without root: nothing is needed from the environment, ids are right, one store for all ways in.
load helper

bare() { env -i "$@"; } # as cron and ssh commands find things: no HOME, no PATH, no XDG_RUNTIME_DIR

@test "hod says which mode it uses" {
	need user
	run -0 hod info
	has "$(id_mode)"
}

@test "an empty environment is enough, and finds the same store as a login" {
	need user
	run -0 bare "$HOD" --root "$HOD_ROOT" run --rm --network none busybox echo bare
	is bare
	home=$(getent passwd "$(id -un)" | cut -d: -f6)
	unset HOD_ROOT
	run -0 bare "$HOD" import "$(busybox_tar)" bare-image
	run -0 env HOME="$home" XDG_DATA_HOME= "$HOD" images -q
	seen=$output
	run -0 bare "$HOD" images -q
	is "$seen"
	run -0 bare "$HOD" rmi bare-image
}

@test "run -d outlives its caller's environment" {
	need user
	run -0 bare "$HOD" --root "$HOD_ROOT" run -d --name d --network none busybox sleep 1000
	run -0 bare "$HOD" --root "$HOD_ROOT" exec d echo in
	is in
	run -0 hod stop -t 0 d
}

@test "inside one is root, and files made in a bind mount are the caller's" {
	mkdir -p "$FILE_DIR/m"
	run -0 hod_run --rm -v "$FILE_DIR/m:/m" busybox sh -c 'id -u; touch /m/byroot; stat -c %u:%g /m'
	is $'0\n0:0'
	[ "$(stat -c %u:%g "$FILE_DIR/m/byroot")" = "$(id -u):$(id -g)" ]
}

@test "--userns keep-id: the same number inside and outside" {
	need user
	mkdir -p "$FILE_DIR/k"
	run -0 hod_run --rm --userns keep-id -v "$FILE_DIR/k:/k" busybox sh -c 'id -u; id -g; touch /k/f'
	is "$(id -u)"$'\n'"$(id -g)"
	[ "$(stat -c %u:%g "$FILE_DIR/k/f")" = "$(id -u):$(id -g)" ]
}

@test "-u of the caller makes files of the caller in a bind mount" {
	mkdir -p "$FILE_DIR/u"
	run -0 hod_run --rm -u "$(id -u):$(id -g)" -v "$FILE_DIR/u:/u" -w /u busybox sh -c 'touch f && id -u'
	is "$(id -u)"
	[ "$(stat -c %u:%g "$FILE_DIR/u/f")" = "$(id -u):$(id -g)" ]
}

@test "a home that nobody else may enter is no obstacle" {
	need user
	mkdir -p "$FILE_DIR/closed/in"
	chmod 700 "$FILE_DIR/closed" "$FILE_DIR/closed/in"
	run -0 hod_run --rm -v "$FILE_DIR/closed/in:/in" busybox touch /in/f
	[ "$(stat -c %a "$FILE_DIR/closed")" = 700 ]
}

@test "with one id only, owners of an image survive to the next archive" {
	need single
	tree=$(mktemp -d "$FILE_DIR/tree.XXXXXX")
	busybox_tree "$tree"
	echo x >"$tree/f"
	chmod 4755 "$tree/f"
	tar -C "$tree" --owner=12 --group=34 --numeric-owner --sort=name --mtime=@1600000000 -cf "$FILE_DIR/owned.tar" .
	hod import "$FILE_DIR/owned.tar" owned >/dev/null
	printf 'FROM owned\nRUN touch /g && chown 56:78 /g && chmod 2750 /g\n' | hod build -q -t owned2 - >/dev/null
	hod save -o "$FILE_DIR/owned2.tar" owned2
	mapfile -t layers < <(tar -xOf "$FILE_DIR/owned2.tar" manifest.json | jq -r '.[0].Layers[]')
	run -0 bash -c "tar -xOf '$FILE_DIR/owned2.tar' '${layers[0]}' | tar -tv --numeric-owner"
	like '-rwsr-xr-x 12/34 .* (\./)?f'
	run -0 bash -c "tar -xOf '$FILE_DIR/owned2.tar' '${layers[1]}' | tar -tv --numeric-owner"
	like '-rwxr-s--- 56/78 .* (\./)?g'
}

@test "what a step or a container does to owners is remembered, saved and exported, with one id as with many" {
	tree=$(mktemp -d "$FILE_DIR/tree.XXXXXX")
	busybox_tree "$tree"
	mkdir "$tree/theirs"
	echo x >"$tree/theirs/f"
	ln -s f "$tree/theirs/l"
	tar -C "$tree" --owner=12 --group=34 --numeric-owner --sort=name --mtime=@1600000000 -cf "$FILE_DIR/theirs.tar" .
	hod import "$FILE_DIR/theirs.tar" theirs >/dev/null
	cat >"$FILE_DIR/steps" <<-'END'
		# copied up, it stays theirs; made anew, it is root's
		echo y >>/theirs/f
		cp /theirs/f /mine
		rm /bin/vi; cp /bin/busybox /bin/vi
		touch /one; chown 5:6 /one
		# renamed, linked; a number used again says nothing
		touch /new; chown 7:8 /new; mv /new /renamed; ln /renamed /linked
		for i in 1 2 3 4 5 6 7 8; do ln -s x /gone$i; chown -h 9:9 /gone$i; done; rm /gone*
		for i in 1 2 3 4 5 6 7 8; do ln -s x /fresh$i; done
		mkdir -p /tree/sub; touch /tree/sub/file; ln -s /mine /tree/sub/link; mkfifo /tree/sub/fifo; chown -R 10:11 /tree
		cd /tree/sub; chown 12:12 ../sub/file; chown 13:13 /tree/sub/../sub/fifo
		# through a link, and not
		ln -s /tree/sub/file /to; chown 14:14 /to; chown -h 15:15 /to
		# set-user-ID goes, as always
		touch /suid; chmod 4755 /suid; chown 16:16 /suid
		# what came from below is another's at once
		chown -h 17:17 /theirs/l; chown 18:18 /bin/sh
		# back to root
		touch /back; chown 19:19 /back; chown 0:0 /back
	END
	owners() { tar -tv --numeric-owner | awk '{ n = $6; sub(/^\.\//, "", n); print $1, $2, n }' | sort -k3; }
	cat >"$FILE_DIR/expected" <<-'END'
		-rw-r--r-- 0/0 back
		-rw-r--r-- 0/0 mine
		-rw-r--r-- 14/14 tree/sub/file
		-rw-r--r-- 12/34 theirs/f
		-rw-r--r-- 5/6 one
		-rw-r--r-- 7/8 linked
		-rwxr-xr-x 0/0 bin/vi
		-rwxr-xr-x 16/16 suid
		drwxr-xr-x 10/11 tree/
		drwxr-xr-x 10/11 tree/sub/
		drwxr-xr-x 12/34 theirs/
		hrw-r--r-- 7/8 renamed
		lrwxrwxrwx 0/0 fresh1
		lrwxrwxrwx 0/0 fresh8
		lrwxrwxrwx 10/11 tree/sub/link
		lrwxrwxrwx 15/15 to
		lrwxrwxrwx 17/17 theirs/l
		prw-r--r-- 13/13 tree/sub/fifo
	END
	printf 'FROM theirs\nCOPY steps /\nRUN sh -e /steps\n' >"$FILE_DIR/Dockerfile.owners"
	run -0 hod build -f "$FILE_DIR/Dockerfile.owners" -t changed "$FILE_DIR"
	hod save -o "$FILE_DIR/changed.tar" changed
	last=$(tar -xOf "$FILE_DIR/changed.tar" manifest.json | jq -r '.[0].Layers[-1]')
	tar -xOf "$FILE_DIR/changed.tar" "$last" | owners >"$FILE_DIR/saved"
	run grep -vxFf "$FILE_DIR/saved" "$FILE_DIR/expected"
	is ""
	# the same by a container, and what it makes by exec
	hod_run --name changed -v "$FILE_DIR/steps:/steps" theirs sh -ec '. /steps'
	hod export changed | owners >"$FILE_DIR/exported"
	run grep -vxFf "$FILE_DIR/exported" "$FILE_DIR/expected"
	is ""
	hod commit changed committed >/dev/null
	hod save -o "$FILE_DIR/committed.tar" committed
	last=$(tar -xOf "$FILE_DIR/committed.tar" manifest.json | jq -r '.[0].Layers[-1]')
	tar -xOf "$FILE_DIR/committed.tar" "$last" | owners >"$FILE_DIR/saved"
	run grep -vxFf "$FILE_DIR/saved" "$FILE_DIR/expected"
	is ""
	hod_run -d --name running theirs sleep 1000
	hod exec running sh -c 'touch /by-exec; chown 20:21 /by-exec; chown -h 22:23 /theirs/l'
	hod export running | owners >"$FILE_DIR/exported"
	grep -x -- '-rw-r--r-- 20/21 by-exec' "$FILE_DIR/exported"
	grep -x -- 'lrwxrwxrwx 22/23 theirs/l' "$FILE_DIR/exported"
	grep -x -- '-rw-r--r-- 12/34 theirs/f' "$FILE_DIR/exported"
	# and taken from another stage
	printf 'FROM changed\nFROM theirs\nCOPY --from=0 /one /tree /to/\n' >"$FILE_DIR/Dockerfile.from"
	run -0 hod build -f "$FILE_DIR/Dockerfile.from" -t from "$FILE_DIR"
	hod save -o "$FILE_DIR/from.tar" from
	last=$(tar -xOf "$FILE_DIR/from.tar" manifest.json | jq -r '.[0].Layers[-1]')
	tar -xOf "$FILE_DIR/from.tar" "$last" | owners >"$FILE_DIR/saved"
	grep -x -- '-rw-r--r-- 5/6 to/one' "$FILE_DIR/saved"
	grep -x -- '-rw-r--r-- 14/14 to/sub/file' "$FILE_DIR/saved"
}

@test "the same steps give the same layers with one id as with many" {
	need range
	tree=$(mktemp -d "$FILE_DIR/tree.XXXXXX")
	busybox_tree "$tree"
	tar -C "$tree" --owner=12 --group=34 --numeric-owner --sort=name --mtime=@1600000000 -cf "$FILE_DIR/same.tar" .
	cat >"$FILE_DIR/Dockerfile.same" <<-'END'
		FROM same
		RUN mkdir -p /d/e && echo 1 >/d/e/f && chown -R 5:6 /d && ln -s f /d/e/l && chown -h 7:7 /d/e/l && echo 2 >>/etc/passwd
		COPY --chown=8:9 same.tar /d/e/
		RUN chown 0:0 /d/e && mv /d/e/f /g && chmod 4711 /g
	END
	export SOURCE_DATE_EPOCH=1700000000
	hod import "$FILE_DIR/same.tar" same >/dev/null
	run -0 hod build --network none -f "$FILE_DIR/Dockerfile.same" -t same2 "$FILE_DIR"
	run -0 hod inspect -f '{{.RootFS.Layers}}' same2
	many=$output
	export HOD_USERNS=single HOD_ROOT=$FILE_DIR/single-store
	hod import "$FILE_DIR/same.tar" same >/dev/null
	run -0 hod build --network none -f "$FILE_DIR/Dockerfile.same" -t same2 "$FILE_DIR"
	run -0 hod inspect -f '{{.RootFS.Layers}}' same2
	is "$many"
}

@test "with one id only, devices that a step makes are saved" {
	need single
	printf 'FROM busybox\nRUN umask 027; mknod /null c 1 3; chmod 666 /null; mknod /sda b 8 1; chown 0:6 /sda; mv /sda /disk; chroot / mknod /etc/zero c 1 5\n' |
		hod build -q -t nodes - >/dev/null
	hod save -o "$FILE_DIR/nodes.tar" nodes
	last=$(tar -xOf "$FILE_DIR/nodes.tar" manifest.json | jq -r '.[0].Layers[-1]')
	run -0 bash -c "tar -xOf '$FILE_DIR/nodes.tar' '$last' | tar -tv --numeric-owner"
	like 'crw-rw-rw- 0/0 +1,3 .* null'
	like 'brw-r----- 0/6 +8,1 .* disk'
	like 'crw-r----- 0/0 +1,5 .* etc/zero'
}

@test "with one id only, what is no file of the rootfs answers for itself" {
	need single
	mkdir -p "$FILE_DIR/vol"
	touch "$FILE_DIR/vol/f"
	run hod_run --rm -v "$FILE_DIR/vol:/vol" busybox chown 5:5 /vol/f
	[ "$status" = 1 ]
	run hod_run --rm busybox chown 5:5 /nothing
	[ "$status" = 1 ]
	has "No such file"
	run hod_run --rm --cap-drop chown busybox chown 5:5 /bin/sh
	[ "$status" = 1 ]
	run hod_run --rm --read-only busybox chown 5:5 /bin/sh
	[ "$status" = 1 ]
	has "Read-only"
	[ -z "$(getfattr -d "$FILE_DIR/vol/f" 2>/dev/null)" ]
}

@test "with one id only, chown and mknod in a step succeed" {
	need single
	printf 'FROM busybox\nRUN touch /f && chown 1000:1000 /f && chown user /etc/passwd && mkdir /d && chown -R nobody:nogroup /d && mknod /dev-node c 1 3\n' |
		hod build -t s - >"$FILE_DIR/log" 2>&1 || {
		cat "$FILE_DIR/log"
		false
	}
	run -0 hod_run --rm s ls /f /d
}

@test "with one id only, a user that cannot be is refused with the reason" {
	need single
	run hod_run --rm -u 1000 busybox id -u
	[ "$status" = 0 ] || {
		[ "$status" = 125 ]
		has 1000
	}
}

@test "ids come from the subordinate range" {
	need range
	hod_run -d --name r -u 1000 busybox sleep 1000
	first=$(sed -n "s/^$(id -un):\([0-9]*\):.*/\1/p" /etc/subuid | head -n 1)
	pid=$(hod inspect -f '{{.State.Pid}}' r)
	[ "$(awk '/^Uid:/ { print $2 }' "/proc/$pid/status")" = $((first + 999)) ]
}

@test "another user sees nothing of our store" {
	[ "$(stat -c %a "$HOD_ROOT")" = 700 ]
	[ -z "$(find "$HOD_ROOT" -maxdepth 1 -mindepth 1 -perm /077 -type f)" ]
}

@test "no privilege is gained: a setuid file of an image is only root of our ids" {
	need range
	tree=$(mktemp -d "$FILE_DIR/tree.XXXXXX")
	busybox_tree "$tree"
	cp "$tree/bin/busybox" "$tree/bin/suid"
	chmod 4755 "$tree/bin/suid"
	ln -sf suid "$tree/bin/id"
	chmod 755 "$tree"
	tar -C "$tree" --owner=0 --group=0 -cf "$FILE_DIR/suid.tar" .
	hod import "$FILE_DIR/suid.tar" suid >/dev/null
	run -0 hod_run --rm -u 1000 suid id
	has "uid=1000"
	run hod_run --rm -u 1000 --security-opt no-new-privileges suid id
	lacks "euid=0"
}
