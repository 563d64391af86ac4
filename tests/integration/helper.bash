# helper.bash - loaded by every .bats file here: a store for each file, small images, waiting, and what a test needs.
#
# From integration.sh: HOD (the program), T (a directory of our own), HOD_TEST_CACHE. By hand, after sh tests/setup.sh:
#	HOD=$PWD/out/hod bats tests/integration/run.bats
# shellcheck shell=bash
bats_require_minimum_version 1.5.0

HOD=${HOD:-$(cd "$BATS_TEST_DIRNAME/../.." && pwd)/out/hod}
T=${T:-$BATS_RUN_TMPDIR}
HOD_TEST_CACHE=${HOD_TEST_CACHE:-/var/cache/hod-tests}
FILE_DIR=$T/$(basename "$BATS_TEST_FILENAME" .bats)
export HOD T
export HOD_ROOT=${HOD_ROOT:-$FILE_DIR/store}

hod() { "$HOD" "$@"; }
# a network of its own is not what most tests are about
hod_run() { "$HOD" run --network none "$@"; }

# ---- what a test needs ----

id_mode() { # root, range or single
	if [ "$(id -u)" = 0 ]; then
		echo root
	elif grep -q "^$(id -un):" /etc/subuid; then
		echo range
	else
		echo single
	fi
}

# need root|user|userns|single|range|cgroup2|terminal|program NAME: skips where the machine cannot, with the reason.
# "runs as" is not a skip: another pass of integration.sh runs the test. A missing program is a failure.
need() {
	case $1 in
	root) [ "$(id -u)" = 0 ] || skip "runs as root only" ;;
	user) [ "$(id -u)" != 0 ] || skip "runs as an ordinary user only" ;;
	range) [ "$(id_mode)" = range ] || skip "runs as a user with subordinate ids only" ;;
	single) [ "$(id_mode)" = single ] || skip "runs as a user without subordinate ids only" ;;
	many-ids) [ "$(id_mode)" != single ] || skip "runs as one who has many ids only" ;;
	userns) unshare --user true 2>/dev/null || skip "this machine forbids user namespaces" ;;
	cgroup2)
		[ "$(stat -f -c %T /sys/fs/cgroup)" = cgroup2fs ] || [ -e /sys/fs/cgroup/unified/cgroup.procs ] ||
			skip "this machine has no cgroup v2 tree"
		;;
	freezer)
		local own
		own=$(sed -n 's/^0:://p' /proc/self/cgroup)
		[ -w "/sys/fs/cgroup$own/cgroup.procs" ] || [ -w "/sys/fs/cgroup/unified$own/cgroup.procs" ] ||
			skip "no cgroup v2 that $(id -un) may write to: no freezer"
		;;
	program)
		command -v "$2" >/dev/null || {
			echo "the program $2 is missing; 'sh tests/setup.sh' installs it" >&2
			return 1
		}
		;;
	*)
		echo "need what? $1" >&2
		return 1
		;;
	esac
}

# ---- images ----

busybox_tree() { # busybox_tree DIR: a root filesystem of one static program
	mkdir -p "$1"/{bin,etc,proc,sys,dev,root} "$1/home/user"
	mkdir -m 1777 "$1/tmp"
	cp "$(command -v busybox)" "$1/bin/busybox"
	local tool
	for tool in $("$1/bin/busybox" --list); do
		[ "$tool" = busybox ] || ln -s busybox "$1/bin/$tool"
	done
	printf 'root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000::/home/user:/bin/sh\nnobody:x:65534:65534::/:/bin/false\n' >"$1/etc/passwd"
	printf 'root:x:0:\nuser:x:1000:\nextra:x:2000:user\nnogroup:x:65534:\n' >"$1/etc/group"
}

busybox_tar() { # its path; made once for each user
	local tar=$T/busybox.tar
	if [ ! -s "$tar" ]; then
		local tree
		tree=$(mktemp -d "$T/tree.XXXXXX")
		busybox_tree "$tree"
		chmod 755 "$tree" # it is "/" in the image; mktemp makes it private
		tar -C "$tree" --owner=0 --group=0 --numeric-owner --sort=name --mtime=@1700000000 -cf "$tar.new" .
		mv "$tar.new" "$tar"
		rm -rf "$tree"
	fi
	echo "$tar"
}

debian_tar() { # debian_tar [NAME]: one of those that setup.sh makes
	local tar
	tar=$HOD_TEST_CACHE/${1:-debian}-$(. /etc/os-release && echo "$VERSION_CODENAME").tar
	[ -s "$tar" ] || {
		echo "$tar is missing; 'sh tests/setup.sh' makes it" >&2
		return 1
	}
	echo "$tar"
}

