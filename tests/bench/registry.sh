# registry.sh - read by run.sh: pulls and pushes at Debian's docker-registry on loopback, beside podman, skopeo and the
# floor, which is curl, gzip and tar one layer after the other (for a push: tar, gzip -1 and curl).
#
# The ordinary run is short; large images are measured by
#	REGISTRY_MB=1000 REGISTRY_FILES=50000 O=out sh tests/bench/run.sh registry
#
#	REGISTRY_MB=64        of the image "big", one file of random letters
#	REGISTRY_FILES=5000   of the image "files", of 1 KiB each
#	REGISTRY_LAYERS=40    of the image "layers", of one small file each
#	REGISTRY_ROUNDS=3
# The image "debian" is what the packages of priority "required" of this machine hold. skopeo copies into a directory:
# it unpacks nothing, and compresses nothing.
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

tree_big() {
	head -c "$((${REGISTRY_MB:-64} * 750000))" /dev/urandom | base64 -w 0 >"$T/big/file"
}
tree_files() {
	head -c "$((${REGISTRY_FILES:-5000} * 1024))" /dev/urandom >"$T/files.bytes"
	mkdir "$T/files/flat"
	(cd "$T/files/flat" && split -a 5 -d -b 1024 "$T/files.bytes" f)
	# a hundred to a directory, as trees of libraries have them
	for dir in $(find "$T/files/flat" -type f -printf '%f\n' | sed 's/..$//' | sort -u); do
		mkdir "$T/files/$dir"
		mv "$T/files/flat/$dir"?? "$T/files/$dir"
	done
	rm -r "$T/files/flat" "$T/files.bytes"
}
# true when there is such a tree
tree_debian() {
	command -v dpkg-query >/dev/null || return
	# where /bin is a link to usr/bin, dpkg still knows names below it
	# shellcheck disable=SC2016,SC2046 # dpkg's words; names of packages
	dpkg -L $(dpkg-query -W -f '${Priority} ${Package}\n' | sed -n 's/^required //p') |
		sed -E 's,^/(bin|sbin|lib|lib64)/,/usr/\1/,; 1s,^,/bin\n/sbin\n/lib\n/lib64\n,' | sort -u |
		while read -r name; do [ ! -e "$name" ] || echo "${name#/}"; done |
		tar -C / -c --no-recursion -T - | tar -C "$T/debian" -x
}

registry_fill() {
	trees=
	for image in big files debian; do
		mkdir "$T/$image"
		"tree_$image" || { echo "no dpkg: no image \"debian\""; continue; }
		trees="$trees $image"
		tar -C "$T/$image" -c . | "$hod" import - "$at/$image" >/dev/null
		"$hod" push -q "$at/$image" >/dev/null
	done
	mkdir "$T/layers"
	echo "FROM small" >"$T/layers/Dockerfile"
	for i in $(seq "${REGISTRY_LAYERS:-40}"); do
		echo "$i" >"$T/layers/f$i"
		echo "COPY f$i /d/f$i" >>"$T/layers/Dockerfile"
	done
	"$hod" build -q -t "$at/layers" "$T/layers" >/dev/null
	"$hod" push -q "$at/layers" >/dev/null
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
	cat >"$T/push-floor" <<-END
		#!/bin/sh
		tar -C "$T/\$1" -c . | $inflate -1 >"$T/pushed" || exit
		at=\$(curl -s -o "$T/registry.answer" -w '%header{location}' -X POST "http://$at/v2/\$1/blobs/uploads/")
		curl -sf -T "$T/pushed" "\$at&digest=sha256:\$(sha256sum "$T/pushed" | cut -d' ' -f1)"
	END
	# Trees are put away, not removed: ext4 gives no inode anew for a minute, and looks at each that was freed.
	mkdir -p "$T/old"
	cat >"$T/pull-clear" <<-END
		#!/bin/sh
		for d in pulled fresh copied; do
			[ ! -e "$T/\$d" ] || mv "$T/\$d" "$T/old/\$d-\$\$"
		done
		mkdir "$T/pulled"
		[ -z "${podman_with:-}" ] || nsenter --mount=/proc/$keeper/ns/mnt ${podman_with:-} rmi -fa >/dev/null 2>&1
		sync
	END
	# the registry has nothing; with "new", the store has nothing compressed either
	cat >"$T/push-clear" <<-END
		#!/bin/sh
		rm -rf "$T/registry/docker"
		[ "\$1" != new ] || find "$HOD_ROOT/blobs" -type f -exec sh -c '
			[ "\$(head -c 2 "\$1" | od -An -tx1)" != " 1f 8b" ] || rm "\$1"' sh {} \;
		sync
	END
	chmod 755 "$T/pull-floor" "$T/push-floor" "$T/pull-clear" "$T/push-clear"
}

