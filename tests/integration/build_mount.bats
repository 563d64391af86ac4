#!/usr/bin/env bats
# build: RUN --mount of every type, --security.
load helper

setup() { context_up; }
layer_files() { # layer_files IMAGE: output is what its topmost layer holds
	local last
	last=$(hod image inspect -f '{{json .RootFS.Layers}}' "$1" | tr -d '[]"' | tr , '\n' | tail -n 1)
	output=$(cd "$HOD_ROOT/layers/${last#sha256:}/diff" && find . | sort | tr '\n' ' ')
}

@test "bind: the context as COPY would have it, read-only, gone afterwards" {
	mkdir "$ctx/sub"
	echo one >"$ctx/a"
	echo two >"$ctx/sub/b"
	echo no >"$ctx/secret"
	echo secret >"$ctx/.dockerignore"
	dockerfile <<-'END'
		FROM busybox
		WORKDIR /work
		RUN --mount=target=/ctx test "$(cat /ctx/a /ctx/sub/b)" = "$(printf 'one\ntwo')" && test ! -e /ctx/secret && \
			test "$(stat -c %u:%g /ctx/a)" = 0:0 && ! touch /ctx/new
		RUN --mount=source=sub,target=sub test "$(ls /work/sub)" = b
		RUN --mount=source=sub/../../a,target=f/g test "$(cat /work/f/g)" = one
		RUN --mount=target=/ctx,rw echo new > /ctx/new && rm /ctx/a && ls /ctx > /seen
		RUN --mount=target=/ctx test -e /ctx/a && test ! -e /ctx/new && test -z "$(ls /work)"
		RUN test ! -e /ctx && touch /last
	END
	hod build -q -t m1 "$ctx"
	layer_files m1
	is ". ./last "
	[ ! -e "$ctx/new" ]
	[ -e "$ctx/a" ]
}

@test "bind: from a stage, its content is part of the key; links stay inside" {
	dockerfile <<-'END'
		FROM busybox AS data
		ARG WHAT=1
		RUN mkdir /d /e && echo "$WHAT" > /d/f && ln -s /d /link && ln -s ../../../../etc/shadow /e/out && echo x > /e/same
		FROM busybox
		RUN --mount=type=bind,from=data,source=/link/f,target=/f cat /f
		RUN --mount=type=bind,from=DATA,source=e,target=/e cat /e/same; ls -l /e/out; ! cat /e/out
		RUN --mount=from=data,target=/all,rw echo changed > /all/d/f && cat /all/d/f
		RUN --mount=from=0,target=/all test "$(cat /all/d/f)" != changed
	END
	run -0 hod build --progress plain -t m2 "$ctx"
	run -0 hod build --progress plain --build-arg WHAT=2 -t m2 "$ctx"
	has '[stage-1 2/5] 2'
	has '[stage-1 3/5] cached'
	dockerfile <<-'END'
		FROM busybox
		RUN --mount=from=busybox,source=no/such,target=/x true
	END
	run -1 hod build -q "$ctx"
	like "Dockerfile:2: --mount=from=busybox,source=no/such,target=/x: 'no/such' is not in"
}

@test "cache: kept between builds, not in the layer nor in the key, removed with the build cache" {
	dockerfile <<-'END'
		FROM busybox
		ARG N
		RUN --mount=type=cache,target=/c,mode=0711 echo "$N" >> /c/log; cat /c/log; stat -c mode=%a /c
	END
	hod build -q --build-arg N=1 "$ctx"
	run -0 hod build --progress plain --build-arg N=2 -t m3 "$ctx"
	has '] 1'
	has '] 2'
	has 'mode=711'
	layer_files m3
	is ". "
	run -0 hod build --progress plain --build-arg N=1 -t m3 "$ctx"
	has '[3/3] cached'
	hod system prune -f
	run -0 hod build --progress plain --build-arg N=3 "$ctx"
	lacks '] 1'
}

@test "cache: another id, owner or mode is another cache; from= is where it begins" {
	dockerfile <<-'END'
		FROM busybox AS seed
		RUN mkdir /s && echo seed > /s/f
		FROM busybox
		RUN --mount=type=cache,id=a,target=/c touch /c/a
		RUN --mount=type=cache,id=b,target=/c test -z "$(ls /c)"
		RUN --mount=type=cache,id=a,target=/c,mode=0700 test -z "$(ls /c)"
		RUN --mount=type=cache,id=a,target=/c test -e /c/a
		RUN --mount=type=cache,id=a,target=/c,ro ! touch /c/b
		RUN --mount=type=cache,target=/t,from=seed,source=/s test "$(cat /t/f)" = seed && echo more >> /t/f
		RUN --mount=type=cache,target=/t,from=seed,source=/s test "$(cat /t/f | wc -l)" = 2
		RUN --mount=type=cache,id=a,target=/c,source=below/it touch /c/deep
		RUN --mount=type=cache,id=a,target=/c test -e /c/below/it/deep && ln -s / /c/out
		RUN --mount=type=cache,id=a,target=/c,source=out/etc test -z "$(ls /c)"
		RUN --mount=type=cache,id=a,target=/c --mount=type=cache,id=a,target=/d,sharing=locked touch /c/twice && test -e /d/twice
	END
	hod build --progress plain "$ctx"
}

