#!/usr/bin/env bats
# build, the command: contexts, secrets, outputs, platforms, shared caches, what the image gets; builder prune.
load helper
load registry

setup() {
	context_up
	rm -rf "$FILE_DIR"/out*
}
in_image() { hod_run --rm "$@"; }
layers_of() { hod inspect -f '{{range .RootFS.Layers}}{{println .}}{{end}}' "$1"; }

# serve DIR: http on a free port, until the test ends; sets $port
serve() {
	python3 - "$1" >"$FILE_DIR/port" 2>/dev/null 3>&- <<-'END' &
		import functools, http.server, sys
		class Handler(http.server.SimpleHTTPRequestHandler):
		    def do_GET(self):
		        if self.path.startswith("/go/"):
		            self.send_response(302)
		            self.send_header("Location", self.path[3:])
		            self.end_headers()
		        else:
		            super().do_GET()
		s = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=sys.argv[1]))
		print(s.server_port, flush=True)
		s.serve_forever()
	END
	server=$!
	until_ok 10 test -s "$FILE_DIR/port"
	port=$(cat "$FILE_DIR/port")
}
teardown() {
	[ -z "$server" ] || kill "$server" 2>/dev/null || :
	store_down
}

# ---- contexts ----

@test "a tar on a server is a context, behind a redirection too; one file is a Dockerfile" {
	printf 'FROM busybox\nCOPY f /f\n' | dockerfile
	echo text >"$ctx/f"
	mkdir -p "$FILE_DIR/www"
	tar -C "$ctx" -czf "$FILE_DIR/www/ctx.tgz" .
	printf 'FROM busybox\nENV A=1\n' >"$FILE_DIR/www/Dockerfile"
	serve "$FILE_DIR/www"
	hod build -q -t web "http://127.0.0.1:$port/ctx.tgz"
	run -0 in_image web cat /f
	is text
	hod build -q -t web "http://127.0.0.1:$port/go/ctx.tgz"
	hod build -q -t web "http://127.0.0.1:$port/Dockerfile"
	run -1 hod build "http://127.0.0.1:$port/absent.tgz"
	has 404
}

@test "a repository is a context: the whole, a ref, a directory of it" {
	need program git
	git init -q -b main "$FILE_DIR/repo.git"
	(
		cd "$FILE_DIR/repo.git"
		git config user.email a@example.org
		git config user.name a
		mkdir sub
		printf 'FROM busybox\nCOPY . /src\n' | tee Dockerfile >sub/Dockerfile
		echo one >f
		echo below >sub/g
		git add .
		git commit -q -m one
		git tag v1
		echo two >f
		git commit -q -a -m two
	)
	url=file://$FILE_DIR/repo.git
	hod build -q -t repo "$url"
	run -0 in_image repo sh -c 'cat /src/f; ls -a /src | grep -c git || :'
	[ "${lines[0]}" = two ]
	[ "${lines[1]}" = 0 ]
	hod build -q -t repo "$url#v1"
	run -0 in_image repo cat /src/f
	is one
	hod build -q -t repo "$url#main:sub"
	run -0 in_image repo cat /src/g
	is below
	commit=$(git -C "$FILE_DIR/repo.git" rev-parse v1)
	hod build -q -t repo "$url#$commit"
	run -0 in_image repo cat /src/f
	is one
	# the time is the commit's, so that another checkout gives the same layer
	first=$(layers_of repo)
	sleep 1.1
	hod build -q --no-cache -t repo "$url#v1"
	[ "$(layers_of repo)" = "$first" ]
	run -1 hod build "$url#nothing"
	run -1 hod build "$url#main:absent"
	has absent
}

