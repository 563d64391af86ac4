#!/bin/sh
# integration.sh - runs tests/integration/*.bats with the program $O/hod: as root, as a user with subordinate
# ids (hod-range) and as one without (hod-single). Needs root, or sudo, and what tests/setup.sh makes.
#
#	ONLY="run.bats exec.bats"   these files only
#	USERS="root hod-range"      these users only
#	FILTER=REGEX                tests whose names match only
#	HOD_LOAD_SECONDS=60         so long services.bats makes 1,000 connections a second
#	NOSKIP=1                    a skipped test is a failed one
#
# Each user works in a copy of the tests and of the program, in a directory of its own that is gone afterwards.
# When all is done there must be no process, mount or directory left of it; that is a test as well.
set -u
top=$(cd "$(dirname "$0")/.." && pwd)
[ "$(id -u)" = 0 ] || exec sudo O="${O:-out}" ONLY="${ONLY:-}" USERS="${USERS:-}" FILTER="${FILTER:-}" \
	NOSKIP="${NOSKIP:-}" HOD_TEST_CACHE="${HOD_TEST_CACHE:-}" HOD_KILLS="${HOD_KILLS:-}" HOD_LOAD_SECONDS="${HOD_LOAD_SECONDS:-}" HOD_SOAK="${HOD_SOAK:-}" CI="${CI:-}" sh "$0"
PATH=$PATH:/usr/sbin:/sbin

