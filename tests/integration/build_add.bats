#!/usr/bin/env bats
# build: ADD from a server and from a repository; COPY --link, --parents.
load helper

setup_file() {
	store_up
	export SRV=$FILE_DIR/srv PORT
	mkdir -p "$SRV"
	cd "$SRV" || return
	echo data >f.txt
	touch -d '2020-02-02 02:02:02 UTC' f.txt
	tar cf a.tar f.txt
	git init -q -b main repo
	mkdir repo/sub
	echo sub >repo/sub/s
	printf '#!/bin/sh\n' >repo/run
	chmod 755 repo/run
	commit first 2021-01-01T00:00:00Z
	git -C repo tag v1
	echo more >repo/sub/more
	commit second 2022-01-01T00:00:00Z
	git clone -q --bare repo r.git
	git -C r.git update-server-info
	python3 -u -m http.server 0 --bind 127.0.0.1 >"$FILE_DIR/http.log" 2>&1 3>&- &
	echo $! >"$FILE_DIR/http.pid"
	until_ok 10 grep -q 'port [0-9]' "$FILE_DIR/http.log"
	PORT=$(sed -n 's/.* port \([0-9]*\).*/\1/p' "$FILE_DIR/http.log" | head -n 1)
}
teardown_file() {
	kill "$(cat "$FILE_DIR/http.pid")"
	store_down
}
setup() {
	context_up
	url=http://127.0.0.1:$PORT
}
commit() { # commit TITLE TIME
	git -C repo add .
	GIT_COMMITTER_DATE=$2 GIT_AUTHOR_DATE=$2 git -C repo -c user.name=n -c user.email=e@x commit -q -m "$1"
}
fails() { # fails LINE: a Dockerfile of this line behind FROM
	printf 'FROM busybox\n%s\n' "$1" | dockerfile
	run -1 hod build -q "$ctx"
	has 'Dockerfile:2: '
}
requests() { grep -c '"GET /f.txt' "$FILE_DIR/http.log" || true; }

@test "a file: 0600, the server's time, named by the URL, not unpacked unless asked" {
	dockerfile <<-END
		FROM busybox
		ADD $url/f.txt?x=1 /d/
		ADD --chmod=644 --chown=3:4 $url/f%2Etxt /e
		ADD $url/a.tar /t/
		ADD --unpack $url/a.tar /u/
		ADD --unpack=false $url/a.tar $url/f.txt /v/
		RUN stat -c '%n %a %u:%g %Y' /d/f.txt /e && cat /u/f.txt && ls /t /v
	END
	run -0 hod build --progress plain "$ctx"
	has '/d/f.txt 600 0:0 1580608922'
	if [ "$(id_mode)" = single ]; then
		has '/e 644 0:0 1580608922'
	else
		has '/e 644 3:4 1580608922'
	fi
	has '] data'
	has '] a.tar'
}

@test "a checksum is verified, and what has one is fetched once" {
	sum=$(sha256sum "$SRV/f.txt" | cut -d' ' -f1)
	printf 'FROM scratch\nADD --checksum=sha256:%s %s/f.txt /\n' "$sum" "$url" | dockerfile
	hod build -q "$ctx"
	before=$(requests)
	run -0 hod build --progress plain "$ctx"
	has '[2/2] cached'
	[ "$(requests)" = "$before" ]
	fails "ADD --checksum=sha256:${sum%?????}00000 $url/f.txt /"
	has "its checksum is sha256:$sum, not"
	fails "ADD --checksum=md5:1 $url/f.txt /"
	fails "ADD --checksum=sha256:$sum f.txt /"
	has 'is for URLs and repositories'
	fails "ADD --checksum=sha256:$sum $url/f.txt $url/f.txt /"
	has 'for one source'
}

@test "without a checksum it is asked for each time; the same content is a hit" {
	printf 'FROM scratch\nADD %s/f.txt /\n' "$url" | dockerfile
	hod build -q "$ctx"
	run -0 hod build --progress plain "$ctx"
	has '[2/2] cached'
	cp -p "$SRV/f.txt" "$SRV/keep"
	echo changed >"$SRV/f.txt"
	run -0 hod build --progress plain "$ctx"
	mv "$SRV/keep" "$SRV/f.txt"
	has '[2/2] done'
	# one that is older than the last again
	run -0 hod build --progress plain -o "$FILE_DIR/older" "$ctx"
	has '[2/2] cached'
	[ "$(cat "$FILE_DIR/older/f.txt")" = data ]
}