@test "cache: locked waits, private takes another, and a killed build lets go" {
	mkfifo "$ctx/gate"
	cat >"$ctx/hold" <<-'END'
		FROM busybox
		ARG N
		RUN --mount=type=cache,id=l,target=/c,sharing=locked echo "$N" > /c/holder; echo held; sleep 60
	END
	hod build --progress plain -f "$ctx/hold" --build-arg N=1 "$ctx" >"$FILE_DIR/hold.log" 2>&1 &
	holder=$!
	until_ok 20 grep -q '\] held' "$FILE_DIR/hold.log"
	dockerfile <<-'END'
		FROM busybox
		RUN --mount=type=cache,id=l,target=/c,sharing=private test ! -e /c/holder && touch /c/private
	END
	hod build -q "$ctx"
	dockerfile <<-'END'
		FROM busybox
		RUN --mount=type=cache,id=l,target=/c,sharing=locked cat /c/holder; rm -rf /c/* && chmod 0 /c
	END
	hod build --progress plain "$ctx" >"$FILE_DIR/wait.log" 2>&1 &
	waiter=$!
	until_ok 20 grep -q 'waits for another step with the cache' "$FILE_DIR/wait.log"
	kill -9 $holder
	wait $holder || true
	wait $waiter
	grep -q '\] 1$' "$FILE_DIR/wait.log"
	# what a step does to its directory is its own affair: the next gets it all the same
	printf 'FROM busybox\nRUN --mount=type=cache,id=l,target=/c,sharing=locked stat -c mode=%%a /c\n' | dockerfile
	run -0 hod build --progress plain "$ctx"
	has 'mode=0'
}

@test "tmpfs has its size and is not in the layer" {
	dockerfile <<-'END'
		FROM busybox
		RUN --mount=type=tmpfs,target=/t,size=1m echo x > /t/f && ! dd if=/dev/zero of=/t/big bs=1k count=2000 2>/dev/null
	END
	hod build -q -t m4 "$ctx"
	layer_files m4
	is ". "
}

@test "a mount on /, and what the type does not know, are refused with the line" {
	printf 'FROM busybox\n\nRUN --mount=type=tmpfs,target=/.. true\n' | dockerfile
	run -1 hod build -q "$ctx"
	like 'Dockerfile:3: .*a mount on / would hide'
	printf 'FROM busybox\n\nRUN --mount=type=tmpfs,target=/x,uid=1 true\n' | dockerfile
	run -1 hod build -q "$ctx"
	like 'Dockerfile:3: RUN: .*uid is not for type=tmpfs'
}

@test "--security=insecure needs --allow, and is privileged" {
	need root
	local device=/dev/kmsg # of the host; a machine that is a container itself may have none
	[ -c $device ] || device=/dev/null
	printf 'FROM busybox\nRUN --security=insecure grep CapEff /proc/self/status; ls %s\n' $device | dockerfile
	run -1 hod build -q "$ctx"
	like 'Dockerfile:2: RUN --security=insecure is not allowed'
	run -0 hod build --progress plain --allow security.insecure "$ctx"
	like 'CapEff:.000001'
	has $device
}

@test "secret: a file or a variable, in no layer, history, key or store" {
	echo 'top secret value' >"$FILE_DIR/token"
	dockerfile <<-'END'
		FROM busybox
		RUN --mount=type=secret,id=t test "$(sed s/value/x/ /run/secrets/t)" = 'top secret x' && stat -c mode=%a /run/secrets/t
		RUN --mount=type=secret,target=/etc/app/t,mode=0440 test "$(stat -c %a /etc/app/t)" = 440 && ! touch /etc/app/t
		RUN --mount=type=secret,id=e,env=TOKEN test "${TOKEN%env}" = from && test ! -e /run/secrets/e
		RUN --mount=type=secret,id=e,env=TOKEN,target=/both test "$(sed s/env// /both)" = from
		RUN --mount=type=secret,id=none test ! -e /run/secrets/none && test -z "$TOKEN"
		RUN test ! -e /run/secrets && test ! -e /etc/app && touch /last
	END
	export E=fromenv
	run -0 hod build --progress plain --secret "id=t,src=$FILE_DIR/token" --secret id=e,env=E -t sec "$ctx"
	has 'mode=400'
	layer_files sec
	is ". ./last "
	run -0 hod history --no-trunc sec
	lacks fromenv
	# not what other ids alone may read: 2 is no match, too
	run ! grep -rqsE 'top secret value|fromenv' "$HOD_ROOT"
	# the value is no part of the key
	echo changed >"$FILE_DIR/token"
	run -0 hod build --progress plain --secret "id=t,src=$FILE_DIR/token" "$ctx"
	has '[2/7] cached'
	printf 'FROM busybox\nRUN --mount=type=secret,id=x,required true\n' | dockerfile
	run -1 hod build -q "$ctx"
	has 'Dockerfile:2: --mount=type=secret: id=x is required, and no --secret id=x was given'
}

@test "ssh: the agent's socket, with an owner and a mode of its own" {
	python3 - "$FILE_DIR/agent" <<-'END' 3>&- &
		import socket, sys, threading
		s = socket.socket(socket.AF_UNIX)
		s.bind(sys.argv[1])
		s.listen()
		while True:
		    c, _ = s.accept()
		    c.close()
	END
	agent=$!
	until_ok 10 test -S "$FILE_DIR/agent"
	dockerfile <<-'END'
		FROM busybox
		RUN --mount=type=ssh test -S "$SSH_AUTH_SOCK" && stat -c '%n mode=%a' "$SSH_AUTH_SOCK"
		RUN --mount=type=ssh,id=other,target=/tmp/s,mode=0666 test "$SSH_AUTH_SOCK" = /tmp/s && stat -c '%n mode=%a' /tmp/s
		RUN --mount=type=ssh,id=none test -z "$SSH_AUTH_SOCK"
		RUN test ! -e /run/buildkit
	END
	SSH_AUTH_SOCK=$FILE_DIR/agent run -0 hod build --progress plain --ssh default --ssh "other=$FILE_DIR/agent" "$ctx"
	kill $agent
	has '/run/buildkit/ssh_agent.0 mode=600'
	has '/tmp/s mode=666'
	printf 'FROM busybox\nRUN --mount=type=ssh,required true\n' | dockerfile
	run -1 hod build -q "$ctx"
	has 'Dockerfile:2: --mount=type=ssh: id=default is required'
}

@test "ssh: a real agent tells its keys, and signs, without the image ever seeing them" {
	need program ssh-agent
	local fingerprint
	ssh-keygen -q -t ed25519 -N '' -C 'key of the test' -f "$FILE_DIR/id"
	fingerprint=$(ssh-keygen -lf "$FILE_DIR/id.pub" | cut -d' ' -f2)
	eval "$(ssh-agent -a "$FILE_DIR/ssh.sock" 3>&-)" >/dev/null
	ssh-add -q "$FILE_DIR/id"
	# the two programs with the libraries that they are linked to
	mkdir "$ctx/root"
	for file in $(command -v ssh-add ssh-keygen) $(ldd "$(command -v ssh-add)" "$(command -v ssh-keygen)" | grep -o '/[^ :]*lib[^ ]*' | sort -u); do
		mkdir -p "$ctx/root$(dirname "$file")"
		cp -L "$file" "$ctx/root$file"
	done
	cp "$FILE_DIR/id.pub" "$ctx/root/id.pub"
	dockerfile <<-'END'
		FROM busybox
		COPY root /
		RUN --mount=type=ssh ssh-add -l
		RUN --mount=type=ssh ssh-keygen -Y sign -q -f /id.pub -n file </id.pub >/signature
		RUN --mount=type=ssh,uid=1000 --mount=type=tmpfs,target=/t ssh-add -L | cmp - /id.pub
	END
	run -0 hod build --progress plain --ssh default -t signed "$ctx"
	has "$fingerprint"
	ssh-agent -k >/dev/null
	hod_run --rm signed cat /signature >"$FILE_DIR/signature"
	printf 'tester %s\n' "$(cat "$FILE_DIR/id.pub")" >"$FILE_DIR/signers"
	run -0 ssh-keygen -Y verify -f "$FILE_DIR/signers" -I tester -n file -s "$FILE_DIR/signature" <"$FILE_DIR/id.pub"
	# without the agent the step fails: nothing of the key is kept
	run -1 hod build -q --no-cache "$ctx"
	has 'Dockerfile:3: '
}
