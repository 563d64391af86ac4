#!/usr/bin/env bats
# What an image, a bundle or a running container has on disk to lead the runtime astray. That each test bites is shown
# by tests/weaken.sh, which takes the protection away and expects the failure.
#
# A row of the list of known attacks is a test here, or elsewhere:
#
#	CVE-2019-5736, CVE-2016-9962 the runtime's program   attacks_process.bats
#	CVE-2024-21626 a directory that is a descriptor      here
#	CVE-2025-31133 /dev/null                             here
#	CVE-2025-52565 /dev/console                          here
#	CVE-2025-52881, -2019-19921, -2023-27561, -2023-28642, -2019-16884 /proc and /sys  here
#	CVE-2026-41579, CVE-2026-47766 /dev                  here
#	CVE-2021-30465, CVE-2024-45310 destinations          here
#	CVE-2026-55686 WORKDIR through a link                here
#	CVE-2022-1227, CVE-2019-14271, CVE-2026-41567 libraries of the container  here
#	CVE-2018-15664, -2019-10152, -2021-41089 copying     here (export; there is no way to copy into a container)
#	CVE-2024-9676 /etc/passwd                            here
#	CVE-2026-30892, CVE-2024-40635, CVE-2026-46680 users here
#	CVE-2024-9341 what is mounted without being asked    here
#	CVE-2021-43784 numbers that overflow in messages     unit: util/msg.c (a datagram has a fixed form)
#	device nodes of an image                             here
#	setuid files in the store, CVE-2021-41091            here
#	masked paths                                         here
#	sysctls, names of containers and of cgroups, numbers of processes  attacks_process.bats
#	subordinate ids                                      unit: util/userns.c
#	a helper that is setuid, CVE-2020-5291               here (we install none)
#	mounts over /proc                                    here
#	capabilities, system calls, keys, terminals, environment, descriptors  attacks_process.bats
load helper
load attacks

teardown() {
	attacks_down
	hod volume rm shared >/dev/null 2>&1 || :
}

# ---- /proc, /sys, /dev ----

