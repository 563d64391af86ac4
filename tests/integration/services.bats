#!/usr/bin/env bats
# Servers of Debian in images of our own, published, and used from the host by their ordinary clients.
load helper

# each user has ports of its own: all run at the same time
P=$((24000 + $(id -u) % 5000))
# how long 1,000 connections a second are made
HOD_LOAD_SECONDS=${HOD_LOAD_SECONDS:-4}

setup_file() {
	store_up
	mkdir -p "$FILE_DIR/ctx"
	hod import --change 'CMD ["/bin/sh"]' "$(debian_tar services)" services >/dev/null
	cat >"$FILE_DIR/ctx/nginx.conf" <<-'END'
		user root;
		worker_processes 2;
		daemon off;
		error_log stderr;
		events { worker_connections 4096; }
		http {
			access_log off;
			server { listen 80 backlog=4096; listen [::]:80 backlog=4096; root /srv; location = /who { return 200 "$remote_addr\n"; } }
		}
	END
	cat >"$FILE_DIR/ctx/postgres" <<-'END'
		#!/bin/sh
		# a fresh cluster of whoever runs this: the container's user may be any
		set -e
		PATH=$(echo /usr/lib/postgresql/*/bin):$PATH
		id -un >/dev/null 2>&1 || echo "me:x:$(id -u):$(id -g)::/:/bin/sh" >>/etc/passwd # initdb wants a name
		initdb -D /tmp/data -U app --auth=trust --no-sync >/tmp/initdb
		echo 'host all all all trust' >>/tmp/data/pg_hba.conf
		exec postgres -D /tmp/data -k /tmp -c listen_addresses='*' -c fsync=off
	END
	cat >"$FILE_DIR/ctx/Dockerfile" <<-'END'
		FROM services AS base
		RUN rm -rf /var/lib/postgresql /etc/nginx/sites-enabled && mkdir -p /srv && head -c 3000000 /dev/zero >/srv/large
		FROM base AS web
		COPY nginx.conf /etc/nginx/nginx.conf
		RUN nginx -t && echo "hello from nginx" >/srv/index.html
		EXPOSE 80
		CMD ["nginx"]
		FROM base AS redis
		CMD ["redis-server", "--protected-mode", "no", "--save", ""]
		FROM base AS postgres
		COPY --chmod=755 postgres /usr/local/bin/
		CMD ["/usr/local/bin/postgres"]
		FROM base AS dns
		CMD ["dnsmasq", "--no-daemon", "--no-resolv", "--no-hosts", "--address=/box.test/192.0.2.7", "--txt-record=long.test,0123456789"]
	END
	local stage
	for stage in web redis postgres dns; do
		hod build -q -t $stage --target $stage "$FILE_DIR/ctx" >/dev/null
	done
}
teardown() {
	store_down
	hod network prune -f >/dev/null
}
answers() { curl -sS -m 5 -o "$FILE_DIR/page" "$1" && grep -qx "hello from nginx" "$FILE_DIR/page"; }

@test "nginx is read by curl, and a large file is whole" {
	hod run -d --name web -p $P:80 web >/dev/null
	until_ok 10 answers "http://127.0.0.1:$P/"
	answers "http://[::1]:$P/"
	run -0 bash -c "curl -sS -m 20 http://127.0.0.1:$P/large | sha256sum"
	is "$(head -c 3000000 /dev/zero | sha256sum)"
}

@test "nginx under wrk: no error" {
	hod run -d --name web -p $P:80 web >/dev/null
	until_ok 10 answers "http://127.0.0.1:$P/"
	run -0 wrk -t 1 -c 64 -d 2 --timeout 10 "http://127.0.0.1:$P/"
	has "requests in"
	lacks "Socket errors"
	lacks "Non-2xx"
}

@test "nginx in two containers that share a port, one of which goes: no error" {
	local name
	for name in one two; do
		hod run -d --name $name --publish-group "nginx$P" -p $P:80 --health-cmd 'bash -c "exec 3<>/dev/tcp/127.0.0.1/80"' --health-interval 200ms --health-retries 20 \
			--drain-time 20 web >/dev/null
		hod wait --condition healthy $name >/dev/null
	done
	until_ok 10 answers "http://127.0.0.1:$P/"
	wrk -t 1 -c 32 -d 6 --timeout 10 "http://127.0.0.1:$P/large" >"$FILE_DIR/load" 2>&1 &
	load=$!
	hod replace one --wait-healthy 30s >/dev/null
	hod stop two >/dev/null
	wait $load
	run -0 cat "$FILE_DIR/load"
	has "requests in"
	lacks "Socket errors"
	lacks "Non-2xx"
	answers "http://127.0.0.1:$P/"
}

@test "1000 connections a second, and none is lost" {
	hod run -d --name web -p $P:80 web >/dev/null
	until_ok 10 answers "http://127.0.0.1:$P/"
	run -0 python3 "$BATS_TEST_DIRNAME/connections.py" 127.0.0.1 $P 1000 "$HOD_LOAD_SECONDS"
	has "lost 0"
}

@test "redis is used by redis-cli" {
	hod run -d --name redis -p $P:6379 redis >/dev/null
	until_ok 10 redis-cli -p $P ping
	run -0 redis-cli -p $P set key value
	is OK
	run -0 redis-cli -h ::1 -p $P get key
	is value
	run -0 redis-benchmark -p $P -n 5000 -c 50 -q -t set,get
	lacks rror
}

@test "PostgreSQL is used by psql and by its own clients of a network" {
	local as=(--user postgres)
	[ "$(id_mode)" != single ] || as=(--userns keep-id) # the one id there is must not be root: PostgreSQL refuses it
	hod run -d --name db "${as[@]}" -p $P:5432 postgres >/dev/null
	until_ok 60 psql -h 127.0.0.1 -p $P -U app -c 'select 1' postgres
	psql -q -h 127.0.0.1 -p $P -U app postgres -c 'create table t as select g, md5(g::text) m from generate_series(1, 20000) g'
	run -0 psql -h 127.0.0.1 -p $P -U app -Atc 'select count(distinct m), sum(g) from t' postgres
	is "20000|200010000"
	run -0 bash -c "psql -h ::1 -p $P -U app -Atc 'copy t to stdout' postgres | wc -l"
	is 20000
}

@test "a name server is asked over udp and tcp, by dig and by busybox" {
	hod run -d --name dns -p $P:53/udp -p $P:53/tcp dns >/dev/null
	asked() { [ "$(dig +short +time=1 +tries=1 "$@" -p $P box.test)" = 192.0.2.7 ]; }
	until_ok 10 asked @127.0.0.1
	asked @::1
	asked +tcp @127.0.0.1
	# each question is of a port of its own
	for _ in $(seq 30); do asked @127.0.0.1; done
	hod network create names
	hod run -d --name inner --network names dns >/dev/null
	ip=$(hod inspect -f '{{.NetworkSettings.Networks.names.IPAddress}}' inner)
	asks() { hod run --rm --network names busybox nslookup box.test "$ip" | grep -q 192.0.2.7; }
	until_ok 20 asks
}

@test "an application speaks with its database and its cache by name, and its page is published" {
	hod network create app
	hod run -d --name cache --network app redis >/dev/null
	hod run -d --name front --network app -p $P:80 web >/dev/null
	until_ok 10 answers "http://127.0.0.1:$P/"
	# by the service's client, in a third container of the network
	until_ok 10 hod run --rm --network app redis redis-cli -h cache ping
	run -0 hod exec front sh -c 'redis-cli -h cache set seen yes && redis-cli -h cache get seen'
	is $'OK\nyes'
	run -0 hod run --rm --network app busybox wget -qO- http://front/
	is "hello from nginx"
}

@test "published over IPv6 only" {
	hod run -d --name web -p "[::1]:$P:80" web >/dev/null
	until_ok 10 answers "http://[::1]:$P/"
	run ! curl -sS -m 2 "http://127.0.0.1:$P/"
}

@test "a network with IPv6 is reached by the container's own address" {
	need root
	hod network create --ipv6 six
	hod run -d --name both --network six -p "$((P + 1)):80" web >/dev/null
	until_ok 10 answers "http://[::1]:$((P + 1))/"
	address=$(hod inspect -f '{{.NetworkSettings.Networks.six.GlobalIPv6Address}}' both)
	answers "http://[$address]/"
}
