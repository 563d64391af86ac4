#!/bin/sh
# unit.sh TEST... -- FUZZ_REPLAY...: runs the unit tests, then each fuzz target over its seeds.
# The last line states how many passed and failed.
set -u
passed=0 failed=0 bad=
fuzz=no
for t in "$@"; do
	if [ "$t" = -- ]; then
		fuzz=yes
		continue
	fi
	if [ "$fuzz" = yes ]; then
		name=$(basename "$t")
		if [ -d "tests/data/fuzz/$name" ]; then
			set -- "tests/data/fuzz/$name"/*
		else
			set --
		fi
		if out=$("$t" "$@" 2>&1); then
			passed=$((passed + 1))
		else
			failed=$((failed + 1))
			bad="$bad fuzz/$name"
			printf '%s\n' "$out"
		fi
		continue
	fi
	out=$("$t" 2>&1)
	status=$?
	line=$(printf '%s\n' "$out" | grep -E '^[0-9]+%: Checks:' | tail -n 1)
	n=$(printf '%s\n' "$line" | sed -n 's/.*Checks: \([0-9]*\).*/\1/p')
	f=$(printf '%s\n' "$line" | sed -n 's/.*Failures: \([0-9]*\), Errors: \([0-9]*\).*/\1 \2/p')
	# shellcheck disable=SC2086 # two numbers
	set -- ${f:-0 0}
	f=$(($1 + $2))
	if [ $status -ne 0 ]; then
		[ "$f" -gt 0 ] || f=1
		bad="$bad ${t##*tests/unit/}"
		printf '%s\n' "$out"
	fi
	failed=$((failed + f))
	passed=$((passed + ${n:-0} - (${n:-0} < f ? 0 : f)))
done
[ -z "$bad" ] || echo "failed in:$bad"
echo "unit: $passed passed, $failed failed"
[ $failed -eq 0 ]
