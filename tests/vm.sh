#!/bin/sh
# vm.sh - what a machine with pure cgroup v2 must show, in throw-away virtual machines: limits that hold, as root and
# as a user, without systemd and with it; nothing left behind; a power cut and the boot after it.
#
#	HOD_VM=/path/to/vmrun sh tests/vm.sh [CASE...]
#
# HOD_VM is a program that boots a guest, runs a command in it and returns its output and status:
#	vmrun [--user tester] [--no-delegate] [--init systemd] [--root FILE] [--power-cut TEXT] --share DIR -- COMMAND
# with DIR at /share. Without HOD_VM nothing is run, which is no failure. HOD_VM_RUNS: how many containers the test
# for leftovers runs (100). APPARMOR_PARSER: where apparmor_parser is for the guest, when that has none.
set -u
top=$(cd "$(dirname "$0")/.." && pwd)
out=${O:-out}
runs=${HOD_VM_RUNS:-100}
[ -n "${HOD_VM:-}" ] || { echo "vm: skipped: HOD_VM names no program that runs virtual machines"; exit 0; }
[ -x "$top/$out/hod" ] || { echo "vm: $out/hod is not built" >&2; exit 1; }
T=$(mktemp -d) || exit 1
trap 'rm -rf "$T"' EXIT
failed=0 passed=0

# guest NAME OPTIONS -- SCRIPT ARGUMENTS: its lines "ok ..." and "not ok ..." are counted
guest() {
	name=$1
	shift
	echo "-- $name"
	"$HOD_VM" --timeout "${HOD_VM_TIMEOUT:-900}" --share "$top" --env "HOD=/share/$out/hod" --env "RUNS=$runs" \
		"$@" >"$T/out" 2>&1
	status=$?
	grep -E '^(ok|not ok|skip) ' "$T/out" | sed "s|\$| ($name)|"
	passed=$((passed + $(grep -c '^ok ' "$T/out")))
	bad=$(grep -c '^not ok ' "$T/out")
	grep -q '^end$' "$T/out" || bad=$((bad + 1))
	if [ "$bad" -gt 0 ]; then
		failed=$((failed + bad))
		echo "not ok $name ended with $status; it printed:"
		sed 's/^/    /' "$T/out"
	fi
}

limits_root() { guest limits-root -- sh /share/tests/vm/limits.sh; }
limits_user() { guest limits-user --user tester -- sh /share/tests/vm/limits.sh; }
limits_root_systemd() { guest limits-root-systemd --init systemd -- sh /share/tests/vm/limits.sh; }
limits_user_systemd() { guest limits-user-systemd --init systemd --user tester -- sh /share/tests/vm/limits.sh; }
scopes() { guest scopes --init systemd -- sh /share/tests/vm/scopes.sh; }
engine_root() { guest engine-root --init systemd -- sh /share/tests/vm/engine.sh; }
engine_user() { guest engine-user --init systemd --user tester -- sh /share/tests/vm/engine.sh; }
bats_root() { guest bats-root -- sh /share/tests/vm/bats.sh; }
bats_user() { guest bats-user --user tester -- sh /share/tests/vm/bats.sh; }
apparmor() { guest apparmor ${APPARMOR_PARSER:+--env "APPARMOR_PARSER=$APPARMOR_PARSER"} -- sh /share/tests/vm/apparmor.sh; }
refused() { guest refused --user tester --no-delegate -- sh /share/tests/vm/refused.sh; }
delegate() { guest delegate -- sh /share/tests/vm/delegate.sh; }
power_cut() {
	guest power-cut-before --root "$T/root" --power-cut CUT -- sh /share/tests/vm/power.sh before
	guest power-cut-after --root "$T/root" -- sh /share/tests/vm/power.sh after
}

[ $# -gt 0 ] || set -- limits_root limits_user limits_root_systemd limits_user_systemd scopes engine_root engine_user bats_root bats_user \
	apparmor refused delegate power_cut
for one in "$@"; do
	$one
done
echo "vm: $passed passed, $failed failed"
[ "$failed" = 0 ]
