#!/usr/bin/env bats
# What the network of a container cannot be had for: one clear line each, and nothing is left of the attempt.
load helper

# each user has ports of its own: all run at the same time
P=$((29000 + $(id -u) % 300 * 4))

setup_file() {
	store_up
	[ "$(id -u)" != 0 ] || {
		mkdir "$FILE_DIR/user"
		cp "$HOD" "$(busybox_tar)" "$FILE_DIR/user/"
		chown -R hod-range: "$FILE_DIR/user"
		chmod 711 "$T" "$FILE_DIR"
	}
}
teardown() {
	store_down
	hod network prune -f >/dev/null
}
# apart COMMAND: by sh, as root in a network and a mount namespace of its own
apart() { unshare --net --mount sh -c "$1"; }
# without FILE...: words for apart, to hide what is installed
without() { printf 'mount --bind /dev/null %s; ' "$@"; }
library() { realpath "$(ldconfig -p | sed -n "s/.*\b$1 .*x86-64.*=> //p" | head -n 1)"; }
# helpless COMMAND: by sh, as hod-range, on a machine without slirp4netns and pasta; $hod is the program
helpless() {
	apart "$(without /usr/bin/slirp4netns /usr/bin/pasta) cd '$FILE_DIR/user'
		exec setpriv --reuid hod-range --regid hod-range --init-groups env -i PATH='$PATH' HOME='$FILE_DIR/user' \
			TMPDIR='$FILE_DIR/user' HOD_ROOT='$FILE_DIR/user/store' hod='$FILE_DIR/user/hod' sh -c '$1'"
}
# the output of the last run: "hod: TEXT", then at most one line of advice
one_line() {
	has "$1"
	[ "$(grep -c '^hod: ' <<<"$output")" = 1 ]
	[ "$(wc -l <<<"$output")" -le 2 ]
}
is_empty() { [ -z "$(hod ps -aq)" ]; }

@test "a port that is taken" {
	python3 -c 'import socket, sys, time
s = socket.socket()
s.bind(("127.0.0.1", int(sys.argv[1])))
s.listen()
time.sleep(60)' $P &
	local taker=$!
	until_ok 10 bash -c "ss -Hltn 'sport = :$P' | grep -q ."
	run -125 hod run --rm -p 127.0.0.1:$P:80 busybox true
	one_line "port $P/tcp of 127.0.0.1 is in use"
	# the first of two was free: it is again
	run -125 hod run --rm -p $((P + 1)):81 -p 127.0.0.1:$P:80 busybox true
	one_line "port $P/tcp of 127.0.0.1 is in use"
	run -125 hod run -d -p $((P + 1)):81 -p 127.0.0.1:$P:80 busybox sleep 100
	one_line "port $P/tcp of 127.0.0.1 is in use"
	run -0 ss -Hltn "sport = :$((P + 1))"
	is ""
	kill $taker
	wait $taker || true
}

@test "ports that are not what they should be" {
	while read -r port text; do
		run -125 hod run --rm -p "$port" busybox true
		one_line "$text"
	done <<-END
		1-2:80-82 differ in length
		99999:80 -p '99999:80': '99999' is no port
		70000:80 no port from 1 to 65535
		0:0 no port from 1 to 65535
		82-80:80-82 no port from 1 to 65535
		x:80 no port from 1 to 65535
		80/icmp must be tcp or udp
		80/sctp must be tcp or udp
		1.2.3:80:80 is no IP address
		[::g]:80:80 is no IP address
		198.51.100.7:$P:80 no address of this host
	END
	is_empty
}

@test "a port below the first that is free to all" {
	need user
	[ "$(cat /proc/sys/net/ipv4/ip_unprivileged_port_start)" -gt 81 ] || skip "port 81 is free to all here"
	run -125 hod run --rm -p 81:80 busybox true
	one_line "port 81 of the host is below"
	has "sysctl net.ipv4.ip_unprivileged_port_start=81"
}

@test "networks that are not there, and addresses that are not theirs" {
	hod network create --subnet 10.219.7.0/24 net-r >/dev/null
	hod run -d --name first --network net-r --ip 10.219.7.9 busybox sleep 100 >/dev/null
	while read -r options; do
		read -r text
		# shellcheck disable=SC2086 # words
		run -125 hod run --rm $options busybox true
		one_line "$text"
	done <<-'END'
		--network nowhere
		no such network: nowhere
		--network net-r --ip 10.219.7.9
		address 10.219.7.9 is taken
		--network net-r --ip 10.219.7.0
		address 10.219.7.0 is the network's own
		--network net-r --ip 10.219.8.1
		not in the network's subnet
		--network net-r --ip6 fd00::1
		has no IPv6 subnet
		--network none --ip 10.219.7.8
		--ip needs a bridge network
		--network net-r --mac-address 01:00:00:00:00:00
		no address of one interface
		--network bridge --network-alias a
		needs a network of your own
	END
	run -1 hod network rm net-r
	one_line "network 'net-r' is used by container first"
	hod stop -t 0 first >/dev/null
	run -1 hod network rm net-r
	one_line "network 'net-r' is used by container first"
	run -1 hod network create --subnet 10.219.0.0/16 other
	one_line "subnet 10.219.0.0/16 overlaps another network's"
	run -1 hod network create --subnet 10.219.9.0/24 --gateway 10.219.10.1 other
	one_line "gateway 10.219.10.1 is not in the subnet"
	run -1 hod network rm nowhere
	one_line "no such network: nowhere"
	run -1 hod network exists other
}

@test "without slirp4netns and pasta: a warning, and an error for what needs one" {
	need root
	helpless '$hod import busybox.tar busybox' >/dev/null
	run -0 helpless '$hod run --rm busybox ip -o link'
	has "warning: the container has no network: neither slirp4netns nor pasta is installed"
	run -0 helpless '$hod run --rm --network none busybox ip -o link'
	lacks warning
	run -125 helpless "\$hod run --rm -p $P:80 busybox true"
	one_line "--publish needs slirp4netns or pasta, and neither is installed"
	run -125 helpless '$hod run --rm --network private busybox true'
	one_line "neither is installed"
	for mode in slirp4netns bridge; do
		run -125 helpless "\$hod run --rm --network $mode busybox true"
		one_line "slirp4netns is not installed"
	done
	run -125 helpless '$hod run --rm --network pasta busybox true'
	one_line "pasta is not installed"
	run -0 helpless '$hod info'
	has "neither slirp4netns nor pasta is installed"
	run -0 helpless '$hod ps -aq'
	is ""
	# a network without a way out needs neither
	run -0 helpless '$hod network create --internal within >/dev/null; $hod run --rm --network within busybox true'
}

@test "without the libraries of networks: a warning, and an error for what needs one" {
	need root
	for l in libnftables.so.1 libmnl.so.0; do
		hide=$(without "$(library $l)")
		run -0 apart "$hide '$HOD' run --rm busybox true; grep -c '^ *h' /proc/net/dev >&2 || true"
		has "warning: the container has no network"
		has "$l is not installed"
		like $'\n0$' # no bridge and no link
		run -125 apart "$hide '$HOD' run --rm -p $P:80 busybox true"
		one_line "$l is not installed"
	done
	is_empty
}

@test "where the host may not be made to forward" {
	need root
	locked="sysctl -q net.ipv4.ip_forward=0; mount --bind /proc/sys /proc/sys; mount -o remount,bind,ro /proc/sys;"
	run -0 apart "$locked '$HOD' run --rm busybox true; ip -o link | grep -c hod >&2; nft list ruleset >&2"
	has "warning: the container has no network: network: the host forwards no packets"
	like $'\n0$'
	run -125 apart "$locked '$HOD' run --rm -p $P:80 busybox true"
	one_line "the host forwards no packets"
	has "sysctl net.ipv4.ip_forward=1"
	is_empty
}

@test "subnets of the host are kept clear of" {
	need root
	route="ip link set lo up; ip link add w type bridge; ip addr add 10.219.60.1/24 dev w; ip link set w up;"
	run -1 apart "$route '$HOD' network create --subnet 10.219.60.128/25 clash"
	one_line "overlaps the host's route to 10.219.60.0/24"
	# made before the host had the route
	hod network create --subnet 10.219.60.128/25 late >/dev/null
	run -125 apart "$route '$HOD' run --rm --network late busybox true"
	one_line "overlaps the host's route to 10.219.60.0/24"
}
