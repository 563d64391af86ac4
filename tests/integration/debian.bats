#!/usr/bin/env bats
# the main job on real input: a Debian made by mmdebstrap, ten steps on it, the result used from start to end.
load helper

setup_file() {
	mkdir -p "$FILE_DIR/ctx/pkg/DEBIAN" "$FILE_DIR/ctx/pkg/usr/share/greeting"
	hod import --change 'CMD ["/bin/sh"]' "$(debian_tar)" debian >/dev/null
	printf 'Package: greeting\nVersion: 1.0\nArchitecture: all\nMaintainer: nobody <nobody@example.org>\nDescription: a word\n' >"$FILE_DIR/ctx/pkg/DEBIAN/control"
	printf '#!/bin/sh\necho configured >/usr/share/greeting/state\nchown daemon:daemon /usr/share/greeting/state\n' >"$FILE_DIR/ctx/pkg/DEBIAN/postinst"
	chmod 755 "$FILE_DIR/ctx/pkg/DEBIAN/postinst"
	echo "good day" >"$FILE_DIR/ctx/pkg/usr/share/greeting/word"
	dpkg-deb --root-owner-group -b "$FILE_DIR/ctx/pkg" "$FILE_DIR/ctx/greeting.deb" >/dev/null
	cat >"$FILE_DIR/ctx/server.c" <<-'END'
		#include <signal.h>
		#include <stdio.h>
		#include <unistd.h>
		int main(void)
		{
			sigset_t set;
			int sig;
			char word[64] = "";
			FILE *f = fopen("/usr/share/greeting/word", "r");
			if (!f || !fgets(word, sizeof(word), f))
				return 2;
			sigemptyset(&set);
			sigaddset(&set, SIGTERM);
			sigprocmask(SIG_BLOCK, &set, 0);
			printf("ready as %d: %s", (int)getuid(), word);
			fflush(stdout);
			sigwait(&set, &sig);
			printf("told to stop\n");
			return 17;
		}
	END
	cat >"$FILE_DIR/ctx/Dockerfile" <<-'END'
		FROM debian AS compile
		COPY server.c /src/
		RUN tcc -o /src/server /src/server.c

		FROM debian
		COPY greeting.deb /tmp/
		RUN dpkg -i /tmp/greeting.deb && rm /tmp/greeting.deb
		RUN useradd --create-home --uid 1500 app
		RUN mkdir -p /srv/app && echo data >/srv/app/data && chown -R app:app /srv/app && touch /srv/app/both && chown daemon /srv/app/both && chgrp 1500 /srv/app/both
		COPY --from=compile --chown=app /src/server /srv/app/server
		ENV PORT=8080
		WORKDIR /srv/app
		LABEL made.by=hod
		CMD ["./server"]
	END
}

# as each user; with one id only the last process is root, as no other user can be
build_and_use() {
	run -0 hod build -t app "$@" "$FILE_DIR/ctx"
	run -0 hod run -d --name app --network none ${run_as:+-u $run_as} app
	until_ok 20 logged app ready
	run -0 hod logs app
	is "ready as $uid: good day"
	run -0 hod exec app cat /usr/share/greeting/state
	is configured
	run -0 hod exec app dpkg-query -W -f '${Status}' greeting
	is "install ok installed"
	code=0
	session "$HOD exec -it app sh" <<-'END' || code=$?
		type echo in''side; cat data; exit 9\n
		expect inside
		expect data
	END
	[ $code = 9 ]
	run -0 hod stop app
	run -0 hod inspect -f '{{.State.ExitCode}}' app
	is 17
	logged app "told to stop"
	run -0 hod start app
	until_ok 20 is_state app running
	run -0 hod ps --format '{{.Names}} {{.State}}'
	is "app running"
	run -0 hod rm -f app
}

@test "a ten-step Dockerfile on Debian: built, run, entered, read, stopped, started, removed" {
	uid=1500 run_as=app
	[ "$(id_mode)" != single ] || { uid=0 run_as=""; }
	build_and_use --no-cache
	need many-ids
	run -0 hod run --rm --network none app stat -c '%U:%G' /srv/app/data /srv/app/server
	is $'app:app\napp:app'
}

@test "all steps of it come from the cache the second time" {
	hod build -q -t app "$FILE_DIR/ctx" >/dev/null
	start=${EPOCHREALTIME/./}
	run -0 hod build -q -t app "$FILE_DIR/ctx"
	[ $((${EPOCHREALTIME/./} - start)) -lt 1000000 ]
}

@test "the owners are right in what is saved, whoever built it" {
	hod build -q -t app "$FILE_DIR/ctx" >/dev/null
	hod save -o "$FILE_DIR/app.tar" app
	run -0 bash -c "for l in \$(tar -xOf '$FILE_DIR/app.tar' manifest.json | jq -r '.[0].Layers[]'); do tar -xOf '$FILE_DIR/app.tar' \$l | tar -tv --numeric-owner; done | grep -E 'srv/app/|greeting/state'"
	like '1500/1500 .*srv/app/data'
	like ' 1/1500 .*srv/app/both'
	like '1500/1500 .*srv/app/server'
	like ' 1/1 .*greeting/state'
}
