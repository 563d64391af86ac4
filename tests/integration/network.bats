#!/usr/bin/env bats
# Networks: the default one, published ports, networks of the user's own, names, and what is left of them.
load helper

# each user has ports of its own: all run at the same time
P=$((18000 + $(id -u) % 500 * 10))

teardown() {
	store_down
	hod network prune -f >/dev/null
	[ ! -e "/run/netns/hodkill$P" ] || ip netns del "hodkill$P"
}
serve() { # serve NAME PORT OPTION...: a web server in the background
	local name=$1 port=$2
	shift 2
	hod run -d --name "$name" "$@" busybox sh -c "echo hello from $name >/tmp/index.html; exec httpd -f -p $port -h /tmp" >/dev/null
}
gets() { # gets URL TEXT
	until_ok 5 curl -sS -m 5 -o "$FILE_DIR/got" "$1"
	grep -qx "$2" "$FILE_DIR/got" || {
		cat "$FILE_DIR/got" >&2
		return 1
	}
}
# answers HOST: what is sent to port $P there comes back with "re:" before it, small and large
answers() {
	python3 -c 'import socket, sys
host, port = sys.argv[1], int(sys.argv[2])
s = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(2)
s.connect((host, port))
for text in b"question", b"x" * 8000:
    s.send(text)
    assert s.recv(9000) == b"re:" + text' "$1" $P
}
free_port() { ! ss -Hltn "sport = :$1" | grep -q .; }

@test "the default network has an address, a way out, and names for itself and the host" {
	run -0 hod run --rm --hostname me busybox sh -c 'ip -4 -o addr; ip route; cat /etc/hosts'
	like 'inet (10\.87\.|10\.0\.2\.100|192)'
	like 'default via'
	like $'\n[0-9.]+\tme\n'
	has host.docker.internal
	run -0 hod run --rm --add-host box:host-gateway busybox grep -w box /etc/hosts
	like '^[0-9.]+[[:space:]]box$'
}

@test "none, host and container: have no network of ours" {
	run -0 hod run --rm --network none busybox sh -c 'ip -4 -o addr | grep -vw lo; ip route'
	is ""
	run -0 hod run --rm --network host busybox ip -o link
	is "$(busybox ip -o link)"
	serve web 8080
	run -0 hod run --rm --network container:web busybox wget -qO- http://127.0.0.1:8080/
	is "hello from web"
	run -125 hod run --rm --network container:nobody busybox true
	has nobody
	run -0 hod run --rm --network host -p $P:80 busybox true
	has "not published"
}

@test "a published port is reached by every address of the host, and told by port, ps and inspect" {
	serve web 8080 -p $P:8080
	gets "http://127.0.0.1:$P/" "hello from web"
	gets "http://[::1]:$P/" "hello from web"
	run -0 hod port web
	is "8080/tcp -> 0.0.0.0:$P"$'\n'"8080/tcp -> [::]:$P"
	run -0 hod port web 8080
	has "0.0.0.0:$P"
	run -1 hod port web 81
	run -0 hod ps --format '{{.Ports}}'
	is "0.0.0.0:$P->8080/tcp, [::]:$P->8080/tcp"
	run -0 hod inspect -f '{{(index (index .NetworkSettings.Ports "8080/tcp") 0).HostPort}}' web
	is "$P"
	hod rm -f web
	free_port $P
}

@test "what carries ports and networks tells ps its name, and not the arguments of run" {
	hod network create named
	serve web 8080 --network named -e SECRET=sesame$P -p $P:8080
	until_ok 10 pgrep -u "$(id -u)" -f "^hod-forward web"
	run ! pgrep -a -f sesame$P
	[ "$(id -u)" = 0 ] || pgrep -u "$(id -u)" -f "^hod-networks"
}

@test "a forwarder that is killed is started again, and who calls meanwhile is served" {
	serve web 80 -p "$P:80" -p "$P:$P/udp"
	gets "http://[::1]:$P/" "hello from web"
	monitor=$(monitor_of web)
	for _ in 1 2 3; do
		old=$(pgrep -P "$monitor" -x hod-forward)
		kill -9 "$old"
		# at once: it waits in the monitor's socket. By ::1, as root the rules carry the rest
		run -0 curl -sS -m 20 "http://[::1]:$P/"
		is "hello from web"
		run -0 pgrep -P "$monitor" -x hod-forward
		[ "$output" != "$old" ]
	done
	hod rm -f web >/dev/null
	until_ok 10 free_port $P
}

