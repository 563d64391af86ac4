#!/bin/sh
# setup.sh - makes the machine ready for the tests: packages, two test users, a Debian base image.
# May be run again at any time; what is there already is left alone.
#
#	hod-range   a user with subordinate ids (rootless "range" mode)
#	hod-single  a user with none (rootless "single" mode)
#
# The base image is kept in HOD_TEST_CACHE (default /var/cache/hod-tests).
set -eu
top=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source=tests/packages.sh
. "$top/tests/packages.sh"

# shellcheck disable=SC2086 # a list of names
install_packages $TEST_PACKAGES
if [ "$(id -u)" != 0 ]; then
	exec sudo HOD_TEST_CACHE="${HOD_TEST_CACHE:-}" sh "$0"
fi
PATH=$PATH:/usr/sbin:/sbin

make_user() {
	id "$1" >/dev/null 2>&1 || useradd --create-home --shell /bin/sh "$1"
}

# give_range FILE USER: a range of 65536 ids above all that are given out in FILE
give_range() {
	! grep -q "^$2:" "$1" 2>/dev/null || return 0
	touch "$1"
	first=$(awk -F: 'BEGIN { n = 100000 } $2 + $3 > n { n = $2 + $3 } END { print n }' "$1")
	echo "$2:$first:65536" >>"$1"
}

# what slirp4netns and pasta need; udev does it on most machines
[ ! -c /dev/net/tun ] || chmod 666 /dev/net/tun

make_user hod-range
make_user hod-single
give_range /etc/subuid hod-range
give_range /etc/subgid hod-range
for file in /etc/subuid /etc/subgid; do
	! grep -q '^hod-single:' $file || sed -i '/^hod-single:/d' $file
done

cache=${HOD_TEST_CACHE:-/var/cache/hod-tests}
mkdir -p "$cache"
chmod 755 "$cache"
# shellcheck source=/dev/null
suite=$(. /etc/os-release && echo "$VERSION_CODENAME")
# debian NAME VARIANT PACKAGES: $cache/NAME-SUITE.tar, made once
debian() {
	base=$cache/$1-$suite.tar
	[ ! -s "$base" ] || return 0
	echo "making $base"
	variant=$2 packages=$3
	set -- /etc/apt/sources.list.d/debian.sources /etc/apt/sources.list
	[ -s "$1" ] || shift
	[ -s "$1" ] || set -- http://deb.debian.org/debian
	TMPDIR=${TMPDIR:-/var/tmp} mmdebstrap --quiet --format=tar --variant="$variant" --include="$packages" \
		--dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
		--dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt='path-exclude=/usr/share/i18n/*' \
		--dpkgopt='path-exclude=/usr/lib/*/libLLVM*' --dpkgopt='path-exclude=/usr/lib/postgresql/*/llvmjit*' \
		--dpkgopt='path-exclude=/usr/lib/postgresql/*/bitcode/*' \
		"$suite" "$base.new" "$1"
	chmod 644 "$base.new"
	mv "$base.new" "$base"
}
debian debian essential passwd,tcc,libc6-dev
# what programs of several languages are built with
debian debian-dev apt gcc,libc6-dev,make,python3-venv,nodejs,npm
# servers that are published and used by their ordinary clients (without PostgreSQL's compiler, half of the bytes)
debian services essential nginx-light,redis-server,postgresql,dnsmasq-base
# foreign: a program of another processor and the interpreter for it, out of their packages: installed, the interpreter
# would be registered for the whole machine
foreign=$cache/foreign-$suite
if [ "$(uname -m)" = x86_64 ] && [ ! -s "$foreign/busybox" ]; then
	echo "making $foreign"
	work=$(mktemp -d "${TMPDIR:-/var/tmp}/hod-foreign.XXXXXX")
	mkdir -p "$work/lists/partial" "$work/cache/archives/partial"
	chmod 755 "$work"
	# with_arm64 COMMAND...: apt-get, with lists of its own
	with_arm64() {
		(cd "$work" && apt-get -qq -o APT::Architecture=arm64 -o APT::Architectures=arm64 -o Dir::State::lists="$work/lists" \
			-o Dir::Cache="$work/cache" -o APT::Sandbox::User=root "$@")
	}
	with_arm64 update
	with_arm64 download busybox-static
	# the first has the programs in Debian 12, the second in later ones
	for package in qemu-user-static qemu-user; do
		(cd "$work" && apt-get -qq -o APT::Sandbox::User=root download $package) || continue
		dpkg-deb -x "$work/$package"_*.deb "$work/qemu"
		if [ -x "$work/qemu/usr/bin/qemu-aarch64-static" ] || [ -x "$work/qemu/usr/bin/qemu-aarch64" ]; then
			break
		fi
	done
	dpkg-deb -x "$work"/busybox-static_*_arm64.deb "$work/arm64"
	mkdir -p "$foreign"
	cp "$work/qemu/usr/bin/qemu-aarch64-static" "$foreign/qemu-aarch64" 2>/dev/null ||
		cp "$work/qemu/usr/bin/qemu-aarch64" "$foreign/qemu-aarch64"
	cp "$work"/arm64/*bin/busybox "$foreign/busybox" 2>/dev/null || cp "$work"/arm64/usr/bin/busybox "$foreign/busybox"
	chmod -R a+rX "$foreign"
	rm -rf "$work"
fi
