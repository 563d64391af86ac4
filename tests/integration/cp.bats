#!/usr/bin/env bats
# cp: files between containers, this host and tars, with what the table of docker says of each case.
load helper

setup_file() {
	store_up
	D=$FILE_DIR/d
	mkdir -p "$D/dir/sub"
	echo one >"$D/one"
	chmod 640 "$D/one"
	touch -d @1600000000 "$D/one"
	echo two >"$D/dir/two"
	echo deep >"$D/dir/sub/deep"
	ln "$D/dir/two" "$D/dir/again"
	ln -s sub/deep "$D/dir/link"
	ln -s one "$D/link-to-one"
	ln -s dir "$D/link-to-dir"
	printf 'odd\n' >"$D/dir/$(printf 'new\nline') and  blanks"
}
setup() {
	cd "$FILE_DIR/d" || return 1
	rm -rf back backa out
}

# A container in each state: "up NAME STATE [OPTION...]"
up() {
	local name=$1 state=$2
	shift 2
	case $state in
	created) hod create --network none --name "$name" "$@" busybox sleep 1000 >/dev/null ;;
	running) hod_run -d --name "$name" "$@" busybox sleep 1000 >/dev/null ;;
	stopped)
		hod_run -d --name "$name" "$@" busybox sleep 1000 >/dev/null
		hod kill "$name" >/dev/null
		hod wait "$name" >/dev/null
		;;
	esac
}
# What is in a container, without a look at its state.
tree_of() { hod cp "$1" - | tar -t | sort; }

@test "a file and a directory go in and come back the same, whatever the container does" {
	for state in created running stopped; do
		up "$state" "$state"
		run -0 hod cp one "$state:/tmp/"
		is ""
		hod cp one "$state:tmp/uno"
		hod cp dir "$state:/tmp"
		rm -rf back
		mkdir back
		hod cp "$state:/tmp/one" back
		hod cp "$state:/tmp/uno" back/uno
		hod cp "$state:/tmp/dir" back
		cmp one back/one
		cmp one back/uno
		diff -r --no-dereference dir back/dir
		[ "$(stat -c '%a %Y' back/one)" = "640 1600000000" ]
		[ "$(readlink back/dir/link)" = sub/deep ]
		[ back/dir/two -ef back/dir/again ]
		[ "$(stat -c %u:%g back/dir/two)" = "$(id -u):$(id -g)" ]
	done
	run -0 hod exec running stat -c '%u:%g %a' /tmp/one /tmp/dir/two
	is "0:0 640
0:0 644"
	hod start created >/dev/null
	run -0 hod exec created cat /tmp/dir/sub/deep
	is deep
}

@test "each case of the table, into a container and out of it" {
	for state in running stopped; do
		up c-$state $state
		c=c-$state:
		hod cp one ${c}/home/one # file -> nothing
		hod cp dir/two ${c}/home/one # file -> file
		[ "$(hod cp ${c}/home/one - | tar -xO)" = two ]
		hod cp one ${c}/home/user # file -> directory
		hod cp dir ${c}/home/new # directory -> nothing
		hod cp dir ${c}/home/new # directory -> directory
		hod cp dir/. ${c}/home/user/ # contents -> directory
		hod cp dir/. ${c}/home/fresh # contents -> nothing
		run -0 tree_of ${c}/home
		has "home/new/dir/sub/deep"
		has "home/new/sub/deep"
		has "home/user/one"
		has "home/user/sub/deep"
		has "home/fresh/sub/deep"
		lacks "home/fresh/dir"
		rm -rf out
		mkdir out
		hod cp ${c}/home/one out/f
		hod cp ${c}/home/user/one out/f
		cmp one out/f
		hod cp ${c}/home/new out
		hod cp ${c}/home/new/. out/plain
		hod cp ${c}/home/new/. out
		[ -e out/new/dir/two ]
		[ -e out/plain/two ]
		[ -e out/two ]
	done
}

