#!/usr/bin/env bats
# Ten builds shaped like those of real projects, offline, each result then run.
load helper
load real

setup_file() {
	store_up
	import_dev
}
setup() {
	ctx=$FILE_DIR/ctx
	rm -rf "$ctx"
	mkdir -p "$ctx"
}
in_image() { hod_run --rm "$@"; }

@test "a C project: compiled in one stage, run from another without a compiler" {
	shape_c
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
	shape_python
	hod build -q -t py "$ctx"
	run -0 in_image py
	is "good day /venv"
}

@test "a Node app whose npm packages come from tarballs" {
	shape_node
	hod build -q -t node "$ctx"
	run -0 in_image node
	is "one two true"
}

@test "a Debian with packages that apt installs from a local repository" {
	shape_apt
	hod build -q -t apt "$ctx"
	run -0 in_image apt
	is $'word\nconfigured'
	run -0 in_image apt dpkg -l dep-local
	has 2.1
}

@test "a static site behind a small server" {
	shape_site
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
	shape_layers
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
	shape_cache
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
	shape_secret
	hod build -q -t token --secret id=token,src="$FILE_DIR/token" "$ctx"
	run -0 in_image token
	is payload
	run -0 in_image token sh -c 'env | grep -c TOKEN || :; ls -d /run/secrets 2>&1 || :'
	[ "${lines[0]}" = 0 ]
	# not what other ids alone may read: 2 is no match, too
	run ! grep -rqs "$(cat "$FILE_DIR/token")" "$HOD_ROOT"
}

@test "scripts in heredocs: shell, Python, files" {
	shape_heredoc
	hod build -q -t heredoc --build-arg NAME=you "$ctx"
	run -0 in_image heredoc
	# shellcheck disable=SC2016 # not replaced, that is the point
	is $'line 1\nline 2\nline 3\n$HOME stays 42\nname = you\nname = ${NAME}\nfirst\nsecond'
}

@test "a project in a repository: a tag of it, with a Dockerfile in a directory" {
	shape_git
	hod build -q -t project -f deploy/Dockerfile "file://$FILE_DIR/project.git#v1"
	run -0 in_image project
	is "version 1"
	hod build -q -t project -f deploy/Dockerfile "file://$FILE_DIR/project.git"
	run -0 in_image project
	is "version 2"
}
