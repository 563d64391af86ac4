#!/usr/bin/env bats
# replace: a container exchanged for one of another image, under load without a failed request; and a broken image.
load helper

PORT=29$((10#$(id -u) % 10))80
setup_file() {
	store_up
	mkdir -p "$FILE_DIR/c"
	cat >"$FILE_DIR/c/Dockerfile" <<-'END'
		ARG V=1
		FROM busybox
		ARG V
		RUN mkdir /w && echo "version $V" >/w/index.html
		HEALTHCHECK --interval=200ms --retries=2 --start-period=10s --start-interval=100ms CMD wget -qO- localhost | grep version
		CMD ["httpd", "-f", "-p", "80", "-h", "/w"]
	END
	for v in 1 2; do
		hod build -q -t app:$v --build-arg V=$v "$FILE_DIR/c" >/dev/null
	done
	echo 'FROM app:2
HEALTHCHECK --interval=200ms --retries=2 CMD echo "not at all"; false' | hod build -q -t app:ill - >/dev/null
	echo 'FROM app:2
CMD ["sh", "-c", "exit 3"]' | hod build -q -t app:ends - >/dev/null
	echo 'FROM app:2
CMD ["/no/such/command"]' | hod build -q -t app:missing - >/dev/null
	echo 'FROM app:2
HEALTHCHECK --interval=1h CMD true' | hod build -q -t app:slow - >/dev/null
}
networked() { [ "$(id -u)" = 0 ] || need program slirp4netns; }
ask() { curl -sS -m 10 "http://127.0.0.1:$PORT/"; }
answers() { [ "$(ask)" = "$1" ]; }
web() { # web OPTION...: the container "web" of version 1, which answers
	networked
	hod run -d --name web --publish-group "rolling$PORT" -p "$PORT:80" --stop-timeout 1 "$@" app:1 >/dev/null
	until_ok 30 answers "version 1"
}
load_begin() {
	need program wrk
	wrk -t1 -c8 -d"$1" "http://127.0.0.1:$PORT/" >"$FILE_DIR/load" 2>&1 &
	load=$!
}
load_end() { # not one request failed
	wait "$load"
	run -0 cat "$FILE_DIR/load"
	like '[1-9][0-9]* requests in'
	lacks "Socket errors"
	lacks "Non-2xx"
}

@test "under load: not one request fails while the image changes, and changes back" {
	web
	load_begin 12
	old=$(hod inspect -f '{{.Id}}' web)
	run -0 hod replace web --image app:2
	is "$(hod inspect -f '{{.Id}}' web)"
	[ "$output" != "$old" ]
	for _ in 1 2 3 4 5; do answers "version 2"; done
	run -0 hod replace web --image app:1 --wait-healthy 30s
	answers "version 1"
	load_end
	run -0 hod ps -a --format '{{.Names}} {{.Image}}'
	is "web app:1"
}

@test "under load with a broken image: unhealthy, ended, no such command, too slow; the old one is not touched" {
	web
	load_begin 14
	before=$(hod inspect -f '{{.Id}} {{.State.Pid}} {{.State.StartedAt}}' web)
	run -1 hod replace web --image app:ill
	is "hod: cannot replace 'web', which goes on as it was: the new container is unhealthy: not at all"
	run -1 hod replace web --image app:ends
	has "the new container has ended with exit code 3"
	run -1 hod replace web --image app:missing
	has "no such file or directory"
	has "cannot replace 'web', which goes on as it was: "
	run -1 hod replace web --image app:slow --wait-healthy 1s
	has "the new container is not healthy after 1s"
	run -1 hod replace web --image app:nosuch --pull never
	has "cannot replace 'web', which goes on as it was: "
	[ "$(hod inspect -f '{{.Id}} {{.State.Pid}} {{.State.StartedAt}}' web)" = "$before" ]
	run -0 hod ps -aq
	[ "${#lines[@]}" = 1 ]
	load_end
}

@test "what it was asked for goes over: variables, labels, volumes, restart policy" {
	web -e WHO=me -l role=front -v data:/data -v /anonymous --restart unless-stopped --health-retries 7
	hod exec web sh -c 'echo kept >/data/f; echo kept >/anonymous/f'
	run -0 hod replace web --image app:2
	run -0 hod exec web sh -c 'echo $WHO; cat /data/f /anonymous/f'
	is $'me\nkept\nkept'
	run -0 hod inspect -f '{{.Config.Labels.role}} {{.HostConfig.RestartPolicy.Name}} {{.Config.Healthcheck.Retries}} {{.Name}} {{.Config.Image}}' web
	is "front unless-stopped 7 /web app:2"
	# and once more, from what that one was made of
	run -0 hod replace web
	run -0 hod exec web cat /data/f /anonymous/f
	is $'kept\nkept'
	run -0 hod stop web
	hod start web >/dev/null
	until_ok 30 answers "version 2"
	hod rm -f web >/dev/null
	hod volume prune -a -f >/dev/null
}

@test "without a group: no port is needed for it, and one that is taken is a failure that says so" {
	hod run -d --name plain --network none --no-healthcheck app:1 >/dev/null
	run -0 hod replace plain --image app:2
	run -0 hod exec plain cat /w/index.html
	is "version 2"
	networked
	hod run -d --name alone -p "$PORT:80" app:1 >/dev/null
	run -1 hod replace alone --image app:2
	has "port $PORT/tcp of 0.0.0.0 is in use"
	run -0 hod inspect -f '{{.State.Status}} {{.Config.Image}}' alone
	is "running app:1"
}

@test "interrupted while it waits, it takes the new one back and leaves the old one as it was" {
	local id
	hod run -d --name kept --network none app:1 >/dev/null
	id=$(hod inspect -f '{{.Id}}' kept)
	# the health of this one is not known for an hour
	"$HOD" replace kept --image app:slow --wait-healthy 100s >"$FILE_DIR/said" 2>&1 3>&- &
	until_ok 20 hod inspect kept.new
	kill -TERM $!
	wait $! || [ $? = 130 ]
	grep -q "cannot replace 'kept', which goes on as it was: interrupted" "$FILE_DIR/said"
	run -1 hod inspect kept.new
	run -0 hod inspect -f '{{.Id}} {{.State.Status}}' kept
	is "$id running"
}

@test "killed while it waits: the next one takes back what it has left, and does what it is asked to" {
	local id
	web
	id=$(hod inspect -f '{{.Id}}' web)
	"$HOD" replace web --image app:slow --wait-healthy 100s >"$FILE_DIR/said" 2>&1 3>&- &
	until_ok 20 is_state web.new running
	left=$(hod inspect -f '{{.Id}}' web.new)
	# while it runs it is not disturbed
	run -1 hod replace web --image app:2
	is "hod: cannot replace 'web': another replace of 'web' runs"
	kill -9 $!
	wait $! || true
	run -0 hod inspect -f '{{.Id}} {{.State.Status}}' web.new
	is "$left running"
	run -0 hod replace web --image app:2
	run -1 hod inspect "$left"
	run -1 hod inspect "$id"
	run -0 hod ps -aq
	[ "${#lines[@]}" = 1 ]
	for _ in 1 2 3 4 5; do answers "version 2"; done
}

@test "killed while the old one drains: the next one brings it to its end first" {
	local id
	web --drain-time 60
	hod exec web sh -c 'mkdir /w/cgi-bin; printf "#!/bin/sh\nprintf \"\\\\r\\\\n\"; sleep 5; echo finished\n" >/w/cgi-bin/slow; chmod +x /w/cgi-bin/slow'
	curl -sS -m 60 "http://127.0.0.1:$PORT/cgi-bin/slow" >"$FILE_DIR/slow" &
	slow=$!
	until_ok 20 slow_begun
	"$HOD" replace web --image app:2 >"$FILE_DIR/said" 2>&1 3>&- &
	until_ok 30 answers "version 2"
	until_ok 20 eval 'grep -q "\"replacing\":true" "$HOD_ROOT"/containers/*/record.json'
	kill -9 $!
	wait $! || true
	id=$(hod inspect -f '{{.Id}}' web.new)
	run -1 hod replace web --image app:missing
	has "no such file or directory"
	run -0 hod inspect -f '{{.Id}} {{.Config.Image}} {{.State.Status}}' web
	is "$id app:2 running"
	run -0 hod ps -aq
	[ "${#lines[@]}" = 1 ]
	wait $slow
	[ "$(cat "$FILE_DIR/slow")" = finished ]
	# and when the old one is gone already, and the name not yet given
	hod rename web web.new
	sed -i '1s/}$/,"replaces":"0000","replacing":true}/' "$HOD_ROOT/containers/$id/record.json"
	run -0 hod replace web --image app:1
	answers "version 1"
	run -0 hod ps -aq
	[ "${#lines[@]}" = 1 ]
}

@test "open connections of the old one end as they would have" {
	web --drain-time 60
	hod exec web sh -c 'mkdir /w/cgi-bin; printf "#!/bin/sh\nprintf \"\\\\r\\\\n\"; sleep 3; echo finished\n" >/w/cgi-bin/slow; chmod +x /w/cgi-bin/slow'
	curl -sS -m 60 "http://127.0.0.1:$PORT/cgi-bin/slow" >"$FILE_DIR/slow" &
	slow=$!
	until_ok 20 slow_begun
	run -0 hod replace web --image app:2
	wait $slow
	[ "$(cat "$FILE_DIR/slow")" = finished ]
}
slow_begun() { hod exec web ps -o args | grep -q '[s]low$'; }

@test "what cannot be replaced" {
	run -1 hod replace nosuch
	has "no such container: nosuch"
	hod create --name c --network none app:1 >/dev/null
	run -1 hod replace c
	is "hod: cannot replace 'c': container is not running"
	hod start c >/dev/null
	hod create --name c.new --network none app:1 >/dev/null
	run -1 hod replace c
	has "there is a container 'c.new'"
	run -125 hod replace c --wait-healthy soon
	has "--wait-healthy"
}
