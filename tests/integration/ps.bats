#!/usr/bin/env bats
# ps: the table, its fields, its filters.
load helper

@test "ps has docker's columns, and shows running ones only" {
	id=$(hod_run -d --name r busybox sleep 1000)
	hod_run --name s busybox sh -c 'exit 3' || true
	run -0 hod ps
	like $'^CONTAINER ID   IMAGE +COMMAND +CREATED +STATUS +PORTS +NAMES(\n|$)'
	[ "${#lines[@]}" = 2 ]
	[[ ${lines[1]} =~ ^${id:0:12}\ +busybox(:latest)?\ +\"sleep\ 1000\"\ +.*ago\ +Up\ .*\ r$ ]]
	run -0 hod ps -a
	[ "${#lines[@]}" = 3 ]
	has "Exited (3)"
}

@test "the newest comes first" {
	hod create --name one --network none busybox true >/dev/null
	hod create --name two --network none busybox true >/dev/null
	hod create --name three --network none busybox true >/dev/null
	run -0 hod ps -a --format '{{.Names}}'
	is $'three\ntwo\none'
	run -0 hod ps -l --format '{{.Names}}'
	is three
	run -0 hod ps -n 2 --format '{{.Names}}'
	is $'three\ntwo'
}

@test "-q, --no-trunc" {
	id=$(hod_run -d busybox sleep 1000)
	run -0 hod ps -q
	is "${id:0:12}"
	run -0 hod ps -q --no-trunc
	is "$id"
	run -0 hod ps --no-trunc
	has "$id"
}

@test "a long command is cut, a created one has no time up" {
	hod create --name c --network none busybox sh -c 'echo a very long command line' >/dev/null
	run -0 hod ps -a --format '{{.Command}}|{{.Status}}|{{.State}}'
	is '"sh -c '"'"'echo a very …"|Created|created'
}

@test "--format json, table and templates" {
	hod_run -d --name j --label k=v busybox sleep 1000
	run -0 hod ps --format json
	run -0 jq -r '.Names + " " + .State + " " + .Labels' <<<"$output"
	is "j running k=v"
	run -0 hod ps --format 'table {{.Names}}\t{{.Image}}'
	[ "${lines[0]}" = "NAMES     IMAGE" ]
	run -0 hod ps --format '{{.Names}}\t{{.Label "k"}}'
	is $'j\tv'
	run -1 hod ps --format '{{.NoSuch}}'
	has NoSuch
	run hod ps --format '{{.Names'
	[ "$status" -ne 0 ]
}

@test "filters: name, id, label, status, exited, ancestor" {
	id=$(hod_run -d --name web1 --label tier=front busybox sleep 1000)
	hod_run --name job --label tier=back busybox sh -c 'exit 7' || true
	names() { hod ps -a --format '{{.Names}}' "$@"; }
	run -0 names --filter name=web
	is web1
	run -0 names --filter id="${id:0:8}"
	is web1
	run -0 names --filter label=tier=back
	is job
	run -0 names --filter label=tier
	is $'job\nweb1'
	run -0 names --filter label=tier=back --filter label=tier=front
	is ""
	run -0 names --filter status=exited
	is job
	run -0 names --filter status=exited --filter status=running
	is $'job\nweb1'
	run -0 names --filter exited=7
	is job
	run -0 names --filter ancestor=busybox
	is $'job\nweb1'
	run names --filter nosuch=1
	[ "$status" -ne 0 ]
	has nosuch
}

@test "ps works on an empty store, and makes none" {
	run -0 env HOD_ROOT="$FILE_DIR/never" "$HOD" ps
	like '^CONTAINER ID'
	[ "${#lines[@]}" = 1 ]
}

@test "ps is right about a container whose state file was damaged" {
	id=$(hod_run -d --name ok busybox sleep 1000)
	bad=$(hod create --name bad --network none busybox true)
	for file in record.json state.json; do
		[ ! -e "$HOD_ROOT/containers/$bad/$file" ] || echo '{"broken' >"$HOD_ROOT/containers/$bad/$file"
	done
	run -0 hod ps -q
	is "${id:0:12}"
	run hod ps -a
	has "${id:0:12}"
	run -0 hod rm -f "$bad"
}

@test "-s shows what a container has written" {
	hod_run --name size busybox dd if=/dev/zero of=/f bs=1000 count=500 2>/dev/null
	run -0 hod ps -a -s --format '{{.Size}}'
	like '^500kB \(virtual .*\)$'
	run -0 hod system df --format '{{.Type}} {{.Size}}'
	has "Containers 500kB"
}

@test "a container that could not be started was never up" {
	run -127 hod_run --name never busybox nosuch
	run -0 hod ps -a --format '{{.Status}}'
	is Created
	run -0 hod inspect -f '{{.State.Status}} {{.State.ExitCode}}' never
	is "created 127"
}