@test "what cannot be is refused with a reason, and nothing is changed" {
	up r running
	up s stopped
	for c in r s; do
		hod cp one $c:/home/file
		for case in \
			"dir $c:/home/file:a directory cannot be copied onto a file" \
			"dir/. $c:/home/file:a directory cannot be copied onto a file" \
			"one $c:/home/file/:the destination is not a directory" \
			"one $c:/home/none/:the destination directory does not exist" \
			"one $c:/none/x:the directory of the destination does not exist" \
			"dir $c:/none/x:the directory of the destination does not exist" \
			"one $c:/home/file/x:the directory of the destination does not exist" \
			"none $c:/tmp:No such file" \
			"one/ $c:/tmp:Not a directory" \
			"$c:/none .:No such file" \
			"$c:/home/file/ .:Not a directory" \
			"$c:/home one:a directory cannot be copied onto a file" \
			"$c:/home/file ./none/x:the directory of the destination does not exist" \
			"$c:/home/file none/:the destination directory does not exist" \
			"$c:/home $c:/home/user:into itself" \
			"$c:/home $c:/home/user/new:into itself" \
			"$c:/home/file $c:/home/file:are the same" \
			"$c:/home/file $c:/home:are the same"; do
			words=${case%:*}
			# shellcheck disable=SC2086 # two words
			run -1 hod cp $words
			has "${case##*:}"
			[ "${#lines[@]}" -le 2 ] # a hint may follow
		done
		[ "$(hod cp $c:/home/file - | tar -xO)" = one ]
	done
	run -1 hod cp one nosuch:/tmp
	has "nosuch"
	run -125 hod cp one dir
	has "CONTAINER:PATH"
	run -125 hod cp - -
	run -125 hod cp one :/tmp
	run -125 hod cp one r:
	run -125 hod cp one
	hod exec r mkdir /home/mixed
	hod cp dir r:/home/mixed
	hod exec r sh -c 'rm -r /home/mixed/dir/sub && echo file >/home/mixed/dir/sub'
	run -1 hod cp dir r:/home/mixed
	has "what is there is no directory"
	hod exec r sh -c 'rm -r /home/mixed/dir/sub /home/mixed/dir/two && mkdir /home/mixed/dir/two'
	run -1 hod cp dir r:/home/mixed
	has "what is there is a directory"
	run -1 hod cp r:/tmp "$FILE_DIR/d/one"
	[ "$(cat one)" = one ]
}

@test "names with a colon, blanks, newlines and a leading dash or dot" {
	up c running
	for name in 'a:b' ' b' "$(printf 'c\nd')" '-e' '.f' '..g' 'BZh91AY' $'\x1f\x8b' $'\xff\xfe'; do
		echo "in $name" >"./$name"
		hod cp "./$name" c:/tmp/
		hod cp "c:/tmp/$name" "./back $name"
		cmp "./$name" "./back $name"
		rm "./$name" "./back $name"
	done
	run -0 hod exec c sh -c 'ls -A /tmp | wc -l'
	is 9
}

@test "links are copied as links, with a slash or -L as what they lead to" {
	up c running
	hod cp link-to-one c:/tmp/
	hod cp -L link-to-one c:/tmp/followed
	hod cp link-to-dir c:/home/
	hod cp link-to-dir/ c:/root/
	hod cp -L link-to-dir c:/root/d2
	run -0 hod exec c sh -c 'readlink /tmp/link-to-one; cat /tmp/followed; readlink /home/link-to-dir; ls /root/link-to-dir/sub /root/d2/sub'
	is "one
one
dir
/root/d2/sub:
deep

/root/link-to-dir/sub:
deep"
	hod exec c sh -c 'ln -s /tmp/followed /abs; ln -s /home /absdir; ln -s nowhere /dangling'
	rm -rf out
	mkdir out
	hod cp c:/abs out
	[ "$(readlink out/abs)" = /tmp/followed ]
	rm out/abs
	hod cp -L c:/abs out
	cmp one out/abs
	run -1 hod cp -L c:/dangling out
	has "No such file"
	# a destination is followed in the container
	echo changed >changed
	hod cp changed c:/abs
	hod cp changed c:/absdir/
	run -0 hod exec c sh -c 'readlink /abs; cat /tmp/followed /home/changed'
	is "/tmp/followed
changed
changed"
	hod cp changed c:/dangling
	hod exec c sh -c 'ln -s "$0"/made /outward; ln -s /loop /loop; ln -s ../../../made2 /tmp/up' "$PWD"
	run -1 hod cp changed c:/outward
	has "does not exist"
	run -1 hod cp changed c:/loop
	hod cp changed c:/tmp/up
	run -0 hod exec c cat /nowhere /made2
	is "changed
changed"
	[ ! -e made ]
	ln -sf nothing hostlink
	run -1 hod cp c:/tmp/followed hostlink
	has "a link to what is not there"
}

