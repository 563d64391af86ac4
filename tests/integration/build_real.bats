#!/usr/bin/env bats
# Ten builds shaped like those of real projects, offline, each result then run.
load helper

setup_file() {
	store_up
	local tar
	tar=$HOD_TEST_CACHE/debian-dev-$(. /etc/os-release && echo "$VERSION_CODENAME").tar
	[ -s "$tar" ] || {
		echo "$tar is missing; 'sh tests/setup.sh' makes it" >&2
		return 1
	}
	hod import --change 'CMD ["/bin/sh"]' "$tar" dev >/dev/null
}
setup() {
	ctx=$FILE_DIR/ctx
	rm -rf "$ctx"
	mkdir -p "$ctx"
}
dockerfile() { cat >"$ctx/Dockerfile"; } # from stdin
in_image() { hod_run --rm "$@"; }

@test "a C project: compiled in one stage, run from another without a compiler" {
	mkdir -p "$ctx/src" "$ctx/include"
	echo 'int add(int a, int b);' >"$ctx/include/add.h"
	printf '#include "add.h"\nint add(int a, int b) { return a + b; }\n' >"$ctx/src/add.c"
	printf '#include <stdio.h>\n#include "add.h"\nint main(void) { printf("%%d\\n", add(40, 2)); return 0; }\n' >"$ctx/src/main.c"
	# shellcheck disable=SC2016 # for make
	printf 'CFLAGS = -O2 -Iinclude\nadd: src/main.o src/add.o\n\t$(CC) -static -o $@ $^\ninstall: add\n\tinstall -D -m 755 add $(DESTDIR)/usr/bin/add\n' >"$ctx/Makefile"
	printf '*.o\n.git\n' >"$ctx/.dockerignore"
	dockerfile <<-'END'
		FROM dev AS build
		WORKDIR /src
		COPY Makefile .
		COPY include include/
		COPY src src/
		RUN make -j2 && make install DESTDIR=/out
		FROM busybox
		COPY --from=build /out /
		USER 0
		ENTRYPOINT ["add"]
	END
	hod build -q -t c-app "$ctx"
	run -0 in_image c-app
	is 42
	run -1 in_image --entrypoint sh c-app -c 'ls /usr/bin/gcc'
	sed -i 's/return a + b/return a - b/' "$ctx/src/add.c"
	hod build -q -t c-app "$ctx"
	run -0 in_image c-app
	is 38
}

@test "a Python app in a virtual environment, with a package of its own" {
	mkdir -p "$ctx/wheel/greet" "$ctx/wheel/greet-1.0.dist-info" "$ctx/wheels" "$ctx/app"
	echo 'def word(): return "good day"' >"$ctx/wheel/greet/__init__.py"
	printf 'Metadata-Version: 2.1\nName: greet\nVersion: 1.0\n' >"$ctx/wheel/greet-1.0.dist-info/METADATA"
	printf 'Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n' >"$ctx/wheel/greet-1.0.dist-info/WHEEL"
	printf 'greet/__init__.py,,\ngreet-1.0.dist-info/METADATA,,\ngreet-1.0.dist-info/WHEEL,,\ngreet-1.0.dist-info/RECORD,,\n' >"$ctx/wheel/greet-1.0.dist-info/RECORD"
	(cd "$ctx/wheel" && python3 -m zipfile -c ../wheels/greet-1.0-py3-none-any.whl greet greet-1.0.dist-info)
	rm -rf "$ctx/wheel"
	echo greet==1.0 >"$ctx/requirements.txt"
	printf 'import greet, sys\nprint(greet.word(), sys.prefix)\n' >"$ctx/app/main.py"
	dockerfile <<-'END'
		FROM dev AS venv
		RUN python3 -m venv /venv
		ENV PATH=/venv/bin:$PATH
		COPY requirements.txt .
		RUN --mount=type=bind,source=wheels,target=/wheels pip install --no-index --find-links /wheels -r requirements.txt
		FROM dev
		COPY --from=venv /venv /venv
		COPY app /app
		ENV PATH=/venv/bin:$PATH
		CMD ["python", "/app/main.py"]
	END
	hod build -q -t py "$ctx"
	run -0 in_image py
	is "good day /venv"
}

