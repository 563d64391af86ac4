#!/bin/sh
# run.sh - what hod costs, beside the floor (floor.c) and the peers that are installed.
#
#	O=out sh tests/bench/run.sh [starts|store|logs|build|growth|counts|network|registry]...
#
# Owns   a directory below BENCH_DIR (default /var/tmp) that is gone afterwards. Peers use stores in there too.
# Rows of one table are measured in turn, round after round (times.c), so that noise hits all alike.
# ROUNDS (default 40) sets how many. As root only: without root, half of the rows have no meaning.
set -eu
top=$(cd "$(dirname "$0")/../.." && pwd)
out=$(cd "$top/${O:-out}" && pwd)
rounds=${ROUNDS:-40}
[ "$(id -u)" = 0 ] || { echo "bench: run as root" >&2; exit 1; }
T=$(mktemp -d "${BENCH_DIR:-/var/tmp}/hod-bench.XXXXXX")
chmod 755 "$T"
keeper=
registry=
finish() {
	[ -z "$keeper" ] || kill "$keeper" 2>/dev/null || :
	[ -z "$registry" ] || kill "$registry" 2>/dev/null || :
	for id in $("$hod" ps -aq 2>/dev/null); do "$hod" rm -f "$id" >/dev/null 2>&1 || :; done
	[ ! -d "$T/podman" ] || podman --root "$T/podman" --runroot "$T/podrun" rm -fa >/dev/null 2>&1 || :
	umount "$T/podman/overlay" 2>/dev/null || :
	rm -rf "$T"
}
trap finish EXIT
trap 'exit 130' INT TERM

cp "$out/hod" "$T/hod"
chmod 755 "$T/hod"
hod=$T/hod
CC=${CC:-cc}
$CC -O2 -D_GNU_SOURCE -o "$T/times" "$top/tests/bench/times.c"
$CC -O2 -D_GNU_SOURCE -static -w -o "$T/floor" "$top/tests/bench/floor.c" 2>/dev/null
$CC -O2 -D_GNU_SOURCE -static -o "$T/lines" "$top/tests/bench/lines.c"
export HOD_ROOT="$T/store"
user="hod-range"
if id $user >/dev/null 2>&1; then
	uid=$(id -u $user) gid=$(id -g $user)
	mkdir "$T/user"
	chown "$uid:$gid" "$T/user"
else
	uid=
	echo "no user $user (sh tests/setup.sh makes it): rows without root are left out"
fi
as_user() {
	setpriv --reuid "$uid" --regid "$gid" --clear-groups env -i PATH="$PATH" HOME="$T/user" HOD_ROOT="$T/user/store" "$@"
}

# ---- one small root filesystem for all ----
root=$T/floor.d
mkdir -p "$root/lower/bin" "$root/lower/proc" "$root/lower/dev" "$root/lower/sys" "$root/lower/tmp" \
	"$root/upper" "$root/work" "$root/merged"
cp "$(command -v busybox)" "$root/lower/bin/busybox"
cp "$T/lines" "$root/lower/bin/lines"
for tool in true sh sleep cat echo mkdir touch; do ln -s busybox "$root/lower/bin/$tool"; done
tar -C "$root/lower" -c . >"$T/small.tar"
"$hod" import "$T/small.tar" small >/dev/null
if [ -n "$uid" ]; then
	cp -r "$root" "$T/user/floor.d"
	chown -R "$uid:$gid" "$T/user/floor.d"
	as_user "$hod" import "$T/small.tar" small >/dev/null
fi