@test "/proc or /sys of the image is a link to a directory of it (CVE-2019-19921, CVE-2023-28642)" {
	local dir
	for dir in proc sys; do
		hostile "link-$dir" "rmdir \$t/$dir; ln -s /home \$t/$dir"
		run hod_run --rm "link-$dir" echo it ran
		[ "$status" -ne 0 ]
		has "is not a directory"
		lacks "it ran"
	done
}
@test "something that is no proc over /proc or below it (CVE-2025-52881)" {
	need root
	refuses "proc" '.mounts += [{"destination": "/proc", "type": "tmpfs", "source": "t"}]'
	refuses "proc" '.mounts += [{"destination": "/proc/self/attr", "type": "tmpfs", "source": "t"}]'
	refuses "proc" '.mounts += [{"destination": "/a/../proc/sys", "type": "bind", "source": ($d + "/src"), "options": ["bind"]}]'
}
@test "a sysctl is written to proc itself, not to what was mounted over it (CVE-2019-16884)" {
	need root
	refuses sysctl '.mounts += [{"destination": "/proc/sys/net/ipv4/ip_forward", "type": "bind", "source": "/proc/self/oom_score_adj", "options": ["bind"]}]
		| .linux.sysctl = {"net.ipv4.ip_forward": "1"}'
}
@test "/proc, /sys and /dev of a bundle are links out of it" {
	need root
	local dir
	for dir in proc sys dev; do
		rmdir "$FILE_DIR/b/rootfs/$dir"
		ln -s "$FILE_DIR/src" "$FILE_DIR/b/rootfs/$dir"
		run box . "echo it ran"
		rm "$FILE_DIR/b/rootfs/$dir"
		mkdir "$FILE_DIR/b/rootfs/$dir"
		[ "$status" -ne 0 ]
		lacks "it ran"
	done
	[ "$(cd "$FILE_DIR/src" && echo *)" = file ]
}
@test "/dev of the image is a link, and devices are made there (CVE-2026-41579, CVE-2026-47766)" {
	need root
	local to
	mkdir -p "$FILE_DIR/b/rootfs/home/dev" "$FILE_DIR/outside"
	for to in /home/dev "$FILE_DIR/outside"; do
		rm -rf "$FILE_DIR/b/rootfs/dev"
		ln -s "$to" "$FILE_DIR/b/rootfs/dev"
		run box "$NO_DEV" "echo it ran"
		rm "$FILE_DIR/b/rootfs/dev"
		mkdir "$FILE_DIR/b/rootfs/dev"
		[ "$status" -ne 0 ]
		lacks "it ran"
	done
	[ "$(count "$FILE_DIR/outside")$(count "$FILE_DIR/b/rootfs/home/dev")" = 00 ]
}
@test "/dev/null of the container is a link, and masks are to come from it (CVE-2025-31133)" {
	need root
	mkdir -p "$FILE_DIR/dev"
	ln -sfn /etc/group "$FILE_DIR/dev/null"
	# a /dev that was brought along is left as it is
	says 0 '.linux.maskedPaths = ["/etc/passwd"] | '"$NO_DEV"' | .mounts += [{"destination": "/dev", "type": "bind", "source": ($d + "/dev"), "options": ["bind"]}]' \
		"wc -c </etc/passwd"
}
@test "/dev/console of the image is a link out (CVE-2025-52565)" {
	need root
	rm -f "$FILE_DIR/made"
	ln -s "$FILE_DIR/made" "$FILE_DIR/b/rootfs/dev/console"
	config '.process.terminal = true | .mounts |= map(select(.destination != "/dev"))' "echo it ran"
	mkdir -p "$FILE_DIR/b/rootfs/dev/pts"
	run with_terminal "$HOD oci --root $FILE_DIR/state run --bundle $FILE_DIR/b box"
	rm -rf "$FILE_DIR/b/rootfs/dev"
	mkdir "$FILE_DIR/b/rootfs/dev"
	[ "$status" -ne 0 ]
	lacks "it ran"
	[ ! -e "$FILE_DIR/made" ]
}
@test "device nodes of an image are dead" {
	need root
	hostile nodes 'mknod $t/mem c 1 1; mknod $t/zero c 1 5; chmod 666 $t/mem $t/zero'
	run hod_run --rm nodes head -c 1 /zero
	[ "$status" -ne 0 ]
	has "Permission denied"
	run hod_run --rm nodes head -c 1 /mem
	[ "$status" -ne 0 ]
	run hod_run --rm nodes mknod /tmp/sda b 8 0
	[ "$status" -ne 0 ]
	has "not permitted"
}
@test "what tells of the host, or controls it, is hidden (CVE-2018-10892, CVE-2020-8694, CVE-2017-16539)" {
	cat >"$FILE_DIR/look" <<-'END'
		for p in /proc/acpi /proc/asound /proc/interrupts /proc/kcore /proc/key-users /proc/keys /proc/latency_stats \
			/proc/sched_debug /proc/scsi /proc/timer_list /proc/timer_stats /sys/devices/virtual/powercap /sys/firmware /sys/fs/selinux \
			/sys/devices/system/cpu/cpu*/thermal_throttle; do
			[ -e "$p" ] || continue
			grep -q " $p " /proc/self/mounts || echo "$p: no mount"
			if [ -d "$p" ]; then ls -A "$p"; else head -c 100 "$p"; fi
		done
		for p in /proc/sys/kernel/core_pattern /proc/sysrq-trigger /proc/irq/default_smp_affinity /proc/bus/pci/00; do
			[ ! -e "$p" ] || ! { true >>"$p"; } 2>/dev/null || echo "$p: can be written"
		done
	END
	run -0 hod_run --rm -i plain sh <"$FILE_DIR/look"
	is ""
	# of a user as well: what is his by number must not be his by that
	[ "$(id_mode)" = single ] || { run -0 hod_run --rm -i -u 1000 plain sh <"$FILE_DIR/look" && is ""; }
}

# ---- mounts ----

