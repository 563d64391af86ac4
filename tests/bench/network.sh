# network.sh - part of run.sh: what the default network costs a start, and what published ports carry.
# shellcheck shell=sh disable=SC2154 # run.sh's variables

# asks HOST PORT: the median of 300 connections, each with one request and the first byte of its answer, in ms;
# then MB/s of a large answer
asks() {
	python3 - "$1" "$2" <<-'END'
		import socket, sys, time
		to = (sys.argv[1], int(sys.argv[2]))
		def get(path):
		    s = socket.create_connection(to, 10)
		    s.sendall(b"GET /%s HTTP/1.0\r\n\r\n" % path)
		    return s
		times = []
		for i in range(300):
		    begin = time.perf_counter()
		    s = get(b"small")
		    s.recv(1)
		    times.append(time.perf_counter() - begin)
		    s.close()
		begin, size = time.perf_counter(), 0
		s = get(b"large")
		while True:
		    got = s.recv(1 << 20)
		    if not got:
		        break
		    size += len(got)
		assert size > 1 << 28
		print("%.3f %.0f" % (sorted(times)[150] * 1000, size / 1e6 / (time.perf_counter() - begin)))
	END
}
# carries NAME: the line of what answers at port $P
carries() {
	n=0
	until asks 127.0.0.1 "$P" >"$T/asked" 2>/dev/null; do
		n=$((n + 1))
		[ $n -lt 100 ] || { echo "$1: does not answer"; return; }
		sleep 0.1
	done
	asks 127.0.0.1 "$P" >"$T/asked"
	read -r ms rate <"$T/asked"
	floor_ms=${floor_ms:-$ms} floor_rate=${floor_rate:-$rate}
	awk -v name="$1" -v ms="$ms" -v rate="$rate" -v fms="$floor_ms" -v frate="$floor_rate" 'BEGIN {
		printf "%-44s %6.3f ms (+%.3f)  %6.0f MB/s  %.2f of the loopback\n", name, ms, ms - fms, rate, rate / frate }'
}

bench_network() {
	table
	echo "time $T/floor fork $root /bin/true" | row floor "" ""
	echo "time $hod run --rm --network none small true" | row "hod run --network none" floor 1.5
	echo "time $hod run --rm small true" | row "hod run, the default network" floor 2.5
	if have podman; then
		in_ns "time $podman_with run $podman_run --rm small /bin/true" | row "podman run, its default network" floor ""
	fi
	if [ -n "$uid" ]; then
		me "time $T/floor rootless $T/user/floor.d /bin/true" | row "floor, rootless" "" ""
		for net in slirp4netns pasta; do
			! command -v $net >/dev/null ||
				me "time env HOD_ROOT=$T/user/store $hod run --rm --network $net small true" |
				row "hod run, rootless, $net" "floor, rootless" 4
		done
	fi
	measure "starting with a network" "$rounds"

	printf '\n== a published port: connection, request and first byte; one answer of 400 MB (budget: 0.2 ms more than the loopback)\n'
	P=${BENCH_PORT:-17999} web="mkdir -p /tmp/w && echo x >/tmp/w/small && dd if=/dev/zero of=/tmp/w/large bs=1M count=400 && exec busybox httpd -f -p"
	floor_ms='' floor_rate=''
	mkdir -p "$T/w"
	echo x >"$T/w/small"
	dd if=/dev/zero of="$T/w/large" bs=1M count=400 2>/dev/null
	busybox httpd -f -p "127.0.0.1:$P" -h "$T/w" &
	direct=$!
	carries "busybox httpd on the loopback"
	kill $direct
	wait $direct 2>/dev/null || :
	"$hod" run -d --name net -p "127.0.0.1:$P:80" small busybox sh -c "$web 80 -h /tmp/w" >/dev/null 2>&1
	carries "hod, root"
	"$hod" rm -f net >/dev/null
	for net in slirp4netns pasta; do
		{ [ -n "$uid" ] && command -v $net >/dev/null; } || continue
		as_user "$hod" run -d --name net --network $net -p "127.0.0.1:$P:80" small busybox sh -c "$web 80 -h /tmp/w" >/dev/null 2>&1
		carries "hod, rootless, $net"
		as_user "$hod" rm -f net >/dev/null
	done
	have podman || return 0
	# shellcheck disable=SC2086 # these are words
	$inside $podman_with run $podman_run -d --name net -p "127.0.0.1:$P:80" small /bin/busybox sh -c "$web 80 -h /tmp/w" >/dev/null 2>&1 || return 0
	carries "podman, root"
	# shellcheck disable=SC2086
	$podman rm -f net >/dev/null 2>&1 || :
}
