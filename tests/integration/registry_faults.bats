#!/usr/bin/env bats
# pulls and pushes through a proxy that does what goes wrong: fault_proxy.py. What is expected of each fault:
#
#   cut after n bytes              goes on by Range from there, at once while it gets on; in all at most 1.05 x the size
#   killed, and another process    takes up what the dead one received
#   stalled                        broken after registry-stall-seconds, then as cut
#   short body                     the rest is fetched; after the retries an error that has both sizes
#   long body                      refused: larger than announced
#   a byte flipped                 fetched once more from the start; wrong again: an error, nothing is kept
#   no ranges, or a wrong one      the whole is asked for, and what is there already skipped
#   dripping                       is waited for; several who want it fetch it once
#   408, 429, 5xx                  tried again, 3 times by default, after Retry-After or a doubled pause with jitter
#   429 that stays                 the registry's words, what remains, when to come again, and the hint to log in
#   401                            a token by the challenge, once more; a stored login that is refused is named
#   403, 404                       not tried again; the registry's own words
#   403 "expired"                  the credential helper is asked once more; a stored login is said to be old
#   404 NAME_UNKNOWN to a push     the repository is to be made first
#   redirected in a loop           ends after 10
#   redirected elsewhere           blobs only, http and https only, not to private addresses; without the credential
#   a wrong Content-Type           refused
#   a wrong manifest, a web page   refused: its digest or form is wrong
#   token runs out in the middle   another one is asked for; the password goes to the token server only
#   an upload cut                  goes on where the registry has it
load helper
load registry

setup_file() {
	store_up
	registry_up plain
	mkdir -p "$FILE_DIR/tree"
	head -c 6000000 /dev/urandom >"$FILE_DIR/tree/random"
	tar -C "$FILE_DIR/tree" -cf "$FILE_DIR/big.tar" .
	hod import "$FILE_DIR/big.tar" big >/dev/null
	hod push -q big "$(at plain)/big:1"
	skopeo inspect --tls-verify=false --raw "docker://$(at plain)/big:1" | jq -r '.layers[0].digest' >"$FILE_DIR/layer"
	proxy_up faults
}
teardown_file() {
	proxy_down faults
	proxy_down guarded
	registry_down plain
	store_down
}
setup() {
	export HOD_ROOT=$FILE_DIR/pull$BATS_TEST_NUMBER
	: >"$FILE_DIR/faults/log"
	echo '[]' >"$FILE_DIR/faults/plan"
	image=$(at faults)/big:1
	blob="\"match\":\"GET .*/blobs/$(cat "$FILE_DIR/layer")\""
}

proxy_up() { # proxy_up NAME [USER:PASSWORD]
	local dir=$FILE_DIR/$1
	mkdir -p "$dir"
	echo '[]' >"$dir/plan"
	: >"$dir/log"
	python3 "$BATS_TEST_DIRNAME/fault_proxy.py" "$(at plain)" "$dir/plan" "$dir/log" ${2:+"$2"} >"$dir/port" 2>"$dir/err" 3>&- &
	echo $! >"$dir/pid"
	until_ok 20 test -s "$dir/port"
	echo "127.0.0.1:$(cat "$dir/port")" >"$dir/address"
}
proxy_down() { registry_down "$1"; }
plan() { # plan JSON-RULE...: each distinct
	local IFS=,
	echo "[$*]" >"$FILE_DIR/faults/plan"
}
fast() { hod "$1" --retry-delay 10ms "${@:2}"; }
requests() { grep -c "^$1" "$FILE_DIR/faults/log"; }
bytes() { awk '$2 ~ /blobs/ && $1 == "GET" { n += $4 } END { print n }' "$FILE_DIR/faults/log"; }
whole() { hod fsck --deep && [ "$(staged)" = 0 ]; }
received() { find "$HOD_ROOT/tmp" -name 'blob-*' -size "+$1" | grep -q .; } # received SIZE, as find has it