# ---- peers: each is tried once; what does not run here is named and left out ----
podman="podman --root $T/podman --runroot $T/podrun --log-level error"
podman_run="--cgroups=disabled --ulimit nofile=1024:1024 --ulimit nproc=1024:1024"
peers=
try() {
	name=$1
	shift
	if "$@" >"$T/try" 2>&1; then
		peers="$peers $name"
	else
		echo "without $name: $(tail -n 1 "$T/try")"
	fi
}
have() { case " $peers " in *" $1 "*) true ;; *) false ;; esac; }
prepare_peers() {
	mkdir -p "$T/bundle"
	cp -a "$root/lower" "$T/bundle/rootfs"
	# a mount namespace without the second cgroup tree, where crun 1.8 runs on hybrid hosts
	# shellcheck disable=SC2016 # the inner shell's
	unshare --mount --propagation private sh -c '
		umount /sys/fs/cgroup/unified 2>/dev/null; touch "$1/ns"; exec sleep 100000' - "$T" &
	keeper=$!
	until [ -e "$T/ns" ]; do sleep 0.02; done
	inside="nsenter --mount=/proc/$keeper/ns/mnt"
	command -v runc >/dev/null && (cd "$T/bundle" && runc spec && sed -i -e 's/"terminal": true/"terminal": false/' \
		-e 's|"sh"|"/bin/true"|' config.json)
	try bwrap bwrap --unshare-all --bind "$root/lower" / --proc /proc --dev /dev /bin/true
	try runc runc --root "$T/runc" run --bundle "$T/bundle" bench-try
	# shellcheck disable=SC2086 # these are words
	try crun $inside crun --root "$T/crun" --cgroup-manager=disabled run --bundle "$T/bundle" bench-try
	# shellcheck disable=SC2086
	$inside $podman import "$T/small.tar" small >/dev/null 2>&1 || :
	for runtime in crun runc; do
		have podman || {
			podman_with="$podman --runtime $runtime"
			# shellcheck disable=SC2086
			try podman $inside $podman_with run $podman_run --rm --network none small /bin/true
		}
	done
}

# ---- tables: row lines go to $T/rows, what they should cost to $T/budgets ----
table() {
	: >"$T/rows"
	: >"$T/budgets"
}
row() { # row NAME FLOOR|- BUDGET, its lines on stdin
	echo "row $1" >>"$T/rows"
	cat >>"$T/rows"
	[ -z "$2" ] || echo "$1|$2|$3" >>"$T/budgets"
}
also() { # also NAME FLOOR BUDGET: a second budget of a row
	echo "$1|$2|$3" >>"$T/budgets"
}
measure() {
	printf '\n== %s (medians of %s interleaved rounds, load %s)\n' "$1" "$2" "$(cut -d' ' -f1 /proc/loadavg)"
	"$T/times" "$2" "$T/rows" >"$T/result"
	awk -v budgets="$T/budgets" -f "$top/tests/bench/report.awk" "$T/result"
}
me() { [ -z "$uid" ] || printf 'user %s %s %s\n%s\n' "$uid" "$gid" "$T/user" "$1"; }
in_ns() { printf 'mounts /proc/%s/ns/mnt\n%s\n' "$keeper" "$1"; }

