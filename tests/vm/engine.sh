# engine.sh - in the guest, with systemd: `hod oci --systemd-cgroup` as kubelet and podman call it, with a cgroupsPath
# of SLICE:PREFIX:NAME; as root and as a user.
# shellcheck shell=sh
# shellcheck source=/dev/null
. /share/tests/vm/lib.sh

B=$W/bundle
mkdir -p "$B"
cp -r "$W/tree" "$B/rootfs"
oci() { "$HOD" oci --root "$W/state" --systemd-cgroup "$@"; }
slice=machine.slice
[ "$(id -u)" = 0 ] || slice=app.slice
config() { # config CGROUPSPATH MEMORY COMMAND
	maps=
	[ "$(id -u)" = 0 ] || maps="
		\"uidMappings\": [{\"containerID\": 0, \"hostID\": $(id -u), \"size\": 1}],
		\"gidMappings\": [{\"containerID\": 0, \"hostID\": $(id -g), \"size\": 1}],"
	cat >"$B/config.json" <<-END
		{"ociVersion": "1.2.0", "root": {"path": "rootfs"},
		 "process": {"args": ["sh", "-c", "$3"], "cwd": "/", "env": ["PATH=/bin"], "user": {"uid": 0, "gid": 0}},
		 "mounts": [{"destination": "/proc", "type": "proc", "source": "proc"},
		  {"destination": "/sys", "type": "none", "source": "/sys", "options": ["rbind", "ro"]}],
		 "linux": {$maps "cgroupsPath": "$1", "resources": {"memory": {"limit": $2}, "pids": {"limit": 50}},
		  "namespaces": [{"type": "pid"}, {"type": "mount"}, {"type": "ipc"}, {"type": "uts"}$([ -z "$maps" ] || echo ', {"type": "user"}')]}}
	END
}
cgroup_of() { sed -n 's/^0:://p' "/proc/$(oci state "$1" | sed -n 's/.*"pid": *\([0-9]*\).*/\1/p' | head -n 1)/cgroup"; }

config "$slice:hod-test:one" 33554432 "sleep 1000"
check "a cgroupsPath of SLICE:PREFIX:NAME is taken" oci create --bundle "$B" one </dev/null
cgroup_of one >"$W/cgroup"
check "its scope is PREFIX-NAME.scope of the slice" has "$W/cgroup" "/$slice/hod-test-one[.]scope"
check "with its limits" is "$(cat "/sys/fs/cgroup$(cat "$W/cgroup")/memory.max" "/sys/fs/cgroup$(cat "$W/cgroup")/pids.max" | tr '\n' ' ')" "33554432 50 "
check "it is started" oci start one
check "exec is in the scope" sh -c "'$HOD' oci --root '$W/state' exec one cat /proc/self/cgroup | grep -q hod-test-one.scope"
check "update changes it" oci update --memory 67108864 one
check "at once" is "$(cat "/sys/fs/cgroup$(cat "$W/cgroup")/memory.max")" 67108864
check "and is deleted" oci delete --force one
gone() {
	tries=100
	while [ -n "$(find /sys/fs/cgroup -type d -name '*hod-test*')" ]; do
		tries=$((tries - 1))
		[ $tries -gt 0 ] || { find /sys/fs/cgroup -type d -name '*hod-test*'; return 1; }
		sleep 0.2
	done
}
check "with its scope" gone

config "$slice:hod-test:two" 33554432 "tail /dev/zero; echo \$?"
check "the limit kills" is "$(oci run --bundle "$B" two </dev/null 2>/dev/null)" 137
config ":hod-test:three" 33554432 "cat /proc/self/cgroup"
oci run --bundle "$B" three </dev/null >"$W/out" 2>&1
check "without a slice it is systemd's default" has "$W/out" "hod-test-three[.]scope"
config "$slice:hod-test:" 33554432 true
check "without a name it is refused" sh -c "! '$HOD' oci --root '$W/state' --systemd-cgroup run --bundle '$B' four </dev/null"

i=0
while [ $i -lt "${RUNS:-100}" ]; do
	config "$slice:hod-test:n$i" 33554432 true
	oci run --bundle "$B" "n$i" </dev/null || break
	i=$((i + 1))
done
check "${RUNS:-100} of them run" is "$i" "${RUNS:-100}"
check "and nothing is left" gone
echo end