@test "a pull that is cut twenty times goes on each time, and fetches nothing twice" {
	rules=()
	for n in $(seq 20); do rules+=("{$blob,\"fault\":\"cut\",\"after\":$((200000 + n))}"); done
	plan "${rules[@]}"
	run -0 fast pull -q "$image"
	whole
	[ "$(bytes)" -lt $((6000000 * 105 / 100)) ]
	[ "$(grep -c ' 206 ' "$FILE_DIR/faults/log")" -ge 20 ]
}

@test "a pull that is killed is taken up by the next process" {
	plan "{$blob,\"fault\":\"stall\",\"after\":4000000}"
	hod pull -q "$image" 3>&- &
	pid=$!
	until_ok 20 received 3800k
	kill -9 $pid
	wait $pid || :
	: >"$FILE_DIR/faults/log"
	run -0 fast pull -q "$image"
	whole
	[ "$(bytes)" -lt 2500000 ]
}

@test "answers that may pass are asked for again: 429 with Retry-After, 500, 503" {
	plan '{"match":"manifests","fault":"status","status":503}' '{"match":"manifests","fault":"status","status":500}' \
		"{$blob,\"fault\":\"status\",\"status\":429,\"headers\":{\"Retry-After\":\"1\"}}"
	run -0 fast pull -q "$image"
	whole
}

@test "when it never passes, the registry's own words are shown" {
	plan '{"match":"manifests","fault":"status","status":429,"times":-1,"headers":{"RateLimit-Remaining":"0;w=21600"},"body":"{\"errors\":[{\"code\":\"TOOMANYREQUESTS\",\"message\":\"slow down\"}]}"}'
	run -1 fast pull --retry 1 "$image"
	has "slow down"
	has "429"
	has "0;w=21600"
	[ "$(requests "GET .*manifests")" = 2 ]
}

@test "what is refused is not asked for again" {
	plan '{"match":"manifests","fault":"status","status":403,"times":-1,"body":"{\"errors\":[{\"code\":\"DENIED\",\"message\":\"not yours\"}]}"}'
	run -1 fast pull "$image"
	has "not yours"
	[ "$(requests "GET .*manifests")" = 1 ]
}

@test "a damaged byte is noticed and fetched again" {
	plan "{$blob,\"fault\":\"flip\",\"after\":1000000}"
	run -0 fast pull -q "$image"
	whole
}

@test "a byte that is always damaged is an error, and nothing is left of it" {
	plan "{$blob,\"fault\":\"flip\",\"after\":1000000,\"times\":-1}"
	run -1 fast pull -q "$image"
	whole
	run ! hod image exists "$image"
	run -1 fast pull --retry 0 -q "$image"
}

@test "short bodies are completed, long ones refused" {
	plan "{$blob,\"fault\":\"short\",\"after\":500000}"
	run -0 fast pull -q "$image"
	whole
	plan "{\"match\":\"GET .*/blobs/\",\"fault\":\"long\",\"after\":1000,\"times\":-1}"
	HOD_ROOT=$FILE_DIR/long run -1 fast pull -q "$image"
	has larger
}

@test "a server without ranges, or with wrong ones, is coped with" {
	for kind in norange wrongrange; do
		export HOD_ROOT=$FILE_DIR/$kind
		plan "{$blob,\"fault\":\"cut\",\"after\":3000000}" "{$blob,\"fault\":\"$kind\"}"
		run -0 fast pull -q "$image"
		whole
	done
}

@test "a stalled transfer is taken up" {
	echo '{"registry-stall-seconds":2}' >"$FILE_DIR/settings"
	plan "{$blob,\"fault\":\"stall\",\"after\":2000000}"
	HOD_CONFIG=$FILE_DIR/settings run -0 fast pull -q "$image"
	whole
}

