#!/usr/bin/env bats
# build: the Dockerfile language as a whole, the context, the cache, failures.
load helper

setup() { context_up; }
in_image() { hod_run --rm "$@"; }

@test "the last line of stdout is the id, -q prints nothing else, --iidfile holds it" {
	printf 'FROM busybox\nENV A=1\n' | dockerfile
	run -0 --separate-stderr hod build -t t1 -t t2:x --iidfile "$FILE_DIR/iid" "$ctx"
	id=$(cat "$FILE_DIR/iid")
	[[ $id =~ ^sha256:[0-9a-f]{64}$ ]]
	like "${id#sha256:}\$"
	run -0 --separate-stderr hod build -q -t t1 "$ctx"
	is "$id"
	run -0 hod inspect -f '{{.Id}}' t2:x
	is "$id"
}

@test "a hello from scratch" {
	cp "$(command -v busybox)" "$ctx"
	dockerfile <<-'END'
		FROM scratch
		COPY busybox /bin/busybox
		RUN ["/bin/busybox", "--install", "-s", "/bin"]
		RUN echo hello > /hello
		CMD ["cat", "/hello"]
	END
	hod build -q -t hello "$ctx"
	run -0 in_image hello
	is hello
	run -0 hod inspect -f '{{json .Config.Env}} {{.Config.WorkingDir}}' hello
	is '["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"] /'
}

@test "metadata: ENV, LABEL, WORKDIR, USER, EXPOSE, VOLUME, STOPSIGNAL, HEALTHCHECK, ENTRYPOINT, CMD, SHELL" {
	dockerfile <<-'END'
		FROM busybox
		MAINTAINER someone
		ENV A=one B="two words" C=$A
		ENV A=other D=$A
		LABEL l1=v1 "l 2"="v 2"
		WORKDIR /work
		WORKDIR sub
		EXPOSE 80 53/udp
		VOLUME /data ["/x"]
		STOPSIGNAL SIGHUP
		HEALTHCHECK --interval=5s --retries=2 CMD true
		SHELL ["/bin/sh", "-ec"]
		ENTRYPOINT ["echo"]
		CMD default args
		USER 1000:1000
	END
	hod build -q -t meta "$ctx"
	run -0 hod inspect meta
	json=$output
	run -0 jq -r '.[0].Config | [(.Env|map(select(test("^[ABCD]=")))|join(",")), .Labels.l1, .Labels["l 2"], .WorkingDir, .User, .StopSignal,
		(.ExposedPorts|keys|join(",")), (.Entrypoint|join(" ")), (.Cmd|join(" ")), (.Shell|join(" ")),
		.Healthcheck.Test[0], (.Healthcheck.Interval|tostring), (.Healthcheck.Retries|tostring)] | .[]' <<<"$json"
	is $'A=other,B=two words,C=,D=one\nv1\nv 2\n/work/sub\n1000:1000\nSIGHUP\n53/udp,80/tcp\necho\n/bin/sh -ec default args\n/bin/sh -ec\nCMD-SHELL\n5000000000\n2'
	run -0 jq -r '.[0].Author' <<<"$json"
	is someone
	run -0 hod_run --rm -u 0 meta hello
	is hello
}

@test "ARG: before FROM, defaults, --build-arg, scope of a stage, ENV wins" {
	dockerfile <<-'END'
		ARG BASE=busybox
		FROM ${BASE} AS a
		ARG BASE
		ARG X=default
		ARG Y
		ENV E=env
		ARG E=arg
		RUN echo "$BASE $X ${Y:-none} $E" >/a
		FROM $BASE
		RUN echo "x=${X:-unset}" >/b
		COPY --from=a /a /a
		CMD cat /a /b
	END
	hod build -q -t args --build-arg Y=given "$ctx"
	run -0 in_image args
	is $'busybox default given env\nx=unset'
	run -0 hod build -t args --build-arg NOT_USED=1 "$ctx"
	has NOT_USED
}

