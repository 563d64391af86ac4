#!/usr/bin/env bats
# rm and container prune.
load helper

@test "rm removes what is stopped, and refuses what runs" {
	hod_run --name stopped busybox true
	run -0 hod rm stopped
	is stopped
	hod_run -d --name runs busybox sleep 1000
	run -1 hod rm runs
	has runs
	is_state runs running
	run -0 hod rm -f runs
	is runs
	run -0 hod ps -aq
	is ""
}

@test "rm goes on after a name that is not there; -f does not mind" {
	hod_run --name a busybox true
	run -1 hod rm nosuch a
	has nosuch
	run -0 hod ps -aq
	is ""
	run -0 hod rm -f nosuch
}

@test "rm takes a prefix of an id, and refuses one that fits two" {
	id=$(hod create --network none busybox true)
	run -0 hod rm "${id:0:12}"
	for _ in $(seq 17); do hod create --network none busybox true >/dev/null; done
	run -0 bash -c '"$HOD" ps -aq --no-trunc | cut -c1 | sort | uniq -d | head -n 1'
	twice=$output
	[ -n "$twice" ]
	run -1 hod rm "$twice"
	run -0 bash -c '"$HOD" ps -aq | wc -l'
	is 17
}

@test "rm -f leaves no process and no directory behind" {
	id=$(hod_run -d --name x busybox sh -c 'sleep 65432 & sleep 65432')
	pid=$(hod inspect -f '{{.State.Pid}}' x)
	hod rm -f x
	until_ok 10 is_dead "$pid"
	[ ! -e "$HOD_ROOT/containers/$id" ]
	[ ! -e "$HOD_ROOT/names/x" ]
}

@test "rm -v removes anonymous volumes only" {
	hod volume create named >/dev/null
	hod_run --name v -v named:/n -v /anonymous busybox true
	run -0 bash -c '"$HOD" volume ls -q | wc -l'
	is 2
	hod rm -v v
	run -0 hod volume ls -q
	is named
	hod volume rm named
}

@test "rm of a container whose monitor was killed works the first time" {
	hod_run -d --name m busybox sleep 1000
	kill -9 "$(monitor_of m)"
	run -0 hod rm -f m
	run -0 hod ps -aq
	is ""
}

@test "rm -f and --rm do not trip over each other" {
	for _ in $(seq 10); do
		hod_run -d --rm --name race busybox true >/dev/null
		run -0 hod rm -f race
		until_ok 10 gone race
	done
}

@test "two rm of one container: both are content or one says why" {
	hod_run -d --name two busybox sleep 1000
	hod rm -f two 3>&- >/dev/null &
	run -0 hod rm -f two
	wait $!
	run -0 hod ps -aq
	is ""
}

@test "container prune removes what is stopped only" {
	hod_run --name s busybox true
	hod create --name c --network none busybox true >/dev/null
	hod_run -d --name r busybox sleep 1000
	run -0 hod container prune -f
	like 'Total reclaimed space: [0-9.]+ ?k?M?B'
	run -0 hod ps -a --format '{{.Names}}'
	is r
}

@test "container prune asks, and the end of input means no" {
	hod_run --name s busybox true
	run hod container prune </dev/null
	run -0 hod ps -aq
	[ "${#lines[@]}" = 1 ]
}

@test "container prune takes filters" {
	hod_run --name keep --label keep=1 busybox true
	hod_run --name go busybox true
	run -0 hod container prune -f --filter 'label!=keep'
	run -0 hod ps -a --format '{{.Names}}'
	is keep
}

@test "ids of another user in the writable layer are no obstacle" {
	need many-ids
	hod_run --name owned busybox sh -c 'mkdir -p /d/e && touch /d/e/f && chown -R 1000:1000 /d && chmod 000 /d'
	run -0 hod rm owned
}