@test "redirections: a loop ends, other protocols and private hosts are not followed" {
	plan "{\"match\":\"GET .*/blobs/\",\"fault\":\"redirect\",\"location\":\"/v2/big/blobs/x\",\"times\":-1}"
	run -1 fast pull -q "$image"
	has "redirections"
	plan "{$blob,\"fault\":\"redirect\",\"location\":\"file:///etc/passwd\",\"times\":-1}"
	run -1 fast pull -q "$image"
	has "neither http nor https"
	plan "{\"match\":\"manifests\",\"fault\":\"redirect\",\"location\":\"http://elsewhere.invalid/\",\"times\":-1}"
	run -1 fast pull -q "$image"
	has "another host"
}

@test "a wrong Content-Type and a wrong manifest are refused" {
	plan '{"match":"manifests","fault":"type","type":"application/vnd.oci.image.index.v1+json","times":-1}'
	run -1 fast pull -q "$image"
	has "media type"
	plan '{"match":"GET .*manifests","fault":"flip","after":30,"times":-1}'
	run -1 fast pull -q "$image"
	has "digest"
}

@test "a proxy's page in place of an answer is no image" {
	plan '{"match":"manifests","fault":"status","status":200,"body":"<html>welcome</html>","times":-1}'
	run -1 fast pull -q "$image"
	run ! hod image exists "$image"
}

@test "several pulls of one image at a time fetch it once" {
	plan "{$blob,\"fault\":\"drip\",\"after\":65536,\"times\":-1}"
	local pids=()
	for _ in 1 2 3 4; do
		hod pull -q "$image" >>"$FILE_DIR/four" 3>&- &
		pids+=($!)
	done
	wait "${pids[@]}"
	[ "$(wc -l <"$FILE_DIR/four")" = 4 ]
	whole
	[ "$(bytes)" -lt $((6000000 * 11 / 10)) ]
}

@test "a push that breaks goes on, and what arrives is whole" {
	export HOD_ROOT=$FILE_DIR/store
	plan '{"match":"PUT .*/blobs/uploads","fault":"cutup","after":3000000}' '{"match":"PATCH .*/blobs/uploads","fault":"cutup","after":100000}'
	run -0 fast push -q big "$(at faults)/pushed:cut"
	HOD_ROOT=$FILE_DIR/again run -0 hod pull -q "$(at plain)/pushed:cut"
	plan '{"match":"POST .*/blobs/uploads","fault":"status","status":503}' '{"match":"PUT .*manifests","fault":"status","status":500}'
	run -0 fast push -q big "$(at faults)/pushed:503"
	run -0 fast push -q --chunk-size 1m big "$(at faults)/chunked:1"
	HOD_ROOT=$FILE_DIR/chunked run -0 hod pull -q "$(at plain)/chunked:1"
}

@test "pieces of a push are as large as the registry wants them at least" {
	export HOD_ROOT=$FILE_DIR/store
	local size=6000000
	plan '{"match":"POST .*/blobs/uploads","fault":"header","times":-1,"headers":{"OCI-Chunk-Min-Length":"2000000"}}'
	: >"$FILE_DIR/faults/log"
	run -0 fast push -q --chunk-size 100k big "$(at faults)/pieces:1"
	# the last one of a layer may be smaller; other layers and the configuration are one piece each
	run -0 grep -c "^PATCH .*/v2/pieces/" "$FILE_DIR/faults/log"
	[ "$output" -ge $((size / 2000000)) ] && [ "$output" -le $((size / 2000000 + 6)) ]
	HOD_ROOT=$FILE_DIR/pieces run -0 hod pull -q "$(at plain)/pieces:1"
}

@test "tokens: asked for once, renewed in the middle, the password goes to nobody else" {
	proxy_up guarded me:s3cret
	guarded=$(at guarded)
	echo s3cret | hod login -u me --password-stdin "$guarded"
	# every token is good for three requests: it runs out again and again
	echo '[{"uses":3}]' >"$FILE_DIR/guarded/plan"
	HOD_ROOT=$FILE_DIR/store run -0 hod push -q --chunk-size 500k big "$guarded/tokens:1"
	[ "$(grep -c ' /token' "$FILE_DIR/guarded/log")" -ge 3 ]
	run -0 hod pull -q "$guarded/tokens:1"
	whole
	# Basic was sent to the token server only
	run grep Basic "$FILE_DIR/guarded/log"
	while read -r line; do [[ $line == *" /token"* ]]; done <<<"$output"
	run -1 hod login -u me --password-stdin "$guarded" <<<wrong
	has "incorrect username or password"
}

