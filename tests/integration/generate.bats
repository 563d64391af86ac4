#!/usr/bin/env bats
# generate: what is written is read by those it is written for.
load helper
# shellcheck disable=SC2016 # variables in single quotes are of the container

setup() {
	hod create --name app -e 'MESSAGE=two  words $HOME 100%' -v /tmp:/mnt:ro -v data:/data --network none \
		busybox sh -c 'echo "$MESSAGE"; ls -d /mnt /data' >/dev/null
}

@test "a shell runs the line of cron as the container was meant" {
	hod generate cron --schedule '0 3 * * *' app >"$BATS_TEST_TMPDIR/cron"
	line=$(sed -n 's/^0 3 \* \* \* //p' "$BATS_TEST_TMPDIR/cron")
	hod rm app
	# cron takes the backslash before a percent sign away, then hands the line to sh
	run -0 env -i PATH="$PATH" sh -c "${line//\\%/%}"
	is $'two  words $HOME 100%\n/data\n/mnt'
}

@test "systemd finds nothing wrong with a unit" {
	need program systemd-analyze
	hod generate systemd app >"$BATS_TEST_TMPDIR/app.service"
	run -0 systemd-analyze verify --man=no "$BATS_TEST_TMPDIR/app.service"
	lacks "app.service:"
}

@test "a parser of YAML reads the objects of Kubernetes" {
	need program python3
	for kind in deployment pod job; do
		hod generate kube --kind $kind app >"$BATS_TEST_TMPDIR/app.yaml"
		run -0 /usr/bin/python3 -c 'import json, sys, yaml
for o in yaml.safe_load_all(open(sys.argv[1])): print(json.dumps(o))' "$BATS_TEST_TMPDIR/app.yaml"
		run -0 jq -r '.. | .containers? // empty | .[0] | .env[0].value, .args[0]' <<<"$output"
		is $'two  words $HOME 100%\nsh'
	done
}

@test "a batch script is one that sh can read" {
	hod create --name job -v /tmp:/mnt busybox true >/dev/null
	hod generate slurm job >"$BATS_TEST_TMPDIR/job.sh"
	run -0 sh -n "$BATS_TEST_TMPDIR/job.sh"
	run -1 hod generate slurm app
	has "volume 'data': a bundle has none"
}

@test "the bundle of a batch script is made once and run by srun" {
	hod create --name job busybox echo from the job >/dev/null
	hod generate slurm job >"$BATS_TEST_TMPDIR/job.sh"
	mkdir "$BATS_TEST_TMPDIR/bin"
	printf '#!/bin/sh\necho "$@"\n' >"$BATS_TEST_TMPDIR/bin/srun"
	chmod +x "$BATS_TEST_TMPDIR/bin/srun"
	export HOD_BUNDLES=$BATS_TEST_TMPDIR/bundles PATH=$BATS_TEST_TMPDIR/bin:$PATH
	run -0 sh "$BATS_TEST_TMPDIR/job.sh"
	like "^--container $HOD_BUNDLES/job-[0-9a-f]{12} echo from the job$"
	bundle=$(ls "$HOD_BUNDLES")
	[ -e "$HOD_BUNDLES/$bundle/config.json" ]
	run -0 sh "$BATS_TEST_TMPDIR/job.sh"
}

@test "a service manager is told that the container runs" {
	need program python3
	printf '%s\n' 'import socket, sys' 's = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)' 's.bind(sys.argv[1])' \
		'print("bound", flush=True)' 's.settimeout(30)' 'print(s.recv(4096).decode(), end="", flush=True)' \
		>"$BATS_TEST_TMPDIR/manager.py"
	python3 "$BATS_TEST_TMPDIR/manager.py" "$BATS_TEST_TMPDIR/notify" >"$BATS_TEST_TMPDIR/told" &
	until_ok 20 grep -q bound "$BATS_TEST_TMPDIR/told"
	NOTIFY_SOCKET=$BATS_TEST_TMPDIR/notify hod run -d --name told --network none --sdnotify conmon busybox sleep 100 >/dev/null
	wait $!
	run -0 cat "$BATS_TEST_TMPDIR/told"
	has "READY=1"
	has "MAINPID=$(monitor_of told)"
}

@test "bad input is one clear line" {
	run -1 hod generate kube nosuch
	has "no such container: nosuch"
	run hod generate cron --schedule '61' app
	[ "$status" != 0 ]
	has "five fields"
	run hod generate kube --kind cronjob app
	[ "$status" != 0 ]
	has "a cronjob needs --schedule"
	run hod generate kube --kind wrong app
	[ "$status" = 125 ]
}
