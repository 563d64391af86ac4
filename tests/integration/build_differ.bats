#!/usr/bin/env bats
# build: the same contexts built by hod and by buildah give the same configuration and the same tree.
load helper

# Where buildah differs from docker's reference it is not asked: SHELL, the owner that WORKDIR gives, the mode of a
# copied directory, hard links between two sources of one COPY.

# a root of its own: nothing of the user's
buildah() { command buildah --root "$FILE_DIR/buildah" --runroot "$FILE_DIR/buildah-run" --storage-driver vfs "$@"; }

setup_file() {
	store_up
	[ "$(id -u)" = 0 ] && command -v buildah >/dev/null || return 0
	# buildah gives a PATH to what has none
	hod import --change 'ENV PATH=/bin' --change 'CMD ["sh"]' "$(busybox_tar)" busybox >/dev/null
	hod save -o "$FILE_DIR/busybox.tar" busybox
	buildah pull -q --policy never "docker-archive:$FILE_DIR/busybox.tar" >/dev/null 2>&1 ||
		buildah pull -q "docker-archive:$FILE_DIR/busybox.tar" >/dev/null
}
setup() {
	need root
	need program buildah
	ctx=$FILE_DIR/ctx
	rm -rf "$ctx"
	mkdir -p "$ctx/d/s"
	echo a >"$ctx/a"
	echo b >"$ctx/d/b"
	echo c >"$ctx/d/s/c"
	chmod 600 "$ctx/d/s/c"
	chmod 755 "$ctx/a"
	ln -s ../a "$ctx/d/link"
	tar -C "$ctx" -czf "$ctx/t.tgz" d
	printf 'ignored\n**/*.log\n!keep.log\n' >"$ctx/.dockerignore"
	touch "$ctx/ignored" "$ctx/d/x.log" "$ctx/keep.log"
}
tree() { # tree IMAGE: names, modes, owners, sizes and links of all that is in it
	local id
	id=$(hod create "$1" true)
	hod export "$id" | tar -tvf - | sed -E 's/[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}//; s, (\./)?, ,' |
		grep -vE ' (dev|proc|sys|etc|run)/$| etc/(hosts|hostname|resolv.conf)$' | tr -s ' ' | sort
	hod rm "$id" >/dev/null
}
config() { # what the image starts with; what is not there and what is empty are the same
	hod image inspect -f '{{json .Config}}' "$1" |
		jq -S '{User, Env, Cmd, Entrypoint, WorkingDir, Labels, ExposedPorts, Volumes, StopSignal, OnBuild, Shell, Healthcheck}
			| .Labels |= with_entries(select(.key != "io.buildah.version"))? // .
			| with_entries(select(.value != null and .value != [] and .value != {} and .value != ""))'
}
same() { # same ARG...: builds the Dockerfile from stdin with both
	cat >"$ctx/Dockerfile"
	hod build -q -t ours "$@" "$ctx"
	buildah bud -q --isolation chroot --format docker --layers=false -t theirs "$@" "$ctx"
	rm -f "$FILE_DIR/theirs.tar"
	buildah push -q theirs "docker-archive:$FILE_DIR/theirs.tar:localhost/theirs:latest"
	hod load -q -i "$FILE_DIR/theirs.tar"
	diff <(config ours) <(config localhost/theirs)
	diff <(tree ours) <(tree localhost/theirs)
}

@test "copying: files, directories, patterns, owners, modes, ignored files" {
	same <<-'END'
		FROM busybox
		COPY a /one
		COPY a d /two/
		COPY d/ /three
		COPY [ad] /four/
		COPY --chown=5:6 --chmod=640 a /five/six
		WORKDIR /work/dir
		COPY a .
		COPY . /all/
		ADD t.tgz /unpacked/
	END
}

@test "settings: all of them, with variables and arguments" {
	same --build-arg given=yes <<-'END'
		ARG base=busybox
		FROM $base
		ARG given=no fallback=word
		ENV a=1 b="two words" c=$given d=${fallback:-x} e=${none:-y} f=${given:+z}
		ENV old form of it
		LABEL l=$a "m n"='single $a' o="$b"
		WORKDIR /w
		WORKDIR rel
		USER 5:6
		EXPOSE 80 53/udp
		VOLUME /v /u
		STOPSIGNAL SIGINT
		HEALTHCHECK --interval=5s --retries=2 CMD ["x", "y"]
		ENTRYPOINT ["e"]
		CMD ["c", "d"]
		ONBUILD RUN x
	END
}

# buildah forgets SHELL
@test "the shell form, and an ENTRYPOINT over the base's CMD" {
	same <<-'END'
		FROM busybox
		RUN echo $0 > /shell
		ENTRYPOINT exec top
	END
}

@test "stages: by name and number, trees and owners between them" {
	same <<-'END'
		FROM busybox AS one
		RUN mkdir /o && echo 1 > /o/f && chown 3:4 /o/f && ln -s f /o/l
		FROM one AS two
		RUN rm /o/l && echo 2 > /o/g
		FROM busybox
		COPY --from=one /o /one
		COPY --from=1 /o/g /two/
		COPY --from=two --chown=7:8 /o /three/
	END
}

@test "RUN: what it leaves, and mounts that leave nothing" {
	same <<-'END'
		FROM busybox
		ENV a=1
		ARG b=2
		RUN echo "$a $b $(id -u) $(pwd)" > /out && mkdir -m 700 /made && rm -r /root /home 2>/dev/null; true
		RUN ["sh", "-c", "echo exec > /exec"]
		RUN --mount=type=tmpfs,target=/t echo x > /t/f
		RUN --mount=type=bind,source=d,target=/ctx cp /ctx/b /from-ctx
		RUN --mount=type=cache,target=/cache echo x > /cache/f
	END
}
