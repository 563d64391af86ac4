#!/usr/bin/env python3
"""fault_proxy.py UPSTREAM PLAN LOG [USER:PASSWORD]: a proxy in front of a registry that does what goes wrong.

Prints its port, then serves. PLAN is a JSON file, read at each request: a list of rules, of which the first
that fits is carried out:
    match   regular expression for "METHOD /path"
    times   how often (default 1; -1: always)
    fault   status  answer `status`, with `headers` and `body`
            cut     the connection ends after `after` bytes of the body
            stall   nothing more comes after `after` bytes
            drip    the body comes in pieces of `after` bytes with pauses
            flip    the byte at `after` is another one
            short   the body lacks its last `after` bytes, with a Content-Length that says so
            long    the body has `after` bytes more
            type    Content-Type is `type`
    header  the answer has `headers` more
            redirect to `location`
            random  one of the above, by chance `chance`
            cutup   the connection ends after `after` bytes of the request
            norange answers 200 with the whole to a Range; wrongrange answers 206 with another part
With USER:PASSWORD, requests need a Bearer token that /token gives for Basic, good for `uses` requests
(the rule {"uses": n} of PLAN; default 1000).
LOG gets "METHOD path status body-bytes authorization-scheme" for each request.
"""
import base64, http.client, http.server, json, os, random, re, socketserver, sys, threading, time

UPSTREAM, PLAN, LOG = sys.argv[1:4]
LOGIN = sys.argv[4] if len(sys.argv) > 4 else None
lock = threading.Lock()
done, tokens = {}, {}


def rules():
    try:
        with open(PLAN) as f:
            return json.load(f)
    except (OSError, ValueError):
        return []


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def note(self, status, sent):
        scheme = (self.headers.get("Authorization") or "-").split(" ")[0]
        with lock, open(LOG, "a") as f:
            f.write("%s %s %s %d %s\n" % (self.command, self.path, status, sent, scheme))

    def rule(self):
        text = "%s %s" % (self.command, self.path)
        with lock:
            for n, r in enumerate(rules()):
                if "fault" not in r or not re.search(r["match"], text):
                    continue
                key = json.dumps(r, sort_keys=True)
                if r.get("times", 1) >= 0 and done.get(key, 0) >= r.get("times", 1):
                    continue
                if r["fault"] == "random":
                    if random.random() > r["chance"]:
                        continue
                    r = dict(random.choice(r["of"]))
                    if "after" in r:
                        r["after"] = random.randrange(1, r["after"])
                done[key] = done.get(key, 0) + 1
                return r
        return None

    def answer(self, status, body=b"", headers=()):
        self.send_response(status)
        for k, v in headers:
            self.send_header(k, v)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
        self.note(status, len(body))

    def let_in(self):
        if not LOGIN:
            return True
        given = self.headers.get("Authorization", "")
        if given.startswith("Bearer "):
            with lock:
                left = tokens.get(given[7:], 0)
                tokens[given[7:]] = left - 1
            if left > 0:
                return True
        repo = re.match(r"/v2/(.+?)/(?:manifests|blobs|tags|referrers)", self.path)
        scope = ',scope="repository:%s:pull,push"' % repo.group(1) if repo else ""
        host = self.headers["Host"]
        self.discard()
        self.answer(401, b'{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}',
                    [("WWW-Authenticate", 'Bearer realm="http://%s/token",service="test"%s' % (host, scope))])
        return False

    def token(self):
        uses = next((r["uses"] for r in rules() if "uses" in r), 1000)
        basic = "Basic " + base64.b64encode(LOGIN.encode()).decode()
        if self.headers.get("Authorization") != basic:
            return self.answer(401, b'{"details":"incorrect username or password"}')
        value = base64.b64encode(os.urandom(24)).decode()
        with lock:
            tokens[value] = uses
        self.answer(200, json.dumps({"token": value, "expires_in": 300}).encode())

    def discard(self):
        left = int(self.headers.get("Content-Length") or 0)
        while left > 0:
            left -= len(self.rfile.read(min(left, 65536)) or b"x" * left)

    def fetch(self):
        headers = {k: v for k, v in self.headers.items() if k.lower() not in ("authorization", "connection", "expect")}
        up = http.client.HTTPConnection(UPSTREAM)
        left = int(self.headers.get("Content-Length") or 0)
        if self.command in ("POST", "PUT", "PATCH", "DELETE"):
            up.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
            for k, v in headers.items():
                up.putheader(k, v)
            up.endheaders()
            cut = self.active["after"] if self.active and self.active["fault"] == "cutup" else None
            got = 0
            while left > 0:
                piece = self.rfile.read(min(left, 65536))
                if not piece:
                    raise ConnectionError
                got += len(piece)
                left -= len(piece)
                if cut is not None and got >= cut:
                    up.close()
                    raise ConnectionError
                up.send(piece)
        else:
            up.request(self.command, self.path, headers=headers)
        return up, up.getresponse()

    def serve(self):
        self.active = r = self.rule()
        if LOGIN and self.path.startswith("/token"):
            return self.token()
        if not self.let_in():
            return
        kind = r["fault"] if r else None
        if kind == "status":
            self.discard()
            return self.answer(r["status"], r.get("body", "").encode(), r.get("headers", {}).items())
        if kind == "redirect":
            return self.answer(307, b"", [("Location", r["location"])])
        if kind in ("norange", "wrongrange"):
            wanted = self.headers.get("Range")
            del self.headers["Range"]
            if kind == "wrongrange" and wanted:
                self.headers["Range"] = "bytes=7-"
        up, a = self.fetch()
        self.relay(a, r or {}, kind)
        up.close()

    def relay(self, a, r, kind):
        body_size = int(a.headers.get("Content-Length") or 0)
        sends = self.command != "HEAD" and a.status not in (204, 304)
        after, size = r.get("after", 0), body_size
        if kind == "short":
            size = max(0, size - after)
        if kind == "long":
            size += after
        self.send_response(a.status)
        for k, v in a.headers.items():
            if k.lower() in ("content-length", "connection", "transfer-encoding", "date"):
                continue
            if kind == "type" and k.lower() == "content-type":
                v = r["type"]
            self.send_header(k, v)
        for k, v in r.get("headers", {}).items() if kind == "header" else ():
            self.send_header(k, v)
        self.send_header("Content-Length", str(size))
        self.end_headers()
        sent = 0
        try:
            while sends and sent < size:
                piece = a.read(after if kind == "drip" else 65536) if sent < body_size else b"x" * (size - sent)
                if not piece:
                    break
                piece = piece[: size - sent]
                if kind in ("cut", "stall") and sent + len(piece) > after:
                    piece = piece[: after - sent]
                if kind == "flip" and sent <= after < sent + len(piece):
                    at = after - sent
                    piece = piece[:at] + bytes([piece[at] ^ 1]) + piece[at + 1 :]
                self.wfile.write(piece)
                sent += len(piece)
                if kind == "drip":
                    time.sleep(0.01)
                if kind == "cut" and sent >= after:
                    raise ConnectionError
                if kind == "stall" and sent >= after:
                    self.wfile.flush()
                    time.sleep(r.get("seconds", 60))
                    raise ConnectionError
        finally:
            self.note(a.status, sent)

    def do(self):
        try:
            self.serve()
        except (OSError, http.client.HTTPException):
            self.close_connection = True
            try:
                self.connection.shutdown(2)
            except OSError:
                pass

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    request_queue_size = 64


server = Server(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()
