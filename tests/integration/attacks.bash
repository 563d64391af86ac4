# attacks.bash - loaded beside helper by attacks_*.bats: hostile images and bundles, and the program attack.c in them.
# shellcheck shell=bash disable=SC2034,SC2154 # what the tests use, and what bats sets

attack_build() { # the program, static, once for each file
	[ -x "$FILE_DIR/attack" ] || gcc -static -O1 -o "$FILE_DIR/attack" "$BATS_TEST_DIRNAME/attack.c"
}

setup_file() {
	store_up
	attack_build
	hostile plain :
	[ "$(id -u)" != 0 ] || bundle_up
}
attacks_down() { # after each test
	[ "$(id -u)" != 0 ] || oci delete --force box
	store_down
}
teardown() { attacks_down; }

# hostile NAME COMMAND: an image of busybox and the attacker whose tree, $t, was changed by a command
hostile() {
	local t
	t=$(mktemp -d "$FILE_DIR/tree.XXXXXX")
	busybox_tree "$t"
	cp "$FILE_DIR/attack" "$t/bin/attack"
	eval "$2"
	chmod 755 "$t"
	tar -C "$t" --owner=0 --group=0 --numeric-owner -cf "$FILE_DIR/$1.tar" .
	rm -rf "$t"
	hod import ${3:+--change "$3"} "$FILE_DIR/$1.tar" "$1" >/dev/null
	rm "$FILE_DIR/$1.tar"
}

# ---- bundles, of root only ----

bundle_up() { # a bundle in $FILE_DIR/b, its config.json to be changed is base.json
	mkdir -p "$FILE_DIR/b/rootfs" "$FILE_DIR/src"
	echo text >"$FILE_DIR/src/file"
	busybox_tree "$FILE_DIR/b/rootfs"
	cp "$FILE_DIR/attack" "$FILE_DIR/b/rootfs/bin/attack"
	cat >"$FILE_DIR/base.json" <<-'END'
		{"ociVersion": "1.2.0", "hostname": "box", "root": {"path": "rootfs"},
		 "process": {"args": ["true"], "cwd": "/", "env": ["PATH=/bin"], "user": {"uid": 0, "gid": 0},
		  "capabilities": {"bounding": ["CAP_KILL"], "effective": ["CAP_KILL"], "permitted": ["CAP_KILL"]}},
		 "mounts": [
		  {"destination": "/proc", "type": "proc", "source": "proc"},
		  {"destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "mode=755"]},
		  {"destination": "/dev/pts", "type": "devpts", "source": "devpts", "options": ["newinstance", "ptmxmode=0666"]},
		  {"destination": "/sys", "type": "sysfs", "source": "sysfs", "options": ["nosuid", "noexec", "nodev", "ro"]}],
		 "linux": {"namespaces": [{"type": "pid"}, {"type": "mount"}, {"type": "network"}, {"type": "ipc"},
		   {"type": "uts"}, {"type": "cgroup"}]}}
	END
}
NO_DEV='.mounts |= map(select(.destination | startswith("/dev") | not))' # /dev is the image's own then
oci() { "$HOD" oci --root "$FILE_DIR/state" "$@"; }
config() { # config FILTER COMMAND; $d of the filter is our directory
	jq --arg c "${2:-true}" --arg d "$FILE_DIR" ".process.args = [\"sh\", \"-c\", \$c] | ${1:-.}" "$FILE_DIR/base.json" >"$FILE_DIR/b/config.json"
}
box() { # box FILTER COMMAND: runs it
	config "$@"
	oci run --bundle "$FILE_DIR/b" box </dev/null
}
says() { # says EXPECTED FILTER COMMAND
	local expected=$1
	shift
	run -0 --separate-stderr box "$@"
	is "$expected"
}
refuses() { # refuses TEXT FILTER: an error with the text, before anything is executed
	run box "$2" "echo it ran"
	[ "$status" -ne 0 ]
	has "$1"
	lacks "it ran"
}
