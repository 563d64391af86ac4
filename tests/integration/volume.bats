#!/usr/bin/env bats
# volume create, ls, inspect, rm, prune; copy-up; anonymous volumes.
load helper

teardown() {
	store_down
	hod volume prune -af >/dev/null
}

@test "create, ls, inspect, rm" {
	run -0 hod volume create --label a=b data
	is data
	run -0 hod volume ls
	like $'^DRIVER +VOLUME NAME\nlocal +data$'
	run -0 hod volume inspect -f '{{.Name}} {{.Driver}} {{index .Labels "a"}}' data
	is "data local b"
	run -0 bash -c '"$HOD" volume inspect data | jq -r ".[0].Mountpoint"'
	[ -d "$output" ] || [ "$(id -u)" != 0 ]
	run -0 hod volume rm data
	is data
	run -1 hod volume rm data
	is "hod: cannot remove volume 'data': no such volume: data"
	run -1 hod volume inspect data
	run -0 hod volume create
	like '^[0-9a-f]{64}$'
	run hod volume create 'bad/name'
	[ "$status" -ne 0 ]
}

@test "what is written stays, and another container sees it" {
	hod_run --rm -v data:/d busybox sh -c 'echo kept >/d/f'
	run -0 hod_run --rm -v data:/other busybox cat /other/f
	is kept
	run hod_run --rm -v data:/d:ro busybox touch /d/x
	[ "$status" -ne 0 ]
	run -0 hod_run --rm --mount type=volume,src=data,dst=/m busybox cat /m/f
	is kept
}

@test "a volume in use is not removed" {
	hod_run --name c -v data:/d busybox true
	run -1 hod volume rm data
	has data
	hod rm c
	run -0 hod volume rm data
}

@test "an empty volume is filled from the image once, with owner and mode" {
	need many-ids
	printf 'FROM busybox\nRUN mkdir /seed && echo s >/seed/f && chown 1000:1000 /seed /seed/f && chmod 750 /seed\n' | hod build -q -t seed - >/dev/null
	run -0 hod_run --rm -v v1:/seed seed sh -c 'cat /seed/f; stat -c "%u:%g %a" /seed; stat -c %u /seed/f'
	is $'s\n1000:1000 750\n1000'
	hod_run --rm -v v1:/seed seed rm /seed/f
	run -1 hod_run --rm -v v1:/seed seed cat /seed/f
	run -0 hod_run --rm -v v2:/seed:nocopy seed ls -A /seed
	is ""
}

@test "copy-up happens once, though two start together" {
	printf 'FROM busybox\nRUN mkdir /seed && for i in $(seq 300); do echo $i >/seed/$i; done\n' | hod build -q -t many - >/dev/null
	pids=
	for _ in 1 2 3 4; do
		hod_run --rm -v together:/seed many sh -c 'ls /seed | wc -l' 3>&- >>"$FILE_DIR/seen" &
		pids="$pids $!"
	done
	for pid in $pids; do wait "$pid"; done
	[ "$(sort -u "$FILE_DIR/seen")" = 300 ]
	[ "$(wc -l <"$FILE_DIR/seen")" = 4 ]
}

@test "anonymous volumes come from VOLUME and -v, and go with --rm" {
	printf 'FROM busybox\nVOLUME /auto\n' | hod build -q -t vol - >/dev/null
	hod_run --name c -v /anon vol true
	run -0 hod volume ls -q
	[ "${#lines[@]}" = 2 ]
	hod rm -v c
	run -0 hod volume ls -q
	is ""
	hod_run --rm -v /anon vol true
	run -0 hod volume ls -q
	is ""
}

@test "prune removes unused anonymous ones, with -a named ones" {
	hod volume create named >/dev/null
	hod volume create >/dev/null
	hod_run --name c -v used:/u busybox true
	run -0 hod volume prune -f
	has "Total reclaimed space:"
	run -0 hod volume ls -q
	is $'named\nused'
	run -0 hod volume prune -af
	run -0 hod volume ls -q
	is used
}

@test "ls filters" {
	hod volume create --label x=1 a >/dev/null
	hod volume create b >/dev/null
	run -0 hod volume ls -q --filter label=x=1
	is a
	run -0 hod volume ls -q --filter name=b
	is b
	run -0 hod volume ls -q --filter dangling=true
	is $'a\nb'
}