@test "named contexts: a directory, an image, an OCI layout; they win over stages; unused ones are not opened" {
	mkdir -p "$FILE_DIR/other"
	echo other >"$FILE_DIR/other/f"
	echo here >"$ctx/f"
	dockerfile <<-'END'
		FROM busybox AS stage
		RUN echo stage >/f
		FROM busybox
		COPY --from=stage /f /stage
		COPY --from=files /f /files
		COPY f /here
		RUN --mount=from=files,target=/m cp /m/f /mounted
	END
	hod build -q -t named --build-context files="$FILE_DIR/other" --build-context nobody=/absent "$ctx"
	run -0 in_image named cat /stage /files /here /mounted
	is $'stage\nother\nhere\nother'
	hod build -q -t named --build-context files="$FILE_DIR/other" --build-context stage="$FILE_DIR/other" "$ctx"
	run -0 in_image named cat /stage
	is other
	hod save --format oci-dir -o "$FILE_DIR/layout" named
	printf 'FROM base\nRUN cat /stage >/seen\n' | dockerfile
	hod build -q -t from1 --build-context base=docker-image://named "$ctx"
	run -0 in_image from1 cat /seen
	is other
	hod build -q -t from2 --build-context base="oci-layout://$FILE_DIR/layout" "$ctx"
	[ "$(layers_of from1)" = "$(layers_of from2)" ]
	printf 'FROM scratch\nCOPY --from=root /bin /bin\nCOPY --from=root /f /f\n' | dockerfile
	mkdir -p "$FILE_DIR/other/bin"
	cp "$(command -v busybox)" "$FILE_DIR/other/bin/cat"
	printf 'FROM root\n' | dockerfile
	hod build -q -t from3 --build-context root="$FILE_DIR/other" "$ctx"
	run -0 in_image from3 /bin/cat /f
	is other
}

# ---- what RUN gets ----

@test "secrets: from a file, from a variable; not in the image, its history or its cache; a missing one fails at once" {
	printf 'tell nobody' >"$FILE_DIR/secret"
	dockerfile <<-'END'
		FROM busybox
		RUN --mount=type=secret,id=one,required=true test "$(wc -c </run/secrets/one)" = 11
		RUN --mount=type=secret,id=two,env=TWO,required=true test "${#TWO}" = 6
		RUN ls /run/secrets 2>/dev/null | wc -l >/left
	END
	WORD=hidden hod build -q -t secret --secret id=one,src="$FILE_DIR/secret" --secret id=two,env=WORD "$ctx"
	run -0 in_image secret cat /left
	is 0
	hod save -o "$FILE_DIR/secret.tar" secret
	run -1 grep -q 'tell nobody' "$FILE_DIR/secret.tar"
	# not what other ids alone may read: 2 is no match, too
	run ! grep -rqs 'tell nobody' "$HOD_ROOT"
	run -1 hod build --secret id=one,src=/absent "$ctx"
	has absent
	lacks "[1/"
	run -1 hod build --no-cache "$ctx"
	has Dockerfile:2
	run -125 hod build --secret src=x "$ctx"
	run -125 hod build --secret id=x,scr=y "$ctx"
}

@test "RUN obeys --add-host, --ulimit, --shm-size, --cap-drop, --dns, and their change is a miss" {
	dockerfile <<-'END'
		FROM busybox
		RUN grep -q '1.2.3.4.*there' /etc/hosts && [ "$(ulimit -n)" = 77 ] && df /dev/shm | grep -q 2048 && grep -q 9.9.9.9 /etc/resolv.conf
	END
	opts=(--add-host there:1.2.3.4 --ulimit nofile=77 --shm-size 2m --cap-drop ALL --dns 9.9.9.9)
	hod build -q "${opts[@]}" "$ctx"
	run -1 hod build --add-host there:1.2.3.5 "${opts[@]:2}" "$ctx"
	run -0 hod build "${opts[@]}" "$ctx"
	has cached
}

# ---- where it goes ----