# Where docker and podman agree, hod does; podman follows a source that is a link, and creates no "new/".
@test "the same cases with podman give the same trees" {
	need root
	need program podman
	podman_() { podman --root "$FILE_DIR/podman" --runroot "$FILE_DIR/podrun" --log-level error "$@"; }
	mkdir -p image/ex/dir
	echo old | tee image/ex/file image/ex/dir/two >/dev/null
	ln -s file image/ex/lf
	ln -s dir image/ex/ld
	chmod 700 image/ex/dir
	tar -C image --owner=0 --group=0 -cf image.tar ex
	podman_ import image.tar cases >/dev/null 2>&1
	hod import image.tar cases >/dev/null
	listing() { (cd "$1" && find . -printf '%p %y %m %U:%G %l\n' | sort && find . -type f -print0 | sort -z | xargs -0 cat); }
	cp -a dir plain
	rm plain/again # podman fails with hard links under another name
	differ=
	for case in "one /ex" "one /ex/new" "one /ex/new/" "one /ex/file" "one /ex/dir/" "one /ex/lf" "one /none/x" \
		"plain /ex" "plain /ex/new" "plain /ex/file" "plain /ex/ld" "plain/. /ex/dir" "plain/. /ex/new" "plain/. /ex/file" \
		"plain/ /ex/dir" "none /ex"; do
		# shellcheck disable=SC2086 # two words
		set -- $case
		podman_ create --name case cases x >/dev/null 2>&1
		hod create --network none --name case cases x >/dev/null
		theirs=0 ours=0
		podman_ cp "$1" "case:$2" 2>/dev/null || theirs=1
		hod cp "$1" "case:$2" 2>/dev/null || ours=1
		rm -rf theirs ours
		mkdir theirs ours
		podman_ export case | tar -C theirs -x ex
		hod export case | tar -C ours -x ex
		[ $theirs = $ours ] && diff <(listing theirs) <(listing ours) || differ="$differ [$case in]"
		podman_ rm case >/dev/null
		hod rm case >/dev/null
	done
	podman_ create --name case cases x >/dev/null 2>&1
	hod create --network none --name case cases x >/dev/null
	for case in "/ex/file ." "/ex/file new" "/ex/file new/" "/ex/file file" "/ex/file dir" "/ex/dir ." "/ex/dir/. ." \
		"/ex/dir new" "/ex/dir file" "/ex/dir/. file" "/ex/none ." "/ex/file none/x"; do
		# shellcheck disable=SC2086 # two words
		set -- $case
		rm -rf theirs ours
		cp -a image/ex theirs
		cp -a image/ex ours
		theirs=0 ours=0
		(cd theirs && podman_ cp "case:$1" "$2" 2>/dev/null) || theirs=1
		(cd ours && hod cp "case:$1" "$2" 2>/dev/null) || ours=1
		[ $theirs = $ours ] && diff <(listing theirs) <(listing ours) || differ="$differ [$case out]"
	done
	podman_ rm case >/dev/null
	podman_ rmi -fa >/dev/null 2>&1 || true
	umount "$FILE_DIR/podman/overlay" 2>/dev/null || true
	[ -z "$differ" ] || { echo "not the same: $differ" >&2; false; }
}

@test "a dash is a tar, in and out" {
	up c running
	up s stopped
	for c in c s; do
		tar -c dir | hod cp - $c:/tmp
		run -0 tree_of $c:/tmp/dir
		has "dir/sub/deep"
		tar -cz dir | hod cp - $c:/home
		run -0 tree_of $c:/home
		has "home/dir/sub/deep"
		[ "$(hod cp $c:/tmp/dir/two - | tar -t)" = two ]
		rm -rf out
		mkdir out
		hod cp $c:/tmp/dir/. - | tar -x -C out
		diff -r --no-dereference dir out
		for bad in /tmp/dir/two /none /none/none; do
			tar -c one >one.tar
			run -1 hod cp - $c:$bad <one.tar
		done
		run -1 hod cp - $c:/tmp <one
		echo again >>one.tar
		run -1 hod cp - $c:/tmp <one.tar
		tar -c one | head -c 600 >one.tar
		run -1 hod cp - $c:/tmp <one.tar
	done
	tar -cP --transform 's,^one$,../../escaped,' one >bad.tar
	run -1 hod cp - c:/tmp <bad.tar
	has "'..'"
	run bash -o pipefail -c '"$HOD" cp c:/bin/busybox - | head -c 1 >/dev/null'
	[ "$status" -ne 0 ]
	run bash -c '"$HOD" cp c:/bin/busybox - >/dev/full'
	[ "$status" = 1 ]
	has "No space left"
}

