# registry.bash - loaded beside helper by what speaks to registries: Debian's docker-registry on loopback.
# shellcheck shell=bash

export REGISTRY_AUTH_FILE=$FILE_DIR/auth.json # of skopeo too, whose usual place belongs to root

free_port() {
	python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# registry_up NAME [MORE-YAML]: starts one with its data in $FILE_DIR/NAME; sets REG_NAME to its host:port
registry_up() {
	local more=${2:-} dir=$FILE_DIR/$1 port
	port=$(free_port)
	mkdir -p "$dir/data"
	cat >"$dir/config.yml" <<-YAML
		version: 0.1
		log: {level: warn}
		storage: {filesystem: {rootdirectory: $dir/data}, delete: {enabled: true}}
		http:
		  addr: 127.0.0.1:$port
		$more
	YAML
	env -u REGISTRY_AUTH_FILE docker-registry serve "$dir/config.yml" >"$dir/log" 2>&1 3>&- &
	echo $! >"$dir/pid"
	echo "127.0.0.1:$port" >"$dir/address"
	until_ok 20 curl -sk -o "$dir/answer" "${REGISTRY_SCHEME:-http}://127.0.0.1:$port/v2/"
}
registry_down() { # registry_down NAME
	local pid
	pid=$(cat "$FILE_DIR/$1/pid" 2>/dev/null) || return 0
	kill "$pid" 2>/dev/null || :
	until_ok 10 is_dead "$pid"
}
at() { cat "$FILE_DIR/$1/address"; } # at NAME: its host:port
other() { HOD_ROOT=$FILE_DIR/other "$HOD" "$@"; } # hod with a second, empty store
other_clear() { chmod -R u+rwx "$FILE_DIR/other" 2>/dev/null || :; rm -rf "$FILE_DIR/other" 2>/dev/null || HOD_ROOT=$FILE_DIR/other "$HOD" image prune -af >/dev/null; }
copy() { skopeo --insecure-policy copy --quiet --src-tls-verify=false --dest-tls-verify=false "$@"; }
