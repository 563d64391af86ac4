#!/usr/bin/env bats
# Pulls through a proxy that does something wrong with each fourth request, of which every fifth pull is ended by
# SIGKILL: each is right, or fails in one line; the store is valid after each, and at the end nothing is left in it.
# HOD_SOAK sets how many (default 30; 1000 by hand, with BATS_TEST_TIMEOUT=3600). The moments come from a fixed seed,
# the faults do not.
load helper
load registry

setup_file() {
	store_up
	registry_up plain
	mkdir -p "$FILE_DIR/ctx" "$FILE_DIR/faults"
	for n in 20000 100000 300000; do head -c $n /dev/urandom >"$FILE_DIR/ctx/$n"; done
	printf 'FROM busybox\nCOPY 20000 /a\nCOPY 100000 /b\nCOPY 300000 /c\n' >"$FILE_DIR/ctx/Dockerfile"
	hod build -q -t soak "$FILE_DIR/ctx" >/dev/null
	hod push -q soak "$(at plain)/soak:1"
	hod image inspect -f '{{.Id}}' soak >"$FILE_DIR/id"
	cat >"$FILE_DIR/faults/plan" <<-JSON
		[{"match": "GET .*/(manifests|blobs)/", "fault": "random", "times": -1, "chance": 0.25, "of": [
			{"fault": "cut", "after": 200000}, {"fault": "cut", "after": 2000},
			{"fault": "short", "after": 5000}, {"fault": "long", "after": 5000},
			{"fault": "flip", "after": 100000}, {"fault": "flip", "after": 1000},
			{"fault": "drip", "after": 60000}, {"fault": "norange"}, {"fault": "wrongrange"},
			{"fault": "stall", "after": 50000, "seconds": 5},
			{"fault": "type", "type": "text/html"},
			{"fault": "redirect", "location": "http://169.254.169.254/latest"},
			{"fault": "redirect", "location": "/v2/soak/nowhere"},
			{"fault": "status", "status": 429, "headers": {"Retry-After": "0"}},
			{"fault": "status", "status": 500, "body": "<html>oops</html>"},
			{"fault": "status", "status": 503}, {"fault": "status", "status": 403}, {"fault": "status", "status": 404},
			{"fault": "status", "status": 200, "body": "<html>welcome</html>"},
			{"fault": "status", "status": 401, "headers": {"WWW-Authenticate": "Bearer realm=\"http://169.254.169.254/\""}}
		]}]
	JSON
	python3 "$BATS_TEST_DIRNAME/fault_proxy.py" "$(at plain)" "$FILE_DIR/faults/plan" "$FILE_DIR/faults/log" >"$FILE_DIR/faults/port" 2>"$FILE_DIR/faults/err" 3>&- &
	echo $! >"$FILE_DIR/faults/pid"
	until_ok 20 test -s "$FILE_DIR/faults/port"
	echo "127.0.0.1:$(cat "$FILE_DIR/faults/port")" >"$FILE_DIR/faults/address"
	echo '{"registry-stall-seconds":1}' >"$FILE_DIR/settings"
}
teardown_file() {
	registry_down faults
	registry_down plain
	store_down
}

# one pull into $HOD_ROOT; sets `status`; with a number of microseconds, it is ended by then
pull() {
	status=0
	"$HOD" pull -q --retry-delay 5ms "$image" >"$FILE_DIR/out" 2>"$FILE_DIR/why" 3>&- &
	local pid=$!
	if [ -n "${1:-}" ]; then
		sleep "0.$(printf %06d "$1")"
		kill -KILL $pid 2>/dev/null || :
	fi
	wait $pid 2>/dev/null || status=$?
}
right() {
	[ "$(cat "$FILE_DIR/out")" = "$image" ] && [ "$(hod image inspect -f '{{.Id}}' "$image")" = "$(cat "$FILE_DIR/id")" ]
}
one_line() { # the error, and at most one line of what would help; nothing of a page of the server's
	[ "$(grep -c '^hod: ' "$FILE_DIR/why")" = 1 ] && [ "$(wc -l <"$FILE_DIR/why")" -le 2 ] && ! grep -q '<html>' "$FILE_DIR/why" &&
		! hod image exists "$image"
}

