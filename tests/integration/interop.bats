#!/usr/bin/env bats
# images of hod in skopeo, podman and umoci, and theirs in hod: equal digests.
load helper

podman_() { podman --root "$FILE_DIR/podman" --runroot "$FILE_DIR/podrun" --log-level error "$@"; }
podman_run() { # podman's own defaults need more than some test machines give
	podman_ run --rm --network none --cgroups=disabled --ulimit nofile=1024:1024 --ulimit nproc=1024:1024 "$@"
}

setup_file() {
	store_up
	printf 'FROM busybox\nRUN echo made by hod >/made && mkdir /d && touch /d/x\nRUN rm /d/x\nENV A=b\nCMD ["cat", "/made"]\n' |
		hod build -q -t made - >/dev/null
	hod save -o "$FILE_DIR/docker.tar" made
	hod save --format oci-archive -o "$FILE_DIR/oci.tar" made
}
teardown_file() {
	store_down
	[ "$(id -u)" != 0 ] || podman_ rmi -fa >/dev/null 2>&1 || true
	[ "$(id -u)" != 0 ] || umount "$FILE_DIR/podman/overlay" 2>/dev/null || true
}

@test "skopeo reads what hod saved, with the same layers and config" {
	need program skopeo
	run -0 skopeo inspect --config "docker-archive:$FILE_DIR/docker.tar"
	[ "$(jq -c .rootfs.diff_ids <<<"$output")" = "$(hod inspect -f '{{json .RootFS.Layers}}' made)" ]
	run -0 skopeo inspect --raw "oci-archive:$FILE_DIR/oci.tar"
	[ "$(jq -r .config.digest <<<"$output")" = "$(hod inspect -f '{{.Id}}' made)" ]
	rm -rf "$FILE_DIR/copy"
	run -0 skopeo copy --insecure-policy "oci-archive:$FILE_DIR/oci.tar" "oci:$FILE_DIR/copy:made"
	run -0 skopeo copy --insecure-policy "docker-archive:$FILE_DIR/docker.tar" "oci:$FILE_DIR/copy:again"
}

@test "what skopeo copied comes back with the same id and runs" {
	need program skopeo
	rm -rf "$FILE_DIR/back" "$FILE_DIR/back.tar" "$FILE_DIR/back-docker.tar"
	skopeo copy --insecure-policy "oci-archive:$FILE_DIR/oci.tar" "oci:$FILE_DIR/back:made"
	skopeo copy --insecure-policy "oci:$FILE_DIR/back:made" "oci-archive:$FILE_DIR/back.tar:made"
	skopeo copy --insecure-policy "oci:$FILE_DIR/back:made" "docker-archive:$FILE_DIR/back-docker.tar:made:latest"
	for image in "oci:$FILE_DIR/back" "oci-archive:$FILE_DIR/back.tar" "docker-archive:$FILE_DIR/back-docker.tar"; do
		export HOD_ROOT=$FILE_DIR/back-${image%%:*}
		run -0 hod run --rm --network none "$image"
		is "made by hod"
	done
	export HOD_ROOT=$FILE_DIR/back-load
	run -0 hod load -i "$FILE_DIR/back.tar"
	id=$(hod inspect -f '{{.Id}}' made)
	HOD_ROOT=$FILE_DIR/store run -0 hod inspect -f '{{.Id}}' made
	is "$id"
}

@test "podman loads and runs what hod saved" {
	need root
	need program podman
	for format in docker oci; do
		run -0 podman_ load -i "$FILE_DIR/$format.tar"
		name=$(sed -n 's/^Loaded image.*: //p' <<<"$output")
		run podman_run "$name"
		[ "$status" = 0 ] || run podman_ --runtime runc --cgroup-manager cgroupfs run --rm --network none --ulimit nofile=1024:1024 --ulimit nproc=1024:1024 "$name"
		[ "$status" = 0 ] || { printf '%s\n' "$output" >&2; false; }
		has "made by hod"
		podman_ rmi -f "$name" >/dev/null
	done
}

@test "hod loads and runs what podman saved, with podman's id" {
	need root
	need program podman
	podman_ import --change 'CMD ["echo", "from podman"]' "$(busybox_tar)" theirs >/dev/null 2>&1
	id=$(podman_ inspect --type image -f '{{.Id}}' theirs)
	for format in docker-archive oci-archive; do
		rm -f "$FILE_DIR/theirs.tar"
		podman_ save --format $format -o "$FILE_DIR/theirs.tar" theirs 2>/dev/null
		export HOD_ROOT=$FILE_DIR/theirs-$format
		run -0 hod load -i "$FILE_DIR/theirs.tar"
		name=$(sed -n 's/^Loaded image: //p' <<<"$output")
		run -0 hod run --rm --network none "$name"
		is "from podman"
		# podman rewrites the config for docker's format, and keeps it for OCI's
		[ $format = docker-archive ] || [ "$(hod inspect -f '{{.Id}}' "$name")" = "sha256:$id" ]
	done
}

@test "umoci unpacks what hod saved to the same tree, and hod loads what umoci made" {
	need many-ids
	need program umoci
	rm -rf "$FILE_DIR/layout" "$FILE_DIR/bundle"
	mkdir "$FILE_DIR/layout"
	tar -C "$FILE_DIR/layout" -xf "$FILE_DIR/oci.tar"
	tag=$(jq -r '.manifests[0].annotations["org.opencontainers.image.ref.name"]' "$FILE_DIR/layout/index.json")
	case $tag in */* | *:*) # umoci takes plain tags only
		jq '.manifests[0].annotations["org.opencontainers.image.ref.name"] = "made"' "$FILE_DIR/layout/index.json" >"$FILE_DIR/i" && cp "$FILE_DIR/i" "$FILE_DIR/layout/index.json"
		tag=made ;;
	esac
	flags=
	[ "$(id -u)" = 0 ] || flags=--rootless
	# shellcheck disable=SC2086 # a flag or none
	run -0 umoci unpack $flags --image "$FILE_DIR/layout:$tag" "$FILE_DIR/bundle"
	[ "$(cat "$FILE_DIR/bundle/rootfs/made")" = "made by hod" ]
	[ ! -e "$FILE_DIR/bundle/rootfs/d/x" ]
	echo "by umoci" >"$FILE_DIR/bundle/rootfs/made"
	run -0 umoci repack --image "$FILE_DIR/layout:changed" "$FILE_DIR/bundle"
	export HOD_ROOT=$FILE_DIR/from-umoci
	run -0 hod run --rm --network none "oci:$FILE_DIR/layout:changed"
	is "by umoci"
}

@test "the config.json of hod is one that runc and crun understand" {
	need root
	need program runc
	id=$(hod_run -d busybox sleep 1000)
	config=$HOD_ROOT/containers/$id/config.json
	run -0 jq -r .ociVersion "$config"
	like '^1\.'
	rm -rf "$FILE_DIR/bundle2"
	mkdir -p "$FILE_DIR/bundle2/rootfs"
	tar -C "$FILE_DIR/bundle2/rootfs" -xf "$(busybox_tar)"
	jq '.root.path = "rootfs" | .process.args = ["echo", "by runc"] | .process.terminal = false | del(.hooks) | del(.linux.cgroupsPath)' "$config" >"$FILE_DIR/bundle2/config.json"
	run -0 runc --root "$FILE_DIR/runc" run --bundle "$FILE_DIR/bundle2" hod-interop
	is "by runc"
}
