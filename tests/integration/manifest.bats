#!/usr/bin/env bats
# manifest: lists of images for several platforms, pushed to a registry and pulled from it.
load helper
load registry

setup_file() {
	store_up
	registry_up plain
}
teardown_file() {
	registry_down plain
	store_down
}

@test "a list is made, annotated, pushed; skopeo reads it, and the right image is pulled from it" {
	printf 'FROM busybox\nRUN echo other >/other\n' | hod build -q -t other - >/dev/null
	run -0 hod manifest create "$(at plain)/multi:1" busybox
	run -0 hod manifest add --arch arm64 --variant v8 "$(at plain)/multi:1" other
	run -0 hod manifest annotate --annotation note=here "$(at plain)/multi:1" other
	run -0 --separate-stderr hod manifest push "$(at plain)/multi:1"
	digest=$output
	skopeo inspect --tls-verify=false --raw "docker://$(at plain)/multi:1" >"$FILE_DIR/index"
	[ "sha256:$(sha256sum <"$FILE_DIR/index" | cut -d' ' -f1)" = "$digest" ]
	[ "$(jq -r '.manifests[1].platform | .os + .architecture + .variant' "$FILE_DIR/index")" = linuxarm64v8 ]
	[ "$(jq -r '.manifests[1].annotations.note' "$FILE_DIR/index")" = here ]
	run -0 other pull -q "$(at plain)/multi:1"
	run -0 other run --rm --network none "$(at plain)/multi:1" ls /
	lacks other
	run -0 other pull -q --platform linux/arm64 "$(at plain)/multi:1"
	run -1 other pull --platform linux/s390x "$(at plain)/multi:1"
	has "linux/arm64/v8"
}

@test "an added image keeps its digest, and what is taken out is gone" {
	hod push -q busybox "$(at plain)/single:1"
	digest=$(skopeo inspect --tls-verify=false --format '{{.Digest}}' "docker://$(at plain)/single:1")
	run -0 hod manifest create list
	run -0 hod manifest add list "$(at plain)/single:1"
	run -0 hod manifest inspect list
	[ "$(jq -r '.manifests[0].digest' <<<"$output")" = "$digest" ]
	run -1 hod manifest create list
	has "--amend"
	run -0 hod manifest create --amend list
	run -0 hod manifest remove list "$digest"
	run -0 hod manifest inspect list
	[ "$(jq '.manifests | length' <<<"$output")" = 0 ]
	run -1 hod manifest remove list "$digest"
	run -0 hod manifest rm list
	run -1 hod manifest rm list
	run -1 hod manifest rm busybox
	has "not a list"
}

@test "inspect reads from the registry what is not here" {
	copy "docker://$(at plain)/single:1" "docker://$(at plain)/remote:1"
	run -0 hod manifest inspect "$(at plain)/remote:1"
	[ "$(jq -r .schemaVersion <<<"$output")" = 2 ]
}