@test "a Node app whose npm packages come from tarballs" {
	mkdir -p "$ctx/pkgs" "$ctx/make/one" "$ctx/make/two" "$ctx/app"
	echo '{"name":"one","version":"1.0.0","main":"index.js","dependencies":{"two":"file:../../pkgs/two.tgz"}}' >"$ctx/make/one/package.json"
	echo 'module.exports = () => "one " + require("two")' >"$ctx/make/one/index.js"
	echo '{"name":"two","version":"2.0.0","main":"index.js"}' >"$ctx/make/two/package.json"
	echo 'module.exports = "two"' >"$ctx/make/two/index.js"
	tar -C "$ctx/make/two" --transform 's,^\.,package,' -czf "$ctx/pkgs/two.tgz" .
	sed -i 's,file:../../pkgs/two.tgz,^2.0.0,' "$ctx/make/one/package.json"
	tar -C "$ctx/make/one" --transform 's,^\.,package,' -czf "$ctx/pkgs/one.tgz" .
	rm -rf "$ctx/make"
	echo '{"name":"app","version":"1.0.0","dependencies":{"one":"file:/pkgs/one.tgz","two":"file:/pkgs/two.tgz"}}' >"$ctx/app/package.json"
	echo 'console.log(require("one")(), process.version.length > 1)' >"$ctx/app/index.js"
	dockerfile <<-'END'
		FROM dev
		WORKDIR /app
		COPY app/package.json .
		RUN --mount=type=bind,source=pkgs,target=/pkgs --mount=type=cache,target=/root/.npm npm install --offline --no-audit --no-fund
		COPY app .
		CMD ["node", "index.js"]
	END
	hod build -q -t node "$ctx"
	run -0 in_image node
	is "one two true"
}

@test "a Debian with packages that apt installs from a local repository" {
	mkdir -p "$ctx/pkg/DEBIAN" "$ctx/pkg/usr/bin" "$ctx/dep/DEBIAN" "$ctx/dep/usr/share/dep" "$ctx/repo"
	printf 'Package: hello-local\nVersion: 1.0\nArchitecture: all\nDepends: dep-local (>= 2)\nMaintainer: n <n@example.org>\nDescription: a\n' >"$ctx/pkg/DEBIAN/control"
	printf '#!/bin/sh\necho configured >/var/lib/hello-state\n' >"$ctx/pkg/DEBIAN/postinst"
	chmod 755 "$ctx/pkg/DEBIAN/postinst"
	printf '#!/bin/sh\ncat /usr/share/dep/word /var/lib/hello-state\n' >"$ctx/pkg/usr/bin/hello-local"
	chmod 755 "$ctx/pkg/usr/bin/hello-local"
	printf 'Package: dep-local\nVersion: 2.1\nArchitecture: all\nMaintainer: n <n@example.org>\nDescription: b\n' >"$ctx/dep/DEBIAN/control"
	echo word >"$ctx/dep/usr/share/dep/word"
	dpkg-deb --root-owner-group -b "$ctx/pkg" "$ctx/repo/hello-local.deb" >/dev/null
	dpkg-deb --root-owner-group -b "$ctx/dep" "$ctx/repo/dep-local.deb" >/dev/null
	(cd "$ctx/repo" && dpkg-scanpackages . >Packages 2>/dev/null)
	dockerfile <<-'END'
		FROM dev
		ARG DEBIAN_FRONTEND=noninteractive
		RUN --mount=type=bind,source=repo,target=/repo --mount=type=cache,target=/var/cache/apt,sharing=locked \
		    echo 'deb [trusted=yes] file:/repo ./' >/etc/apt/sources.list && rm -rf /etc/apt/sources.list.d/* && \
		    apt-get -o APT::Sandbox::User=root update && \
		    apt-get -o APT::Sandbox::User=root install -y --no-install-recommends hello-local && \
		    rm -rf /var/lib/apt/lists/*
		CMD ["hello-local"]
	END
	hod build -q -t apt "$ctx"
	run -0 in_image apt
	is $'word\nconfigured'
	run -0 in_image apt dpkg -l dep-local
	has 2.1
}

@test "a static site behind a small server" {
	mkdir -p "$ctx/site/css" "$ctx/site/drafts"
	echo '<h1>hello</h1>' >"$ctx/site/index.html"
	echo 'h1 { color: red }' >"$ctx/site/css/a.css"
	echo secret >"$ctx/site/drafts/x.html"
	printf 'site/drafts\n**/*.swp\n' >"$ctx/.dockerignore"
	touch "$ctx/site/index.html.swp"
	dockerfile <<-'END'
		FROM busybox
		COPY --chmod=a=rX,u+w site/ /www/
		EXPOSE 8080
		STOPSIGNAL SIGKILL
		CMD ["httpd", "-f", "-p", "127.0.0.1:8080", "-h", "/www"]
	END
	hod build -q -t site "$ctx"
	hod_run -d --name site site >/dev/null
	until_ok 10 hod exec site wget -q -O - http://127.0.0.1:8080/
	run -0 hod exec site wget -q -O - http://127.0.0.1:8080/css/a.css
	is 'h1 { color: red }'
	run -0 hod exec site find /www -type f
	lacks drafts
	lacks swp
}

@test "an image of 130 layers" {
	{
		echo FROM busybox
		for i in $(seq 128); do echo "RUN echo $i >>/count"; done
		echo 'RUN wc -l </count >/total'
	} | dockerfile
	hod build -q -t many "$ctx"
	run -0 in_image many cat /total
	is 128
	run -0 hod inspect -f '{{len .RootFS.Layers}}' many
	is 130
	start=${EPOCHREALTIME/./}
	hod build -q -t many "$ctx"
	echo "130 steps from the cache: $((${EPOCHREALTIME/./} - start)) us"
}

