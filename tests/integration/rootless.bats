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
	# what a step does to owners succeeds; only what came with the image is remembered
	run -0 bash -c "tar -xOf '$FILE_DIR/owned2.tar' '${layers[1]}' | tar -tv --numeric-owner"
	like '-rwxr-s--- .* (\./)?g'
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