# tag_server: /tag has the ETag and the content of a file; /liar says 304 to whoever asks whether it changed, and has
# something else each time
tag_server() {
	echo v1 >"$FILE_DIR/tag"
	cat >"$FILE_DIR/tag.py" <<-'END'
		import http.server, os, sys
		class Handler(http.server.BaseHTTPRequestHandler):
		    count = 0
		    def do_GET(self):
		        Handler.count += 1
		        word = open(sys.argv[1]).read()
		        tag = '"%s"' % word.strip()
		        asked = self.headers.get("If-None-Match")
		        same = {"/tag": asked == tag, "/liar": asked is not None}[self.path]
		        self.send_response(304 if same else 200)
		        self.send_header("ETag", tag)
		        self.end_headers()
		        if not same:
		            self.wfile.write(("%d" % Handler.count if self.path == "/liar" else word).encode())
		server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
		print("port %d" % server.server_address[1], flush=True)
		server.serve_forever()
	END
	python3 -u "$FILE_DIR/tag.py" "$FILE_DIR/tag" >"$FILE_DIR/tag.log" 2>&1 3>&- &
	tags=$!
	until_ok 10 grep -q 'port [0-9]' "$FILE_DIR/tag.log"
	tag_url=http://127.0.0.1:$(sed -n 's/^port \([0-9]*\).*/\1/p' "$FILE_DIR/tag.log" | head -n 1)
}
answers() { grep -c "\"GET /$1 .* $2 " "$FILE_DIR/tag.log" || true; } # answers PATH CODE: how many

@test "what the server calls unchanged is not sent again" {
	tag_server
	printf 'FROM scratch\nADD %s/tag /x\n' "$tag_url" | dockerfile
	hod build -q "$ctx"
	run -0 hod build --progress plain "$ctx"
	has '[2/2] cached'
	[ "$(answers tag 200)" = 1 ]
	[ "$(answers tag 304)" = 1 ]
	# above another base the bytes are needed
	printf 'FROM busybox\nADD %s/tag /x\nRUN cat /x\n' "$tag_url" | dockerfile
	run -0 hod build --progress plain "$ctx"
	has '[2/3] done'
	has '] v1'
	[ "$(answers tag 200)" = 2 ]
	[ "$(answers tag 304)" = 2 ]
	run -0 hod build --progress plain --no-cache "$ctx"
	[ "$(answers tag 200)" = 3 ]
	[ "$(answers tag 304)" = 2 ]
	fails "ADD --checksum=sha256:$(echo v2 | sha256sum | cut -d' ' -f1) $tag_url/tag /"
	has 'its checksum is sha256:'
	echo v2 >"$FILE_DIR/tag"
	printf 'FROM busybox\nADD %s/tag /x\nRUN cat /x\n' "$tag_url" | dockerfile
	run -0 hod build --progress plain "$ctx"
	has '[2/3] done'
	has '] v2'
	fails "ADD --unpack=true $tag_url/tag /x"
	has 'is no archive'
	# who does not tell the truth gives no image that is neither
	printf 'FROM scratch\nADD %s/liar /x\n' "$tag_url" | dockerfile
	hod build -q "$ctx"
	fails "ADD $tag_url/liar /x"
	has 'though the server said that it had not'
	kill $tags
	wait $tags || true
}

# asks for "Bearer word" on /token, for "Basic xyz" on /header; /away leads to another host; says what it was told
private_server() {
	cat >"$FILE_DIR/private.py" <<-'END'
		import http.server, sys
		class Handler(http.server.BaseHTTPRequestHandler):
		    def do_GET(self):
		        told = self.headers.get("Authorization", "nothing")
		        port = self.server.server_address[1]
		        want = {"/token": "Bearer word", "/header": "Basic xyz", "/open": told, "/away": told}[self.path]
		        self.send_response(302 if self.path == "/away" else 200 if told == want else 401)
		        if self.path == "/away":
		            self.send_header("Location", "http://localhost:%d/open" % port)
		        self.end_headers()
		        self.wfile.write(told.encode())
		server = http.server.HTTPServer(("", 0), Handler)
		print("port %d" % server.server_address[1], flush=True)
		server.serve_forever()
	END
	python3 -u "$FILE_DIR/private.py" >"$FILE_DIR/private.log" 2>&1 3>&- &
	private=$!
	until_ok 10 grep -q 'port [0-9]' "$FILE_DIR/private.log"
	private_url=http://127.0.0.1:$(sed -n 's/^port \([0-9]*\).*/\1/p' "$FILE_DIR/private.log" | head -n 1)
}