@test "a port of one address is not open at the others" {
	serve web 8080 -p 127.0.0.1:$P:8080
	gets "http://127.0.0.1:$P/" "hello from web"
	run ! curl -sS -m 2 "http://[::1]:$P/"
	run -0 hod ps --format '{{.Ports}}'
	is "127.0.0.1:$P->8080/tcp"
}

@test "ports: ranges, chosen by the kernel, all that are exposed" {
	serve a 8080 -p $((P + 1))-$((P + 3)):8079-8081
	gets "http://127.0.0.1:$((P + 2))/" "hello from a"
	run -0 hod ps --format '{{.Ports}}'
	has "0.0.0.0:$((P + 1))-$((P + 3))->8079-8081/tcp"
	serve b 8080 -p 8080
	gets "http://$(hod port b 8080 | head -n 1)/" "hello from b"
	serve c 8080 --expose 8080 -P
	gets "http://$(hod port c 8080 | head -n 1)/" "hello from c"
	serve d 8080 -p $((P + 3))-$((P + 4)):8080
	gets "http://127.0.0.1:$((P + 4))/" "hello from d"
}

@test "datagrams are answered by the address they were sent to" {
	hod image exists debian || hod import "$(debian_tar)" debian >/dev/null
	hod run -d --name e -p $P:5300/udp debian perl -MSocket -e '
		socket(S, PF_INET, SOCK_DGRAM, 17); bind(S, sockaddr_in(5300, INADDR_ANY));
		while ($from = recv(S, $m, 9000, 0)) { send(S, "re:$m", 0, $from) }' >/dev/null
	answered() { answers 127.0.0.1 && answers ::1; }
	until_ok 10 answered
	run -0 hod port e
	has "5300/udp -> 0.0.0.0:$P"
}

@test "what cannot be published is one clear line, and nothing is left" {
	serve first 8080 -p $P:8080
	run -125 hod run --name second -p $P:8080 busybox true
	has "port $P/tcp of 0.0.0.0 is in use"
	run -125 hod run --rm -p 1-2:80-82 busybox true
	has "differ in length"
	run -125 hod run --rm -p 70000:80 busybox true
	has "no port from 1 to 65535"
	run -125 hod run --rm -p 80/icmp busybox true
	has "must be tcp or udp"
	run -125 hod run --rm -p 198.51.100.7:$((P + 9)):80 busybox true
	has "no address of this host"
	run -125 hod run --rm --network nowhere busybox true
	has "no such network: nowhere"
	run -125 hod run --rm --ip 10.1.2 busybox true
	has "no IPv4 address"
	free_port $((P + 9))
}

@test "a port below the first free one is refused with the sysctl" {
	need user
	[ "$(cat /proc/sys/net/ipv4/ip_unprivileged_port_start)" -gt 81 ] || skip "port 81 is free to all here"
	run -125 hod run --rm -p 81:80 busybox true
	has "ip_unprivileged_port_start=81"
}

@test "names of a network's members come and go" {
	run -0 hod network create --label job=1 net-a
	like '^[0-9a-f]{64}$'
	serve db 8080 --network net-a --network-alias store
	until_ok 20 hod run --rm --network net-a busybox wget -qO- http://db:8080/
	run -0 hod run --rm --network net-a busybox sh -c 'wget -qO- http://db:8080/; wget -qO- http://store:8080/'
	is $'hello from db\nhello from db'
	run ! hod exec db grep -w late /etc/hosts
	serve late 8080 --network net-a
	until_ok 20 hod exec db wget -qO- http://late:8080/
	run -0 hod exec db wget -qO- http://late:8080/
	is "hello from late"
	hod rm -f late
	run ! hod exec db grep -w late /etc/hosts
	run -0 hod network inspect -f '{{range .Containers}}{{.Name}}{{end}}' net-a
	is db
	run -1 hod network rm net-a
	has "used by container db"
	hod rm -f db
	run -0 hod network rm net-a
	run -1 hod network exists net-a
}

