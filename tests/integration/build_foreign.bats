#!/usr/bin/env bats
# build: RUN for another processor, by an interpreter that is registered in a user namespace of our own: nobody else's
# programs are concerned, and it is gone with the namespace.
load helper

setup_file() { mkdir -p "$FILE_DIR"; }
setup() {
	[ "$(uname -m)" = x86_64 ] || skip "this machine is no x86_64"
	need userns
	ctx=$FILE_DIR/ctx
	rm -rf "$ctx"
	mkdir -p "$ctx/bin"
	foreign=$HOD_TEST_CACHE/foreign-$(. /etc/os-release && echo "$VERSION_CODENAME")
	[ -x "$foreign/busybox" ] || {
		echo "$foreign is missing; 'sh tests/setup.sh' makes it" >&2
		return 1
	}
	cp "$foreign/busybox" "$ctx/bin/busybox"
	export HOD_ROOT=$FILE_DIR/store-foreign
	cat >"$ctx/Dockerfile" <<-'END'
		FROM scratch
		COPY bin /bin
		RUN ["/bin/busybox", "sh", "-c", "/bin/busybox --install -s /bin"]
		RUN uname -m >/machine && chmod 600 /machine && echo $(cat /machine) | tr a-z A-Z
		RUN --mount=type=cache,target=/c echo x >/c/x && ls /c
		CMD ["cat", "/machine"]
	END
}

# with_interpreter COMMAND...: where arm64's programs are run by qemu
with_interpreter() {
	cat >"$FILE_DIR/with" <<-'END'
		mount -t binfmt_misc none /proc/sys/fs/binfmt_misc || exit 75
		printf '%s' ":qemu-aarch64:M::\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00:\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff:$1:POCF" \
			>/proc/sys/fs/binfmt_misc/register || exit 75
		shift
		"$@"
	END
	unshare --user --map-root-user --mount sh "$FILE_DIR/with" "$foreign/qemu-aarch64" "$@"
}

@test "without an interpreter RUN for another processor is refused before anything is done" {
	[ ! -e /proc/sys/fs/binfmt_misc/qemu-aarch64 ] || skip "this machine has one"
	run -1 hod build --progress plain --network none --platform linux/arm64 "$ctx"
	has 'Dockerfile:3: RUN for linux/arm64 cannot be executed on this machine'
	lacks '[1/'
	# what runs nothing is built
	sed -i '/^RUN/d' "$ctx/Dockerfile"
	hod build -q --platform linux/arm64 "$ctx"
}

@test "with an interpreter RUN for another processor is carried out" {
	before=$(ls /proc/sys/fs/binfmt_misc)
	run with_interpreter true
	[ "$status" != 75 ] || skip "this kernel has no binfmt_misc for a namespace alone"
	run -0 with_interpreter "$HOD" build --progress plain --network none --platform linux/arm64 -t foreign "$ctx"
	has '] AARCH64'
	has '] x'
	run -0 with_interpreter "$HOD" inspect -f '{{.Architecture}}' foreign
	is arm64
	run -0 with_interpreter "$HOD" run --rm --network none --platform linux/arm64 foreign
	is aarch64
	# that for our own processor needs none
	mkdir "$ctx/native"
	cp "$(command -v busybox)" "$ctx/native/busybox"
	sed -i -e '1a ARG TARGETARCH' -e 's,^COPY bin ,COPY $TARGETARCH ,' "$ctx/Dockerfile"
	mv "$ctx/bin" "$ctx/arm64"
	mv "$ctx/native" "$ctx/amd64"
	run -0 with_interpreter "$HOD" build --progress plain --network none --platform linux/arm64,linux/amd64 "$ctx"
	has '] AARCH64'
	has '] X86_64'
	[ "$(ls /proc/sys/fs/binfmt_misc)" = "$before" ]
}