bench_starts() {
	table
	# a willing process: says when it is ready, leaves at once when told to
	mkdir -p "$T/r"
	"$hod" run -d --name server --network none small sleep 100000 >/dev/null
	"$hod" create --name willing --network none -v "$T/r:/r" small sh -c \
		'trap "exit 0" TERM; : >/r/ready; while :; do sleep 1000 & wait $!; done' >/dev/null
	cat >"$T/start-willing" <<-END
		#!/bin/sh
		rm -f $T/r/ready
		$hod start willing || exit 1
		n=0
		until [ -e $T/r/ready ]; do sleep 0.01; n=\$((n + 1)); [ \$n -lt 500 ] || exit 1; done
	END
	chmod 755 "$T/start-willing"
	F="floor"
	row "$F" "" "" <<-END
		time $T/floor fork $root /bin/true
	END
	row "floor, CLONE_VM|CLONE_VFORK" "$F" "" <<-END
		time $T/floor vfork $root /bin/true
	END
	row "hod run --rm --network none" "$F" 1.5 <<-END
		time $hod run --rm --network none small true
	END
	row "hod run --rm --network host" "$F" "" <<-END
		time $hod run --rm --network host small true
	END
	[ ! -s "$T/bundle/config.json" ] || row "hod oci run, a prepared bundle" "$F" 1.5 <<-END
		time $hod oci --root $T/oci run --bundle $T/bundle bench
	END
	row "hod run -d + rm -f" "$F" 2.5 <<-END
		time $hod run -d --name bench --network none small sleep 1000
		time $hod rm -f bench
	END
	row "hod exec" "$F" 1.2 <<-END
		time $hod exec server true
	END
	row "hod stop (willing)" "$F" 0.6 <<-END
		before $T/start-willing
		time $hod stop willing
	END
	row "hod create + rm" "$F" "" <<-END
		time $hod create --name bench --network none small true
		time $hod rm bench
	END
	for peer in bwrap crun runc podman; do
		have $peer || continue
		case $peer in
		bwrap) in_ns "time bwrap --unshare-all --bind $root/lower / --proc /proc --dev /dev /bin/true" ;;
		crun) in_ns "time crun --root $T/crun --cgroup-manager=disabled run --bundle $T/bundle bench" ;;
		runc) echo "time runc --root $T/runc run --bundle $T/bundle bench" ;;
		podman) in_ns "time $podman_with run $podman_run --rm --network none small /bin/true" ;;
		esac | row "$peer run" "$F" ""
	done
	if [ -n "$uid" ]; then
		U="floor, rootless"
		me "time $T/floor rootless $T/user/floor.d /bin/true" | row "$U" "" ""
		me "time env HOD_ROOT=$T/user/store $hod run --rm --network none small true" |
			row "hod run --rm --network none, rootless" "$U" 1.6
		! have bwrap || me "time bwrap --unshare-all --bind $T/user/floor.d/lower / --proc /proc --dev /dev /bin/true" |
			row "bwrap run, rootless" "$U" ""
	fi
	measure "starting" "$rounds"
	"$hod" rm -f willing >/dev/null
	monitor_memory
	"$hod" rm -f server >/dev/null
}

monitor_memory() {
	pid=$("$hod" inspect -f '{{.State.Pid}}' server)
	monitor=$(awk '/^PPid:/ { print $2 }' "/proc/$pid/status")
	awk -v name="$(cat "/proc/$monitor/comm")" '/^Pss:/ { pss = $2 } /^Private_/ { own += $2 }
		END { printf "monitor (%s), idle: %d kB PSS, %d kB its own (budget 150 kB PSS: %s)\n", name, pss, own,
			pss <= 150 ? "met" : "MISSED" }' "/proc/$monitor/smaps_rollup"
}

bench_store() {
	"$hod" run -d --name server --network none small sleep 100000 >/dev/null
	table
	for command in version ps "inspect server"; do
		case $command in version) most=3 ;; *) most=5 ;; esac
		echo "time $hod $command" | row "hod $command" - $most
	done
	measure "asking, an empty store" "$rounds"

	i=0
	while [ $i -lt 500 ]; do
		"$hod" tag small "name$i:latest"
		i=$((i + 1))
	done
	du_before=$(du -sk "$HOD_ROOT" | cut -f1) inodes_before=$(find "$HOD_ROOT" | wc -l)
	i=0
	while [ $i -lt 1000 ]; do
		"$hod" create --network none --name "c$i" small true >/dev/null
		i=$((i + 1))
	done
	du_after=$(du -sk "$HOD_ROOT" | cut -f1) inodes_after=$(find "$HOD_ROOT" | wc -l)
	table
	echo "time $T/floor fork $root /bin/true" | row floor "" ""
	echo "time $hod ps -a" | row "hod ps -a, 1000 containers" - 20
	echo "time $hod ps" | row "hod ps, 1000 stopped, 1 runs" - ""
	echo "time $hod images" | row "hod images, 500 names" - 20
	echo "time $hod inspect c500" | row "hod inspect" - 5
	echo "time $hod run --rm --network none small true" | row "hod run --rm, full store" "floor" ""
	HOD_ROOT="$T/empty" "$hod" import "$T/small.tar" small >/dev/null
	echo "time $hod --root $T/empty run --rm --network none small true" | row "hod run --rm, empty store" "floor" ""
	measure "a store with 500 images and 1000 containers" "$rounds"
	awk -F'\t' '/full store/ { full = $2 } /empty store/ { empty = $2 }
		END { if (empty) printf "run in the full store: %.2f of the empty one (budget 1.1: %s)\n", full / empty,
			full / empty <= 1.1 ? "met" : "MISSED" }' "$T/result"
	echo "a created container: $(((du_after - du_before) / 1000)).$(((du_after - du_before) % 1000 / 100)) kB," \
		"$(((inodes_after - inodes_before + 500) / 1000)) inodes (budget 16 kB, 8 inodes)"
	"$hod" rm -f server >/dev/null
}

