#!/usr/bin/env bats
# registry serve: others pull what is in the store, or in an OCI layout.
load helper
load registry

setup_file() {
	store_up
	printf 'FROM busybox\nRUN echo served >/served\n' | hod build -q -t quay.io/team/app:2 - >/dev/null
	serve_up store
	hod save --format oci-dir -o "$FILE_DIR/layout.d" busybox
	serve_up layout "$FILE_DIR/layout.d"
}
teardown_file() {
	registry_down store
	registry_down layout
	store_down
}
serve_up() { # serve_up NAME [DIR]
	mkdir -p "$FILE_DIR/$1"
	"$HOD" registry serve --listen 0 "${@:2}" >"$FILE_DIR/$1/out" 2>"$FILE_DIR/$1/err" 3>&- &
	echo $! >"$FILE_DIR/$1/pid"
	until_ok 20 grep -q Listening "$FILE_DIR/$1/out"
	sed 's/Listening on //' "$FILE_DIR/$1/out" >"$FILE_DIR/$1/address"
}
get() { curl -s -o "$FILE_DIR/body" -w '%{http_code}' "$@"; }

@test "what is in the store can be pulled by hod and by skopeo, with the same digests" {
	run -0 other pull -q "$(at store)/busybox"
	run -0 other run --rm --network none "$(at store)/busybox" echo hi
	is hi
	for name in team/app:2 quay.io/team/app:2; do
		run -0 other pull -q "$(at store)/$name"
		run -0 other run --rm --network none "$(at store)/$name" cat /served
		is served
	done
	rm -rf "$FILE_DIR/skopeo"
	copy "docker://$(at store)/team/app:2" "dir:$FILE_DIR/skopeo"
	[ "$(skopeo inspect --tls-verify=false --format '{{.Digest}}' "docker://$(at store)/team/app:2")" = \
		"sha256:$(sha256sum <"$FILE_DIR/skopeo/manifest.json" | cut -d' ' -f1)" ]
	run -0 skopeo list-tags --tls-verify=false "docker://$(at store)/team/app"
	[ "$(jq -r '.Tags[0]' <<<"$output")" = 2 ]
}

@test "an OCI layout is served" {
	run -0 env HOD_ROOT="$FILE_DIR/second" "$HOD" pull -q "$(at layout)/busybox"
	run -0 env HOD_ROOT="$FILE_DIR/second" "$HOD" run --rm --network none "$(at layout)/busybox" echo hi
	is hi
}

@test "it is a mirror for docker.io" {
	echo "{\"registry-mirrors\":[\"http://$(at store)\"]}" >"$FILE_DIR/settings"
	HOD_ROOT=$FILE_DIR/third HOD_CONFIG=$FILE_DIR/settings run -0 hod run --rm --network none busybox echo mirrored
	has mirrored
}

@test "ranges, lists, and what is not there" {
	url=http://$(at store)/v2
	[ "$(get "$url/")" = 200 ]
	[ "$(get "$url/_catalog")" = 200 ]
	[ "$(jq -r '.repositories | join(" ")' "$FILE_DIR/body")" = "library/busybox team/app" ]
	get -H 'Accept: */*' "$url/busybox/manifests/latest"
	layer=$(jq -r '.layers[0].digest' "$FILE_DIR/body")
	[ "$(get "$url/busybox/blobs/$layer")" = 200 ]
	[ "sha256:$(sha256sum <"$FILE_DIR/body" | cut -d' ' -f1)" = "$layer" ]
	tail -c +101 "$FILE_DIR/body" >"$FILE_DIR/rest"
	[ "$(get -H 'Range: bytes=100-' "$url/busybox/blobs/$layer")" = 206 ]
	cmp "$FILE_DIR/body" "$FILE_DIR/rest"
	[ "$(get "$url/busybox/manifests/none")" = 404 ]
	[ "$(jq -r '.errors[0].code' "$FILE_DIR/body")" = MANIFEST_UNKNOWN ]
	[ "$(get "$url/nothing/tags/list")" = 404 ]
	[ "$(get --path-as-is "$url/busybox/blobs/../../../etc/passwd")" = 404 ]
	[ "$(get "$url/busybox/blobs/sha256:zz")" = 400 ]
	[ "$(get -X PUT --data x "$url/busybox/manifests/latest")" = 405 ]
	[ "$(get -X POST "$url/busybox/blobs/uploads/")" = 405 ]
}
