#!/usr/bin/env bats
# login, logout, push and pull at a registry with TLS and passwords, and with a token server.
load helper
load registry

secret=hunter2-s3cret

setup_file() {
	export REGISTRY_SCHEME=https
	store_up
	mkdir -p "$FILE_DIR/certs" "$FILE_DIR/client"
	openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost,IP:127.0.0.1 \
		-keyout "$FILE_DIR/certs/key.pem" -out "$FILE_DIR/certs/ca.crt" 2>/dev/null
	cp "$FILE_DIR/certs/ca.crt" "$FILE_DIR/client/ca.crt"
	htpasswd -Bbn -C 5 me "$secret" >"$FILE_DIR/htpasswd"
	registry_up tls "  tls: {certificate: $FILE_DIR/certs/ca.crt, key: $FILE_DIR/certs/key.pem}
auth: {htpasswd: {realm: test, path: $FILE_DIR/htpasswd}}"
}
teardown_file() {
	registry_down tls
	store_down
}
setup() {
	unset REGISTRY_AUTH_FILE XDG_RUNTIME_DIR
	export HOME=$FILE_DIR/home$BATS_TEST_NUMBER
	mkdir -p "$HOME"
	host=$(at tls)
}
login() { hod login -u me --password-stdin --cert-dir "$FILE_DIR/client" "$host" <<<"$secret"; }

@test "login asks the registry, and a wrong password is refused" {
	run -1 hod login -u me --password-stdin --cert-dir "$FILE_DIR/client" "$host" <<<wrong
	has "401"
	has "wrong"
	[ ! -e "$HOME/.docker/config.json" ]
	run -0 login
	has "Login Succeeded"
}

@test "a login is kept for nobody else, in docker's form, and what else is in the file stays" {
	mkdir -p "$HOME/.docker"
	echo '{"detachKeys":"ctrl-x","auths":{"other.example":{"auth":"YTpi"}}}' >"$HOME/.docker/config.json"
	login
	[ "$(stat -c %a "$HOME/.docker/config.json")" = 600 ]
	[ "$(jq -r '.auths["'"$host"'"].auth' "$HOME/.docker/config.json")" = "$(printf %s "me:$secret" | base64)" ]
	[ "$(jq -r .detachKeys "$HOME/.docker/config.json")" = ctrl-x ]
	[ "$(jq -r '.auths["other.example"].auth' "$HOME/.docker/config.json")" = YTpi ]
	run -0 hod login --get-login "$host"
	is me
	run -0 hod logout "$host"
	run -1 hod logout "$host"
	run -1 hod login --get-login "$host"
	[ "$(jq -r '.auths["other.example"].auth' "$HOME/.docker/config.json")" = YTpi ]
}

@test "without a login pulls and pushes are refused and say so; with one they work" {
	run -1 hod push --cert-dir "$FILE_DIR/client" busybox "$host/team/busybox"
	has "hod login $host"
	login
	run -0 hod push --cert-dir "$FILE_DIR/client" busybox "$host/team/busybox"
	run -0 env HOD_ROOT="$FILE_DIR/second" "$HOD" pull -q --cert-dir "$FILE_DIR/client" "$host/team/busybox"
	mkdir -p "$HOME/.config/hod/certs.d/$host"
	cp "$FILE_DIR/client/ca.crt" "$HOME/.config/hod/certs.d/$host/"
	run -0 env HOD_ROOT="$FILE_DIR/third" "$HOD" pull -q "$host/team/busybox"
	# what we pushed, skopeo reads: the same digest
	run -0 hod push --digestfile "$FILE_DIR/digest" busybox "$host/team/busybox"
	[ "$(skopeo inspect --authfile "$HOME/.docker/config.json" --tls-verify=false --format '{{.Digest}}' "docker://$host/team/busybox")" = "$(cat "$FILE_DIR/digest")" ]
}

@test "--creds, --config and DOCKER_CONFIG" {
	run -0 hod push --cert-dir "$FILE_DIR/client" --creds "me:$secret" busybox "$host/creds/busybox"
	run -0 hod --config "$FILE_DIR/docker" login -u me --password-stdin --cert-dir "$FILE_DIR/client" "$host" <<<"$secret"
	[ -s "$FILE_DIR/docker/config.json" ]
	[ ! -e "$HOME/.docker/config.json" ]
	DOCKER_CONFIG=$FILE_DIR/docker run -0 hod push --cert-dir "$FILE_DIR/client" busybox "$host/creds/busybox"
}

@test "a certificate that nobody vouches for is not taken, unless it is said so" {
	login
	run -1 hod pull --tls-verify "$host/team/busybox"
	has certificate
	run -0 env HOD_ROOT="$FILE_DIR/fourth" "$HOD" pull -q --tls-verify=false "$host/team/busybox"
}

@test "a credential helper is asked, is told, and forgets" {
	mkdir -p "$HOME/bin" "$HOME/.docker"
	cat >"$HOME/bin/docker-credential-test" <<-'EOS'
		#!/bin/sh
		f=$HOME/kept
		case $1 in
		store) cat >"$f" ;;
		get) read -r host; grep -q "\"$host\"" "$f" 2>/dev/null && cat "$f" || { echo "credentials not found in native keychain"; exit 1; } ;;
		erase) rm -f "$f" ;;
		esac
	EOS
	chmod +x "$HOME/bin/docker-credential-test"
	export PATH=$HOME/bin:$PATH
	echo "{\"credHelpers\":{\"$host\":\"test\"}}" >"$HOME/.docker/config.json"
	run -0 login
	has docker-credential-test
	grep -q "$secret" "$HOME/kept"
	run ! grep -q "$secret" "$HOME/.docker/config.json"
	run -0 hod push --cert-dir "$FILE_DIR/client" busybox "$host/helper/busybox"
	run -0 hod login --get-login "$host"
	is me
	run -0 hod logout "$host"
	[ ! -e "$HOME/kept" ]
}

@test "no system call but the one to the registry has the password, and no log line" {
	login
	tr -d '\n' <<<"$secret" | base64 >"$FILE_DIR/encoded"
	printf %s "me:$secret" | base64 >"$FILE_DIR/basic"
	run -0 strace -f -s 65536 -o "$FILE_DIR/trace" "$HOD" --debug push --cert-dir "$FILE_DIR/client" busybox "$host/traced/busybox"
	lacks "$secret"
	lacks "$(cat "$FILE_DIR/basic")"
	# TLS hides it on the wire; what is left is the reading of the file
	run grep -v -e '^[0-9]* *read(' -e '^[0-9]* *pread64(' -e 'read resumed' "$FILE_DIR/trace"
	[[ $output != *"$secret"* ]]
	[[ $output != *"$(cat "$FILE_DIR/basic")"* ]]
}