@test "--output local: files over what is there, ours, links not followed; nothing is stored" {
	dockerfile <<-'END'
		FROM busybox AS make
		RUN mkdir -p /o/d && echo new >/o/d/f && ln /o/d/f /o/d/g && ln -s /etc/passwd /o/link && chown 5:5 /o/d/f && chmod 4755 /o/d/f
		FROM scratch
		COPY --from=make /o /
	END
	mkdir -p "$FILE_DIR/out/d" "$FILE_DIR/elsewhere"
	echo old >"$FILE_DIR/out/d/f"
	echo kept >"$FILE_DIR/out/kept"
	ln -s "$FILE_DIR/elsewhere" "$FILE_DIR/out/link"
	before=$(hod images -aq | wc -l)
	run -0 --separate-stderr hod build -o "$FILE_DIR/out" "$ctx"
	is ""
	[ "$(hod images -aq | wc -l)" = "$before" ]
	[ "$(cat "$FILE_DIR/out/d/f")" = new ]
	[ "$(cat "$FILE_DIR/out/kept")" = kept ]
	[ "$(readlink "$FILE_DIR/out/link")" = /etc/passwd ]
	[ "$(stat -c '%u %a %h' "$FILE_DIR/out/d/f")" = "$(id -u) 755 2" ]
	[ -z "$(ls "$FILE_DIR/elsewhere")" ]
}

@test "--output: tar on stdout, an OCI archive and directory, a docker archive, with names" {
	printf 'FROM busybox\nRUN echo x >/x\n' | dockerfile
	hod build -q -o - "$ctx" | tar -x -O -f - x >"$FILE_DIR/got"
	[ "$(cat "$FILE_DIR/got")" = x ]
	id=$(hod build -q -t out1 -o type=oci,dest="$FILE_DIR/out.oci.tar",compression=gzip -o type=docker,dest="$FILE_DIR/out.docker.tar",name=other:2 \
		-o type=oci,tar=false,dest="$FILE_DIR/out.dir" "$ctx")
	run -1 hod image exists out1
	[ "$(skopeo inspect "oci-archive:$FILE_DIR/out.oci.tar" | jq -r '.Layers | length')" = 2 ]
	[ "$(skopeo inspect --config "oci:$FILE_DIR/out.dir" | sha256sum | cut -d' ' -f1)" != "" ]
	run -0 hod load -i "$FILE_DIR/out.docker.tar"
	has other:2
	[ "$(hod inspect -f '{{.Id}}' other:2)" = "$id" ]
	run -0 hod build -q --load -t both -o "$FILE_DIR/out2" "$ctx"
	hod image exists both
	run -125 hod build -o type=nonsense,dest=x "$ctx"
	run -125 hod build -o type=oci "$ctx"
	run -125 hod build -o type=local,dest=- "$ctx"
}

@test "a failed build leaves the archive of the last one" {
	printf 'FROM busybox\nRUN true\n' | dockerfile
	hod build -q -o type=oci,dest="$FILE_DIR/out.tar" "$ctx"
	sum=$(sha256sum <"$FILE_DIR/out.tar")
	printf 'FROM busybox\nRUN false\n' | dockerfile
	run -1 hod build -q -o type=oci,dest="$FILE_DIR/out.tar" "$ctx"
	[ "$(sha256sum <"$FILE_DIR/out.tar")" = "$sum" ]
	[ "$(find "$FILE_DIR" -name 'out.tar*' | wc -l)" = 1 ]
}

@test "several platforms make an index; RUN for a foreign one is refused before anything is built" {
	printf 'FROM scratch\nCOPY f /f\n' | dockerfile
	echo x >"$ctx/f"
	hod build -q -t multi --platform linux/amd64,linux/arm64,linux/s390x "$ctx"
	hod build -q -t multi --platform linux/amd64,linux/arm64 -o type=oci,dest="$FILE_DIR/out.multi.tar" "$ctx"
	run -0 skopeo inspect --raw "oci-archive:$FILE_DIR/out.multi.tar"
	[ "$(jq -r '[.manifests[].platform.architecture] | join(",")' <<<"$output")" = amd64,arm64 ]
	hod build -q --platform linux/amd64,linux/arm64 -o "$FILE_DIR/out.p" "$ctx"
	[ "$(cat "$FILE_DIR/out.p/linux_arm64/f" "$FILE_DIR/out.p/linux_amd64/f")" = $'x\nx' ]
	# the context on stdin serves all platforms
	tar -C "$ctx" -c . | hod build -q --platform linux/amd64,linux/arm64 -o type=oci,dest="$FILE_DIR/out.m2.tar" -
	[ -e /proc/sys/fs/binfmt_misc/qemu-s390x ] && return
	printf 'FROM busybox AS first\nRUN echo never\nFROM first\nRUN true\n' | dockerfile
	run -1 hod build --platform linux/s390x "$ctx"
	has binfmt_misc
	has Dockerfile:2
	lacks "1/2"
}