@test "from one container to another, in all states" {
	for from in created running stopped; do
		up f-$from $from
		hod cp dir f-$from:/home
		for to in created running stopped; do
			up t-$from-$to $to
			hod cp f-$from:/home/dir t-$from-$to:/tmp/copy
			run -0 tree_of t-$from-$to:/tmp/copy
			has "copy/sub/deep"
		done
	done
	hod cp f-stopped:/home/dir f-stopped:/tmp/
	hod cp f-running:/home/dir f-running:/tmp/
	run -0 tree_of f-stopped:/tmp
	has "tmp/dir/sub/deep"
	run -0 hod exec f-running cat /tmp/dir/two
	is two
}

@test "volumes and binds are written and read, tmpfs while it runs, read-only never" {
	mkdir -p bind ro
	echo mine >bind/mine
	echo ro >ro/ro
	for state in created running stopped; do
		up "v-$state" "$state" -v "v$state:/vol" -v "$PWD/bind:/bind" -v "$PWD/ro:/ro:ro" -v "$PWD/one:/home/one" --tmpfs /scratch
		c=v-$state
		hod cp one $c:/vol/
		hod cp one $c:/bind/$state
		cmp one bind/$state
		[ "$(hod_run --rm -v "v$state:/x" busybox cat /x/one)" = one ]
		[ "$(hod cp $c:/vol/one - | tar -xO)" = one ]
		[ "$(hod cp $c:/bind/mine - | tar -xO)" = mine ]
		[ "$(hod cp $c:/ro/ro - | tar -xO)" = ro ]
		run -1 hod cp one $c:/ro/
		has "Read-only"
		[ ! -e ro/one ]
		if [ $state = running ]; then
			hod cp one $c:/scratch/
			run -0 hod exec $c cat /scratch/one
			is one
			hod cp $c:/scratch/one back
			cmp one back
			hod cp one $c:/dev/shm/
		else
			run -1 hod cp one $c:/scratch/
			has "only while the container runs"
			run -1 hod cp $c:/scratch .
			has "only while the container runs"
		fi
		run -0 tree_of $c:/
		has "vol/one"
		has "proc/"
		lacks "proc/version"
		lacks "dev/null"
	done
	# what a volume is filled with at its first use is there
	printf 'FROM busybox\nRUN mkdir /seed && echo s >/seed/s\nVOLUME /seed\n' | hod build -q -t seeded - >/dev/null
	hod create --network none --name seeds -v seedv:/seed seeded true >/dev/null
	hod cp one seeds:/seed/
	run -0 hod_run --rm -v seedv:/seed busybox ls /seed
	is "one
s"
}

@test "a read-only container refuses, but for what is writable in it" {
	up ro-r running --read-only -v rov:/vol --tmpfs /tmp
	up ro-s created --read-only -v rov:/vol
	for c in ro-r ro-s; do
		run -1 hod cp one $c:/home/
		has "Read-only"
		hod cp one $c:/vol/$c
		[ "$(hod cp $c:/vol/$c - | tar -xO)" = one ]
	done
	hod cp one ro-r:/tmp/
}

@test "a mounted file is written in place" {
	echo original >target
	chmod 600 target
	inode=$(stat -c %i target)
	up m-r running -v "$PWD/target:/home/target"
	up m-s stopped -v "$PWD/target:/home/target"
	for c in m-r m-s; do
		echo "by $c" >new
		hod cp new $c:/home/target
		cmp new target
		[ "$(stat -c '%i %a' target)" = "$inode 600" ]
	done
	hod cp new m-r:/etc/hosts
	run -0 hod exec m-r cat /etc/hosts
	is "by m-s"
	run -1 hod cp new m-s:/etc/hosts
	has "Read-only"
}

