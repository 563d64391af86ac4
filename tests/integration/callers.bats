#!/usr/bin/env bats
# What programs that drive docker's command line call, word for word, and what they read from the answers (FEATURES 5.7).
load helper

@test "GitHub's runner: version, network, job container, exec, health, end" {
	local id filter=label=runner1
	run -0 hod version --format '{{.Server.APIVersion}}'
	like '^[0-9]+\.[0-9]+$'
	run -0 hod version --format '{{.Client.APIVersion}}'
	like '^[0-9]+\.[0-9]+$'
	run -0 hod ps --all --quiet --no-trunc --filter "$filter"
	is ""
	run -0 hod network prune --force --filter "$filter"
	mkdir -p "$FILE_DIR/work/repo"
	run -0 hod network create --label runner1 github_network_1
	[ -e /var/run/docker.sock ] || missing=1
	run -0 --separate-stderr hod create --name job_1 --label runner1 --workdir /__w/repo --network github_network_1 \
		--network-alias job -e "HOME=/github/home" -e GITHUB_ACTIONS=true -e CI=true \
		-v "/var/run/docker.sock":"/var/run/docker.sock" -v "$FILE_DIR/work":"/__w":ro -v "/anonymous" --entrypoint "tail" busybox "-f" "/dev/null"
	id=${lines[0]}
	[[ $id =~ ^[0-9a-f]{64}$ ]]
	[ -z "${missing:-}" ] || [[ $stderr == *docker.sock* ]]
	run -0 hod start "$id"
	run -0 hod ps --all --filter id="$id" --filter status=running --no-trunc --format "{{.ID}} {{.Status}}"
	like "^$id Up "
	run -0 hod inspect --format "{{range .Config.Env}}{{println .}}{{end}}" "$id"
	has CI=true
	run -0 hod inspect --format="{{if .Config.Healthcheck}}{{print .State.Health.Status}}{{end}}" "$id"
	is ""
	run -0 hod port "$id"
	is ""
	run -0 hod logs --details "$id"
	run -0 hod exec -i --workdir / -e K=V "$id" sh -c 'pwd; echo $K' </dev/null
	is $'/\nV'
	run -0 hod exec "$id" sh -c "cat /etc/*release | grep ^ID" || [ "$status" = 1 ]
	run -0 hod rm --force "$id"
	run -0 hod network rm github_network_1
	run -0 hod ps --all --quiet --no-trunc --filter "$filter"
	is ""
}

@test "Jenkins: docker-workflow's container for a build" {
	local id
	run -0 hod -v
	like '^[^0-9]+[0-9]+\.[0-9]+\.[0-9]+' # three numbers
	run -0 hod inspect -f . busybox
	is .
	mkdir -p "$FILE_DIR/ws"
	id=$(hod run -t -d -u "$(id -u):$(id -g)" --network none -w "$FILE_DIR/ws" -v "$FILE_DIR/ws:$FILE_DIR/ws:rw,z" -e BUILD=1 busybox cat)
	run -0 hod top "$id" -eo pid,comm
	has cat
	run -0 hod exec --env K=V "$id" sh -c "echo \$K >'$FILE_DIR/ws/made'"
	[ "$(cat "$FILE_DIR/ws/made")" = V ]
	[ "$(stat -c %u "$FILE_DIR/ws/made")" = "$(id -u)" ]
	run -0 hod exec "$id" ps -A -o pid,comm
	has cat
	run -0 hod inspect -f "{{range.Mounts}}{{.Destination}}
{{end}}" "$id"
	is "$FILE_DIR/ws"
	# it looks for its own container by what /proc says inside
	run -0 hod exec "$id" cat /proc/self/mountinfo
	has "$id"
	run -1 hod port "$id" 80
	run -0 hod stop --time=1 "$id"
	run -0 hod rm -f --volumes "$id"
	run -1 hod inspect "$id"
}

