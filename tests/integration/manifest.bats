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

# refer TYPE: an artifact of that type is put beside the image, with `subject`; prints its descriptor
refer() {
	local base text
	base=http://$(at plain)/v2/referred
	text="{\"schemaVersion\":2,\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\",\"artifactType\":\"$1\",\"config\":$(jq -c .config "$FILE_DIR/image"),\"layers\":[],\"subject\":{\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\",\"digest\":\"$digest\",\"size\":$(stat -c %s "$FILE_DIR/image")}}"
	printf %s "$text" | curl -sf -X PUT -H "Content-Type: application/vnd.oci.image.manifest.v1+json" --data-binary @- \
		"$base/manifests/sha256:$(printf %s "$text" | sha256sum | cut -d' ' -f1)" >&2
	printf '{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"sha256:%s","size":%d,"artifactType":"%s"}' \
		"$(printf %s "$text" | sha256sum | cut -d' ' -f1)" ${#text} "$1"
}

@test "what refers to an image is listed: by the fallback tag, and by the API with its pages" {
	hod push -q busybox "$(at plain)/referred:1"
	skopeo inspect --tls-verify=false --raw "docker://$(at plain)/referred:1" >"$FILE_DIR/image"
	digest=sha256:$(sha256sum <"$FILE_DIR/image" | cut -d' ' -f1)
	run -0 hod manifest inspect --referrers "$(at plain)/referred:1"
	[ "$(jq -c .manifests <<<"$output")" = "[]" ]
	one=$(refer application/x.signature) two=$(refer application/x.sbom)
	# docker-registry has no such list: who signs keeps a tag
	printf '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[%s,%s]}' "$one" "$two" |
		curl -sf -X PUT -H "Content-Type: application/vnd.oci.image.index.v1+json" --data-binary @- "http://$(at plain)/v2/referred/manifests/sha256-${digest#*:}"
	run -0 hod manifest inspect --referrers "$(at plain)/referred:1"
	[ "$(jq -r '.manifests[].artifactType' <<<"$output" | xargs)" = "application/x.signature application/x.sbom" ]
	[ "$(jq -r '.manifests[0].digest' <<<"$output")" = "$(jq -r .digest <<<"$one")" ]
	run -0 hod manifest inspect --referrers --artifact-type application/x.sbom "$(at plain)/referred@$digest"
	[ "$(jq -r '.manifests[].digest' <<<"$output")" = "$(jq -r .digest <<<"$two")" ]
	# a registry that has the list, in two pages
	mkdir -p "$FILE_DIR/paged"
	jq -n --arg one "{\"schemaVersion\":2,\"manifests\":[$one]}" --arg two "{\"schemaVersion\":2,\"manifests\":[$two]}" \
		'[{match: "GET .*/referrers/.*last=1", fault: "status", status: 200, times: -1, body: $two},
		  {match: "GET .*/referrers/", fault: "status", status: 200, times: -1, body: $one, headers: {Link: "<?last=1>; rel=\"next\""}}]' >"$FILE_DIR/paged/plan"
	python3 "$BATS_TEST_DIRNAME/fault_proxy.py" "$(at plain)" "$FILE_DIR/paged/plan" "$FILE_DIR/paged/log" >"$FILE_DIR/paged/port" 2>"$FILE_DIR/paged/err" 3>&- &
	echo $! >"$FILE_DIR/paged/pid"
	until_ok 20 test -s "$FILE_DIR/paged/port"
	run -0 hod manifest inspect --referrers "127.0.0.1:$(cat "$FILE_DIR/paged/port")/referred@$digest"
	registry_down paged
	[ "$(jq -r '.manifests[].artifactType' <<<"$output" | xargs)" = "application/x.signature application/x.sbom" ]
	run -125 hod manifest inspect --artifact-type x busybox
	has "--referrers"
}