@test "paused containers are copied from and to" {
	need freezer
	up p running
	hod pause p >/dev/null
	hod cp one p:/tmp/
	hod cp p:/tmp/one back
	hod unpause p >/dev/null
	cmp one back
}

@test "owners are the destination's, and with -a the source's" {
	need root
	up c running
	up s stopped
	rm -rf own
	mkdir own
	echo x >own/x
	chown 1234:2345 own/x own
	chmod 4755 own/x
	python3 -c 'import os; os.setxattr("own/x", "user.note", b"kept")'
	for c in c s; do
		hod cp own $c:/tmp/plain
		hod cp -a own $c:/tmp/kept
	done
	hod start s >/dev/null
	for c in c s; do
		run -0 hod exec $c stat -c '%u:%g %a' /tmp/plain /tmp/plain/x /tmp/kept /tmp/kept/x
		is "0:0 755
0:0 755
1234:2345 755
1234:2345 4755"
		rm -rf back backa
		hod cp $c:/tmp/kept back
		hod cp -a $c:/tmp/kept backa
		run -0 stat -c '%u:%g %a' back back/x backa backa/x
		is "0:0 755
0:0 755
1234:2345 755
1234:2345 4755"
		[ "$(python3 -c 'import os; print(os.getxattr("backa/x", "user.note").decode())')" = kept ]
		[ "$(hod cp $c:/tmp/kept/x - | tar -tv --numeric-owner | awk '{ print $1, $2 }')" = "-rwsr-xr-x 1234/2345" ]
	done
}

@test "owners of a user with subordinate ids go both ways" {
	need range
	up c running
	up s stopped
	for c in c s; do
		hod cp one $c:/tmp/
		hod cp one $c:/home/
	done
	hod exec c chown 33:44 /tmp/one
	hod cp -a c:/tmp/one s:/tmp/one
	hod start s >/dev/null
	run -0 hod exec s stat -c %u:%g /tmp/one /home/one
	is "33:44
0:0"
	hod cp c:/tmp/one back
	[ "$(stat -c %u back)" = "$(id -u)" ]
	rm -f backa
	hod cp -a c:/tmp/one backa
	[ "$(stat -c %u backa)" != "$(id -u)" ]
	rm -f backa
}

@test "with a single id owners are remembered, and refused where they cannot be" {
	need single
	up c running
	hod cp one c:/tmp/one
	hod cp one c:/tmp/two
	hod exec c chown 33:44 /tmp/one
	[ "$(hod cp c:/tmp/one - | tar -tv --numeric-owner | awk '{ print $2 }')" = 33/44 ]
	up s created
	hod cp -a c:/tmp/one s:/tmp/
	hod cp c:/tmp/one s:/tmp/plain
	hod cp c:/tmp/one - | hod cp -a - s:/home
	for path in /tmp/one /home/one; do
		[ "$(hod cp s:$path - | tar -tv --numeric-owner | awk '{ print $2 }')" = 33/44 ]
		hod start s >/dev/null
		[ "$(hod cp s:$path - | tar -tv --numeric-owner | awk '{ print $2 }')" = 33/44 ]
		hod kill s >/dev/null
		hod wait s >/dev/null
	done
	[ "$(hod cp s:/tmp/plain - | tar -tv --numeric-owner | awk '{ print $2 }')" = 0/0 ]
	[ "$(hod export s | tar -tv --numeric-owner tmp/one | awk '{ print $2 }')" = 33/44 ]
	hod cp c:/tmp/one back
	cmp one back
	run -1 hod cp -a c:/tmp/one back
	has "33:44"
	hod cp -a c:/tmp/two back
	# what takes a marked directory's place of owner takes the mark, too
	hod exec c sh -c 'mkdir -p /d/dir && chown 5:5 /d/dir'
	hod cp dir c:/d/
	[ "$(hod cp c:/d/dir - | tar -tv --numeric-owner | sed -n 1p | awk '{ print $2 }')" = 0/0 ]
	# links can bear no mark
	hod exec c sh -c 'ln -s x /tmp/l && chown -h 7:8 /tmp/l'
	[ "$(hod cp c:/tmp/l - | tar -tv --numeric-owner | awk '{ print $2 }')" = 7/8 ]
	hod cp -a c:/tmp/l c:/home/l
	[ "$(hod cp c:/home/l - | tar -tv --numeric-owner | awk '{ print $2 }')" = 7/8 ]
}