@test "devcontainers: inspect of both kinds, a start that is waited for, exec as another user" {
	local id
	run -0 hod buildx version
	run -0 hod version --format '{{.Server.Version}}'
	like '^[0-9]+\.[0-9]+\.[0-9]+$'
	run -0 hod inspect --type image busybox
	run -0 jq -r '.[0] | [.Architecture, .Os, (.Id | startswith("sha256:")), (.Config | has("Env"))] | map(tostring) | join(" ")' <<<"$output"
	like ' linux true true$'
	run -0 hod ps -q -a --filter label=devcontainer.local_folder=/x
	is ""
	run -0 hod run --sig-proxy=false -a STDOUT -a STDERR --network none --mount type=bind,source="$FILE_DIR",target=/workspaces/x,consistency=cached \
		-l devcontainer.local_folder=/x -e A=b --security-opt label=disable --init --cap-add SYS_PTRACE --entrypoint /bin/sh busybox \
		-c 'echo Container started; exit 3' - || [ "$status" = 3 ]
	has "Container started"
	run -0 hod ps -q -a --filter label=devcontainer.local_folder=/x
	id=$output
	[ -n "$id" ]
	run -0 hod inspect --type container "$id"
	run -0 jq -r '.[0] | [(.NetworkSettings.Ports | type), (.Config.Labels["devcontainer.local_folder"]), (.Config.Entrypoint | join(" ")), .State.Status] | join(" ")' <<<"$output"
	like ' /x /bin/sh exited$'
	run -1 hod inspect --type container busybox
	run -0 hod info -f '{{.Runtimes.nvidia}}'
	is "<no value>"
	run -0 hod rm -f "$id"
}

@test "make and GitLab's executor: files belong to the caller, lists feed commands" {
	mkdir -p "$FILE_DIR/src"
	(cd "$FILE_DIR/src" && hod run --rm --network none -v "$PWD:/src" -w /src -u "$(id -u):$(id -g)" busybox sh -c 'echo x >out')
	[ "$(stat -c %u:%g "$FILE_DIR/src/out")" = "$(id -u):$(id -g)" ]
	printf 'FROM busybox\nLABEL made=1\n' | hod build -q -t make:1 - >/dev/null
	hod_run --name m make:1 true
	run -0 hod inspect -f '{{.State.Running}}' m
	is false
	# shellcheck disable=SC2046 # that is the point
	run -0 hod rm $(hod ps -aq)
	# shellcheck disable=SC2046
	run -0 hod rmi $(hod images -q make)
	[ -z "$(hod images -q make)" ]
}

@test "words of other clients: contexts, management nouns, global options" {
	run -0 hod context show
	is default
	run -0 hod context ls -q
	is default
	run -0 hod context ls
	like $'^NAME .*\ndefault \\*'
	run -0 hod --context default ps -q
	run -0 hod --storage-driver overlay --config "$FILE_DIR" container ls -q
	fails_with 125 hod --context other ps
	fails_with 125 hod --storage-driver btrfs ps
	fails_with 125 hod -H unix:///var/run/docker.sock ps
	has daemon
	run -0 hod image ls -q
	[ -n "$output" ]
	run -0 hod container run --rm --network none busybox true
}

@test "a store that is reset is as new; no is an answer" {
	export HOD_ROOT=$FILE_DIR/reset
	hod import "$(busybox_tar)" busybox >/dev/null
	hod_run -d --name up -v data:/data busybox sleep 1000
	hod create --name idle busybox true >/dev/null
	printf 'FROM busybox\nRUN --mount=type=cache,target=/c touch /c/x /made\n' | hod build -q -t built - >/dev/null
	run -0 hod system reset <<<n
	run -0 hod ps -q
	[ -n "$output" ]
	run -0 hod system reset --force
	has "Total reclaimed space"
	run -0 hod ps -aq
	is ""
	run -0 hod images -aq
	is ""
	run -0 hod volume ls -q
	is ""
	[ "$(count "$HOD_ROOT/layers")" = 0 ]
	[ "$(count "$HOD_ROOT/blobs/sha256")" = 0 ]
	run -0 hod fsck --deep
}
