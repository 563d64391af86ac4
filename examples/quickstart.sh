#!/bin/sh
# quickstart.sh - from a fresh Debian to a running container: installs what the build needs, builds hod, builds an
# image from examples/hello/Dockerfile without the network, runs it, and shows what is there afterwards.
# Works as root and as a user with sudo (needed to install packages only); may be run again.
set -eu
top=$(cd "$(dirname "$0")/.." && pwd)
cd "$top"
# shellcheck source=tests/packages.sh
. tests/packages.sh

say() { printf '\n\033[1m%s\033[0m\n' "$*"; }
[ -t 1 ] || say() { printf '\n== %s\n' "$*"; }
show() { # prints a command as one would type it, and runs it
	printf '$ %s\n' "$*"
	"$@"
}
hod() { "$top/out/hod" "$@"; }

say "1. What the build needs"
# shellcheck disable=SC2086 # a list of names
install_packages $BUILD_PACKAGES
echo "all packages are installed"

say "2. Build hod"
[ -f out/config.mk ] || { autoconf && ./configure --quiet; }
make -s -j"$(nproc)" out/hod
show hod version

say "3. Build an image from examples/hello/Dockerfile"
context=$(mktemp -d)
trap 'rm -rf "$context"' EXIT
cp examples/hello/Dockerfile examples/hello/hello "$(command -v busybox)" "$context"
show hod build -t hello "$context"

say "4. Run it"
show hod run --replace --name hello --network none hello

say "5. Look around"
show hod ps -a
show hod logs hello
show hod images
printf '\nThe program is %s; try: %s run --rm -it --network none hello sh\n' out/hod out/hod
