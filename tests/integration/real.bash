# real.bash - ten build contexts shaped like those of real projects, offline: build_real.bats builds and runs each,
# build_kill.bats ends them at random moments.
#
# shape_NAME makes the context in $ctx. The base image of most is "dev": import_dev.
# shellcheck shell=bash disable=SC2034,SC2154

shapes=(c python node apt site layers cache secret heredoc git)

import_dev() {
	local tar
	tar=$(debian_tar debian-dev) || return
	hod import --change 'CMD ["/bin/sh"]' "$tar" dev >/dev/null
}
dockerfile() { cat >"$ctx/Dockerfile"; } # from stdin

shape_c() { # a C project: compiled in one stage, run from another without a compiler
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
}

shape_python() { # a Python app in a virtual environment, with a package of its own
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
}

shape_node() { # a Node app whose npm packages come from tarballs
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
}

shape_apt() { # a Debian with packages that apt installs from a local repository
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
}

shape_site() { # a static site behind a small server
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
}

shape_layers() { # an image of 130 layers
	{
		echo FROM busybox
		for i in $(seq 128); do echo "RUN echo $i >>/count"; done
		echo 'RUN wc -l </count >/total'
	} | dockerfile
}

shape_cache() { # cache mounts: what was compiled once is not compiled again, though its layer is made anew
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
}

shape_secret() { # an app that needs a token while it is built, and no more then
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
}

shape_heredoc() { # scripts in heredocs: shell, Python, files
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
}

shape_git() { # a project in a repository: a tag of it, with a Dockerfile in a directory
	git init -q -b main "$FILE_DIR/project.git"
	(
		cd "$FILE_DIR/project.git" || exit
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
}

# real_build NAME OPTION...: what builds a shape that was made
real_build() {
	local name=$1 context=$ctx
	shift
	case $name in
	secret) set -- --secret id=token,src="$FILE_DIR/token" "$@" ;;
	heredoc) set -- --build-arg NAME=you "$@" ;;
	git)
		set -- -f deploy/Dockerfile "$@"
		context="file://$FILE_DIR/project.git#v1"
		;;
	esac
	# background jobs ignore SIGINT, and what they start does too
	exec env --default-signal=INT "$HOD" build -q "$@" "$context"
}
# real_answer NAME IMAGE: one line that only a right image gives
real_answer() {
	local ask=()
	case $1 in
	site) ask=(cat /www/index.html) ;;
	layers) ask=(cat /total) ;;
	heredoc) ask=(sh -c 'cat /out/* /etc/app/* | sha256sum') ;;
	esac
	hod_run --rm "$2" "${ask[@]}"
}
