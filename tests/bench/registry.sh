# registry.sh - read by run.sh: pulls and pushes at Debian's docker-registry on loopback, beside podman and the
# floor, which is curl, gzip and tar one layer after the other.
# shellcheck shell=sh disable=SC2154 # T, hod, podman_with are run.sh's

registry_start() {
	port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
	at=127.0.0.1:$port
	printf 'version: 0.1\nlog: {level: error}\nstorage: {filesystem: {rootdirectory: %s}}\nhttp: {addr: %s}\n' \
		"$T/registry" "$at" >"$T/registry.yml"
	docker-registry serve "$T/registry.yml" >"$T/registry.log" 2>&1 &
	registry=$!
	until curl -s -o "$T/registry.answer" "http://$at/v2/"; do sleep 0.05; done
}

# images of about one file of MB megabytes, and of 40 layers
registry_fill() {
	mkdir -p "$T/big"
	head -c "$((${REGISTRY_MB:-256} * 750000))" /dev/urandom | base64 -w 0 >"$T/big/file"
	tar -C "$T/big" -cf "$T/big.tar" .
	"$hod" import "$T/big.tar" "$at/big" >/dev/null
	{
		echo FROM small
		for i in 1 2 3 4 5 6 7 8; do for k in 1 2 3 4 5; do echo "RUN echo $i$k >/f$i$k"; done; done
	} | "$hod" build -q -t "$at/forty" - >/dev/null
	"$hod" push -q "$at/big" >/dev/null
	"$hod" push -q "$at/forty" >/dev/null
}

registry_scripts() {
	inflate=gzip
	! command -v igzip >/dev/null || inflate=igzip
	cat >"$T/pull-floor" <<-END
		#!/bin/sh
		for d in \$(curl -s -H 'Accept: application/vnd.oci.image.manifest.v1+json' "http://$at/v2/\$1/manifests/latest" |
			jq -r '.layers[].digest'); do
			curl -s "http://$at/v2/\$1/blobs/\$d" | $inflate -dc | tar -C $T/pulled -x || exit
		done
	END
	cat >"$T/pull-clear" <<-END
		#!/bin/sh
		rm -rf $T/pulled $T/fresh
		mkdir $T/pulled
		[ -z "$podman_with" ] || nsenter --mount=/proc/$keeper/ns/mnt $podman_with rmi -f $at/big $at/forty >/dev/null 2>&1
		sync
	END
	chmod 755 "$T/pull-floor" "$T/pull-clear"
}

bench_registry() {
	for program in docker-registry curl jq python3; do
		command -v $program >/dev/null || { echo "no $program: no figures of registries"; return; }
	done
	registry_start
	registry_fill
	registry_scripts
	for image in big forty; do
		table
		printf 'before %s\ntime %s %s\n' "$T/pull-clear" "$T/pull-floor" "$image" | row "curl, $inflate, tar" "" ""
		printf 'before %s\ntime env HOD_ROOT=%s %s pull -q %s\n' "$T/pull-clear" "$T/fresh" "$hod" "$at/$image" |
			row "hod pull" "curl, $inflate, tar" 1.2
		[ -z "${podman_with:-}" ] ||
			{ echo "before $T/pull-clear"; in_ns "time $podman_with pull -q --tls-verify=false $at/$image"; } |
			row "podman pull" "curl, $inflate, tar" ""
		measure "pull of $image" 5
	done
	table
	echo "time $hod pull -q $at/forty" | row "hod pull, nothing new" - 30
	echo "time $hod push -q $at/forty" | row "hod push, nothing new" - 300
	measure "what the other side has" 9
	kill "$registry"
	registry=
}
