#!/usr/bin/env bats
# build: the key of a step, as a property. Each input is changed alone; the step, the file's last one, is a hit or a miss.
load helper

setup() {
	ctx=$FILE_DIR/ctx
	failed=
}

# begin: a context, and the Dockerfile from stdin
begin() {
	rm -rf "$ctx"
	mkdir -p "$ctx/d"
	echo a >"$ctx/a"
	echo b >"$ctx/d/b"
	echo other >"$ctx/other"
	printf 'ignored\n' >"$ctx/.dockerignore"
	echo 1 >"$ctx/ignored"
	ln -s a "$ctx/d/link"
	tar -C "$ctx" --mtime=@0 -cf "$ctx/d.tar" d
	cat >"$ctx/Dockerfile"
	args=()
	hod build -q "${base_args[@]}" "$ctx" >/dev/null
}
# state: of the last step that makes a layer, of a build with args: cached or done
state() {
	hod build --progress plain "${args[@]}" "$ctx" 2>&1 | awk '
		match($0, /^\[[^]]*[0-9]+\/[0-9]+\] /) {
			id = substr($0, 1, RLENGTH)
			rest = substr($0, RLENGTH + 1)
			if (rest ~ /^(RUN|COPY|ADD|WORKDIR) /) last = id
			if (id == last && rest ~ /^(cached|done|failed) /) { split(rest, w, " "); state = w[1] }
		}
		END { print state }'
}
# change hit|miss WHAT COMMAND...: carries the command out in the context, builds, puts all back
change() {
	local want=$1 what=$2 got
	shift 2
	rm -rf "$ctx.kept"
	cp -a "$ctx" "$ctx.kept"
	args=("${base_args[@]}")
	(cd "$ctx" && "$@") || return
	case $want in hit) want=cached ;; miss) want='done' ;; esac
	got=$(state)
	rm -rf "$ctx"
	mv "$ctx.kept" "$ctx"
	[ "$got" = "$want" ] || failed="$failed
	$what: $got, not $want"
}
# with hit|miss WHAT ARG...: the same for arguments of build
with() {
	local want=$1 what=$2 got
	shift 2
	args=("$@")
	case $want in hit) want=cached ;; miss) want='done' ;; esac
	got=$(state)
	[ "$got" = "$want" ] || failed="$failed
	$what: $got, not $want"
}
attribute() { python3 -c 'import os, sys; os.setxattr(sys.argv[1], "user.x", b"1")' "$1"; }
text() { sed -i "$1" Dockerfile; } # of the Dockerfile
all_as_expected() {
	[ -z "$failed" ] || {
		echo "$failed" >&2
		return 1
	}
}

@test "COPY from the context" {
	base_args=()
	begin <<-'END'
		FROM busybox
		ARG unused
		LABEL l=1
		ENV e=1
		COPY --exclude=x a d /t/
	END
	change hit nothing true
	change miss 'a byte of a file' sh -c 'echo A > a'
	change miss 'a byte of a file below' sh -c 'echo B > d/b'
	change hit 'the same bytes in a new file' sh -c 'cat a > n && mv n a'
	change miss 'the mode of a file' chmod 600 a
	change miss 'the mode of a directory below' sh -c 'mkdir -m 700 d/s'
	change hit 'the time of a file' touch -d 2001-01-01 a
	[ "$(id -u)" != 0 ] || change hit 'the owner of a file' chown 5:6 a
	change hit 'an attribute of a file' attribute a
	change miss 'the name of a file' mv d/b d/c
	change miss 'a further file' touch d/more
	change miss 'one file less' rm d/b
	change miss 'an empty directory' mkdir d/empty
	change miss 'where a link points' ln -sfn ../a d/link
	change miss 'a file instead of a link' sh -c 'rm d/link && cp a d/link'
	change miss 'two names of one file' sh -c 'rm d/link && ln d/b d/link'
	change hit 'a file that is not copied' sh -c 'echo 2 > other'
	change hit 'a file that is ignored' sh -c 'echo 2 > ignored'
	change hit 'a file that is excluded' sh -c 'echo 2 > d/x'
	change hit 'the ignore file, of what is not copied' sh -c 'echo other >> .dockerignore'
	change miss 'the ignore file, of what is copied' sh -c 'echo d/link >> .dockerignore'
	change miss 'the destination' text 's,/t/,/u/,'
	change miss 'the order of the sources' text 's,a d /t,d a /t,'
	change miss 'an owner' text 's/COPY/COPY --chown=7/'
	change miss 'a mode' text 's/COPY/COPY --chmod=700/'
	change miss '--link' text 's/COPY/COPY --link/'
	change miss '--parents' text 's/COPY/COPY --parents/'
	change miss 'ADD instead' text 's/COPY --exclude=x/ADD/'
	change hit 'blanks and continuation' text 's/a d/a \\\n  d/'
	change hit 'a comment' text '1i # comment'
	change hit 'the case of another word' text 's/FROM/from/'
	change hit 'a label above' text 's/l=1/l=2/'
	change hit 'a variable above that is not used' text 's/e=1/e=2/'
	change hit 'settings above' text 's/LABEL/EXPOSE 1\nUSER 5\nCMD ["x"]\nLABEL/'
	change miss 'a layer above' text 's/LABEL/WORKDIR \/w\nLABEL/'
	with hit 'an argument that is not used' --build-arg unused=1
	with miss 'the epoch' --build-arg SOURCE_DATE_EPOCH=1
	all_as_expected
}

