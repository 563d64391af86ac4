#!/usr/bin/env bats
# inspect: docker's keys, and the templates that real callers use (FEATURES 5.4, 5.7).
load helper

@test "inspect prints an array that tools can read" {
	id=$(hod_run -d --name i -e A=b --label x.y=z -v vol:/v -w /tmp busybox sleep 1000)
	run -0 hod inspect i
	like $'^\\[\n    \\{'
	run -0 jq -r '.[0] | [.Id, .Name, .State.Status, (.State.Running|tostring), .Path, .Args[0], .Config.WorkingDir,
		.Config.Labels["x.y"], .Mounts[0].Name, .Mounts[0].Destination, .HostConfig.NetworkMode] | join(" ")' <<<"$output"
	is "$id /i running true sleep 1000 /tmp z vol /v none"
}

@test "times of what never ran are docker's zero" {
	hod create --name c --network none busybox true >/dev/null
	run -0 hod inspect -f '{{.State.StartedAt}} {{.State.FinishedAt}} {{.State.Pid}}' c
	is "0001-01-01T00:00:00Z 0001-01-01T00:00:00Z 0"
	run -0 hod inspect -f '{{.Created}}' c
	like '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\.?[0-9]*Z$'
}

@test "templates of real callers" {
	hod_run -d --name t -e K=V --label a.b=c -v vol:/data busybox sleep 1000
	run -0 hod inspect --format '{{range .Config.Env}}{{println .}}{{end}}' t
	has K=V
	run -0 hod inspect --format='{{if .Config.Healthcheck}}{{print .State.Health.Status}}{{end}}' t
	is ""
	run -0 hod inspect -f '{{index .Config.Labels "a.b"}}' t
	is c
	run -0 hod inspect -f '{{range.Mounts}}{{.Destination}}\n{{end}}' t
	has /data
	run -0 hod inspect -f '{{json .Config.Labels}}' t
	is '{"a.b":"c"}'
	run -0 hod inspect -f '{{.State.Running}}' t
	is true
	run -0 hod inspect -f '{{join .Args ","}} {{len .Mounts}} {{upper .Path}} {{printf "%s-%d" .Path .State.ExitCode}}' t
	is "1000 1 SLEEP sleep-0"
	run -0 hod inspect -f '{{range $k, $v := .Config.Labels}}{{$k}}={{$v}};{{end}}' t
	is 'a.b=c;'
	run -0 hod inspect -f '{{with .State}}{{.Status}}{{end}}{{/* no */}}{{"x"}}' t
	is runningx
	run -0 hod inspect -f '{{if and .State.Running (not .State.Paused)}}yes{{else}}no{{end}}' t
	is yes
	run -0 hod inspect -f . busybox
	is .
}

@test "a missing field is an error, a missing key is not" {
	hod create --name c --network none busybox true >/dev/null
	run -1 hod inspect -f '{{.NoSuchField}}' c
	has NoSuchField
	run -0 hod inspect -f '{{index .Config.Labels "none"}}' c
}

@test "images have docker's keys, too" {
	run -0 hod inspect busybox
	run -0 jq -r '.[0] | [(.Id|startswith("sha256:")|tostring), .Os, .Config.Cmd[0], (.RootFS.Layers|length|tostring), .RepoTags[0]] | join(" ")' <<<"$output"
	like '^true linux /bin/sh 1 .*busybox:latest$'
	run -0 hod image inspect -f '{{.Architecture}}' busybox
	[ -n "$output" ]
}

@test "several names give one array, an unknown one an error after the rest" {
	hod create --name a --network none busybox true >/dev/null
	hod create --name b --network none busybox true >/dev/null
	run -0 bash -c '"$HOD" inspect a b | jq -r ".[].Name"'
	is $'/a\n/b'
	run -1 --separate-stderr hod inspect a nosuch
	[ "$(jq length <<<"$output")" = 1 ]
	[[ $stderr == *"nosuch"* ]]
	run -1 --separate-stderr hod inspect nosuch
	[ "$(jq -c . <<<"$output")" = '[]' ]
}

@test "--type chooses between a container and an image of one name" {
	hod create --name busybox --network none busybox true >/dev/null
	run -0 hod inspect --type container -f '{{.Name}}' busybox
	is /busybox
	run -0 hod inspect --type image -f '{{.Os}}' busybox
	is linux
	run -1 hod inspect --type volume busybox
}

@test "exit code, error and times are kept after the end" {
	run -3 hod_run --name e busybox sh -c 'exit 3'
	run -0 hod inspect -f '{{.State.ExitCode}} {{.State.Status}} {{.State.OOMKilled}} {{.State.Pid}}' e
	is "3 exited false 0"
	run -0 hod inspect -f '{{.State.StartedAt}} {{.State.FinishedAt}}' e
	lacks 0001-01-01
}

@test "no secret of ours is in it" {
	MY_SECRET_TOKEN=hidden hod create --name s --network none busybox true >/dev/null
	run -0 hod inspect s
	lacks hidden
}
