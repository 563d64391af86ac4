#!/usr/bin/env bats
# One Dockerfile and one context give the same layers and, with one epoch, the same image: as root, as a user with
# many ids and as one with a single id, in stores of their own, with one processor and with all of them.
load helper

setup_file() {
	[ "$(id -u)" = 0 ] || return 0
	need program cc
	need program python3
	same=$(mktemp -d /var/tmp/hod-same.XXXXXX) # which the other users can enter
	chmod 755 "$same"
	cp "$HOD" "$same/hod"
	export same
	umask 022
	make_helper
	make_base
	make_context
	for user in root hod-range hod-single; do
		mkdir -m 700 "$same/$user"
		chown "$user:" "$same/$user"
	done
}
teardown_file() { [ -z "${same:-}" ] || rm -rf "$same"; }
setup() { need root; }
teardown() { :; }

# setattr FILE NAME HEX: busybox has no such tool
make_helper() {
	cat >"$same/setattr.c" <<-'END'
		#include <stdio.h>
		#include <string.h>
		#include <sys/xattr.h>
		int main(int argc, char **argv)
		{
			unsigned char value[64];
			size_t n = argc == 4 ? strlen(argv[3]) / 2 : 0;
			for (size_t i = 0; i < n && i < sizeof(value); i++)
				sscanf(argv[3] + 2 * i, "%2hhx", &value[i]);
			if (setxattr(argv[1], argv[2], value, n, 0) == 0)
				return 0;
			perror(argv[1]);
			return 1;
		}
	END
	cc -O1 -static -o "$same/setattr" "$same/setattr.c"
}
# with what a tar holds and a directory of a user does not: owners, devices, set-uid bits, capabilities, hard links
make_base() {
	mkdir "$same/base" "$same/tree"
	tar -C "$same/base" -xf "$(busybox_tar)"
	cp "$same/setattr" "$same/base/bin/setattr"
	mkdir -p "$same/base/var/old/deep" "$same/base/var/kept"
	for f in one two deep/three; do echo $f >"$same/base/var/old/$f"; done
	echo kept >"$same/base/var/kept/file"
	chown -R 33:44 "$same/base/var/kept"
	chmod 2750 "$same/base/var/kept"
	find "$same/base" -exec touch -h -d @1600000000 {} +

	mkdir -p "$same/tree/dev" "$same/tree/own/er"
	mknod -m 620 "$same/tree/dev/null" c 1 3
	mknod -m 660 "$same/tree/dev/disk" b 8 1
	mkfifo -m 600 "$same/tree/dev/pipe"
	echo set >"$same/tree/own/setuid"
	chown 1000:2000 "$same/tree/own/setuid"
	chmod 6755 "$same/tree/own/setuid"
	ln "$same/tree/own/setuid" "$same/tree/own/er/link"
	ln -s /nowhere "$same/tree/own/symlink"
	chown -h 7:8 "$same/tree/own/symlink"
	chown 999:999 "$same/tree/own/er"
	"$same/setattr" "$same/tree/own/setuid" user.word 776f7264
	echo cap >"$same/tree/own/able"
	"$same/setattr" "$same/tree/own/able" security.capability 0100000200040000000000000000000000000000
	find "$same/tree" -exec touch -h -d @1500000000.5 {} +
}
make_context() {
	mkdir -p "$same/ctx/src/sub" "$same/ctx/many"
	tar -C "$same/base" --numeric-owner --sort=name -cf "$same/ctx/base.tar" .
	tar -C "$same/tree" --numeric-owner --sort=name --format=posix --xattrs --xattrs-include='*' -cf "$same/ctx/tree.tar" .
	for i in $(seq 200); do echo "$i" >"$same/ctx/many/$i"; done
	echo a >"$same/ctx/src/a"
	ln "$same/ctx/src/a" "$same/ctx/src/sub/again"
	ln -s a "$same/ctx/src/to-a"
	echo '#!/bin/sh' >"$same/ctx/src/sub/run"
	chmod 755 "$same/ctx/src/sub/run"
	chmod 700 "$same/ctx/src/sub"
	find "$same/ctx" -exec touch -h -d @1650000000 {} +
	chmod -R a+rX "$same/ctx"
	# what RUN makes is newer than the epoch, and so clamped; what is older is kept
	cat >"$same/ctx/Dockerfile" <<-'END'
		FROM scratch AS base
		ADD base.tar /
		FROM base AS other
		RUN mkdir -p /o/p && echo 1 >/o/p/1 && chown -R 1000:2000 /o && chmod 2755 /o/p
		FROM base
		RUN echo x >/x && chown 1000:1000 /x && chmod 4755 /x && ln /x /y && ln -s x /z && chown -h 5:6 /z
		RUN echo s >/s && chmod 6755 /s && chown 12:13 /s && echo t >/t && chmod 2644 /t && chown 12:13 /t
		RUN rm -r /var/old/one /var/old/deep && rm -r /var/kept && mkdir /var/kept && echo new >/var/kept/new
		RUN mkfifo /fifo && chown 3:4 /fifo && mkdir /dir && chown 3:4 /dir && touch /dir/f && chmod 1770 /dir
		RUN touch /attr /cap && setattr /attr user.word 6162 && setattr /cap security.capability 0100000200040000000000000000000000000000
		RUN chown 9:9 /var/old/two && chmod 600 /etc/passwd && touch -d @1000000000 /etc/group && mv /bin/setattr /moved
		WORKDIR /w/x
		COPY src /src
		COPY --chown=1000:2000 src /owned
		COPY --chown=user:extra --chmod=u=rwX,go=rX src sub/
		COPY many /many
		COPY --link --chown=7 many/1 /link/
		COPY --from=other /o /o
		COPY --from=other --chown=8:9 /o/p/1 /o/q
		ADD tree.tar /tree
		ADD --chown=3:3 tree.tar /tree3
		COPY --from=base /var /var2
		COPY <<here /doc
		words
		here
		USER user
		ENV A=b
		LABEL c=d
	END
}