@test "a server that asks who it is gets the secret of its name, and no other server does" {
	private_server
	echo word >"$ctx/../word"
	dockerfile <<-END
		FROM busybox
		ADD $private_url/token $private_url/away /d/
		RUN cat /d/away
	END
	run -1 hod build "$ctx"
	has 'Dockerfile:2: '
	has 'answers 401'
	run -0 hod build --progress plain --secret "id=HTTP_AUTH_TOKEN_127.0.0.1,src=$ctx/../word" -t private "$ctx"
	has nothing
	run -0 hod_run --rm private cat /d/token
	is 'Bearer word'
	run -0 hod history --no-trunc private
	lacks 'word'
	printf 'FROM busybox\nADD %s/header /d/\n' "$private_url" | dockerfile
	run -0 env WHOLE='Basic xyz' "$HOD" build -q --secret id=HTTP_AUTH_HEADER_127.0.0.1,env=WHOLE "$ctx"
	run -1 env WHOLE=$'a\nX-More: b' "$HOD" build -q --secret id=HTTP_AUTH_HEADER_127.0.0.1,env=WHOLE "$ctx"
	has 'not one line of text'
	lacks X-More
	kill $private
	wait $private || true
}

@test "what cannot be fetched is told with the line" {
	fails "ADD $url/none /"
	has 'the server answers 404'
	fails 'ADD http://127.0.0.1:1/x /'
	fails "ADD $url/ /d/"
	has 'names no file'
	fails "ADD --unpack $url/f.txt /d/"
	has 'is no archive'
	fails "ADD file://$SRV/r.git /d/"
	has 'file URLs are not taken'
	fails 'ADD --keep-git-dir x /d/'
	has 'is for repositories'
	fails "ADD $url/r.git#nothing /d"
	fails "ADD --checksum=1234567 $url/r.git /d"
	has 'its commit is'
}

@test "a repository: ref, subdirectory, times, .git on request, hit by commit" {
	first=$(git -C "$SRV/repo" rev-parse v1)
	dockerfile <<-END
		FROM busybox
		ADD $url/r.git /head
		ADD $url/r.git#v1 /v1/
		ADD $url/r.git#main:sub /sub/
		ADD --keep-git-dir=true --checksum=${first:0:9} $url/r.git#v1 /kept
		ADD $url/r.git?tag=v1&subdir=sub /query
		RUN ls -A /head /v1 /sub /query; stat -c '%n %a %Y' /head /head/run /v1/sub/s /kept/.git/HEAD
	END
	run -0 hod build --progress plain "$ctx"
	has '/head 755 1640995200'
	has '/head/run 755 1640995200'
	has '/v1/sub/s 644 1609459200'
	has '/kept/.git/HEAD'
	lacks '] .git'
	run -0 hod build --progress plain "$ctx"
	[ "$(grep -c '/7\] cached' <<<"$output")" = 6 ]
	# a full commit is what it is: nothing is asked
	printf 'FROM scratch\nADD %s/r.git#%s /x\n' "$url" "$first" | dockerfile
	hod build -q "$ctx"
	before=$(wc -l <"$FILE_DIR/http.log")
	run -0 hod build --progress plain "$ctx"
	has '[2/2] cached'
	[ "$(wc -l <"$FILE_DIR/http.log")" = "$before" ]
}

# a server of $SRV that wants "x-access-token:word" of whoever takes a repository, or "own way" as the whole header
git_server() {
	cat >"$FILE_DIR/gits.py" <<-'END'
		import base64, functools, http.server, sys
		class Handler(http.server.SimpleHTTPRequestHandler):
		    def do_GET(self):
		        told = self.headers.get("Authorization", "")
		        token = "basic " + base64.b64encode(b"x-access-token:word-4711").decode()
		        if told.lower() != token.lower() and told != "own way":
		            self.send_response(401)
		            self.send_header("WWW-Authenticate", "Basic realm=x")
		            self.end_headers()
		            return
		        super().do_GET()
		server = http.server.HTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=sys.argv[1]))
		print("port %d" % server.server_address[1], flush=True)
		server.serve_forever()
	END
	python3 -u "$FILE_DIR/gits.py" "$SRV" >"$FILE_DIR/gits.log" 2>&1 3>&- &
	gits=$!
	until_ok 10 grep -q 'port [0-9]' "$FILE_DIR/gits.log"
	git_url=http://127.0.0.1:$(sed -n 's/^port \([0-9]*\).*/\1/p' "$FILE_DIR/gits.log" | head -n 1)
}