# bench_pull IMAGE TIMES-OF-PODMAN
bench_pull() {
	table
	floor="curl, $inflate, tar"
	printf 'before %s\ntime %s %s\n' "$T/pull-clear" "$T/pull-floor" "$1" | row "$floor" "" ""
	printf 'before %s\ntime env HOD_ROOT=%s %s pull -q %s\n' "$T/pull-clear" "$T/fresh" "$hod" "$at/$1" |
		row "hod pull" "$floor" 1.2
	[ -z "${podman_with:-}" ] || {
		echo "before $T/pull-clear"
		in_ns "time $podman_with pull -q --tls-verify=false $at/$1"
	} | row "podman pull" "$floor" ""
	[ -z "${podman_with:-}" ] || also "hod pull" "podman pull" "$2"
	! command -v skopeo >/dev/null ||
		printf 'before %s\ntime skopeo copy -q --src-tls-verify=false docker://%s dir:%s\n' "$T/pull-clear" "$at/$1" \
			"$T/copied" | row "skopeo copy to a directory" "$floor" ""
	measure "pull of $1" "${REGISTRY_ROUNDS:-3}"
	[ "$1" != big ] || rm -rf "$T/old"/* # few inodes, many bytes
}

# bench_push IMAGE: podman has it, and compresses it each time
bench_push() {
	table
	floor="tar, $inflate -1, curl"
	printf 'before %s\ntime %s %s\n' "$T/push-clear" "$T/push-floor" "$1" | row "$floor" "" ""
	printf 'before %s new\ntime %s push -q %s\n' "$T/push-clear" "$hod" "$at/$1" | row "hod push, new" "$floor" ""
	printf 'before %s\ntime %s push -q %s\n' "$T/push-clear" "$hod" "$at/$1" | row "hod push, held compressed" "$floor" ""
	[ -z "${podman_with:-}" ] || {
		echo "before $T/push-clear"
		in_ns "time $podman_with push -q --tls-verify=false $at/$1"
	} | row "podman push" "$floor" ""
	[ -z "${podman_with:-}" ] || also "hod push, new" "podman push" 0.2
	! command -v skopeo >/dev/null ||
		printf 'before %s\ntime skopeo copy -q --dest-tls-verify=false dir:%s docker://%s\n' "$T/push-clear" "$T/copy-$1" \
			"$at/$1" | row "skopeo copy, held compressed" "$floor" ""
	measure "push of $1" "${REGISTRY_ROUNDS:-3}"
}

bench_registry() {
	for program in docker-registry curl jq python3; do
		command -v $program >/dev/null || { echo "no $program: no figures of registries"; return; }
	done
	registry_start
	registry_fill
	registry_scripts
	bench_pull big 0.17
	bench_pull files 0.5
	case $trees in *debian*) bench_pull debian 0.4 ;; esac
	bench_pull layers 0.05
	table
	echo "time $hod pull -q $at/layers" | row "hod pull, nothing new" - 30
	echo "time $hod push -q $at/layers" | row "hod push, nothing new" - 300
	measure "what the other side has" 9
	"$T/pull-clear"
	for image in $trees; do
		# shellcheck disable=SC2086 # these are words
		[ -z "${podman_with:-}" ] || nsenter --mount=/proc/$keeper/ns/mnt $podman_with pull -q --tls-verify=false "$at/$image" >/dev/null
		! command -v skopeo >/dev/null || skopeo copy -q --src-tls-verify=false "docker://$at/$image" "dir:$T/copy-$image"
	done
	for image in $trees; do bench_push "$image"; done
	kill "$registry"
	registry=
}
