#!/usr/bin/env bats
# groups: containers that share a port of the host, balanced, joined and left without a lost connection.
load helper
# shellcheck disable=SC2016 # variables in single quotes are of the container

PORT=28$((10#$(id -u) % 10))80
server() { # server NAME [OPTION...]: answers with its name
	local name=$1
	shift
	hod run -d --name "$name" --publish-group "web$PORT" -p "$PORT:80" --stop-timeout 1 "$@" \
		busybox sh -c "mkdir /w; echo $name >/w/index.html; [ ! -e /ill ] && echo ok >/w/health; exec httpd -f -p 80 -h /w"
}
checked() { # the same, asked for its health
	local name=$1
	shift
	server "$name" --health-cmd 'wget -qO- localhost/health' --health-interval 200ms --health-retries 1 "$@"
}
ask() { curl -sS -m 10 "http://127.0.0.1:$PORT/"; }
count_answers() { for _ in $(seq "$1"); do ask; done 2>&1 | sort | uniq -c | awk '{ printf "%s %s ", $2, $1 }'; }
who() { for _ in $(seq 12); do ask; done | sort -u | tr '\n' ' '; }
are() { [ "$(who)" = "$1 " ]; } # are "NAME NAME": those that answer
no_group() { ! pgrep -u "$(id -u)" -x hod-group; }
networked() { [ "$(id -u)" = 0 ] || need program slirp4netns; }

@test "connections are spread over the members, evenly" {
	networked
	# one slow answer on a busy machine is no reason to leave the group here
	for name in a b c; do checked $name --health-retries 20 >/dev/null; done
	for name in a b c; do hod wait --condition healthy $name >/dev/null; done
	until_ok 20 are "a b c"
	# in turn, but for what else may have come in between; again and again, so that a forwarder that dies is missed
	for _ in 1 2 3 4 5; do
		run -0 count_answers 30
		like '^a [0-9]+ b [0-9]+ c [0-9]+ $'
		for n in ${output//[abc]/}; do [ "$n" -ge 6 ]; done
	done
}

@test "one that is unhealthy gets no connection, until it is healthy again" {
	networked
	checked a >/dev/null
	checked b >/dev/null
	until_ok 20 are "a b"
	hod exec b rm /w/health
	hod wait --condition unhealthy b >/dev/null
	until_ok 20 are a
	hod exec b sh -c 'echo ok >/w/health'
	until_ok 20 are "a b"
	# nobody is left: a refusal, and no silence
	hod exec a rm /w/health
	hod exec b rm /w/health
	until_ok 20 refused
	hod exec a sh -c 'echo ok >/w/health'
	until_ok 20 are a
}
refused() { ! curl -sS -m 5 "http://127.0.0.1:$PORT/"; }

@test "one that is stopped gets no connection, and its open ones are waited for" {
	networked
	checked a >/dev/null
	checked b --drain-time 60 >/dev/null
	until_ok 20 are "a b"
	hod exec b sh -c 'mkdir /w/cgi-bin; printf "#!/bin/sh\nprintf \"\\\\r\\\\n\"; sleep 3; hostname\n" >/w/cgi-bin/slow; chmod +x /w/cgi-bin/slow'
	# open on both: those of b end as they would have
	local pids=()
	for i in 1 2 3 4; do
		curl -sS -m 60 "http://127.0.0.1:$PORT/cgi-bin/slow" >"$FILE_DIR/slow$i" &
		pids+=($!)
	done
	until_ok 20 slow_begun
	hod stop b >/dev/null
	are a
	wait "${pids[@]}"
	name=$(hod inspect -f '{{.Config.Hostname}}' b)
	[ "$(cat "$FILE_DIR"/slow? | grep -c "^$name$")" = 2 ]
}
slow_begun() { [ "$(hod exec b ps -o args | grep -c '[s]low$')" = 2 ]; }

@test "members come and go under load, and no request fails" {
	networked
	need program wrk
	checked a >/dev/null
	checked b >/dev/null
	until_ok 20 are "a b"
	wrk -t1 -c8 -d10 "http://127.0.0.1:$PORT/" >"$FILE_DIR/load" &
	load=$!
	for i in 1 2 3; do
		checked c >/dev/null
		hod wait --condition healthy c >/dev/null
		hod stop c >/dev/null
		hod rm c >/dev/null
	done
	hod stop a >/dev/null
	wait $load
	run -0 cat "$FILE_DIR/load"
	lacks "Socket errors"
	lacks "Non-2xx"
	# a thousand a second is what was asked for; a busy machine may have less
	like '[0-9]+ requests in'
}

@test "a member that is killed with its monitor leaves the group, and the last one ends it" {
	networked
	checked a >/dev/null
	checked b >/dev/null
	until_ok 20 are "a b"
	kill -9 "$(monitor_of b)"
	until_ok 20 is_state b exited
	checked c >/dev/null
	until_ok 20 are "a c"
	hod rm -f a c >/dev/null
	until_ok 20 refused
	until_ok 20 no_group
	checked d >/dev/null # and the port is free for the next
	until_ok 20 are d
}

group_process() { pgrep -u "$(id -u)" -f "^hod-group web$PORT"; }
forwarder_of() { pgrep -P "$(monitor_of "$1")" -x hod-forward; }
is_other() { [ -n "$2" ] && [ "$2" != "$1" ]; } # is_other OLD NEW

@test "the process of the group is killed: its members start it again, and open connections go on" {
	networked
	checked a --health-retries 20 >/dev/null
	checked b --health-retries 20 >/dev/null
	until_ok 20 are "a b"
	[ "$(id -u)" = 0 ] || a_slow_answer a b
	old=$(group_process)
	[ -n "$old" ]
	kill -9 "$old"
	until_ok 20 are "a b"
	new=$(group_process)
	is_other "$old" "$new"
	# one that is ill does not join with it
	hod exec b rm /w/health
	hod wait --condition unhealthy b >/dev/null
	kill -9 "$new"
	until_ok 20 eval 'is_other $new "$(group_process)"'
	until_ok 20 are a
	hod exec b sh -c 'echo ok >/w/health'
	until_ok 20 are "a b"
	if [ "$(id -u)" != 0 ]; then # as root the rules carry it
		wait "${slow[@]}"
		[ "$(cat "$FILE_DIR"/slow? | grep -c all)" = 2 ]
	fi
}
a_slow_answer() { # on each of both members
	local name
	for name; do
		hod exec "$name" sh -c 'mkdir /w/cgi-bin; printf "#!/bin/sh\nprintf \"\\\\r\\\\n\"; sleep 3; echo all\n" >/w/cgi-bin/slow; chmod +x /w/cgi-bin/slow'
	done
	slow=()
	for i in 1 2; do
		curl -sS -m 60 "http://127.0.0.1:$PORT/cgi-bin/slow" >"$FILE_DIR/slow$i" &
		slow+=($!)
	done
	until_ok 20 eval '[ "$( (hod exec a ps -o args; hod exec b ps -o args) | grep -c "[s]low$")" = 2 ]'
}

@test "a member whose forwarder is killed has another one, and is of the group again" {
	networked
	checked a --health-retries 20 >/dev/null
	checked b --health-retries 20 >/dev/null
	until_ok 20 are "a b"
	old=$(forwarder_of b)
	kill -9 "$old"
	until_ok 20 eval 'is_other $old "$(forwarder_of b)"'
	until_ok 20 are "a b"
	# the only one: its process ends with it, and both are there again
	hod rm -f a >/dev/null
	kill -9 "$(forwarder_of b)"
	until_ok 20 are b
	hod rm -f b >/dev/null
	until_ok 20 no_group
}

@test "without a health check a member is one as soon as it runs, and again when it is started again" {
	networked
	server a --restart always >/dev/null
	until_ok 20 are a
	hod exec a kill -9 1 || true
	hod kill -s HUP a >/dev/null || true
	until_ok 20 are a
	hod restart -t 1 a >/dev/null
	until_ok 20 are a
}

@test "what cannot be shared is refused by name" {
	networked
	run -125 hod run -d --publish-group g busybox true
	has "--publish-group needs -p with a port of the host"
	run -125 hod run -d --publish-group g -p 80 busybox true
	has "--publish-group: port 80 needs one port of the host"
	run -125 hod run -d --publish-group g -p 8053:53/udp busybox true
	has "port 53/udp cannot be shared, only tcp"
	run -125 hod run -d --publish-group g/h -p 8080:80 busybox true
	has "--publish-group 'g/h': must be"
	run -125 hod run -d --drain-time 3 -p 8080:80 busybox true
	has "--drain-time goes with --publish-group only"
	run -125 hod run -d --publish-group g --network none -p 8080:80 busybox true
	has "--publish-group needs a network of its own"
	server a >/dev/null
	run -125 hod run -d --publish-group "web$PORT" -p "$((PORT + 1)):80" busybox true
	has "group 'web$PORT' does not publish port $((PORT + 1)) of 0.0.0.0"
	run -125 hod run -d --publish-group "web$PORT" -p "$PORT:80" -p "$((PORT + 1)):81" busybox true
	has "does not publish port"
	run -125 hod run -d -p "$PORT:80" busybox true
	has "in use"
}

@test "a member that changes its networks is reached by the address that it has then" {
	need root
	hod network create "g$PORT" >/dev/null
	server a >/dev/null
	until_ok 20 are a
	hod network connect "g$PORT" a
	hod network disconnect bridge a
	# by the rules, which name its address
	until_ok 20 are a
	hod rm -f a >/dev/null
	hod network rm "g$PORT" >/dev/null
}
