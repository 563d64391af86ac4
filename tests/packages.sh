# packages.sh - read by other scripts (. packages.sh): which Debian packages hod needs, and how to get them.
# shellcheck shell=sh disable=SC2034

# to build hod and to run it, with and without root
BUILD_PACKAGES="autoconf gcc make libc6-dev libcap-dev libjansson-dev zlib1g-dev libseccomp-dev
	libarchive-dev libzstd-dev libcurl4-gnutls-dev libmicrohttpd-dev libmnl-dev libnftables-dev nettle-dev libdeflate-dev libisal-dev libsubid-dev uidmap busybox-static"
# to test it: unit tests, lint, integration tests and the programs that must understand our images
TEST_PACKAGES="$BUILD_PACKAGES check libsubunit-dev clang clang-format cppcheck shellcheck mandoc
	bats mmdebstrap dpkg-dev docker-registry apache2-utils openssl curl podman buildah crun runc skopeo umoci jq strace procps util-linux bsdutils
	xz-utils zstd bzip2 tar ca-certificates git openssh-client python3 python3-yaml systemd containerd slurm-wlm zsh fish
	iproute2 nftables slirp4netns passt redis-tools postgresql-client wrk bind9-dnsutils nginx-light"

as_root() {
	if [ "$(id -u)" = 0 ]; then
		"$@"
	elif command -v sudo >/dev/null; then
		sudo "$@"
	else
		echo "this needs root, or sudo: $*" >&2
		return 1
	fi
}

# apt_install NAME...: as root. Services among them are not started: invoke-rc.d(8) asks the policy, which answers
# for this one apt-get alone (by its environment) and is removed when it ends; somebody else's policy is left alone.
apt_install() {
	# shellcheck disable=SC2016 # expanded by the shell that root has
	as_root sh -c '
		policy=/usr/sbin/policy-rc.d
		if [ ! -e $policy ]; then
			trap "rm -f $policy" EXIT
			trap "exit 1" HUP INT TERM
			printf "#!/bin/sh\n[ -z \"\$HOD_INSTALLS\" ] || exit 101\n" >$policy
			chmod 755 $policy
		fi
		HOD_INSTALLS=1 DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
			-o Dpkg::Use-Pty=0 "$@" >/dev/null
	' sh "$@"
}

# install_packages NAME...: those that are missing; touches nothing when none is
install_packages() {
	missing=
	for package in "$@"; do
		case $(dpkg-query -W -f '${Status}' "$package" 2>/dev/null) in
		*" installed") ;;
		*) missing="$missing $package" ;;
		esac
	done
	[ -n "$missing" ] || return 0
	echo "installing:$missing"
	as_root apt-get update -qq || echo "apt-get update failed; trying with the lists that are there" >&2
	# shellcheck disable=SC2086 # a list of names
	apt_install $missing
}