# build_as USER PREFIX...: a store of its own each time; what it gave
build_as() {
	local user=$1 store
	shift
	store=$same/$user/store
	rm -rf "$store"
	setpriv --reuid "$user" --regid "$(id -g "$user")" --init-groups env -i PATH="$PATH" HOME="$same/$user" HOD_ROOT="$store" \
		"$@" >"$same/$user.out" 2>&1 || {
		cat "$same/$user.out" >&2
		return 1
	}
	setpriv --reuid "$user" --regid "$(id -g "$user")" --init-groups env -i PATH="$PATH" HOME="$same/$user" HOD_ROOT="$store" \
		"$same/hod" inspect --format '{{.Id}}{{range .RootFS.Layers}}
{{.}}{{end}}' image
	setpriv --reuid "$user" --regid "$(id -g "$user")" --init-groups env -i PATH="$PATH" HOME="$same/$user" HOD_ROOT="$store" \
		"$same/hod" fsck --deep >"$same/$user.out" 2>&1 || {
		cat "$same/$user.out" >&2
		return 1
	}
}
build() { printf '%s\n' "$same/hod" build -t image --source-date-epoch 1700000000 "$@" "$same/ctx"; }
same_as() { # same_as FILE FILE: names the first layer that is not the same
	diff "$1" "$2" >&2 || {
		echo "$2 is not $1" >&2
		return 1
	}
}

@test "as root, with many ids and with one: the same image" {
	mapfile -t words < <(build)
	for user in root hod-range hod-single; do
		build_as $user "${words[@]}" >"$same/is-$user"
		[ "$(wc -l <"$same/is-$user")" = 20 ]
	done
	same_as "$same/is-root" "$same/is-hod-range"
	same_as "$same/is-root" "$same/is-hod-single"
}

@test "with one processor and with all of them, one stage at a time and side by side: the same image" {
	for user in root hod-single; do
		mapfile -t words < <(build --jobs 1)
		build_as $user taskset -c 0 "${words[@]}" >"$same/one-$user"
		same_as "$same/is-root" "$same/one-$user"
	done
	mapfile -t words < <(build --jobs 4)
	build_as root "${words[@]}" >"$same/four-root"
	same_as "$same/is-root" "$same/four-root"
}