@test "the destination of a mount is a link out: it stays inside (CVE-2021-30465)" {
	need root
	mkdir -p "$FILE_DIR/outside"
	ln -sfn "$FILE_DIR/outside" "$FILE_DIR/b/rootfs/home/link"
	ln -sfn ../../../../../../.. "$FILE_DIR/b/rootfs/home/up"
	mkdir -p "$FILE_DIR/b/rootfs$FILE_DIR/outside"
	says text '.mounts += [{"destination": "/home/link", "type": "bind", "source": ($d + "/src"), "options": ["bind"]}]' "cat /home/link/file"
	says text '.mounts += [{"destination": "/home/up/made-here", "type": "bind", "source": ($d + "/src"), "options": ["bind"]}]' "cat /made-here/file"
	rm -r "$FILE_DIR/b/rootfs/home/link" "$FILE_DIR/b/rootfs/home/up" "$FILE_DIR/b/rootfs/made-here"
	[ "$(count "$FILE_DIR/outside")" = 0 ]
	[ ! -e /made-here ]
}
@test "the place of a mount is made inside, whatever links are on the way (CVE-2024-45310)" {
	need root
	mkdir -p "$FILE_DIR/outside"
	ln -sfn "$FILE_DIR/outside" "$FILE_DIR/b/rootfs/home/link"
	mkdir -p "$FILE_DIR/b/rootfs$FILE_DIR/outside"
	says text '.mounts += [{"destination": "/home/link/a/file", "type": "bind", "source": ($d + "/src/file"), "options": ["bind"]},
		{"destination": "/home/link/../../../b", "type": "bind", "source": ($d + "/src"), "options": ["bind"]},
		{"destination": "/home/link/file", "type": "bind", "source": ($d + "/src/file"), "options": ["bind"]}]' "cat /home/link/a/file"
	rm -r "$FILE_DIR/b/rootfs/home/link"
	[ "$(count "$FILE_DIR/outside")" = 0 ]
}
@test "a destination is exchanged for a link while it is mounted (CVE-2021-30465)" {
	local way=$FILE_DIR/shared out=$FILE_DIR/outside swapper i
	rm -rf "$way" "$out"
	mkdir -p "$way/dir" "$out" "$FILE_DIR/src"
	echo text >"$FILE_DIR/src/file"
	ln -s "$out" "$way/link"
	"$FILE_DIR/attack" swap "$way/dir" "$way/link" 3>&- &
	swapper=$!
	for i in $(seq 40); do
		run hod_run --rm -v "$way:/way" -v "$FILE_DIR/src:/way/dir/deep$i" plain cat "/way/dir/deep$i/file"
	done
	kill -9 $swapper
	[ "$(count "$out")" = 0 ] || { ls "$out"; return 1; }
}
@test "hosts, hostname and resolv.conf of the image are links out, and nothing else is mounted unasked (CVE-2024-9341)" {
	echo precious >"$FILE_DIR/victim"
	mkdir -p "$FILE_DIR/secrets"
	hostile etc "for f in hosts hostname resolv.conf; do ln -s $FILE_DIR/victim-\$f \$t/etc/\$f; done; ln -sfn $FILE_DIR/victim \$t/etc/hosts
		mkdir -p \$t$FILE_DIR \$t/usr/share; touch \$t$FILE_DIR/victim; ln -s $FILE_DIR/secrets \$t/run; ln -s $FILE_DIR/secrets \$t/usr/share/rhel"
	run -0 hod_run --rm etc sh -c 'cat /etc/hosts; echo hijacked >/etc/hosts; cut -d" " -f5 /proc/self/mountinfo | grep -vE "^/(proc|sys|dev)?(/|$)"; :'
	has localhost
	[ "$(cat "$FILE_DIR/victim")" = precious ]
	[ ! -e "$FILE_DIR/victim-hostname" ]
	[ "$(count "$FILE_DIR/secrets")" = 0 ]
	run -0 hod_run --rm plain sh -c 'cut -d" " -f5 /proc/self/mountinfo | grep -vE "^/(proc|sys|dev)(/|$)" | sort | paste -sd" "'
	is "/ /etc/hostname /etc/hosts /etc/resolv.conf"
}

# ---- working directories ----

@test "a working directory over a descriptor of the runtime (CVE-2024-21626)" {
	local fd
	hod_run -d --name c plain sleep 1000
	for fd in 3 4 5 6 7 8 9 10 11 12; do
		run hod_run --rm -w "/proc/self/fd/$fd" plain echo it ran
		[ "$status" -ne 0 ]
		lacks "it ran"
		run hod exec -w "/proc/self/fd/$fd" c echo it ran
		[ "$status" -ne 0 ]
		lacks "it ran"
	done
	[ "$(id -u)" != 0 ] || for fd in 3 4 5 6 7 8 9 10; do
		refuses "" '.process.cwd = "/proc/self/fd/'"$fd"'"'
	done
	hostile cwd 'ln -s /proc/self/fd/5 $t/w5; ln -s /proc/1/cwd $t/w1; ln -s /proc/self/root $t/w2'
	for fd in 5 1 2; do
		run hod_run --rm -w "/w$fd" cwd echo it ran
		[ "$status" -ne 0 ]
		lacks "it ran"
	done
}
@test "a working directory through a link of the image is made inside (CVE-2026-55686)" {
	mkdir -p "$FILE_DIR/outside"
	hostile wd "ln -s $FILE_DIR/outside \$t/out; mkdir -p \$t/fine; ln -s ../../../../../..$FILE_DIR/outside \$t/fine/out"
	run hod_run --rm -w /out/made wd pwd
	run hod_run --rm -w /fine/out/made wd pwd
	printf 'FROM wd\nWORKDIR /out/built\nWORKDIR /fine/out/built\nCOPY Dockerfile made/\n' >"$FILE_DIR/Dockerfile"
	run hod build -q -t wd2 -f "$FILE_DIR/Dockerfile" "$FILE_DIR"
	[ "$(count "$FILE_DIR/outside")" = 0 ] || { ls "$FILE_DIR/outside"; return 1; }
}