@test "a token that expired is had once more from its helper; a stored one is said to be old" {
	# as Amazon ECR answers when the twelve hours are over
	expired='{"match":"HEAD .*/blobs/","fault":"status","status":403,"body":"{\"errors\":[{\"code\":\"DENIED\",\"message\":\"Your authorization token has expired. Reauthenticate and try again.\"}]}"}'
	expired=${expired/HEAD/POST}
	proxy_up aws AWS:token
	aws=$(at aws)
	mkdir -p "$FILE_DIR/bin" "$FILE_DIR/docker"
	cat >"$FILE_DIR/bin/docker-credential-ecr-login" <<-EOS
		#!/bin/sh
		read -r host
		echo "\$1 \$host" >>"$FILE_DIR/aws/helper"
		echo "{\"ServerURL\":\"\$host\",\"Username\":\"AWS\",\"Secret\":\"token\"}"
	EOS
	chmod +x "$FILE_DIR/bin/docker-credential-ecr-login"
	echo "{\"credHelpers\":{\"$aws\":\"ecr-login\"}}" >"$FILE_DIR/docker/config.json"
	echo "[$expired]" >"$FILE_DIR/aws/plan"
	export HOD_ROOT=$FILE_DIR/store
	REGISTRY_AUTH_FILE='' DOCKER_CONFIG=$FILE_DIR/docker PATH=$FILE_DIR/bin:$PATH run -0 fast push -q big "$aws/ecr:1"
	[ "$(grep -c "^get $aws" "$FILE_DIR/aws/helper")" = 2 ]
	echo token | hod login -u AWS --password-stdin "$aws"
	echo "[${expired%\}},\"times\":-1}]" >"$FILE_DIR/aws/plan"
	run -1 fast push -q big "$aws/ecr2:1"
	has "has expired"
	has "log in again"
	proxy_down aws
}

@test "a repository that must be made first is said to be absent" {
	plan '{"match":"POST .*/blobs/uploads","fault":"status","status":404,"times":-1,"body":"{\"errors\":[{\"code\":\"NAME_UNKNOWN\",\"message\":\"The repository does not exist\"}]}"}'
	HOD_ROOT=$FILE_DIR/store run -1 fast push -q big "$(at faults)/absent:1"
	has "does not exist"
	has "repository to be made before the push"
}

@test "a blob that is sent to another host is fetched there without the token" {
	# the plain registry stands for an object store; it tells what it was asked with in its log
	proxy_up elsewhere
	proxy_up lender me:s3cret
	lender=$(at lender)
	hod push -q --creds me:s3cret big "$lender/big:1" >/dev/null 2>&1 || HOD_ROOT=$FILE_DIR/store hod push -q --creds me:s3cret big "$lender/big:1"
	echo "[{\"match\":\"GET .*/blobs/\",\"fault\":\"redirect\",\"times\":-1,\"location\":\"http://$(at elsewhere)/v2/big/blobs/$(cat "$FILE_DIR/layer")\"}]" |
		sed "s|GET .\*/blobs/|GET .*/blobs/$(cat "$FILE_DIR/layer")|" >"$FILE_DIR/lender/plan"
	run -0 hod pull -q --creds me:s3cret "$lender/big:1"
	whole
	grep -q "^GET .*blobs.* -$" "$FILE_DIR/elsewhere/log"
	run ! grep -E "Bearer|Basic" "$FILE_DIR/elsewhere/log"
	proxy_down elsewhere
	proxy_down lender
}