@test "networks are made, listed and refused" {
	hod network create --subnet 10.213.4.0/24 --label job=7 one
	run -0 hod network ls --filter label=job=7 --format '{{.Name}} {{.Driver}} {{.Subnet}}'
	is "one bridge 10.213.4.0/24"
	run -1 hod network create --subnet 10.213.4.128/25 two
	has "overlaps another network's"
	run -125 hod network create --subnet 10.213.5.1/24 two
	has "bits behind its prefix"
	run -1 hod network create one
	has "already"
	run -1 hod network create host
	has "no name for a network"
	run -1 hod network create --opt x=y two
	run -1 hod network rm bridge
	run -0 hod run --rm --network one --ip 10.213.4.77 --mac-address 02:11:22:33:44:55 busybox ip -o addr
	has "10.213.4.77/24"
	run -0 hod run --rm --network one --mac-address 02:11:22:33:44:55 busybox ip -o link
	has 02:11:22:33:44:55
	run -125 hod run --rm --network one --ip 10.9.9.9 busybox true
	has "not in the network's subnet"
	run -0 hod network prune -f
	is one
}

@test "an internal network has no way out" {
	hod network create --internal inner
	run -0 hod run --rm --network inner busybox ip route
	lacks default
	serve in 8080 --network inner
	run -0 hod run --rm --network inner busybox wget -qO- http://in:8080/
	is "hello from in"
}

@test "IPv6 within a network" {
	hod network create --ipv6 --internal six
	serve web 8080 --network six
	run -0 hod run --rm --network six busybox sh -c 'grep web /etc/hosts'
	like $'\nfd[0-9a-f:]+\tweb'
	address=$(hod inspect -f '{{.NetworkSettings.Networks.six.GlobalIPv6Address}}' web)
	run -0 hod run --rm --network six busybox sh -c "wget -qO- http://[$address]:8080/"
	is "hello from web"
}

@test "a restarted container is on its network again" {
	hod network create again
	serve web 8080 --network again -p $P:8080
	gets "http://127.0.0.1:$P/" "hello from web"
	hod restart -t 0 web
	gets "http://127.0.0.1:$P/" "hello from web"
	run -0 hod run --rm --network again busybox wget -qO- http://web:8080/
	is "hello from web"
}

@test "a container whose user namespace is its own has a network, too" {
	need range
	run -0 hod run --rm --userns keep-id busybox ip -4 -o addr
	has tap0
	serve web 8080 --userns keep-id -p $P:8080
	gets "http://127.0.0.1:$P/" "hello from web"
}

@test "RUN of a build has the network that is asked for" {
	printf 'FROM busybox\nRUN ip route | grep -q default\nRUN --network=none ! ip route | grep -q default\n' |
		hod build --no-cache -q - >/dev/null
	printf 'FROM busybox\nRUN ! ip route | grep -q default\n' | hod build --no-cache --network none -q - >/dev/null
	# the host's own, for all steps or by one
	local seen='RUN readlink /proc/self/ns/net >/ns'
	printf 'FROM busybox\n%s\n' "$seen" | hod build --no-cache --network host -q -t net-of-host - >/dev/null
	run -0 hod run --rm --network none net-of-host cat /ns
	is "$(readlink /proc/self/ns/net)"
	printf 'FROM busybox\n%s\n' "${seen/RUN/RUN --network=host}" | hod build --no-cache --allow network.host -q -t net-of-host - >/dev/null
	run -0 hod run --rm --network none net-of-host cat /ns
	is "$(readlink /proc/self/ns/net)"
	hod rmi net-of-host >/dev/null
}

@test "the client's address is kept, and containers reach themselves by the host's" {
	need root
	serve web 8080 -p $P:8080
	host=$(hod network inspect -f '{{(index .IPAM.Config 0).Gateway}}' bridge)
	run -0 hod exec web wget -qO- "http://$host:$P/"
	is "hello from web"
	ip netns add "hodtest$P"
	ip link add "hta$P" type veth peer name eth0 netns "hodtest$P"
	ip addr add 198.18.77.1/30 dev "hta$P" && ip link set "hta$P" up
	ip -n "hodtest$P" addr add 198.18.77.2/30 dev eth0 && ip -n "hodtest$P" link set eth0 up
	hod run -d --name seen -p $((P + 1)):9000 busybox nc -l -p 9000 -e sh -c 'netstat -tn | grep :9000' >/dev/null
	until_ok 5 hod exec seen sh -c 'netstat -ltn | grep -q :9000'
	run ip netns exec "hodtest$P" busybox nc -w 2 198.18.77.1 $((P + 1))
	ip netns del "hodtest$P"
	has 198.18.77.2
}