@test "a repository that asks who it is gets GIT_AUTH_TOKEN or GIT_AUTH_HEADER, and nobody else sees it" {
	git_server
	mkdir -p "$FILE_DIR/bin"
	printf '#!/bin/sh\nprintf "%%s\\n" "$*" >>%s/argv\nexec %s "$@"\n' "$FILE_DIR" "$(command -v git)" >"$FILE_DIR/bin/git"
	chmod 755 "$FILE_DIR/bin/git"
	printf word-4711 >"$FILE_DIR/token"
	printf 'FROM busybox\nADD --keep-git-dir=true %s/r.git#v1 /r\nRUN env; cat /r/.git/config; cat /r/run\n' "$git_url" | dockerfile
	run -1 hod build -q "$ctx"
	has 'Dockerfile:2: '
	export PATH="$FILE_DIR/bin:$PATH"
	run -0 hod build --progress plain -t git --secret "id=GIT_AUTH_TOKEN,src=$FILE_DIR/token" "$ctx"
	has '] #!/bin/sh'
	lacks word-4711
	lacks "$(printf x-access-token:word-4711 | base64)"
	run -0 hod history --no-trunc git
	lacks word-4711
	[ -s "$FILE_DIR/argv" ]
	run ! grep -qiE "word-4711|authorization|$(printf x-access-token:word-4711 | base64)" "$FILE_DIR/argv"
	run ! grep -rqs -e word-4711 -e "$(printf x-access-token:word-4711 | base64)" "$HOD_ROOT"
	# the same with another secret is a hit: it is not in the key
	run -0 env OWN='own way' "$HOD" build --progress plain --secret id=GIT_AUTH_HEADER.127.0.0.1,env=OWN "$ctx"
	has '[2/3] cached'
	# what is meant for a server goes there only, and comes before what is meant for all
	run -1 env OWN=wrong "$HOD" build -q --secret id=GIT_AUTH_HEADER.127.0.0.1,env=OWN \
		--secret "id=GIT_AUTH_TOKEN,src=$FILE_DIR/token" "$ctx"
	run -1 env OWN='own way' "$HOD" build -q --secret id=GIT_AUTH_HEADER.example.org,env=OWN "$ctx"
	# a context, and one with a name
	(cd "$SRV/repo" && printf 'FROM busybox\nCOPY run /run\nCOPY --from=two run /two\n' >Dockerfile)
	commit with-file 2023-01-01T00:00:00Z
	git clone -q --bare repo c.git
	git -C c.git update-server-info
	run -0 hod build -q --secret "id=GIT_AUTH_TOKEN.127.0.0.1,src=$FILE_DIR/token" --build-context "two=$git_url/r.git" "$git_url/c.git"
	run -1 hod build -q "$git_url/c.git"
	kill $gits
	wait $gits || true
}

@test "--link: above any base the same layer, links of the base are not followed" {
	echo x >"$ctx/f"
	dockerfile <<-'END'
		FROM busybox
		ARG WHAT=1
		RUN mkdir /real && ln -s /real /link && echo "$WHAT" > /real/what && chmod 700 /real
		COPY --link f /link/
		COPY --link f /real/
		COPY --link=false f /real/plain
		RUN test ! -L /link && test -f /link/f && test "$(stat -c %a /real)" = 755 && cat /real/what
	END
	hod build --progress plain "$ctx"
	run -0 hod build --progress plain --build-arg WHAT=2 "$ctx"
	has '[4/7] cached'
	has '[5/7] cached'
	has '[6/7] done'
	fails 'COPY --link --chown=nobody-such f /x'
	has "no user 'nobody-such'"
	printf 'FROM busybox\nRUN echo u:x:71:72::/: >> /etc/passwd\nCOPY --link --chown=u f /x\nRUN stat -c %%u:%%g /x\n' | dockerfile
	touch "$ctx/f"
	if [ "$(id_mode)" != single ]; then
		run -0 hod build --progress plain "$ctx"
		has 71:71
	fi
}

@test "--parents keeps paths, from /./ on, and ** is any depth" {
	mkdir -p "$ctx/x/y/z"
	echo 1 >"$ctx/x/y/z/f.txt"
	echo 2 >"$ctx/x/y/g.md"
	echo 3 >"$ctx/x/h.txt"
	chmod 711 "$ctx/x/y"
	dockerfile <<-'END'
		FROM busybox AS base
		COPY --parents x/y/z/f.txt /p1/
		COPY --parents ./x/./y/z/f.txt /p2/
		COPY --parents x/**/*.txt x/y/g.md /p3/
		COPY --parents --exclude=**/f.txt x /p4
		COPY --parents **/z /p5/
		COPY --exclude=*.md x/y/* /p6/
		FROM busybox
		COPY --parents --from=base /p1/./x/ /q/
		RUN ls -d /q/x/y/z/f.txt && stat -c %a /q/x/y
		COPY --from=base / /all
		RUN cd /all && find p? -type f | sort | tr '\n' ' '
	END
	run -0 hod build --progress plain "$ctx"
	has '] 711'
	has 'p1/x/y/z/f.txt p2/y/z/f.txt p3/x/h.txt p3/x/y/g.md p3/x/y/z/f.txt p4/x/h.txt p4/x/y/g.md p5/x/y/z/f.txt p6/f.txt'
	# the mode of a directory that comes along is part of the key
	chmod 755 "$ctx/x/y"
	run -0 hod build --progress plain "$ctx"
	has '[base 2/7] done'
}
