#!/usr/bin/env bats
# nginx with TLS in front of a registry: HTTP/2, and client certificates as certs.d has them.
load helper
load registry

setup_file() {
	store_up
	registry_up plain
	mkdir -p "$FILE_DIR/pki" "$FILE_DIR/nginx" "$FILE_DIR/certs"
	cd "$FILE_DIR/pki" || return
	openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj "/CN=test authority" -keyout ca.key -out ca.crt
	openssl req -newkey rsa:2048 -nodes -subj /CN=localhost -keyout server.key -out server.csr
	openssl x509 -req -in server.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 -out server.crt \
		-extfile <(echo "subjectAltName=DNS:localhost,IP:127.0.0.1")
	for who in client stranger; do
		openssl req -newkey rsa:2048 -nodes -subj "/CN=$who" -keyout $who.key -out $who.csr
	done
	openssl x509 -req -in client.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 -out client.cert
	openssl req -x509 -key stranger.key -in stranger.csr -days 2 -out stranger.cert
	cp ca.crt client.cert client.key "$FILE_DIR/certs"
	front_up
} 2>"$BATS_FILE_TMPDIR/setup"
teardown_file() {
	registry_down nginx
	registry_down plain
	store_down
}
setup() {
	unset XDG_RUNTIME_DIR
	export HOME=$FILE_DIR/home$BATS_TEST_NUMBER HOD_ROOT=$FILE_DIR/fresh$BATS_TEST_NUMBER
	mkdir -p "$HOME"
	host=$(at nginx)
	: >"$FILE_DIR/nginx/access"
}
front_up() {
	local dir=$FILE_DIR/nginx port
	port=$(free_port)
	cat >"$dir/conf" <<-CONF
		daemon off; worker_processes 1; pid $dir/nginx.pid; error_log $dir/errors;
		events { worker_connections 64; }
		http {
			log_format mine '\$server_protocol \$ssl_client_verify \$ssl_client_s_dn \$status \$request_method \$uri';
			access_log $dir/access mine;
			client_body_temp_path $dir/body; proxy_temp_path $dir/proxy; fastcgi_temp_path $dir/fastcgi;
			uwsgi_temp_path $dir/uwsgi; scgi_temp_path $dir/scgi; client_max_body_size 0;
			server {
				listen 127.0.0.1:$port ssl http2;
				ssl_certificate $FILE_DIR/pki/server.crt; ssl_certificate_key $FILE_DIR/pki/server.key;
				ssl_client_certificate $FILE_DIR/pki/ca.crt; ssl_verify_client on;
				location / {
					proxy_pass http://$(at plain); proxy_set_header Host \$http_host;
					proxy_set_header X-Forwarded-Proto https; proxy_request_buffering off;
				}
			}
		}
	CONF
	PATH=$PATH:/usr/sbin nginx -p "$dir" -c "$dir/conf" -e "$dir/errors" >"$dir/out" 2>&1 3>&- &
	echo $! >"$dir/pid"
	echo "127.0.0.1:$port" >"$dir/address"
	until_ok 20 curl -sk -o "$dir/answer" "https://127.0.0.1:$port/v2/"
}
from_store() { HOD_ROOT=$FILE_DIR/store "$HOD" "$@"; }

@test "push and pull with a client certificate, all of it over HTTP/2" {
	run -0 from_store push -q --tls-verify --cert-dir "$FILE_DIR/certs" busybox "$host/mine:1"
	run -0 hod pull -q --tls-verify --cert-dir "$FILE_DIR/certs" "$host/mine:1"
	run -0 hod fsck --deep
	[ "$(staged)" = 0 ]
	grep -q "^HTTP/2.0 SUCCESS CN=client 201 PUT .*/manifests/" "$FILE_DIR/nginx/access"
	grep -q "^HTTP/2.0 SUCCESS CN=client 200 GET .*/blobs/" "$FILE_DIR/nginx/access"
	run ! grep -v "^HTTP/2.0 SUCCESS" "$FILE_DIR/nginx/access"
}

@test "certs.d: ca.crt, client.cert and client.key of the host are found, hod's folder before docker's" {
	run -0 from_store push -q --cert-dir "$FILE_DIR/certs" busybox "$host/found:1"
	for dir in .config/hod .config/containers .docker; do
		mkdir -p "$HOME/$dir/certs.d/$host"
		cp "$FILE_DIR"/certs/* "$HOME/$dir/certs.d/$host/"
	done
	run -0 hod pull -q --tls-verify "$host/found:1"
	rm -r "$HOME/.config/hod/certs.d"
	# docker's is whole, but the folder of containers comes before it, and its key fits no certificate
	cp "$FILE_DIR/pki/stranger.key" "$HOME/.config/containers/certs.d/$host/client.key"
	run -1 hod pull -q --tls-verify "$host/found:1"
	rm -r "$HOME/.config/containers/certs.d"
	run -0 hod pull -q --tls-verify "$host/found:1"
}

@test "no certificate, a stranger's, and one without its key are refused in one line" {
	mkdir "$HOME/none" "$HOME/stranger" "$HOME/keyless"
	cp "$FILE_DIR/pki/ca.crt" "$HOME/none"
	cp "$FILE_DIR/pki/ca.crt" "$FILE_DIR"/pki/stranger.* "$HOME/stranger"
	rm "$HOME/stranger/stranger.csr"
	cp "$FILE_DIR/pki/ca.crt" "$FILE_DIR/certs/client.cert" "$HOME/keyless"
	run -1 hod pull -q --tls-verify --retry 0 --cert-dir "$HOME/none" "$host/mine:1"
	has "400"
	[ "$(grep -c . <<<"$output")" = 1 ]
	run -1 hod pull -q --tls-verify --retry 0 --cert-dir "$HOME/stranger" "$host/mine:1"
	has "400"
	run -1 hod pull -q --tls-verify --cert-dir "$HOME/keyless" "$host/mine:1"
	has "client.cert has no client.key beside it"
}

@test "the server's own certificate is judged too" {
	mkdir "$HOME/pair"
	cp "$FILE_DIR"/certs/client.* "$HOME/pair"
	run -1 hod pull -q --tls-verify --cert-dir "$HOME/pair" "$host/mine:1"
	has "certificate is not accepted"
}

@test "an authority that is only in the system's directory, and not in the file of all, is found" {
	need root # a mount over the directory
	mkdir "$HOME/pair" "$HOME/authorities"
	cp "$FILE_DIR"/certs/client.* "$HOME/pair"
	cp -L /etc/ssl/certs/ca-certificates.crt "$HOME/authorities"
	in_authorities() {
		unshare --mount sh -c 'mount --bind "$1" /etc/ssl/certs && shift && exec "$@"' sh "$HOME/authorities" "$@"
	}
	run -0 from_store push -q --cert-dir "$FILE_DIR/certs" busybox "$host/directory:1"
	run -1 in_authorities "$HOD" pull -q --tls-verify --cert-dir "$HOME/pair" "$host/directory:1"
	has "certificate is not accepted"
	cp "$FILE_DIR/pki/ca.crt" "$HOME/authorities/mine.pem"
	run -0 in_authorities "$HOD" pull -q --tls-verify --cert-dir "$HOME/pair" "$host/directory:1"
}