@test "connect and disconnect a running container; reload after the firewall was flushed" {
	need root
	hod network create second
	serve web 8080 -p $P:8080
	hod network connect --alias other second web
	run -0 hod run --rm --network second busybox wget -qO- http://other:8080/
	is "hello from web"
	run -1 hod network connect second web
	hod network disconnect second web
	run ! hod exec web ip link show eth1
	nft delete table inet hod
	gets "http://127.0.0.1:$P/" "hello from web"
	hod network reload
	nft list map inet hod tcp4 | grep -q "$P"
	gets "http://127.0.0.1:$P/" "hello from web"
}

@test "a container on several networks, with a place of its own on each" {
	hod network create --internal inner
	hod network create --subnet 10.214.6.0/24 outer
	serve both 8080 --network inner --network outer:ip=10.214.6.55,alias=gate
	run -0 hod exec both sh -c 'ip -4 -o addr; ip route'
	has "eth0"
	like 'eth1 +inet 10\.214\.6\.55'
	like 'default via 10\.214\.6\.[12] dev eth1'
	run -0 hod run --rm --network name=outer,alias=z busybox wget -qO- http://gate:8080/
	is "hello from both"
	run -0 hod run --rm --network inner busybox wget -qO- http://both:8080/
	is "hello from both"
	run -0 hod inspect -f '{{range $name, $at := .NetworkSettings.Networks}}{{$name}} {{end}}' both
	has inner
	has outer
	run -1 hod network rm outer
	has "used by container both"
	run -125 hod run --rm --network none --network outer busybox true
	has "'none' is the only network"
	run -125 hod run --rm --network outer --network nowhere busybox true
	has "no such network: nowhere"
}

@test "what was connected and disconnected is so after a restart, too" {
	hod network create first
	hod network create second
	serve web 8080 --network first -p $P:8080
	serve peer 8080 --network second
	hod network connect --alias other second web
	run -0 hod exec peer wget -qO- http://other:8080/
	is "hello from web"
	run -1 hod network connect second web
	has "on network second already"
	hod restart -t 0 web
	run -0 hod exec peer wget -qO- http://other:8080/
	is "hello from web"
	hod network disconnect first web
	gets "http://127.0.0.1:$P/" "hello from web"
	run -1 hod network disconnect first web
	has "not on network first"
	hod network disconnect -f first web
	run -0 hod network rm first
	hod stop -t 0 web
	run -0 hod inspect -f '{{range $name, $at := .NetworkSettings.Networks}}{{$name}} {{end}}' web
	is "second "
	# of a container that does not run only the record changes
	hod network create third
	hod network connect third web
	hod start web
	run -0 hod exec web sh -c 'ip -o link | grep -c eth'
	is 2
	gets "http://127.0.0.1:$P/" "hello from web"
	hod network disconnect second web
	hod network disconnect third web
	run -0 hod exec web sh -c 'ip -o link | grep -c eth || true'
	is 0
	hod create --name alone --network none busybox true
	hod network connect third alone
	hod network connect second alone
	run -0 hod start -a alone
}

@test "started again by its policy, it is on the networks that it was on last" {
	need user # a user namespace of its own: its network goes with each run
	need program slirp4netns
	hod network create "first" >/dev/null
	hod network create "second" >/dev/null
	serve peer 8080 --network second
	hod run -d --name again --userns keep-id --restart always --network first busybox \
		sh -c 'while [ ! -e /tmp/end ]; do sleep 0.1; done; rm /tmp/end; exit 1' >/dev/null
	hod network connect --alias other second again
	hod network disconnect first again
	hod exec again touch /tmp/end || true # it may go with it
	until_ok 20 eval '[ "$(hod inspect -f "{{.RestartCount}}" again)" = 1 ]'
	until_ok 20 hod exec again wget -qO- http://peer:8080/
	run -0 hod exec again sh -c 'ip -o link | grep -c eth'
	is 1
	run -0 hod inspect -f '{{range $name, $at := .NetworkSettings.Networks}}{{$name}} {{end}}' again
	is "second "
	run -0 hod exec peer grep -w other /etc/hosts
	# and once more
	hod exec again touch /tmp/end || true # it may go with it
	until_ok 20 eval '[ "$(hod inspect -f "{{.RestartCount}}" again)" = 2 ]'
	until_ok 20 hod exec again wget -qO- http://peer:8080/
}