# ---- users ----

@test "/etc/passwd and /etc/group are FIFOs, or links to one, or without end: an error, soon (CVE-2024-9676)" {
	local i
	hostile fifo 'rm $t/etc/passwd; mkfifo $t/etc/passwd'
	hostile fifo-link 'rm $t/etc/passwd $t/etc/group; mkfifo $t/pipe; ln -s /pipe $t/etc/passwd; ln -s /pipe $t/etc/group'
	hostile long-line 'head -c 900000 /dev/zero | tr "\0" x >$t/etc/passwd'
	hostile huge 'yes "x:x:1:1:::" | head -c 3000000 >$t/etc/passwd; printf "\nuser:x:1000:1000:::\n" >>$t/etc/passwd'
	for i in fifo fifo-link long-line huge; do
		run timeout 30 "$HOD" run --rm --network none -u user "$i" echo it ran
		[ "$status" = 125 ] || { echo "$i: $status"; return 1; }
		lacks "it ran"
	done
	hod_run -d --name c plain sh -c 'rm /etc/passwd; mkfifo /etc/passwd; touch /ready; sleep 1000'
	until_ok 20 hod exec c test -e /ready
	run timeout 30 "$HOD" exec -u user c echo it ran
	[ "$status" -ne 0 ] && [ "$status" -ne 124 ]
	lacks "it ran"
}
@test "/etc/passwd is a link out: the host's users are not the container's" {
	printf 'intruder:x:0:0::/:/bin/sh\n' >"$FILE_DIR/users"
	hostile users "ln -sfn $FILE_DIR/users \$t/etc/passwd"
	run -125 hod_run --rm -u intruder users id
	has intruder
}
@test "a user is root by no other way than his name or number (CVE-2026-30892, CVE-2024-40635, CVE-2026-46680)" {
	local user
	hostile digits 'printf "1000:x:0:0::/root:/bin/sh\n4294967296:x:0:0::/:/bin/sh\n-1:x:7:7:::\nbig:x:4294967296:0:::\n" >>$t/etc/passwd; echo "2000:x:0:" >>$t/etc/group'
	hod_run -d --name c digits sleep 1000
	for user in 4294967296 4294967295 18446744073709551616 -1 -0 +0 " 0" 0x0 "" 1e0 big 00000000000000000004294967296; do
		run hod_run --rm -u "$user" digits id -u
		[ -z "$user" ] || [ "$status" -ne 0 ] || [ "$output" != 0 ] || { echo "run -u '$user' is root"; return 1; }
		run hod exec -u "$user" c id -u
		[ -z "$user" ] || [ "$status" -ne 0 ] || [ "$output" != 0 ] || { echo "exec -u '$user' is root"; return 1; }
	done
	for user in 4294967296 -1 big; do
		hostile image-user 'echo "big:x:4294967296:0:::" >>$t/etc/passwd' "USER $user"
		run hod_run --rm image-user id -u
		[ "$status" -ne 0 ] || [ "$output" != 0 ] || { echo "USER $user is root"; return 1; }
	done
	run hod build -q - <<<$'FROM plain\nCOPY --chown=4294967296 Dockerfile /'
	[ "$status" -ne 0 ]
	need many-ids
	run -0 hod_run --rm -u 1000:2000 digits sh -c 'id -u; id -g'
	is $'1000\n2000'
	run -0 hod exec -u 1000:2000 c sh -c 'id -u; id -g'
	is $'1000\n2000'
}
@test "numbers of users in a bundle that are too large are errors, not root" {
	need root
	refuses "uid" '.process.user.uid = 4294967296'
	refuses "uid" '.process.user.uid = 4294967295'
	refuses "" '.process.user.uid = -1'
	refuses "" '.process.user.additionalGids = [4294967296]'
}

# ---- helpers and copies ----