bench_logs() {
	count=${LINES_COUNT:-3000000}
	mkdir -p "$T/r"
	printf '\n== logs: %s lines of 97 bytes\n' "$count"
	for _ in 1 2 3; do
		"$T/lines" "$count" 2>>"$T/direct" >"$T/direct.log"
		"$hod" rm -f logger >/dev/null 2>&1 || :
		"$hod" run -d --name logger --network none --log-opt max-size=-1 -v "$T/r:/r" small \
			sh -c "lines $count 2>/r/took" >/dev/null
		"$hod" wait logger >/dev/null
		cat "$T/r/took" >>"$T/logged"
	done
	rm "$T/direct.log"
	middle() { sort -n "$1" | sed -n 2p; }
	awk -v d="$(middle "$T/direct")" -v l="$(middle "$T/logged")" -v n="$count" 'BEGIN {
		printf "direct to a file %.1f M lines/s, to the log %.1f M lines/s: %.2f of direct (budget 0.8: %s)\n",
			n / d / 1e6, n / l / 1e6, d / l, (d / l >= 0.8 ? "met" : "MISSED") }'
	table
	echo "time $hod logs logger" | row "hod logs, $((count * 97 / 1000000)) MB" - $((count * 97 / 700000))
	echo "time $hod logs --tail 10 logger" | row "hod logs --tail 10" - 5
	measure "reading logs" 9
	"$hod" rm -f logger >/dev/null
}