@test "--push and type=registry send what was built to where its names say" {
	registry_up pushed
	printf 'FROM busybox\nRUN echo x >/x\n' | dockerfile
	hod build -q -t "$(at pushed)/a/b:1" --push --metadata-file "$FILE_DIR/m.json" "$ctx"
	[ "$(skopeo inspect --tls-verify=false --format '{{.Digest}}' "docker://$(at pushed)/a/b:1")" = "$(jq -r '."containerimage.digest"' "$FILE_DIR/m.json")" ]
	printf 'FROM scratch\nCOPY Dockerfile /\n' | dockerfile
	hod build -q -t "$(at pushed)/a/m:1" -o type=registry --platform linux/amd64,linux/arm64 "$ctx"
	[ "$(skopeo inspect --raw --tls-verify=false "docker://$(at pushed)/a/m:1" | jq '.manifests | length')" = 2 ]
	registry_down pushed
	run -125 hod build --push "$ctx"
	run -125 hod build --push -t x -o "$FILE_DIR/out.x" "$ctx"
}

# ---- what the image gets ----

@test "--label, --env, --unsetenv, --unsetlabel, --annotation, --format, --metadata-file, --omit-history" {
	printf 'FROM busybox\nENV A=1 B=2\nLABEL l=1 m=2\n' | dockerfile
	id=$(hod build -q -t meta --label n=3 --env C=3 --unsetenv B --unsetlabel l --annotation org.example.x=y --metadata-file "$FILE_DIR/m.json" "$ctx")
	run -0 hod inspect -f '{{json .Config.Labels}} {{range .Config.Env}}{{.}},{{end}}' meta
	has '"m":"2","n":"3"'
	lacks '"l":'
	has A=1
	has C=3
	lacks B=2
	[ "$(jq -r '."containerimage.config.digest"' "$FILE_DIR/m.json")" = "$id" ]
	[ "$(jq -r '."image.name"' "$FILE_DIR/m.json")" = docker.io/library/meta:latest ]
	hod save --format oci-dir -o "$FILE_DIR/out.meta" meta
	manifest=$(jq -r '.manifests[0].digest' "$FILE_DIR/out.meta/index.json")
	[ "$(jq -r '."containerimage.digest"' "$FILE_DIR/m.json")" = "$manifest" ]
	[ "$(jq -r '.annotations."org.example.x"' "$FILE_DIR/out.meta/blobs/sha256/${manifest#sha256:}")" = y ]
	hod build -q -t docker1 --format docker --omit-history --metadata-file "$FILE_DIR/m.json" "$ctx"
	[ "$(jq -r '."containerimage.descriptor".mediaType' "$FILE_DIR/m.json")" = application/vnd.docker.distribution.manifest.v2+json ]
	run -0 hod history -q docker1
	is ""
	run -125 hod build --format docker --annotation a=b "$ctx"
}

@test "--squash makes one layer of what is new: hard links, removed files, owners" {
	dockerfile <<-'END'
		FROM busybox
		RUN mkdir /d && echo 1 >/d/a && ln /d/a /d/b && chown 1000:1000 /d/a
		RUN rm /bin/wget && rm -rf /home && echo go$((1))ne >/d/c
		RUN rm /d/c && chmod 711 /d
	END
	hod build -q -t plain "$ctx"
	hod build -q -t squashed --squash "$ctx"
	[ "$(layers_of squashed | grep -c .)" = 2 ]
	look='stat -c "%u:%g %a %n" /d; stat -c "%u:%g %a %h %n" /d/a /d/b; ls /bin | wc -l; ls -d /home /d/c 2>&1; cat /d/b'
	want=$(in_image plain sh -c "$look")
	run -0 in_image squashed sh -c "$look"
	is "$want"
	hod build -q -t flat --squash-all "$ctx"
	[ "$(layers_of flat | grep -c .)" = 1 ]
	run -0 in_image flat sh -c "$look"
	is "$want"
	# what was removed again is in no layer
	hod save -o "$FILE_DIR/s.tar" squashed
	run -1 grep -q go1ne "$FILE_DIR/s.tar"
}

@test "--progress rawjson gives an object a line; --logfile takes what stderr would show" {
	printf 'FROM busybox\nRUN echo "said \\"this\\""\n' | dockerfile
	run -0 --separate-stderr hod build --progress rawjson --no-cache "$ctx"
	# shellcheck disable=SC2154 # bats sets stderr
	run -0 jq -s -r '[.[] | .vertexes[]?.name] | unique | join(" ")' <<<"$stderr"
	has "RUN echo"
	run -0 jq -r '.logs[]?.data' <<<"$stderr"
	[ "$(base64 -d <<<"$output")" = 'said "this"' ]
	run -0 --separate-stderr hod build --progress plain --logfile "$FILE_DIR/log" --no-cache "$ctx"
	[ -z "$stderr" ]
	grep -q said "$FILE_DIR/log"
}

# ---- caches ----

@test "a cache in a directory serves another store; it only ever grows; a damaged one is a smaller one" {
	dockerfile <<-'END'
		FROM busybox AS b
		RUN echo b >/b
		FROM busybox
		COPY --from=b /b /b
		RUN cat /proc/sys/kernel/random/uuid >/once
	END
	hod build -q -t c1 --cache-to type=local,dest="$FILE_DIR/cache" "$ctx"
	before=$(cd "$FILE_DIR/cache" && find . -type f -exec sha256sum {} + | sort)
	once=$(in_image c1 cat /once)
	(
		export HOD_ROOT=$FILE_DIR/store2
		hod import "$(busybox_tar)" busybox >/dev/null
		hod build -q -t c2 --cache-from type=local,src="$FILE_DIR/cache" "$ctx"
		[ "$(in_image c2 cat /once)" = "$once" ]
		hod fsck
	)
	echo 'RUN echo more >/more' >>"$ctx/Dockerfile"
	hod build -q -t c1 --cache-to type=local,dest="$FILE_DIR/cache" "$ctx"
	after=$(cd "$FILE_DIR/cache" && find . -type f -exec sha256sum {} + | sort)
	[ -z "$(comm -23 <(echo "$before") <(echo "$after"))" ]
	for f in "$FILE_DIR"/cache/layers/*; do echo damaged >"$f"; done
	(
		export HOD_ROOT=$FILE_DIR/store3
		hod import "$(busybox_tar)" busybox >/dev/null
		run -0 hod build -t c3 --cache-from type=local,src="$FILE_DIR/cache" --cache-from type=local,src=/absent "$ctx"
		has "no cache"
		[ "$(in_image c3 cat /once)" != "$once" ]
	)
	rm -rf "$FILE_DIR/store2" "$FILE_DIR/store3"
}

@test "a cache inside an image serves another store" {
	printf 'FROM busybox\nRUN cat /proc/sys/kernel/random/uuid >/once\nENV A=1\n' | dockerfile
	hod build -q -t inline --cache-to type=inline -o type=oci,dest="$FILE_DIR/inline.tar" "$ctx"
	once=$(hod build -q -o - "$ctx" | tar -xO -f - once)
	(
		export HOD_ROOT=$FILE_DIR/store2
		hod import "$(busybox_tar)" busybox >/dev/null
		hod load -q -i "$FILE_DIR/inline.tar" >/dev/null
		hod build -q -t again --cache-from inline "$ctx"
		[ "$(in_image again cat /once)" = "$once" ]
		echo RUN true >>"$ctx/Dockerfile"
		run -0 hod build --cache-from absent:1 --pull=never "$ctx"
		has "absent:1"
	)
	rm -rf "$FILE_DIR/store2"
}

@test "a cache at a registry serves another store" {
	registry_up cache
	printf 'FROM busybox AS one\nRUN cat /proc/sys/kernel/random/uuid >/once\nFROM busybox\nCOPY --from=one /once /once\nRUN cp /once /twice\n' | dockerfile
	hod build -q -t first --cache-to "type=registry,ref=$(at cache)/c/steps:1" "$ctx"
	[ "$(hod images | grep -c hod-cache)" = 0 ]
	(
		export HOD_ROOT=$FILE_DIR/store2
		hod import "$(busybox_tar)" busybox >/dev/null
		run -0 hod build --progress plain -t again --cache-from "type=registry,ref=$(at cache)/c/steps:1" "$ctx"
		has 'cached'
		[ "$(in_image again cat /once /twice)" = "$(HOD_ROOT=$FILE_DIR/store in_image first cat /once /twice)" ]
	)
	rm -rf "$FILE_DIR/store2"
	# of several platforms all are there
	dockerfile <<-'END'
		FROM scratch
		ARG TARGETARCH
		COPY a$TARGETARCH /a
	END
	echo one >"$ctx/aamd64"
	echo two >"$ctx/aarm64"
	hod build -q --platform linux/amd64,linux/arm64 --cache-to "type=registry,ref=$(at cache)/c/two:1" "$ctx"
	[ "$(hod images -a | grep -c hod-cache)" = 0 ]
	(
		export HOD_ROOT=$FILE_DIR/store2
		for arch in amd64 arm64; do
			run -0 hod build --progress plain --platform linux/$arch \
				--cache-from "type=registry,ref=$(at cache)/c/two:1" "$ctx"
			[ "$(grep -c 'cached' <<<"$output")" = 1 ]
		done
	)
	rm -rf "$FILE_DIR/store2"
	registry_down cache
	run -1 hod build -q --cache-to "type=registry,ref=$(at cache)/c/steps:1" "$ctx"
	has '--cache-to'
	run -125 hod build -q --cache-to type=gha "$ctx"
	has 'type=registry,ref=NAME'
}

@test "--no-cache-filter carries out one stage anew" {
	dockerfile <<-'END'
		FROM busybox AS a
		RUN cat /proc/sys/kernel/random/uuid >/a
		FROM busybox AS b
		RUN cat /proc/sys/kernel/random/uuid >/b
		FROM busybox
		COPY --from=a /a /
		COPY --from=b /b /
	END
	hod build -q -t f1 "$ctx"
	hod build -q -t f2 --no-cache-filter B "$ctx"
	[ "$(in_image f1 cat /a)" = "$(in_image f2 cat /a)" ]
	[ "$(in_image f1 cat /b)" != "$(in_image f2 cat /b)" ]
}

@test "builder prune: by age, by size, all; what an image has stays without --all" {
	printf 'FROM busybox\nRUN dd if=/dev/zero of=/big bs=1k count=2000 2>/dev/null\nRUN rm /big\n' | dockerfile
	hod build -q -t p "$ctx"
	hod system prune -f >/dev/null
	hod build -q -t p --no-cache "$ctx"
	run -0 hod builder prune -f
	has "Total reclaimed space: 0B"
	hod rmi p
	run -0 hod system df --format '{{.Type}} {{.Size}}'
	has "Build Cache 2.0"
	run -0 hod builder prune -f --filter until=1h
	has "space: 0B"
	run -0 hod builder prune -f --keep-storage 3m
	has "space: 0B"
	run -0 hod builder prune -f --keep-storage 1m
	has "space: 2.0"
	run -0 hod builder prune -af
	run -0 hod buildx prune -af
	has "space: 0B"
	run -0 hod fsck
}

# ---- side by side, twice, pinned ----

@test "independent stages run side by side; a failure ends the others; --jobs 1 gives the same image" {
	dockerfile <<-'END'
		FROM busybox AS a
		RUN --mount=type=cache,target=/c echo $(date +%s%N) >/c/a; n=0; until [ -e /c/b ] || [ $n -gt 500 ]; do sleep 0.02; n=$((n+1)); done; [ -e /c/b ]
		FROM busybox AS b
		RUN --mount=type=cache,target=/c echo x >/c/b; n=0; until [ -e /c/a ] || [ $n -gt 500 ]; do sleep 0.02; n=$((n+1)); done; [ -e /c/a ]; rm /etc/group
		FROM busybox
		COPY --from=a /etc /a
		COPY --from=b /etc /b
	END
	export SOURCE_DATE_EPOCH=1700000000
	hod build -q -t side --jobs 2 "$ctx"
	hod build -q -t side1 --jobs 1 --no-cache "$ctx"
	[ "$(layers_of side)" = "$(layers_of side1)" ]
	unset SOURCE_DATE_EPOCH
	dockerfile <<-'END'
		FROM busybox AS a
		RUN sleep 30.1112
		FROM busybox AS b
		RUN sleep 0.1; exit 7
		FROM busybox
		COPY --from=a /etc /a
		COPY --from=b /etc /b
	END
	SECONDS=0
	run -1 hod build --jobs 2 "$ctx"
	has "exit code 7"
	[ $SECONDS -lt 20 ]
	until_ok 5 no_process 'sleep 30.1112'
	[ "$(staged)" = 0 ]
}

@test "--verify names the first file that is not the same twice" {
	printf 'FROM busybox\nRUN echo same >/a && cat /proc/sys/kernel/random/uuid >/other\n' | dockerfile
	run -1 hod build --verify "$ctx"
	has "/other has another content"
	has "layer 2"
	printf 'FROM busybox\nRUN echo same >/a && mkdir /d && echo 2 >/d/e\n' | dockerfile
	hod build -q --verify "$ctx"
}

@test "--lock writes hod.lock, --locked uses nothing else, and finds what a name has left" {
	printf 'FROM pinned\nCOPY --from=busybox /bin/sh /sh\nRUN true\n' | dockerfile
	hod tag busybox pinned
	run -1 hod build --locked "$ctx"
	has hod.lock
	id=$(hod build -q --lock "$ctx")
	[ "$(jq -r '.images | keys | length' "$ctx/hod.lock")" = 2 ]
	[ "$(hod build -q --locked "$ctx")" = "$id" ]
	printf 'FROM busybox\nENV MOVED=1\n' | hod build -q -t pinned - >/dev/null
	run -0 hod build -q --locked "$ctx"
	is "$id"
	printf 'FROM pinned\nCOPY --from=other /bin/sh /sh\n' | dockerfile
	hod tag busybox other
	run -1 hod build --locked "$ctx"
	has "does not name"
}

@test "one image on two stores, with one epoch" {
	printf 'FROM busybox\nRUN mkdir /d && echo 1 >/d/1 && ln -s 1 /d/2\nCOPY f /f\nWORKDIR /w/x\n' | dockerfile
	echo x >"$ctx/f"
	touch -d @1600000000 "$ctx/f"
	a=$(SOURCE_DATE_EPOCH=1700000000 hod build -q "$ctx")
	b=$(
		export HOD_ROOT=$FILE_DIR/store2
		hod import "$(busybox_tar)" busybox >/dev/null
		sleep 1.1
		hod build -q --source-date-epoch 1700000000 "$ctx" -t e >/dev/null
		layers_of e
	)
	hod tag "$a" e
	[ "$(layers_of e)" = "$b" ]
	rm -rf "$FILE_DIR/store2"
}