@test "pulls with random faults and kills are right or fail in one line, and the store stays valid" {
	export HOD_CONFIG=$FILE_DIR/settings
	image=$(at faults)/soak:1
	local good=0 bad=0 killed=0 kills=0 root='' us
	RANDOM=11
	for i in $(seq "${HOD_SOAK:-30}"); do
		# now and then a store of its own; else what broken pulls left is taken up
		if [ $((i % 3)) = 0 ] || [ "$i" = 1 ]; then
			[ -z "$root" ] || { chmod -R u+rwx "$root" 2>/dev/null || :; rm -rf "$root"; }
			root=$FILE_DIR/soak$i
			export HOD_ROOT=$root
			kills=0
		fi
		us=
		[ $((i % 5)) != 0 ] || us=$((RANDOM * 8 % 200000))
		pull $us
		case $status in
		0) good=$((good + 1)); right || { echo "pull $i: not what it should be"; cat "$FILE_DIR/out"; return 1; } ;;
		1) bad=$((bad + 1)); one_line || { echo "pull $i:"; cat "$FILE_DIR/why"; return 1; } ;;
		137) killed=$((killed + 1)) ;;
		*) echo "pull $i: status $status"; cat "$FILE_DIR/why"; return 1 ;;
		esac
		cat "$FILE_DIR/why" >>"$FILE_DIR/whys"
		hod fsck --deep >"$FILE_DIR/fsck" || { echo "pull $i (status $status, $us us):"; cat "$FILE_DIR/fsck" "$FILE_DIR/why"; return 1; }
		# what came of a blob stays for the next pull; what else a pull was making stays only of one that was killed
		[ "$status" != 137 ] || kills=$((kills + 1))
		[ "$(find "$HOD_ROOT/tmp" -mindepth 1 -maxdepth 1 -name 'new-*' ! -name '*.lock' 2>/dev/null | wc -l)" -le "$kills" ] ||
			{ echo "pull $i (status $status):"; ls -la "$HOD_ROOT/tmp"; return 1; }
		if [ "$status" = 0 ]; then
			hod rmi -f "$image" >/dev/null
			hod image prune -af >/dev/null
		fi
	done
	echo "# $good right, $bad refused, $killed killed" >&3
	# without faults, all of it is right, and nothing is left
	echo '[]' >"$FILE_DIR/faults/plan"
	pull
	[ "$status" = 0 ] && right
	hod fsck --deep
	hod rmi -f "$image" >/dev/null
	hod image prune -af >/dev/null
}

@test "images of the same layers in different orders, pulled at a time, wait for each other and not for ever" {
	echo '[]' >"$FILE_DIR/faults/plan"
	export HOD_ROOT=$FILE_DIR/store
	local n pids
	printf 'FROM scratch\n' | tee "$FILE_DIR/ctx/up" >"$FILE_DIR/ctx/down"
	for n in 1 2 3 4 5 6 7 8; do
		echo "layer $n" >"$FILE_DIR/ctx/$n"
		echo "COPY $n /f$n" >>"$FILE_DIR/ctx/up"
		sed -i "1a COPY $n /f$n" "$FILE_DIR/ctx/down"
	done
	for n in up down; do
		hod build -q --build-arg SOURCE_DATE_EPOCH=0 -f "$FILE_DIR/ctx/$n" -t $n "$FILE_DIR/ctx" >/dev/null
		hod push -q $n "$(at plain)/$n:1"
	done
	for n in $(seq "${HOD_SOAK:-10}"); do
		export HOD_ROOT=$FILE_DIR/orders
		pids=()
		for i in up down up; do
			timeout 60 "$HOD" pull -q "$(at plain)/$i:1" >>"$FILE_DIR/orders.out" 3>&- &
			pids+=($!)
		done
		for i in "${pids[@]}"; do wait "$i"; done
		hod fsck >/dev/null
		[ "$(staged)" = 0 ]
		rm -rf "$FILE_DIR/orders"
	done
}
