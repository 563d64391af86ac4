# lib.sh - read by each script here, in the guest: a store with an image, and how a check is told.
# shellcheck shell=sh
HOD=${HOD:-/share/out/hod}
W=/var/tmp/hod-vm.$(id -u)
mkdir -p "$W"
export HOD_ROOT="$W/store"

hod() { "$HOD" "$@"; }
run() { "$HOD" run --network none "$@"; }

# check TEXT COMMAND...
check() {
	text=$1
	shift
	if "$@" >"$W/check" 2>&1; then
		echo "ok $text"
	else
		echo "not ok $text: $*"
		sed 's/^/  /' "$W/check"
	fi
}
is() { [ "$1" = "$2" ] || { echo "'$1' is not '$2'"; return 1; }; }
has() { grep -q -- "$2" "$1" || { cat "$1"; return 1; }; }
between() {
	if [ "$1" -lt "$2" ] || [ "$1" -gt "$3" ]; then
		echo "$1 is not between $2 and $3"
		return 1
	fi
}
member() { sed -n "s/.*\"$2\":\\([0-9a-z\"]*\\).*/\\1/p" "$1"; } # member FILE NAME: of a report

# The cgroups that are ours, but for the leaf that our own processes had to move to.
ours() { find /sys/fs/cgroup -type d -name '*hod*' ! -name hod-self ! -name 'hod-[0-9]*' 2>/dev/null; }

image() {
	tree=$W/tree
	[ ! -d "$tree" ] || return 0
	mkdir -p "$tree/bin" "$tree/etc" "$tree/proc" "$tree/sys" "$tree/dev" "$tree/tmp"
	cp "$(command -v busybox)" "$tree/bin/busybox"
	for tool in $(busybox --list); do
		[ "$tool" = busybox ] || ln -s busybox "$tree/bin/$tool"
	done
	echo 'root:x:0:0:root:/:/bin/sh' >"$tree/etc/passwd"
	tar -C "$tree" --owner=0 --group=0 -cf "$W/image.tar" .
	hod import "$W/image.tar" busybox >/dev/null
}
image
