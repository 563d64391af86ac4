#!/usr/bin/env bats
# pull: images from a plain registry on loopback that skopeo filled.
load helper
load registry

setup_file() {
	store_up
	registry_up plain
	hod save --format oci-archive -o "$FILE_DIR/busybox.oci" busybox
	copy "oci-archive:$FILE_DIR/busybox.oci" "docker://$(at plain)/busybox:latest"
	copy --format v2s2 "oci-archive:$FILE_DIR/busybox.oci" "docker://$(at plain)/busybox:docker"
	copy --dest-compress-format zstd --dest-force-compress-format "oci-archive:$FILE_DIR/busybox.oci" "docker://$(at plain)/busybox:zstd" ||
		copy --dest-compress-format zstd "oci-archive:$FILE_DIR/busybox.oci" "docker://$(at plain)/busybox:zstd"
}
teardown_file() {
	registry_down plain
	store_down
}
setup() { export HOD_ROOT=$FILE_DIR/fresh$BATS_TEST_NUMBER; }
plain_lines() { grep -c "\"$1 /v2/.*$2" "$FILE_DIR/plain/log"; }

@test "an image is pulled, is whole, and runs" {
	run -0 --separate-stderr hod pull "$(at plain)/busybox"
	has "$(at plain)/busybox:latest"
	has "Downloaded newer image"
	run -0 hod_run --rm "$(at plain)/busybox" echo hi
	is hi
	run -0 hod fsck --deep
	digest=$(skopeo inspect --tls-verify=false --format '{{.Digest}}' "docker://$(at plain)/busybox:latest")
	run -0 hod pull "$(at plain)/busybox@$digest"
	[ "$(staged)" = 0 ]
}

@test "the second pull fetches nothing" {
	hod pull -q "$(at plain)/busybox"
	run -0 --separate-stderr hod pull "$(at plain)/busybox"
	has "up to date"
	[ -z "$stderr" ]
}

@test "-q prints the full name only" {
	run -0 hod pull -q "$(at plain)/busybox:latest"
	is "$(at plain)/busybox:latest"
}

@test "docker's media types and zstd are read as well" {
	for tag in docker zstd; do
		run -0 hod pull -q "$(at plain)/busybox:$tag"
		run -0 hod_run --rm "$(at plain)/busybox:$tag" echo hi
		is hi
	done
}

# one inode for both would make them hard links of each other in what tar and cp -a write in a container
@test "equal files of two layers are two files in a container" {
	mkdir -p "$FILE_DIR/equal"
	echo same >"$FILE_DIR/equal/file"
	printf 'FROM busybox\nCOPY file /a\nCOPY file /d/b\n' >"$FILE_DIR/equal/Dockerfile"
	HOD_ROOT=$FILE_DIR/store hod build -q -t equal "$FILE_DIR/equal" >/dev/null
	HOD_ROOT=$FILE_DIR/store hod push -q equal "$(at plain)/equal:1"
	hod pull -q "$(at plain)/equal:1"
	run -0 hod_run --rm "$(at plain)/equal:1" sh -c 'stat -c %h /a /d/b; stat -c %i /a /d/b | uniq | wc -l'
	is "$(printf '1\n1\n2')"
}

@test "run and build pull what is not here; never does not" {
	run -125 hod_run --rm --pull never "$(at plain)/busybox" true
	has "not in the store"
	run -0 --separate-stderr hod_run --rm "$(at plain)/busybox" echo hi
	is hi
	mkdir -p "$FILE_DIR/context"
	printf 'FROM %s/busybox:docker\nRUN echo built >/f\n' "$(at plain)" >"$FILE_DIR/context/Dockerfile"
	run -0 hod build -q -t built "$FILE_DIR/context"
	run -0 hod_run --rm --pull=newer "$(at plain)/busybox" echo again
	has again
}

@test "an absent image is said to be so" {
	run -1 hod pull "$(at plain)/nothing"
	has "nothing"
	has 404
	run -125 hod_run --rm "$(at plain)/busybox:none" true
}

@test "an image that is here for another platform only is said to be so" {
	run -0 hod pull -q "$(at plain)/busybox"
	have=$(hod inspect -f '{{.Os}}/{{.Architecture}}' "$(at plain)/busybox")
	hod tag "$(at plain)/busybox" "$(at plain)/only-here"
	run -125 hod_run --rm --platform linux/s390x "$(at plain)/only-here" true
	has "the one that is here is for $have"
}