# All users: root first, whose tests may need the machine; the other two side by side, which takes half the time.
if [ -z "${USERS:-}" ]; then
	logs=$(mktemp -d) || exit 1
	trap 'rm -rf "$logs"' EXIT
	USERS=root sh "$0" 2>&1 | tee "$logs/1"
	USERS=hod-range sh "$0" >"$logs/2" 2>&1 &
	range=$!
	USERS=hod-single sh "$0" >"$logs/3" 2>&1 &
	wait $range $!
	cat "$logs/2" "$logs/3"
	printf '\nfailed:\n'
	sed -n '/^failed:$/,/^$/p' "$logs/1" "$logs/2" "$logs/3" | grep -v '^failed:$' | grep . || echo none
	# one that did not come to its end counts as a failure
	tail -q -n 1 "$logs/1" "$logs/2" "$logs/3" | awk '
		/^integration: [0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$/ { n++; p += $2; f += $4; s += $6 }
		END { f += 3 - n; printf "integration: %d passed, %d failed, %d skipped\n", p, f, s; exit f > 0 }'
	exit
fi
out=$(cd "$top/${O:-out}" && pwd) || exit 1
cache=${HOD_TEST_CACHE:-/var/cache/hod-tests}
T=$(mktemp -d /var/tmp/hod-tests.XXXXXX)
chmod 755 "$T"
passed=0 failed=0 skipped=0 elsewhere=0

# PID COMMAND of each process that is ours: runs our program, names our directory, or is a test user's, unless
# there is another run of these tests, whose they may be
ours() {
	{
		find /proc/[0-9]*/exe -lname "$T/*" 2>/dev/null
		grep -l "hod-tests[.]${T##*.}" /proc/[0-9]*/cmdline 2>/dev/null
		[ "$(find "${T%/*}" -maxdepth 1 -name 'hod-tests.*' | wc -l)" -gt 1 ] || pgrep -u hod-range,hod-single 2>/dev/null
	} | sed -E 's|^/proc/([0-9]+)/.*|\1|' | sort -un | while read -r pid; do
		[ "$pid" = $$ ] || ps -o pid=,args= -p "$pid"
	done
}
finish() {
	ours | while read -r pid _; do kill -9 "$pid" 2>/dev/null; done
	grep " $T" /proc/self/mounts | cut -d' ' -f2 | sort -r | while read -r m; do umount -l "$m"; done
	rm -rf --one-file-system "$T"
}
trap finish EXIT
trap 'exit 130' INT TERM

result() { # result ok|"not ok" TEXT
	echo "$1 $2"
	case $1 in
	ok) passed=$((passed + 1)) ;;
	*)
		failed=$((failed + 1))
		echo "$1 $2" >>"$T/fails"
		;;
	esac
}

mkdir -p "$T/bin"
cp "$out/hod" "$T/bin/hod"
cp -r "$top/tests/integration" "$T/integration"
chmod -R a+rX "$T/bin" "$T/integration"

for user in ${USERS:-root hod-range hod-single}; do
	printf '\n-- as %s\n' "$user"
	id "$user" >/dev/null 2>&1 || { result "not ok" "there is no user $user: sh tests/setup.sh makes it"; continue; }
	mkdir "$T/$user"
	chown "$user:" "$T/$user"
	chmod 700 "$T/$user"
	cd "$T/$user" || exit 1
	set --
	for f in "$T"/integration/*.bats; do
		case " ${ONLY:-$(basename "$f")} " in *" $(basename "$f") "*) set -- "$@" "$f" ;; esac
	done
	# nothing of our environment, and no run directory of a login session
	setpriv --reuid "$user" --regid "$(id -g "$user")" --init-groups env -i PATH="$PATH" LANG=C.UTF-8 USER="$user" \
		HOME="$T/$user" TMPDIR="$T/$user" HOD="$T/bin/hod" T="$T/$user" HOD_TEST_CACHE="$cache" \
		HOD_KILLS="${HOD_KILLS:-}" HOD_LOAD_SECONDS="${HOD_LOAD_SECONDS:-}" HOD_SOAK="${HOD_SOAK:-}" BATS_TEST_TIMEOUT="${BATS_TEST_TIMEOUT:-120}" \
		bats --formatter tap --print-output-on-failure ${FILTER:+--filter "$FILTER"} "$@" </dev/null 2>&1 | tee "$T/tap" |
		sed -u -e '/# skip runs as /d'
	ran=$(grep -cE '^(not )?ok ' "$T/tap")
	planned=$(sed -n 's/^1\.\.//p' "$T/tap" | head -n 1)
	bad=$(grep -c '^not ok ' "$T/tap")
	other=$(grep -c '^ok .*# skip runs as ' "$T/tap")
	skips=$(grep '^ok .*# skip' "$T/tap" | grep -vc '# skip runs as ')
	passed=$((passed + ran - bad - other - skips))
	failed=$((failed + bad)) skipped=$((skipped + skips)) elsewhere=$((elsewhere + other))
	grep '^ok .*# skip' "$T/tap" | grep -v '# skip runs as ' | sed "s/^ok [0-9]* /$user: /" >>"$T/skips"
	# what failed and what it printed, for the end, which is what is read first and what survives when a log is cut
	awk -v user="$user" '/^not ok /{ print user ": " $0; n = 40; next } /^ok /{ n = 0 } n > 0 && /^#/ { print; n-- }' \
		"$T/tap" >>"$T/fails"
	[ "${planned:-0}" = "$ran" ] || result "not ok" "$user: $ran tests of ${planned:-0} ran"
	# what ends at the end of a test may take a moment to be gone
	n=0
	while left=$(ours; grep "$T" /proc/self/mounts || :) && [ -n "$left" ] && [ $n -lt 50 ]; do
		sleep 0.1
		n=$((n + 1))
	done
	if [ -n "$left" ]; then
		result "not ok" "$user: processes or mounts left behind"
		printf '%s\n' "$left" | sed 's/^/# /'
	else
		result ok "$user: no process and no mount is left behind"
	fi
done

if [ -s "$T/fails" ]; then
	printf '\nfailed:\n'
	cat "$T/fails"
fi
if [ -s "$T/skips" ]; then
	printf '\nskipped:\n'
	cat "$T/skips"
	[ -z "${NOSKIP:-}" ] || { failed=$((failed + skipped)); skipped=0; }
fi
printf '\n(%s tests are for one kind of user and ran there only)\n' "$elsewhere"
echo "integration: $passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