@test "COPY with variables, and of heredocs" {
	base_args=()
	begin <<-'END'
		FROM busybox
		ARG to=t other
		COPY a /$to/
	END
	with miss 'an argument that is used' --build-arg to=u
	with hit 'the same value' --build-arg to=t
	with hit 'an argument that is not used' --build-arg other=u
	begin <<-'END'
		FROM busybox
		ARG v=1 w=1
		COPY <<f /t/
		text $v
		f
	END
	change hit nothing true
	change miss 'its text' text 's/text/Text/'
	change miss 'its name' text 's/^f$/g/;s/<<f/<<g/'
	change miss 'its quotes' text 's/<<f/<<"f"/'
	with miss 'a variable in it' --build-arg v=2
	with hit 'a variable that is not in it' --build-arg w=2
	all_as_expected
}

@test "COPY from a stage" {
	base_args=()
	begin <<-'END'
		FROM busybox AS s
		RUN mkdir /o && echo 1 > /o/f && echo 1 > /beside && touch -d 2001-01-01 /o/f
		FROM busybox
		COPY --from=s /o /t
	END
	change hit nothing true
	change miss 'a byte' text 's,1 > /o/f,2 > /o/f,'
	change hit 'what is not copied' text 's,1 > /beside,2 > /beside,'
	change miss 'the mode of a file' text 's,touch,chmod 600 /o/f \&\& touch,'
	change hit 'the time of a file' text 's,2001,2002,'
	if [ "$(id_mode)" != single ]; then
		change miss 'the owner of a file' text 's,touch,chown 5 /o/f \&\& touch,'
	fi
	change miss 'a further file' text 's,touch,touch /o/more \&\& touch,'
	change hit 'the name of the stage' text 's/AS s/AS r/;s/=s/=r/'
	change hit 'the number of the stage' text 's/=s/=0/'
	begin <<-'END'
		FROM busybox AS s
		ADD d.tar /o
		FROM busybox
		COPY --from=s /o /t
	END
	change miss 'an attribute of a file' sh -c "$(declare -f attribute); attribute d/b && tar --xattrs -cf d.tar d"
	change hit 'another archive of the same' sh -c 'tar --format=gnu -cf d.tar d'
	begin <<-'END'
		FROM busybox AS base
		RUN echo 1 > /f
		FROM base
		COPY --link a /t/
	END
	change hit 'the base of a linked one' text 's/echo 1/echo 2/'
	all_as_expected
}

@test "ADD" {
	base_args=()
	begin <<-'END'
		FROM busybox
		ADD d.tar /t/
	END
	change hit nothing true
	change hit 'the time of the archive' touch d.tar
	change miss 'what is in the archive' sh -c 'echo B > d/b && tar --mtime=@0 -cf d.tar d'
	change miss '--unpack' text 's/ADD/ADD --unpack=false/'
	change miss 'its name' sh -c 'mv d.tar e.tar && sed -i s/d.tar/e.tar/ Dockerfile'
	all_as_expected
}