@test "devices and sockets are left out, FIFOs block nobody" {
	up c running
	hod exec c mkfifo /tmp/fifo
	rm -rf out
	run -0 timeout 20 "$HOD" cp c:/tmp out
	[ -p out/fifo ]
	timeout 20 "$HOD" cp out/fifo c:/home/
	run -1 hod cp c:/dev/null .
	has "a device is not copied"
	run -1 hod cp /dev/null c:/tmp
	has "a device is not copied"
	run -1 hod cp c:/bin/busybox /dev/null
	has "device"
	[ -c /dev/null ]
	run -1 hod cp c:/proc/version .
	has "/proc"
	run -1 hod cp /proc/version c:/tmp
	has "/proc"
	run -0 hod cp c:/dev out/dev
	has "left out"
	[ -z "$(find out/dev -type c -o -type b)" ]
	python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("sock")' 2>/dev/null || skip "no python3 for a socket"
	run -1 hod cp sock c:/tmp
	has "a socket cannot be copied"
	rm sock
}

@test "set-user-ID is not carried over to another owner" {
	up c running
	hod exec c sh -c 'cp /bin/busybox /tmp/s && chmod 6755 /tmp/s'
	rm -f s
	hod cp c:/tmp/s s
	[ "$(stat -c %a s)" = 755 ]
	hod cp -a c:/tmp/s sa
	[ "$(stat -c %a sa)" = 6755 ]
	rm -f s sa
}

@test "large and sparse files, in little memory" {
	up c running
	truncate -s 300M big
	printf end | dd of=big bs=1 seek=200M conv=notrunc status=none
	(ulimit -v 600000 && hod cp big c:/tmp/)
	run -0 hod exec c sh -c 'stat -c %s /tmp/big; du -m /tmp/big | cut -f1'
	[ "${lines[0]}" = 314572800 ]
	[ "${lines[1]}" -lt 20 ]
	hod cp c:/tmp/big back
	cmp big back
	[ "$(du -m back | cut -f1)" -lt 20 ]
	rm -f big back
}

@test "ten thousand files in, out and merged" {
	up c created
	rm -rf many out
	mkdir many
	(cd many && seq 1 10000 | xargs -n 1000 touch)
	hod cp many c:/tmp/
	hod cp many/. c:/tmp/many
	hod cp c:/tmp/many out
	[ "$(find out -type f | wc -l)" = 10000 ]
	rm -rf many out
}

@test "what the container has at a place is no way to the host" {
	mkdir -p secrets
	echo secret >secrets/passwd
	echo secret >secrets/file
	up c running
	up s created
	cat >links.sh <<-END
		ln -s "$PWD/secrets" /tmp/abs
		ln -s ../../../../../../../../../../../../..$PWD/secrets /tmp/rel
		ln -s "$PWD/secrets/file" /tmp/file
		ln -s /proc/1/root /tmp/magic
		ln -s /proc/self/cwd /tmp/cwd
	END
	hod exec c sh -c "$(cat links.sh)"
	hod exec c tar -C / -c tmp | hod cp - s:/
	rm -rf out
	mkdir out
	for c in c s; do
		for l in abs/passwd rel/passwd file magic/etc/passwd cwd/one; do
			run -1 hod cp -L $c:/tmp/$l out/
		done
		for l in abs/ rel/ magic/ magic/. cwd/; do
			run -1 hod cp $c:/tmp/$l out/
			run -1 hod cp one $c:/tmp/$l
		done
		run -1 hod cp one $c:/tmp/file
		run -1 hod cp one "$c:/../../..$PWD/secrets/new"
		for l in abs rel file; do # a link in the way of a tar
			rm -rf t
			mkdir -p t/tmp/$l
			echo bad >t/tmp/$l/passwd
			run -1 hod cp t/tmp/. $c:/tmp
			tar -C t -c tmp/$l/passwd >t.tar
			run hod cp - $c:/ <t.tar
		done
	done
	[ -z "$(ls -A out)" ]
	run -0 ls secrets
	is "file
passwd"
	run -0 cat secrets/file secrets/passwd
	is "secret
secret"
}

