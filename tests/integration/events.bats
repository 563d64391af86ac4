#!/usr/bin/env bats
# events: what happens to containers, images, volumes and networks, told to who listens and to who asks later.
load helper

since() { date +%s.%N; }
told() { # told SINCE [OPTION...]: type and action of each event from then on, of one container after the other
	local from=$1
	shift
	hod events --since "$from" --until 0s --format '{{.Type}} {{.Action}}' "$@" | tr '\n' ';'
}
listens() { # a process of ours has the journal open
	[ "$(find "/proc/$1/fd" -lname "*/events" 2>/dev/null | wc -l)" = 1 ]
}

@test "a container's life, as docker tells it" {
	t=$(since)
	hod_run --rm --name one -l role=test -v data:/data busybox sh -c 'exit 3' || [ $? = 3 ]
	run -0 told "$t"
	is "volume create;container create;volume mount;container start;container die;volume unmount;container destroy;"
	run -0 hod events --since "$t" --until 0s -f event=die --format '{{.Actor.Attributes.name}} {{.Actor.Attributes.image}} {{.Actor.Attributes.role}} {{.Actor.Attributes.exitCode}} {{.From}}'
	is "one busybox test 3 busybox"
	run -0 hod events --since "$t" --until 0s -f event=start
	like '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\.[0-9]{9}(Z|[+-][0-9]{2}:[0-9]{2}) container start [0-9a-f]{64} \(image=busybox, name=one, role=test\)$'
	hod volume rm data >/dev/null
}

@test "what is done to it from outside" {
	t=$(since)
	id=$(hod_run -d --name two busybox sleep 100)
	hod exec two true
	hod exec two sh -c 'exit 4' || [ $? = 4 ]
	hod top two >/dev/null
	hod rename two three
	hod kill -s CHLD three >/dev/null
	hod restart -t 0 three >/dev/null
	hod stop -t 0 three >/dev/null
	hod rm three >/dev/null
	run -0 told "$t"
	is "container create;container start;container exec_create: true;container exec_start: true;container exec_die;container exec_create: sh -c exit 4;container exec_start: sh -c exit 4;container exec_die;container top;container rename;container kill;container kill;container die;container stop;container start;container restart;container kill;container die;container stop;container destroy;"
	run -0 hod events --since "$t" --until 0s -f event=kill --format '{{.Actor.Attributes.signal}}'
	is $'17\n9\n9'
	run -0 hod events --since "$t" --until 0s -f event=exec_die --format '{{.Actor.Attributes.exitCode}}'
	is $'0\n4'
	# the oldest name is that of the event, and it is found by each
	run -0 told "$t" -f container=two -f event=create -f event=destroy
	is "container create;"
	run -0 told "$t" -f "container=${id:0:12}" -f event=create -f event=destroy
	is "container create;container destroy;"
}

@test "who listens is told of what others do, while they do it; label and image are asked for" {
	"$HOD" events -f event=start -f label=job=mine --format '{{json .}}' >"$FILE_DIR/heard" 3>&- &
	ear=$!
	until_ok 10 listens $ear
	hod_run --rm busybox true
	hod_run --rm -l job=other busybox true
	hod_run --rm -l job=mine --name wanted busybox true
	until_ok 10 grep -q wanted "$FILE_DIR/heard"
	kill $ear
	wait $ear || true
	run -0 python3 -c 'import json,sys
lines = [json.loads(l) for l in open(sys.argv[1])]
assert len(lines) == 1, lines
e = lines[0]
assert e["status"] == e["Action"] == "start" and e["Type"] == "container" and e["from"] == "busybox" and e["scope"] == "local"
assert e["id"] == e["Actor"]["ID"] and len(e["id"]) == 64
assert e["Actor"]["Attributes"] == {"image": "busybox", "job": "mine", "name": "wanted"}, e
assert e["timeNano"] // 10**9 == e["time"]' "$FILE_DIR/heard"
	run -0 hod events --since 10m --until 0s -f image=nosuch
	is ""
	run -0 hod events --since 10m --until 0s -f image=busybox -f event=start -f label=job=mine --format '{{.Status}}'
	is start
}

@test "images, volumes, networks" {
	t=$(since)
	hod tag busybox other:1
	hod save -o "$FILE_DIR/saved.tar" other:1
	hod rmi other:1 >/dev/null
	hod load -i "$FILE_DIR/saved.tar" >/dev/null
	hod rmi other:1 >/dev/null
	printf 'FROM busybox\nLABEL a=b\n' | hod build -q -t built - >/dev/null
	hod rmi built >/dev/null
	hod volume create v >/dev/null
	hod volume rm v >/dev/null
	hod network create "e$(id -u)" >/dev/null
	hod network rm "e$(id -u)" >/dev/null
	run -0 told "$t"
	is "image tag;image save;image untag;image load;image untag;image build;image untag;image delete;volume create;volume destroy;network create;network destroy;"
	run -0 told "$t" -f type=volume -f volume=v -f event=destroy
	is "volume destroy;"
	run -0 told "$t" -f "network=e$(id -u)" -f event=create
	is "network create;"
}

@test "a container that changes its networks, and its health" {
	[ "$(id -u)" = 0 ] || need program slirp4netns
	hod network create "f$(id -u)" >/dev/null
	t=$(since)
	hod run -d --name ill --network "f$(id -u)" --health-cmd 'test ! -e /ill' --health-interval 200ms --health-retries 1 busybox sleep 100 >/dev/null
	hod wait --condition healthy ill >/dev/null
	hod exec ill touch /ill
	hod wait --condition unhealthy ill >/dev/null
	hod rm -f ill >/dev/null
	hod network rm "f$(id -u)" >/dev/null
	run -0 told "$t" -f event=connect -f event=disconnect -f event=destroy
	is "network connect;network disconnect;container destroy;network destroy;"
	run -0 told "$t" -f event=health_status
	is "container health_status: healthy;container health_status: unhealthy;"
}

@test "started again by its policy, each run is told" {
	t=$(since)
	hod_run -d --name again --restart on-failure:2 busybox false >/dev/null
	hod wait again >/dev/null
	run -0 told "$t" -f event=start -f event=die
	is "container start;container die;container start;container die;container start;container die;"
}

@test "a journal that cannot be written is no reason to fail, and bad options are refused" {
	mv "$HOD_ROOT/events" "$HOD_ROOT/events.kept"
	mkdir "$HOD_ROOT/events"
	run -0 hod_run --rm busybox echo well
	is well
	rmdir "$HOD_ROOT/events"
	mv "$HOD_ROOT/events.kept" "$HOD_ROOT/events"
	fails_with 125 hod events --since soon
	fails_with 125 hod events -f nosuch=x
	fails_with 1 hod events --format '{{.Nosuch}}' --since 10m --until 0s
	fails_with 1 hod events --format '{{' --until 0s
}
