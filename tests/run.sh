#!/bin/sh
# run.sh - installs what the tests need, builds hod, and runs all tests: unit tests, then the integration tests
# as root, as a user with subordinate ids and as one without. As root, or as a user with sudo.
# Skipped tests are listed with their reasons; the last line reads "N passed, N failed, N skipped".
set -u
top=$(cd "$(dirname "$0")/.." && pwd)
cd "$top" || exit 1
passed=0 failed=0 skipped=0
log=$(mktemp)
trap 'rm -f "$log"' EXIT
started=$(date +%s)

sum() { # adds up the last line of a part, or counts a part that did not get so far as one failure
	counts=$(sed -n 's/.*\([^0-9]\|^\)\([0-9]\{1,\}\) passed, \([0-9]\{1,\}\) failed\(, \([0-9]\{1,\}\) skipped\)\{0,1\}.*/\2 \3 \5/p' "$log" | tail -n 1)
	# shellcheck disable=SC2086 # three numbers
	set -- "$1" "$2" $counts
	passed=$((passed + ${3:-0}))
	skipped=$((skipped + ${5:-0}))
	if [ "$2" -ne 0 ] && [ "${4:-0}" = 0 ]; then
		echo "FAILED: $1 ended with status $2"
		failed=$((failed + 1))
	else
		failed=$((failed + ${4:-0}))
	fi
}
part() { # part TITLE COMMAND...: shows its output as it comes
	title=$1
	shift
	printf '\n==== %s (%s s)\n' "$title" $(($(date +%s) - started))
	{
		"$@" 2>&1
		echo "status $?"
	} | tee "$log" | grep -v '^status [0-9]*$'
	sum "$title" "$(sed -n 's/^status //p' "$log" | tail -n 1)"
}
build() {
	[ -f out/config.mk ] && grep -q '^STRICT = -' out/config.mk || {
		autoconf && ./configure --quiet --enable-strict CC=gcc
	} || return
	make -s -j"$(nproc)" CC=gcc out/hod
}

part "packages and users" sh tests/setup.sh
part "build" build
if [ -x out/hod ]; then
	part "unit tests" make -s -j"$(nproc)" CC=gcc check-unit
	part "integration tests" env O=out sh tests/integration.sh
fi
printf '\n%s s\n' $(($(date +%s) - started))
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