@test "RUN" {
	base_args=()
	begin <<-'END'
		FROM busybox
		ARG used=1
		ENV e=1
		LABEL l=1
		RUN true "$used"
	END
	change hit nothing true
	change miss 'its text' text 's/RUN true/RUN true x/'
	change miss 'blanks in its text' text 's/RUN true/RUN true  /'
	change miss 'the exec form' text 's/RUN.*/RUN ["true"]/'
	change miss 'the environment' text 's/e=1/e=2/'
	change miss 'another variable' text 's/e=1/e=1 f=1/'
	change hit 'a label above' text 's/l=1/l=2/'
	change hit 'settings above' text 's/LABEL/EXPOSE 1\nCMD ["x"]\nHEALTHCHECK NONE\nSTOPSIGNAL 9\nVOLUME \/v\nLABEL/'
	[ "$(id_mode)" = single ] || change miss 'the user' text 's/LABEL/USER 5\nLABEL/' # who has one id has one user
	change miss 'the directory, which is made' text 's/LABEL/WORKDIR \/w\nLABEL/'
	change miss 'the directory, which is there' text 's/LABEL/WORKDIR \/bin\nLABEL/'
	change miss 'the shell' text 's/LABEL/SHELL ["sh", "-c"]\nLABEL/'
	change miss 'the network' text 's/RUN/RUN --network=host/'
	change miss 'an argument that is declared' text 's/LABEL/ARG more=1\nLABEL/'
	change hit 'an argument that is declared behind it' text '$a ARG behind=1'
	change hit 'the context, all of it' sh -c 'rm -r a d && echo x > other'
	with miss 'an argument that is declared, with another value' --build-arg used=2
	with hit 'an argument that is declared, with the same value' --build-arg used=1
	with hit 'an argument that is not declared' --build-arg unknown=2
	with hit 'a proxy that is not declared' --build-arg HTTP_PROXY=http://127.0.0.1:1
	with miss 'the epoch' --build-arg SOURCE_DATE_EPOCH=1
	with miss 'that no cache is wanted' --no-cache
	begin <<-'END'
		FROM busybox
		ARG HTTP_PROXY
		RUN true
	END
	with miss 'a proxy that is declared' --build-arg HTTP_PROXY=http://127.0.0.1:1
	begin <<-'END'
		FROM busybox
		SHELL ["sh", "-c"]
		RUN ["true"]
	END
	change hit 'the shell of the exec form' text 's/"sh"/"ash"/'
	all_as_expected
}

@test "RUN: heredocs and the base image" {
	base_args=()
	begin <<-'END'
		FROM busybox
		RUN <<E
		true
		E
	END
	change hit nothing true
	change miss 'its text' text 's/^true/true x/'
	begin <<-'END'
		FROM busybox
		RUN <<E
		#!/bin/sh
		true
		E
	END
	change hit nothing true
	change miss 'the text of a script' text 's/^true/true x/'
	printf 'FROM busybox\nRUN echo 1 > /base\n' | hod build -q -t base1 - >/dev/null
	printf 'FROM busybox\nRUN echo 2 > /base\n' | hod build -q -t base2 - >/dev/null
	begin <<-'END'
		FROM base1
		RUN true
	END
	change hit nothing true
	change miss 'the base image' text 's/base1/base2/'
	hod tag base1 another
	change hit 'the name of the base image' text 's/base1/another/'
	all_as_expected
}

@test "RUN: mounts" {
	echo one >"$FILE_DIR/secret"
	base_args=(--secret "id=s,src=$FILE_DIR/secret")
	begin <<-'END'
		FROM busybox AS st
		RUN mkdir /o && echo 1 > /o/f && echo 1 > /beside
		FROM busybox
		ARG v=1
		RUN --mount=target=/c,source=d --mount=from=st,source=o,target=/o --mount=type=cache,id=i,target=/k \
			--mount=type=tmpfs,target=/m --mount=type=secret,id=s echo x >> /k/log
	END
	change hit 'nothing, with another content of the cache' true
	change miss 'a byte of a bind from the context' sh -c 'echo B > d/b'
	change miss 'a mode in a bind from the context' chmod 600 d/b
	change hit 'what is beside the bind in the context' sh -c 'echo A > a'
	change miss 'a byte of a bind from a stage' text 's,1 > /o/f,2 > /o/f,'
	change hit 'what is beside the bind in the stage' text 's,1 > /beside,2 > /beside,'
	change miss 'the target of a bind' text 's,target=/c,target=/d,'
	change miss 'rw of a bind' text 's,target=/c,target=/c\,rw,'
	change miss 'the id of a cache' text 's,id=i,id=j,'
	change miss 'the sharing of a cache' text 's,id=i,id=i\,sharing=locked,'
	change miss 'the owner of a cache' text 's,id=i,id=i\,uid=5,'
	change miss 'the size of a tmpfs' text 's,target=/m,target=/m\,size=1m,'
	change miss 'the target of a secret' text 's,id=s,id=s\,target=/s,'
	change miss 'the variable of a secret' text 's,id=s,id=s\,env=S,'
	change miss 'the id of a secret' text 's,id=s,id=r,'
	change miss 'a mount less' text 's,--mount=type=tmpfs.target=/m,,'
	echo two >"$FILE_DIR/secret"
	with hit 'the value of a secret' "${base_args[@]}"
	with hit 'a secret that is not given' --build-arg none=1
	all_as_expected
}

@test "WORKDIR" {
	base_args=()
	begin <<-'END'
		FROM busybox
		ENV e=1
		WORKDIR /w/$e
	END
	change hit nothing true
	change miss 'its path' text 's/e=1/e=2/'
	change hit 'the same path, otherwise written' text 's,/w/,/w/x/../,'
	change miss 'a layer above' text 's/ENV/RUN true > \/f\nENV/'
	all_as_expected
}