@test "a container that changes its names meanwhile gains nothing" {
	mkdir -p secrets
	rm -f secrets/*
	echo secret >secrets/secret
	up c running
	# a directory, and a link to a path of the host, take turns
	hod exec -d c sh -c "mkdir -p /a/d && echo inside >/a/d/secret && touch /ready
		while :; do mv /a/d /a/d2; ln -s $PWD/secrets /a/d; rm /a/d; mv /a/d2 /a/d; done"
	until_ok 20 hod exec c ls /ready
	mkdir -p in
	echo written >in/written
	for _ in $(seq 1 15); do
		rm -rf out
		hod cp c:/a/d/. out 2>/dev/null || true
		! grep -rq '^secret$' out 2>/dev/null
		rm -rf out
		hod cp -L c:/a/d/secret out 2>/dev/null || true
		! grep -rq '^secret$' out 2>/dev/null
		hod cp in/. c:/a/d 2>/dev/null || true
		hod cp in/written c:/a/d/w 2>/dev/null || true
		tar -C in -c written | hod cp - c:/a/d 2>/dev/null || true
	done
	run -0 ls secrets
	is secret
}

@test "a container that fills and changes a tree meanwhile is copied" {
	up c running
	hod exec -d c sh -c 'mkdir /t; i=0; while :; do i=$((i + 1)); mkdir -p /t/$((i % 50)); echo x >/t/$((i % 50))/f; rm -rf /t/$(((i + 25) % 50)); done'
	until_ok 20 hod exec c ls /t/1
	for _ in 1 2 3 4 5; do
		rm -rf out
		hod cp c:/t out
	done
}

@test "no space is said, and the container goes on" {
	need root
	up c running --tmpfs /small:size=1m
	head -c 4000000 /dev/urandom >random
	run -1 hod cp random c:/small/
	has "No space left"
	hod exec c rm /small/random
	hod cp one c:/small/
	mkdir -p full
	mount -t tmpfs -o size=1m none full
	run hod cp random c:/tmp/
	run hod cp c:/tmp/random full/
	umount full
	[ "$status" = 1 ]
	has "No space left"
}

# Begins a copy into s that waits for its tar: what is written to descriptor 7. Its process is $holder.
hold() {
	rm -f hold
	mkfifo hold
	exec 9<>hold # so that neither end waits for the other
	exec 8<hold
	exec 7>hold
	exec 9>&-
	"$HOD" cp - "$1" <&8 3>&- 7>&- &
	holder=$!
	exec 8<&-
	until_ok 20 held
}
held() { # a start is refused then, and is not tried before: it would succeed
	local lock
	lock=$(stat -c %i "$HOD_ROOT/containers/$(hod inspect -f '{{.Id}}' s)/lock")
	grep -q ":$lock " /proc/locks
}

@test "killed in the middle it leaves nothing mounted, and the container starts" {
	up s stopped -v killv:/vol
	for _ in 1 2 3; do
		before=$(wc -l </proc/self/mounts)
		hold s:/vol
		tar -c dir | head -c 2000 >&7
		kill -9 $holder
		wait $holder || true
		exec 7>&-
		[ "$(wc -l </proc/self/mounts)" = "$before" ]
		hod start s >/dev/null
		hod cp one s:/vol/
		hod kill s >/dev/null
		hod wait s >/dev/null
	done
}

@test "a container is not started while its files are copied, and a second copy waits for the first" {
	up s stopped
	hold s:/tmp
	run -1 hod start s
	hod cp one s:/home/ 7>&- &
	second=$!
	tar -c dir >&7
	exec 7>&-
	wait $holder
	wait $second
	hod start s >/dev/null
	run -0 hod exec s cat /tmp/dir/two /home/one
	is "two
one"
}

@test "quiet without a terminal, a line on one, none with -q" {
	up c running
	run -0 --separate-stderr hod cp one c:/tmp
	is ""
	[ -z "$stderr" ]
	run -0 with_terminal "$HOD cp one c:/tmp"
	has "copied 4B to c:/tmp"
	run -0 with_terminal "$HOD cp -q one c:/tmp"
	is ""
	run -0 hod container cp one c:/tmp
	is ""
}