@test "variables expand in all forms, where they should and only there" {
	dockerfile <<-'END'
		FROM busybox
		ENV v=a.b.c empty=
		LABEL plain=$v brace=${v}x def=${none:-d} alt=${v:+set} noalt=${none:+set} dash=${empty-keep} cut=${v#*.} Cut=${v##*.} tail=${v%.*} Tail=${v%%.*} sub=${v/./-} all=${v//./-} esc=\$v single='$v'
		RUN echo '$v' "${v#a}" >/run
		CMD ["echo", "$v"]
	END
	hod build -q -t vars "$ctx"
	run -0 bash -c '"$HOD" inspect vars | jq -r ".[0].Config.Labels | to_entries | sort_by(.key) | map(.key + \"=\" + .value) | .[]"'
	for want in plain=a.b.c brace=a.b.cx def=d alt=set noalt= dash= cut=b.c Cut=c tail=a.b Tail=a sub=a-b.c all=a-b-c 'esc=$v' 'single=$v'; do
		[[ $'\n'$output$'\n' == *$'\n'"$want"$'\n'* ]] || { echo "no $want in: $output" >&2; false; }
	done
	run -0 in_image vars
	is '$v'
	run -0 in_image vars cat /run
	is '$v .b.c'
}

@test "COPY: files, directories, globs, destinations, modes" {
	mkdir -p "$ctx/dir/sub"
	echo 1 >"$ctx/one.txt"
	echo 2 >"$ctx/two.txt"
	echo 3 >"$ctx/dir/sub/three"
	ln -s sub/three "$ctx/dir/link"
	chmod 741 "$ctx/two.txt"
	dockerfile <<-'END'
		FROM busybox
		WORKDIR /w
		COPY one.txt renamed
		COPY *.txt many/
		COPY dir /d/
		COPY dir/ rel
		COPY ["one.txt", "with space"]
		COPY /../one.txt /clamped
		COPY [z]nothing*  dir/sub/three /g/
	END
	hod build -q -t copy "$ctx"
	run -0 in_image copy sh -c 'cat renamed many/one.txt many/two.txt /d/sub/three rel/sub/three "with space" /clamped /g/three; readlink /d/link; stat -c %a many/two.txt many; stat -c %u:%g renamed'
	is $'1\n1\n2\n3\n3\n1\n1\n3\nsub/three\n741\n755\n0:0'
}

@test "COPY refuses what is not there, and two sources without a directory" {
	echo 1 >"$ctx/a"
	echo 2 >"$ctx/b"
	printf 'FROM busybox\nCOPY absent /x\n' | dockerfile
	run -1 hod build "$ctx"
	has absent
	has "Dockerfile:2"
	printf 'FROM busybox\nCOPY a b /x\n' | dockerfile
	run -1 hod build "$ctx"
	has "Dockerfile:2"
}

@test "COPY does not follow links out of the context or out of the image" {
	echo secret >"$FILE_DIR/secret"
	ln -s "$FILE_DIR/secret" "$ctx/leak"
	ln -s .. "$ctx/up"
	printf 'FROM busybox\nCOPY leak /leak\n' | dockerfile
	run hod build -t leak "$ctx"
	if [ "$status" = 0 ]; then
		run in_image leak cat /leak
		lacks secret
	fi
	printf 'FROM busybox\nCOPY up/secret /leak\n' | dockerfile
	run -1 hod build "$ctx"
	printf 'FROM busybox\nRUN ln -s %s /out\nCOPY Dockerfile /out/landed\n' "$FILE_DIR" | dockerfile
	run hod build "$ctx"
	[ ! -e "$FILE_DIR/landed" ]
}

@test "COPY --chown and --chmod" {
	need many-ids
	echo x >"$ctx/f"
	dockerfile <<-'END'
		FROM busybox
		ARG WHO=user
		COPY --chown=$WHO f /byname
		COPY --chown=user:extra f /group
		COPY --chown=12:34 --chmod=0640 f /num
		COPY --chmod=u=rwx,go=r f /sym
	END
	hod build -q -t own "$ctx"
	run -0 in_image own stat -c '%u:%g %a' /byname /group /num /sym
	is $'1000:1000 644\n1000:2000 644\n12:34 640\n0:0 744'
	printf 'FROM busybox\nCOPY --chown=nosuch f /f\n' | dockerfile
	run -1 hod build "$ctx"
	has nosuch
}

@test "ADD unpacks local archives by their content, and copies the rest" {
	mkdir -p "$ctx/t/in"
	echo inner >"$ctx/t/in/file"
	tar -C "$ctx/t" -czf "$ctx/a.tar.gz" in
	tar -C "$ctx/t" -cJf "$ctx/b.data" in
	tar -C "$ctx/t" -cf - in | zstd -q >"$ctx/c.zst"
	tar -C "$ctx/t" -cjf "$ctx/d.tar" in
	: >"$ctx/empty.tar.gz"
	dockerfile <<-'END'
		FROM busybox
		ADD a.tar.gz /a/
		ADD b.data /b/
		ADD c.zst /c/
		ADD d.tar /d/
		ADD empty.tar.gz /e/
		COPY a.tar.gz /f/
	END
	hod build -q -t add "$ctx"
	run -0 in_image add sh -c 'cat /a/in/file /b/in/file /c/in/file /d/in/file; ls /e /f'
	is $'inner\ninner\ninner\ninner\n/e:\nempty.tar.gz\n\n/f:\na.tar.gz'
}

@test "COPY --from a stage, a number, an image; unused stages are not built" {
	dockerfile <<-'END'
		FROM busybox AS One
		RUN echo one >/one
		FROM busybox AS never
		RUN false
		FROM busybox
		RUN echo third >/third
		FROM scratch
		COPY --from=one /one /
		COPY --from=2 /third /
		COPY --from=busybox /bin/busybox /bin/cat
	END
	hod build -q -t from "$ctx"
	run -0 in_image from cat /one /third
	is $'one\nthird'
	run -1 hod build --target never "$ctx"
	run -0 hod build -q --target ONE -t target "$ctx"
	run -0 in_image target cat /one
	run hod build --target oen "$ctx"
	[ "$status" -ne 0 ]
	has one
}

@test "RUN: shell and exec form, heredocs, environment, working directory, user" {
	need many-ids
	dockerfile <<-'END'
		FROM busybox
		WORKDIR /w
		ENV E=env
		RUN echo "$E $PWD $HOME" > r1 && \
		    # a comment inside
		    id -u >> r1
		RUN ["sh", "-c", "echo $0 '[x]' > r2"]
		RUN <<EOF
		echo line one > r3
		echo line two >> r3
		EOF
		COPY <<-"EOF" /w/r4
			text $E
		EOF
		RUN chown user /w
		USER user
		RUN id -un > r5; echo $HOME >> r5
		CMD cat r1 r2 r3 r4 r5
	END
	hod build -q -t run "$ctx"
	run -0 in_image run
	is $'env /w /root\n0\nsh [x]\nline one\nline two\ntext $E\nuser\n/home/user'
}

@test "a RUN that fails shows its output, its line and its code, and makes no image" {
	dockerfile <<-'END'
		FROM busybox
		RUN echo fine
		RUN echo some output; echo and errors >&2; exit 42
		RUN echo never
	END
	run -1 hod build -t fails "$ctx"
	has "some output"
	has "and errors"
	has "Dockerfile:3"
	has 42
	lacks "echo never"$'\n'never
	run hod inspect fails
	[ "$status" -ne 0 ]
	run -0 hod ps -aq
	is ""
}

@test "mistakes in the file are told with their line and a suggestion" {
	printf 'FROM busybox\nCPOY a b\n' | dockerfile
	run hod build "$ctx"
	[ "$status" -ne 0 ]
	has "Dockerfile:2"
	has COPY
	printf '# only a comment\n' | dockerfile
	run hod build "$ctx"
	[ "$status" -ne 0 ]
	printf 'RUN true\n' | dockerfile
	run hod build "$ctx"
	[ "$status" -ne 0 ]
	has FROM
	printf 'FROM busybox\nENV novalue\n' | dockerfile
	run hod build "$ctx"
	[ "$status" -ne 0 ]
	has "Dockerfile:2"
	run hod build "$FILE_DIR/no-such-dir"
	[ "$status" -ne 0 ]
	has no-such-dir
}

@test "steps are shown as they run" {
	printf 'FROM busybox\nRUN echo from the step\nENV A=1\n' | dockerfile
	run -0 hod build --no-cache --progress plain -t p "$ctx"
	has "RUN echo from the step"
	has "from the step"
	like '3/3'
	run -0 --separate-stderr hod build --no-cache --progress quiet -t p "$ctx"
	lacks "from the step"
}

@test "the cache: a second build runs nothing; a changed file, argument or instruction runs what follows" {
	echo 1 >"$ctx/f"
	dockerfile <<-'END'
		FROM busybox
		RUN cat /proc/sys/kernel/random/uuid >/u1
		COPY f /f
		RUN cat /proc/sys/kernel/random/uuid >/u2
		ARG A=1
		RUN echo $A; cat /proc/sys/kernel/random/uuid >/u3
	END
	uuids() { hod build -q -t cache "$@" "$ctx" >/dev/null && in_image cache cat /u1 /u2 /u3; }
	mapfile -t first < <(uuids)
	mapfile -t again < <(uuids)
	[ "${first[*]}" = "${again[*]}" ]
	touch "$ctx/f" # a new time is not a change
	mapfile -t touched < <(uuids)
	[ "${first[*]}" = "${touched[*]}" ]
	echo 2 >"$ctx/f"
	mapfile -t changed < <(uuids)
	[ "${changed[0]}" = "${first[0]}" ] && [ "${changed[1]}" != "${first[1]}" ] && [ "${changed[2]}" != "${first[2]}" ]
	chmod 600 "$ctx/f"
	mapfile -t mode < <(uuids)
	[ "${mode[0]}" = "${first[0]}" ] && [ "${mode[1]}" != "${changed[1]}" ]
	mapfile -t arg < <(uuids --build-arg A=2)
	[ "${arg[1]}" = "${mode[1]}" ] && [ "${arg[2]}" != "${mode[2]}" ]
	mapfile -t none < <(uuids --no-cache)
	[ "${none[0]}" != "${first[0]}" ]
}

@test ".dockerignore" {
	mkdir -p "$ctx/a/deep" "$ctx/b" "$ctx/node_modules/x"
	touch "$ctx/a/keep.txt" "$ctx/a/deep/no.log" "$ctx/b/yes.log" "$ctx/root.log" "$ctx/node_modules/x/y" "$ctx/#odd"
	printf '# comment\n**/*.log\n!b/yes.log\nnode_modules\n/.dockerignore\nDockerfile\n' >"$ctx/.dockerignore"
	printf 'FROM busybox\nCOPY . /ctx\n' | dockerfile
	hod build -q -t ign "$ctx"
	run -0 in_image ign sh -c 'cd /ctx && find . -type f | sort'
	is $'./#odd\n./a/keep.txt\n./b/yes.log'
}

@test "an ignored fifo or unreadable file is no obstacle" {
	mkfifo "$ctx/fifo"
	touch "$ctx/closed"
	chmod 000 "$ctx/closed"
	printf 'fifo\nclosed\n' >"$ctx/.dockerignore"
	printf 'FROM busybox\nCOPY . /ctx\n' | dockerfile
	run -0 timeout 20 "$HOD" build -q -t fifo "$ctx"
}

@test "contexts: a Dockerfile on stdin, a tar on stdin, -f elsewhere" {
	run -0 bash -c 'printf "FROM busybox\nRUN echo stdin >/s\n" | "$HOD" build -q -t s -'
	run -0 in_image s cat /s
	is stdin
	run -1 bash -c 'printf "FROM busybox\nCOPY f /f\n" | "$HOD" build -q -t s -'
	echo content >"$ctx/f"
	printf 'FROM busybox\nCOPY f /f\n' | dockerfile
	run -0 bash -c "tar -C '$ctx' -cz . | \"\$HOD\" build -q -t t -"
	run -0 in_image t cat /f
	is content
	mv "$ctx/Dockerfile" "$FILE_DIR/Other"
	run -0 hod build -q -t o -f "$FILE_DIR/Other" "$ctx"
	run -0 in_image o cat /f
	is content
	run -0 bash -c "\"\$HOD\" build -q -t o2 -f - '$ctx' <'$FILE_DIR/Other'"
}

@test "ENTRYPOINT and CMD: the last wins, ENTRYPOINT drops an inherited CMD" {
	printf 'FROM busybox\nCMD ["base"]\n' | dockerfile
	hod build -q -t base "$ctx"
	printf 'FROM base\nENTRYPOINT ["echo", "ep"]\n' | dockerfile
	hod build -q -t derived "$ctx"
	run -0 in_image derived
	is ep
	printf 'FROM busybox\nCMD ["cmd"]\nENTRYPOINT ["echo", "ep"]\n' | dockerfile
	hod build -q -t both "$ctx"
	run -0 in_image both
	is "ep cmd"
	printf 'FROM both\nENTRYPOINT []\nCMD echo shell $0\n' | dockerfile
	hod build -q -t shell "$ctx"
	run -0 in_image shell
	is "shell /bin/sh"
}

@test "ONBUILD runs in the child only" {
	printf 'FROM busybox\nONBUILD RUN echo onbuild >/ob\n' | dockerfile
	hod build -q -t ob "$ctx"
	run -1 in_image ob cat /ob
	printf 'FROM ob\n' | dockerfile
	hod build -q -t ob2 "$ctx"
	run -0 in_image ob2 cat /ob
	is onbuild
	printf 'FROM ob2\nRUN rm /ob\n' | dockerfile
	hod build -q -t ob3 "$ctx"
	run -1 in_image ob3 cat /ob
}

@test "deleting and replacing: whiteouts and opaque directories" {
	dockerfile <<-'END'
		FROM busybox
		RUN mkdir -p /d/sub && touch /d/a /d/b /d/sub/c /file
		RUN rm -rf /d && mkdir /d && touch /d/new && rm /file && mkdir /file
		RUN touch /d/newer && rm /d/new
	END
	hod build -q -t wh "$ctx"
	run -0 in_image wh sh -c 'ls -A /d; ls -ld /file | cut -c1'
	is $'newer\nd'
}

@test "what we put there for a step is not in the image" {
	printf 'FROM busybox\nRUN cat /etc/hosts /etc/resolv.conf >/dev/null; touch /made\n' | dockerfile
	hod build -q -t clean "$ctx"
	hod save clean | tar -xO --wildcards '*/layer.tar' 2>/dev/null | true
	id=$(hod create --network none clean true)
	run -0 bash -c "\"\$HOD\" export $id | tar -t | sed 's|^\\./||' | sort"
	lacks .dockerenv
	has made
	run -0 bash -c "\"\$HOD\" history -q clean | wc -l"
}

@test "layers are what changed, metadata makes none, history says what made them" {
	dockerfile <<-'END'
		FROM busybox
		ENV A=1
		RUN touch /x
		LABEL b=2
	END
	hod build -q -t layers "$ctx"
	run -0 hod inspect -f '{{len .RootFS.Layers}}' layers
	is 2
	run -0 hod history --no-trunc layers
	has "RUN"
	has "touch /x"
	has "LABEL b=2"
}

@test "a step leaves no process behind" {
	printf 'FROM busybox\nRUN (sleep 76543 &) ; touch /x\n' | dockerfile
	hod build -q -t bg "$ctx"
	until_ok 10 no_process 'sleep 76543'
}

@test "equal inputs give an equal image" {
	echo x >"$ctx/f"
	printf 'FROM busybox\nCOPY f /f\nRUN mkdir /d && echo y >/d/y\n' | dockerfile
	export SOURCE_DATE_EPOCH=1700000000
	one=$(hod build -q --no-cache -t r1 "$ctx")
	touch "$ctx/f"
	two=$(hod build -q --no-cache -t r2 "$ctx")
	[ "$(hod inspect -f '{{index .RootFS.Layers 1}}' "$one")" = "$(hod inspect -f '{{index .RootFS.Layers 1}}' "$two")" ]
}

@test "an interrupted build leaves no process, and the next one works" {
	printf 'FROM busybox\nRUN echo begun; sleep 87654\n' | dockerfile
	for signal in INT TERM KILL; do
		# a shell without job control starts & children with SIGINT ignored; env --default-signal undoes that
		env --default-signal=INT "$HOD" build --progress plain -t broken "$ctx" >"$FILE_DIR/build.log" 2>&1 3>&- &
		pid=$!
		until_ok 20 grep -q '^.*begun$' "$FILE_DIR/build.log"
		until_ok 10 pgrep -f 'sleep 87654'
		kill -$signal $pid
		wait $pid || true
		until_ok 10 no_process 'sleep 87654'
	done
	run hod inspect broken
	[ "$status" -ne 0 ]
	run -0 hod fsck
	printf 'FROM busybox\nRUN true\n' | dockerfile
	run -0 hod build -q -t whole "$ctx"
}

@test "parallel builds of one file both succeed" {
	printf 'FROM busybox\nRUN sleep 0.3; cat /proc/sys/kernel/random/uuid >/u\n' | dockerfile
	pids=
	for i in 1 2 3; do
		hod build -q -t "par$i" "$ctx" 3>&- >/dev/null &
		pids="$pids $!"
	done
	for pid in $pids; do wait "$pid"; done
	run -0 hod fsck
}
