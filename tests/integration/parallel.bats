#!/usr/bin/env bats
# many at once: no error, nothing left. HOD_PARALLEL sets how many (default 200).
load helper

@test "many runs at once, with ps in a loop beside them" {
	many=${HOD_PARALLEL:-200}
	dir=$FILE_DIR/many
	mkdir -p "$dir"
	rm -f "$dir"/*
	mounts=$(grep -c . /proc/self/mountinfo)
	pids=
	for i in $(seq "$many"); do
		"$HOD" run --rm --network none --name "p$i" busybox sh -c "echo $i; exit $((i % 7))" >"$dir/out$i" 2>"$dir/err$i" 3>&- &
		pids="$pids $!"
	done
	asked=0
	while kill -0 "${pids##* }" 2>/dev/null; do
		"$HOD" ps -a >"$dir/ps" 2>"$dir/ps.err" || { cat "$dir/ps.err" >&2; false; }
		[ ! -s "$dir/ps.err" ] || { cat "$dir/ps.err" >&2; false; }
		asked=$((asked + 1))
	done
	i=0
	for pid in $pids; do
		i=$((i + 1))
		code=0
		wait "$pid" || code=$?
		[ $code = $((i % 7)) ] || { echo "run $i: $code: $(cat "$dir/err$i")" >&2; false; }
		[ "$(cat "$dir/out$i")" = $i ] || { echo "run $i printed $(cat "$dir/out$i")" >&2; false; }
	done
	[ $asked -gt 0 ]
	run -0 hod ps -aq
	is ""
	[ "$(count "$HOD_ROOT/containers")" = 0 ]
	[ "$(count "$HOD_ROOT/names")" = 0 ]
	[ "$(staged)" = 0 ]
	[ "$(grep -c . /proc/self/mountinfo)" = "$mounts" ]
	run -0 hod fsck
}

@test "one name, many who want it: exactly one gets it" {
	dir=$FILE_DIR/one
	mkdir -p "$dir"
	pids=
	for i in $(seq 20); do
		"$HOD" create --name only --network none busybox true >"$dir/out$i" 2>&1 3>&- &
		pids="$pids $!"
	done
	won=0
	for pid in $pids; do
		code=0
		wait "$pid" || code=$?
		case $code in 0) won=$((won + 1)) ;; 125) ;; *) false ;; esac
	done
	[ $won = 1 ]
}

@test "load, run, build, tag, rmi and prune of one store at once" {
	hod save -o "$FILE_DIR/b.tar" busybox
	worker() {
		local n=$1 i
		for i in 1 2 3 4 5; do
			"$HOD" load -q -i "$FILE_DIR/b.tar" >/dev/null || return
			"$HOD" tag busybox "w$n:$i" || return
			printf 'FROM busybox\nRUN echo %s >/n\n' "$i" | "$HOD" build -q -t "built$n" - >/dev/null || return
			[ "$("$HOD" run --rm --network none "built$n" cat /n)" = "$i" ] || return
			"$HOD" rmi "w$n:$i" >/dev/null || return
			"$HOD" image prune -f >/dev/null || return
		done
	}
	pids=
	for n in 1 2 3 4; do
		worker $n >"$FILE_DIR/worker$n" 2>&1 3>&- &
		pids="$pids $!"
	done
	n=0
	for pid in $pids; do
		n=$((n + 1))
		wait "$pid" || { cat "$FILE_DIR/worker$n" >&2; false; }
	done
	run -0 hod fsck --deep
}
