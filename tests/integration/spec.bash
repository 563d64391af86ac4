# spec.bash - loaded beside helper by spec_*.bats: containers of `hod oci`, of a config.json that a jq filter changes.
# shellcheck shell=bash disable=SC2154 # what bats sets

setup_file() {
	mkdir -p "$FILE_DIR/b/rootfs"
	busybox_tree "$FILE_DIR/b/rootfs"
	cat >"$FILE_DIR/base.json" <<-'END'
		{"ociVersion": "1.2.0", "hostname": "box", "root": {"path": "rootfs"},
		 "process": {"args": ["true"], "cwd": "/", "env": ["PATH=/bin"], "user": {"uid": 0, "gid": 0},
		  "capabilities": {"bounding": ["CAP_CHOWN", "CAP_KILL"], "effective": ["CAP_CHOWN"],
		   "permitted": ["CAP_CHOWN", "CAP_KILL"], "inheritable": [], "ambient": []}},
		 "mounts": [
		  {"destination": "/proc", "type": "proc", "source": "proc"},
		  {"destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "mode=755"]},
		  {"destination": "/dev/pts", "type": "devpts", "source": "devpts", "options": ["newinstance", "ptmxmode=0666"]},
		  {"destination": "/dev/shm", "type": "tmpfs", "source": "shm", "options": ["nosuid", "noexec", "nodev"]},
		  {"destination": "/dev/mqueue", "type": "mqueue", "source": "mqueue"},
		  {"destination": "/sys", "type": "sysfs", "source": "sysfs", "options": ["nosuid", "noexec", "nodev", "ro"]}],
		 "linux": {"namespaces": [{"type": "pid"}, {"type": "mount"}, {"type": "network"}, {"type": "ipc"},
		   {"type": "uts"}, {"type": "cgroup"}]}}
	END
	mkdir -p "$FILE_DIR/src/sub"
	echo text >"$FILE_DIR/src/file"
}
teardown_file() { :; }
setup() {
	need root
	need program jq
	B=$FILE_DIR/b ID=box$BATS_TEST_NUMBER
	: >"$FILE_DIR/hooks"
}
teardown() {
	[ "$(id -u)" != 0 ] || oci delete --force "$ID"
}

oci() { "$HOD" oci --root "$FILE_DIR/state" "$@"; }
config() { jq --arg c "${2:-true}" --arg d "$FILE_DIR" ".process.args = [\"sh\", \"-c\", \$c] | ${1:-.}" "$FILE_DIR/base.json" >"$B/config.json"; }
# box FILTER COMMAND: a container of our config.json changed by a jq filter ($d is our directory), running sh -c COMMAND
box() {
	config "$@"
	oci run --bundle "$B" "$ID" </dev/null
}
says() { # says EXPECTED FILTER COMMAND
	local expected=$1
	shift
	run -0 --separate-stderr box "$@"
	is "$expected"
}
refuses() { # refuses TEXT FILTER: an error with the text, and nothing left
	run box "$2" "echo it ran"
	[ "$status" -ne 0 ]
	has "$1"
	lacks "it ran"
	[ ! -e "$FILE_DIR/state/$ID" ]
}
create() { # create FILTER COMMAND
	config "$@"
	oci create --bundle "$B" "$ID" </dev/null >"$FILE_DIR/out" 2>&1
}
state() { oci state "$ID" | jq -r "$1"; }
is_status() { [ "$(state .status)" = "$1" ]; }
ns() { readlink "/proc/self/ns/$1"; }