@test "nothing of the container is loaded into the runtime (CVE-2022-1227, CVE-2019-14271, CVE-2026-41567)" {
	need root
	cat >"$FILE_DIR/evil.c" <<-'END'
		#include <fcntl.h>
		#include <unistd.h>
		__attribute__((constructor)) static void loaded(void)
		{
			int fd = open("/tmp/loaded", O_CREAT | O_WRONLY, 0666);

			if (fd >= 0)
				close(fd);
		}
	END
	gcc -shared -fPIC -o "$FILE_DIR/evil.so" "$FILE_DIR/evil.c"
	# every library that we could load, and the programs that others execute
	hostile evil 'for d in lib/x86_64-linux-gnu lib64 lib usr/lib/x86_64-linux-gnu; do mkdir -p $t/$d
			for l in libseccomp.so.2 libzstd.so.1 libarchive.so.13 libnss_files.so.2 libnss_dns.so.2 libnss_compat.so.2 libnss_systemd.so.2 \
				libsystemd.so.0 libcurl-gnutls.so.4 libcurl.so.4 libsubid.so.4 libnftables.so.1 libmnl.so.0 libgcc_s.so.1; do
				cp $FILE_DIR/evil.so $t/$d/$l; done; done
		printf "passwd: files dns compat systemd\ngroup: files dns compat systemd\n" >$t/etc/nsswitch.conf
		rm -f $t/bin/xz; printf "#!/bin/sh\ntouch /tmp/loaded\n" >$t/bin/xz; chmod 755 $t/bin/xz; for p in unpigz gzip nsenter ps; do rm -f $t/bin/$p; ln $t/bin/xz $t/bin/$p; done'
	echo '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["reboot"], "action": "SCMP_ACT_ERRNO"}]}' >"$FILE_DIR/profile.json"
	hod_run -d --name c --security-opt "seccomp=$FILE_DIR/profile.json" -u user evil sleep 1000
	hod exec -u user c true
	hod exec c true
	hod diff c >/dev/null
	hod stats --no-stream c >/dev/null
	hod export -o "$FILE_DIR/out.tar" c
	printf 'FROM evil\nRUN true\nCOPY Dockerfile /\n' | hod build -q -t evil2 -f - "$FILE_DIR" >/dev/null || :
	run hod exec c test -e /tmp/loaded
	[ "$status" -ne 0 ]
	run -0 tar -tf "$FILE_DIR/out.tar"
	lacks loaded
}
@test "what is exported is the container's, not what its links name (CVE-2018-15664, CVE-2019-10152, CVE-2021-41089)" {
	mkdir -p "$FILE_DIR/secrets"
	echo of-the-host-only >"$FILE_DIR/secrets/secret"
	chmod 640 "$FILE_DIR/secrets/secret"
	hostile export "ln -s $FILE_DIR/secrets/secret \$t/link; rm -r \$t/home; ln -s $FILE_DIR/secrets \$t/home"
	hod_run -d --name c export sh -c 'cd /tmp; while :; do ln -sfn / x; rm x; mkdir x; rmdir x; done'
	exported_is_clean
	# of a running one no name can lead out of its root at all; a stopped one is read from outside
	hod stop -t 0 c
	exported_is_clean
	[ "$(stat -c %a "$FILE_DIR/secrets/secret")" = 640 ]
}
exported_is_clean() {
	hod export -o "$FILE_DIR/c.tar" c
	! tar -xOf "$FILE_DIR/c.tar" | grep -aq of-the-host-only || return 1
	! tar -tf "$FILE_DIR/c.tar" | grep -E '(^|/)home/' || return 1
}

# ---- the store ----

@test "others reach nothing of the store, whatever our umask (CVE-2021-41091)" {
	local store=$FILE_DIR/open-store found
	(
		umask 0
		HOD_ROOT=$store "$HOD" import "$(busybox_tar)" busybox >/dev/null
		HOD_ROOT=$store "$HOD" run --name c --network none -v vol:/v busybox true
	)
	[ "$(stat -c %a "$store")" = 700 ]
	# what is ours, of the container's own files we are not asked
	found=$(find "$store" -path "$store/layers/*/diff" -prune -o -path "*/upper" -prune -o -path "*/work" -prune -o -path "*/_data" -prune -o \
		\( -type f -o -type d \) -perm /022 -print)
	[ -z "$found" ] || { echo "$found"; return 1; }
	HOD_ROOT=$store "$HOD" rm -f c >/dev/null
	[ ! -u "$HOD" ] && [ ! -g "$HOD" ]
}