bench_build() {
	mkdir -p "$T/ten" "$T/thirty"
	{
		echo FROM small
		for i in 1 2 3 4 5; do printf 'RUN echo %s >/f%s\nENV V%s=x\n' $i $i $i; done
	} >"$T/ten/Dockerfile"
	table
	echo "time $T/floor fork $root /bin/true" | row floor "" ""
	echo "time $hod build -q --no-cache -t ten $T/ten" | row "hod build, ten small steps" floor 15
	printf 'before %s build -q -t ten %s\ntime %s build -q -t ten %s\n' "$hod" "$T/ten" "$hod" "$T/ten" |
		row "hod build, the same cached" - 30
	if have podman; then
		p="$podman_with build -q --isolation chroot --network none"
		in_ns "time $p --no-cache -t ten $T/ten" | row "podman build (chroot), ten small steps" floor ""
		in_ns "time $p --layers -t ten $T/ten" | row "podman build, the same cached" - ""
	fi
	measure "building" 9

	# 50000 files in 500 directories, thirty steps
	awk -v dir="$T/thirty/data" 'BEGIN { for (i = 0; i < 500; i++) { d = dir "/d" i; system("mkdir -p " d)
		for (j = 0; j < 100; j++) { f = d "/f" j; print i, j > f; close(f) } } }'
	{
		printf 'FROM small\nCOPY data /data\n'
		i=0
		while [ $i -lt 14 ]; do
			printf 'RUN echo %s >/f%s\nENV V%s=x\n' $i $i $i
			i=$((i + 1))
		done
	} >"$T/thirty/Dockerfile"
	table
	printf 'before %s build -q -t thirty %s\ntime %s build -q -t thirty %s\n' "$hod" "$T/thirty" "$hod" "$T/thirty" |
		row "hod build, 30 steps cached, 50000 files" - 300
	measure "a large context" 5

	# COPY: bounded by making the files and one pass of hashing
	mkdir -p "$T/one"
	dd if=/dev/zero of="$T/one/file" bs=1M count=1024 2>/dev/null
	printf 'FROM scratch\nCOPY data /data\n' >"$T/thirty/Copy"
	printf 'FROM scratch\nCOPY file /file\n' >"$T/one/Dockerfile"
	cat >"$T/forget" <<-END
		#!/bin/sh
		rm -rf $T/copied
		$hod rmi copied >/dev/null 2>&1
		$hod builder prune -af >/dev/null
		sync
	END
	cat >"$T/copy-floor" <<-END
		#!/bin/sh
		cp -a "\$1" $T/copied && find "\$1" -type f -exec sha256sum {} + >/dev/null && sync -f $T
	END
	chmod 755 "$T/forget" "$T/copy-floor"
	table
	for what in "50000 files|$T/thirty/data|-f $T/thirty/Copy $T/thirty" "1 GB in one file|$T/one/file|$T/one"; do
		name=${what%%|*} from=${what#*|} args=${what##*|}
		from=${from%|*}
		printf 'before %s\ntime %s %s\n' "$T/forget" "$T/copy-floor" "$from" | row "cp -a and sha256sum, $name" "" ""
		printf 'before %s\ntime %s build -q -t copied %s\n' "$T/forget" "$hod" "$args" |
			row "hod build, COPY of $name" "cp -a and sha256sum, $name" 1.3
	done
	measure "copying" 3
	"$T/forget"
}

bench_growth() {
	{
		echo FROM small
		i=0
		while [ $i -lt 99 ]; do
			echo "RUN echo $i >/f$i"
			i=$((i + 1))
		done
	} | "$hod" build -q -t deep - >/dev/null
	table
	echo "time $hod run --rm --network none small true" | row "hod run, 1 layer" "" ""
	echo "time $hod run --rm --network none deep true" | row "hod run, 100 layers" "hod run, 1 layer" 1.1
	measure "many layers" "$rounds"
}

# counts: what one run does. Counted, so load does not matter.
bench_counts() {
	printf '\n== what "hod run --rm --network none small true" does\n'
	command -v strace >/dev/null || { echo "no strace"; return; }
	strace -f -qq -o "$T/trace" "$hod" run --rm --network none small true
	calls=$(grep -c -v -e '+++' -e '---' -e 'resumed>' "$T/trace")
	execs=$(grep -c 'execve(.*= 0\|execveat(.*= 0' "$T/trace" || :)
	syncs=$(grep -c -E '(fsync|fdatasync|syncfs|sync_file_range)\(' "$T/trace" || :)
	tasks=$(cut -d' ' -f1 "$T/trace" | sort -u | wc -l)
	echo "system calls $calls (budget 400), execs $execs (3), fsyncs $syncs (0), processes and threads $tasks"
	sed -E 's/^[0-9]+ +//; s/\(.*//' "$T/trace" | grep -E '^[a-z_0-9]+$' | sort | uniq -c | sort -rn | head -n 12 |
		awk '{ printf "%s %s  ", $2, $1 } END { print "" }'
}

# shellcheck source=tests/bench/registry.sh
. "$top/tests/bench/registry.sh"
# shellcheck source=tests/bench/network.sh
. "$top/tests/bench/network.sh"

prepare_peers
[ $# -gt 0 ] || set -- starts store logs build growth counts network registry
for what in "$@"; do "bench_$what"; done