# ---- the store of a file ----

store_up() { # an own store, with the image "busybox" in it
	mkdir -p "$FILE_DIR"
	hod import --change 'CMD ["/bin/sh"]' "$(busybox_tar)" busybox >/dev/null
}
store_down() { # removes the containers; integration.sh removes the directory
	local ids
	ids=$(hod ps -aq) || return
	# shellcheck disable=SC2086 # a list of ids
	[ -z "$ids" ] || hod rm -f $ids >/dev/null
}
setup_file() { store_up; }
teardown_file() { store_down; }
teardown() { # each test begins without containers
	[ -d "$HOD_ROOT" ] || return 0
	store_down
}

context_up() { # an empty build context, $ctx
	ctx=$FILE_DIR/ctx
	rm -rf "$ctx"
	mkdir -p "$ctx"
}
dockerfile() { cat >"$ctx/Dockerfile"; } # from stdin

# ---- waiting: always for a condition, always with an end ----

# until_ok SECONDS COMMAND...: repeats the command until it succeeds
until_ok() {
	local end=$((SECONDS + $1)) first=1
	shift
	until "$@" >/dev/null 2>&1; do
		if [ $SECONDS -ge $end ]; then
			echo "did not happen in time: $*" >&2
			"$@" >&2
			return 1
		fi
		sleep 0.0$((first < 5 ? first++ : 5))
	done
}
logged() { hod logs "$1" 2>&1 | grep -q -- "$2"; }         # logged NAME TEXT
is_state() { [ "$(hod inspect -f '{{.State.Status}}' "$1")" = "$2" ]; } # is_state NAME STATE
gone() { ! hod inspect "$1"; }
no_process() { ! pgrep -f "$1"; } # no_process REGEX, of a command line
count() { find "$1" -mindepth 1 -maxdepth 1 2>/dev/null | wc -l; } # files in a directory
# what is being made, or was left half made; "swept" is the time of the last clean-up
staged() { find "$HOD_ROOT/tmp" -mindepth 1 -maxdepth 1 ! -name swept 2>/dev/null | wc -l; }
monitor_of() { awk '/^PPid:/ { print $2 }' "/proc/$(hod inspect -f '{{.State.Pid}}' "$1")/status"; }
is_dead() { ! kill -0 "$1" || grep -q '^State:.*Z' "/proc/$1/status"; }

# ---- terminals ----

# with_terminal COMMAND (one string): its output, its exit code
# The keyboard is a pipe that never ends: at the end of its input script(1) would hang up.
with_terminal() {
	local keyboard
	keyboard=$(mktemp -u "$FILE_DIR/keyboard.XXXXXX")
	mkfifo "$keyboard"
	timeout 60 script --quiet --return --command "$1" /dev/null <>"$keyboard"
}

# session COMMAND: types into a command that has a terminal. Stdin: lines "expect TEXT" (waits until that was
# shown) and "type TEXT" (with \n and \xHH). What was shown is in $FILE_DIR/shown; the exit code is the command's.
session() {
	local shown=$FILE_DIR/shown verb text
	: >"$shown"
	while read -r verb text; do
		case $verb in
		expect) until_ok 20 grep -qF -- "$text" "$shown" || break ;;
		type) printf %b "$text" ;;
		esac
	done | timeout 60 script --quiet --return --flush --command "$1" "$shown" >/dev/null
}

# ---- checks ----

# is EXPECTED: the output of the last run, exactly
is() {
	[ "$output" = "$1" ] || {
		printf 'expected: %q\nbut got:  %q\n' "$1" "${output:0:2000}" >&2
		return 1
	}
}
# has TEXT / lacks TEXT / like REGEX: about the output of the last run
has() {
	[[ $output == *"$1"* ]] || {
		printf 'no %q in:\n%s\n' "$1" "${output:0:2000}" >&2
		return 1
	}
}
lacks() {
	[[ $output != *"$1"* ]] || {
		printf 'unwanted %q in:\n%s\n' "$1" "${output:0:2000}" >&2
		return 1
	}
}
like() {
	[[ $output =~ $1 ]] || {
		printf 'not like %s:\n%s\n' "$1" "${output:0:2000}" >&2
		return 1
	}
}
# one error line, docker's code
fails_with() { # fails_with CODE COMMAND...
	local code=$1
	shift
	run "-$code" "$@"
}