@test "cache mounts: what was compiled once is not compiled again, though its layer is made anew" {
	mkdir -p "$ctx/src"
	for i in 1 2 3; do echo "int f$i(void) { return $i; }" >"$ctx/src/f$i.c"; done
	printf '#include <stdio.h>\nint f1(void), f2(void), f3(void);\nint main(void) { printf("%%d\\n", f1() + f2() + f3()); return 0; }\n' >"$ctx/src/main.c"
	touch -d '1 hour ago' "$ctx"/src/*
	# shellcheck disable=SC2016 # for make
	printf 'O = /obj\nSRC = $(wildcard src/*.c)\n/usr/bin/sum3: $(SRC:src/%%.c=$(O)/%%.o)\n\t$(CC) -o $@ $^\n$(O)/%%.o: src/%%.c\n\t@echo compiling $<\n\t@$(CC) -c -o $@ $<\n' >"$ctx/Makefile"
	dockerfile <<-'END'
		FROM dev
		WORKDIR /w
		COPY . .
		RUN --mount=type=cache,target=/obj make
		CMD ["sum3"]
	END
	run -0 hod build --progress plain -t sum "$ctx"
	[ "$(grep -c 'compiling src' <<<"$output")" = 4 ]
	run -0 in_image sum
	is 6
	echo 'int f2(void) { return 20; }' >"$ctx/src/f2.c"
	run -0 hod build --progress plain -t sum "$ctx"
	[ "$(grep -c 'compiling src' <<<"$output")" = 1 ]
	run -0 in_image sum
	is 24
	run -2 in_image sum ls /obj # not even the mount point is left
}

@test "an app that needs a token while it is built, and no more then" {
	printf 'token-%s' 4711 >"$FILE_DIR/token"
	echo payload >"$ctx/payload"
	dockerfile <<-'END'
		FROM dev AS fetch
		COPY payload /srv/payload
		RUN --mount=type=secret,id=token,mode=0400,required=true <<-EOT
			set -e
			[ "$(stat -c %a /run/secrets/token)" = 400 ]
			sha256sum /run/secrets/token /srv/payload | sha256sum >/srv/proof
		EOT
		FROM busybox
		COPY --from=fetch /srv /srv
		RUN --mount=type=secret,id=token,env=TOKEN test -n "$TOKEN"
		CMD ["cat", "/srv/payload"]
	END
	hod build -q -t token --secret id=token,src="$FILE_DIR/token" "$ctx"
	run -0 in_image token
	is payload
	run -0 in_image token sh -c 'env | grep -c TOKEN || :; ls -d /run/secrets 2>&1 || :'
	[ "${lines[0]}" = 0 ]
	# not what other ids alone may read: 2 is no match, too
	run ! grep -rqs "$(cat "$FILE_DIR/token")" "$HOD_ROOT"
}

@test "scripts in heredocs: shell, Python, files" {
	dockerfile <<-'END'
		FROM dev
		RUN <<EOF
		set -eu
		mkdir -p /out
		for i in 1 2 3; do
		  echo "line $i" >>/out/shell
		done
		EOF
		RUN <<'PY'
		#!/usr/bin/env python3
		with open("/out/python", "w") as f:
		    f.write("$HOME stays {}\n".format(6 * 7))
		PY
		ARG NAME=world
		COPY <<conf <<"raw" /etc/app/
		name = ${NAME}
		conf
		name = ${NAME}
		raw
		RUN cat <<one >/out/one && cat <<two >/out/two
		first
		one
		second
		two
		CMD cat /out/shell /out/python /etc/app/conf /etc/app/raw /out/one /out/two
	END
	hod build -q -t heredoc --build-arg NAME=you "$ctx"
	run -0 in_image heredoc
	# shellcheck disable=SC2016 # not replaced, that is the point
	is $'line 1\nline 2\nline 3\n$HOME stays 42\nname = you\nname = ${NAME}\nfirst\nsecond'
}

@test "a project in a repository: a tag of it, with a Dockerfile in a directory" {
	git init -q -b main "$FILE_DIR/project.git"
	(
		cd "$FILE_DIR/project.git"
		git config user.email a@example.org
		git config user.name a
		mkdir -p deploy src
		printf '#!/bin/sh\necho version 1\n' >src/run
		chmod 755 src/run
		ln -s src/run start
		printf 'FROM busybox\nCOPY src /src\nCOPY start /start\nCMD ["/start"]\n' >deploy/Dockerfile
		git add .
		git commit -q -m one
		git tag -a v1 -m v1
		sed -i 's/version 1/version 2/' src/run
		git commit -q -a -m two
	)
	hod build -q -t project -f deploy/Dockerfile "file://$FILE_DIR/project.git#v1"
	run -0 in_image project
	is "version 1"
	hod build -q -t project -f deploy/Dockerfile "file://$FILE_DIR/project.git"
	run -0 in_image project
	is "version 2"
}