@test "without root the name server is that of a network it is on" {
	need user
	need program slirp4netns
	hod network create --internal closed >/dev/null
	hod network create --subnet 10.123.7.0/24 open >/dev/null
	hod network create --subnet 10.123.8.0/24 more >/dev/null
	hod run -d --name asks --network closed busybox sleep 100 >/dev/null
	run -0 hod exec asks cat /etc/resolv.conf
	lacks 10.123
	hod network connect open asks
	run -0 hod exec asks cat /etc/resolv.conf
	has "nameserver 10.123.7.3"
	hod network connect more asks
	hod network disconnect open asks
	run -0 hod exec asks cat /etc/resolv.conf
	has "nameserver 10.123.8.3"
	lacks 10.123.7
	hod network disconnect more asks
	run -0 hod exec asks cat /etc/resolv.conf
	lacks 10.123
}

# Killed monitors. As root all happens in a network namespace of the test's own, where everything can be compared.
inside() {
	if [ "$(id -u)" = 0 ]; then nsenter --net="/run/netns/hodkill$P" "$@"; else "$@"; fi
}
# links, addresses, routes, neighbours, rules, sockets (root); sockets, leases, processes (others)
seen() {
	local id
	inside ss -Hltun | awk '{ print $1, $5 }' | grep -e ":$P\$" -e "^x" || true
	pgrep -u "$(id -u)" -f -a "name kill[0-9]+ .*-p $P|hod-forward kill[0-9]+|--cidr=$subnet" || true
	if [ "$(id -u)" = 0 ]; then
		inside ip -o link | sed 's/NO-CARRIER,//; s/state [A-Z]* //' # a bridge without links is down
		inside ip -o addr | grep -v fe80: || true
		inside ip route | sed 's/ linkdown//'
		inside nft -s list ruleset
		inside ss -Hltun
		find /run/hod -name '*.json' >"$FILE_DIR/leases"
	else
		find "/run/user/$(id -u)/hod/net" "/tmp/hod-$(id -u)/net" -name '*.json' >"$FILE_DIR/leases" 2>/dev/null || true
	fi
	while read -r id; do
		grep "$id" "$FILE_DIR/leases" || true
	done <"$FILE_DIR/killed"
}
as_before() { [ "$(seen)" = "$(cat "$FILE_DIR/before")" ]; }
unused() { ! inside ss -Hltn "sport = :$P" | grep -q .; }

@test "nothing is left of 200 containers whose monitors are killed" {
	local count
	count=$([ "$(id -u)" = 0 ] && echo 200 || echo 40)
	if [ "$(id -u)" = 0 ]; then
		ip netns add "hodkill$P"
		inside ip link set lo up
	fi
	hod() { inside "$HOD" "$@"; }
	hod network create kills >/dev/null
	subnet=$(hod network inspect -f '{{(index .IPAM.Config 0).Subnet}}' kills)
	: >"$FILE_DIR/killed"
	# bridges and the table stay when the last container goes: they are there before
	hod run --rm busybox true
	hod run --rm --network kills busybox true
	seen >"$FILE_DIR/before"
	local end=$((SECONDS + 70)) # so many unless the machine has no time for them, but if they were asked for by number
	for i in $(seq "${HOD_KILLS:-$count}"); do
		[ -n "${HOD_KILLS:-}" ] || [ $SECONDS -lt $end ] || break
		id=$(hod run -d --name "kill$i" --network "$( ((i % 2)) && echo kills || echo default)" -p $P:80 busybox sleep 100)
		echo "$id" >>"$FILE_DIR/killed"
		kill -9 "$(hod inspect -f '{{.Hod.MonitorPid}}' "$id")"
		until_ok 10 unused
	done
	run ! as_before # the last one's lease waits for whoever comes by
	# shellcheck disable=SC2046 # a list of ids
	hod rm -f $(hod ps -aq) >/dev/null
	hod run --rm busybox true
	until_ok 20 as_before || {
		seen | diff "$FILE_DIR/before" - >&2
		return 1
	}
	hod network rm kills >/dev/null
	[ "$(id -u)" != 0 ] || ip netns del "hodkill$P"
}