# COPYs that matter to those behind them: a file put over another, owners looked up in a file that was copied, a way that
# leads through a copied link, a directory that two bring along.
make_copies() {
	mkdir -p "$same/copies/links"
	cp -a "$same/ctx/base.tar" "$same/ctx/src" "$same/ctx/many" "$same/copies/"
	printf 'root:x:0:0::/:/bin/sh\nnew:x:77:78::/:/bin/sh\n' >"$same/copies/passwd"
	ln -s /w/two "$same/copies/links/dir"
	chmod -R a+rX "$same/copies"
	find "$same/copies" -exec touch -h -d @1650000000 {} +
	cat >"$same/copies/Dockerfile" <<-'END'
		FROM scratch AS base
		ADD base.tar /
		FROM base
		WORKDIR /w
		COPY src one/
		COPY many two/
		COPY many/1 two/2
		COPY passwd /etc/passwd
		COPY --chown=new many/2 /w/
		COPY links /l
		COPY many/3 /l/dir/
		COPY --link many/4 /l4/
		ADD src /w/three/
		ENV D=/w/four
		COPY --chmod=700 many $D/
		COPY --from=base /var /var2
		COPY many/5 /n/e/w/
		COPY many/6 /n/e/w/
		COPY many/7 /n/e
		COPY <<here /n/doc
		words
		here
		COPY --from=base /var /var2
	END
}
# copies USER JOBS: layers of a build of these; what it told; the keys of its steps
copies() {
	mapfile -t words < <(printf '%s\n' "$same/hod" build -t image --progress plain --jobs "$2" "$same/copies")
	build_as "$1" "${words[@]}" | tail -n +2 >"$same/layers-$2"
	(cd "$same/$1/store/cache" && grep -l '^layer' -- * | sort) >"$same/keys-$2"
	setpriv --reuid "$1" --regid "$(id -g "$1")" --init-groups env -i PATH="$PATH" HOME="$same/$1" HOD_ROOT="$same/$1/store" \
		"$same/hod" --log-level debug build --no-cache --progress plain --jobs "$2" "$same/copies" >"$same/$1.out" 2>"$same/said"
	grep 'made ahead' "$same/said" >"$same/ahead-$2" || true
	sed -E -e '/debug/d' -e '/^\[/!d' -e 's/ [0-9.]+m?s$//' "$same/said" >"$same/told-$2"
}
@test "COPYs one after the other and side by side: the same layers, keys and progress" {
	local user
	make_copies
	for user in root hod-range hod-single; do
		copies $user 1
		copies $user 4
		[ "$(wc -l <"$same/layers-1")" = 18 ]
		same_as "$same/layers-1" "$same/layers-4"
		same_as "$same/keys-1" "$same/keys-4"
		same_as "$same/told-1" "$same/told-4"
		[ "$(wc -l <"$same/told-4")" -ge 40 ]
		[ ! -s "$same/ahead-1" ]
		[ "$(grep -c 'made ahead$' "$same/ahead-4")" -ge 5 ]
		grep -q 'in vain' "$same/ahead-4"
	done
}

@test "without an epoch: the same layers of what COPY and ADD take" {
	sed -i -e '/^RUN/d' "$same/ctx/Dockerfile"
	printf '%s\n' 'FROM scratch AS base' 'ADD base.tar /' 'FROM base' 'COPY --chown=1000:2000 src /src' 'COPY many many' \
		'WORKDIR /w' 'ADD tree.tar /' 'COPY --from=base /var /v' >"$same/ctx/Dockerfile"
	mapfile -t words < <(printf '%s\n' "$same/hod" build -t image "$same/ctx")
	for user in root hod-range hod-single; do
		build_as $user "${words[@]}" | tail -n +2 >"$same/layers-$user"
		[ "$(wc -l <"$same/layers-$user")" = 6 ]
		same_as "$same/layers-root" "$same/layers-$user"
	done
}

# What the layers must be, computed without us: sorted ustar entries, numbers only, no times but mtime.
@test "the layer of a COPY is the tar that it should be" {
	mkdir "$same/plain"
	printf one >"$same/plain/1"
	printf 'two\n' >"$same/plain/2"
	ln -s 1 "$same/plain/s"
	chmod 640 "$same/plain/2"
	chmod 700 "$same/plain"
	touch -h -d @1600000000 "$same/plain/1" "$same/plain/2" "$same/plain/s"
	touch -d @1600000001 "$same/plain"
	mkdir "$same/ctx2"
	mv "$same/plain" "$same/ctx2/plain"
	chown -R hod-single: "$same/ctx2" # it is not read by others
	printf 'FROM scratch\nCOPY --chown=70000:5 plain /plain\n' >"$same/ctx2/Dockerfile"
	want=sha256:$(python3 - <<-'END'
		import hashlib
		out = b""
		def octal(n, width):
		    return b"%0*o\0" % (width - 1, n)
		def add(name, type, mode, mtime, data=b"", link=b""):
		    global out
		    def header(sum):
		        return (name.ljust(100, b"\0") + octal(mode, 8) + octal(70000, 8) + octal(5, 8) + octal(len(data), 12) +
		                octal(mtime, 12) + sum + type + link.ljust(100, b"\0") + b"ustar\0" + b"00" + bytes(64) +
		                octal(0, 8) * 2).ljust(512, b"\0")
		    out += header(b"%06o\0 " % sum(header(b" " * 8))) + data + bytes(-len(data) % 512)
		add(b"plain/", b"5", 0o700, 1600000001)
		add(b"plain/1", b"0", 0o644, 1600000000, b"one")
		add(b"plain/2", b"0", 0o640, 1600000000, b"two\n")
		add(b"plain/s", b"2", 0o777, 1600000000, link=b"1")
		print(hashlib.sha256(out + bytes(1024)).hexdigest())
		END
	)
	mapfile -t words < <(printf '%s\n' "$same/hod" build -t image "$same/ctx2")
	for user in root hod-single; do
		run -0 build_as $user "${words[@]}"
		[ "${lines[1]}" = "$want" ]
	done
}