@test "progress as JSON lines" {
	run -0 --separate-stderr hod pull --progress rawjson "$(at plain)/busybox"
	jq -es 'map(.event) | index("begin") != null and index("end") != null' <<<"$stderr" >"$FILE_DIR/jq"
}

@test "registries.conf of other tools: a mirror, another place, a blocked one" {
	mkdir -p "$HOD_ROOT" "$FILE_DIR/conf"
	export CONTAINERS_REGISTRIES_CONF=$FILE_DIR/conf/registries.conf
	cat >"$CONTAINERS_REGISTRIES_CONF" <<-TOML
		unqualified-search-registries = ["quay.example"] # not ours
		[[registry]]
		prefix = "moved.example/team"
		location = "$(at plain)"
		[[registry]]
		location = "mirrored.example"
		[[registry.mirror]]
		location = "$(at plain)"
		[[registry]]
		prefix = "*.evil.example"
		blocked = true
	TOML
	for host in moved.example/team mirrored.example; do
		run -0 hod pull -q "$host/busybox:latest"
		is "$host/busybox:latest"
	done
	run -1 hod pull -q r.evil.example/busybox
	has "blocked"
	echo "[[registry]" >"$CONTAINERS_REGISTRIES_CONF"
	run -1 hod pull -q "$(at plain)/busybox"
	has "$CONTAINERS_REGISTRIES_CONF: line 1"
}

@test "the proxies of docker's config.json are set in containers and RUN steps, unless given" {
	mkdir -p "$FILE_DIR/docker"
	echo '{"proxies":{"default":{"httpProxy":"http://proxy.example:3128","noProxy":"inside.example"}}}' >"$FILE_DIR/docker/config.json"
	export HOD_ROOT=$FILE_DIR/store DOCKER_CONFIG=$FILE_DIR/docker
	run -0 hod_run --rm -e no_proxy=mine busybox env
	has "HTTP_PROXY=http://proxy.example:3128"
	has "http_proxy=http://proxy.example:3128"
	has "NO_PROXY=inside.example"
	has "no_proxy=mine"
	lacks "no_proxy=inside.example"
	mkdir -p "$FILE_DIR/proxied"
	printf 'FROM busybox\nRUN env >/env\n' >"$FILE_DIR/proxied/Dockerfile"
	run -0 hod build -q -t proxied --build-arg NO_PROXY=x "$FILE_DIR/proxied"
	unset DOCKER_CONFIG
	run -0 hod_run --rm proxied cat /env
	has "http_proxy=http://proxy.example:3128"
	has "NO_PROXY=x"
	run -0 hod_run --rm proxied env
	lacks proxy.example
}

@test "what unpacks is confined to its tree, where the kernel has Landlock" {
	run -0 strace -f -e trace=landlock_create_ruleset,landlock_restrict_self -o "$FILE_DIR/trace" "$HOD" pull -q "$(at plain)/busybox"
	version=$(sed -n 's/.*LANDLOCK_CREATE_RULESET_VERSION) = \([0-9]*\)$/\1/p' "$FILE_DIR/trace" | head -n 1)
	[ "${version:-0}" -ge 2 ] || skip "no Landlock here"
	grep -q "landlock_restrict_self([0-9]*, 0) *= 0" "$FILE_DIR/trace"
}

@test "200 MB are pulled, and pushed, in less than 64 MB of memory" {
	mkdir -p "$FILE_DIR/large"
	head -c 200000000 /dev/urandom >"$FILE_DIR/large/file"
	tar -C "$FILE_DIR/large" -cf "$FILE_DIR/large.tar" .
	rm "$FILE_DIR/large/file"
	peak() { # peak COMMAND...: its largest resident size in KiB
		python3 -c 'import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)' "$@"
	}
	hod import "$FILE_DIR/large.tar" large >/dev/null
	rm "$FILE_DIR/large.tar"
	[ "$(peak "$HOD" push -q large "$(at plain)/large")" -lt 65536 ]
	HOD_ROOT=$FILE_DIR/large/store run -0 peak "$HOD" pull -q "$(at plain)/large"
	[ "$output" -lt 65536 ]
	hod rmi -f large >/dev/null
	HOD_ROOT=$FILE_DIR/large/store hod rmi -f "$(at plain)/large" >/dev/null
}
