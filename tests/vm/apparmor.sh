# apparmor.sh - in the guest, as root: process.apparmorProfile on a kernel with AppArmor. APPARMOR_PARSER is the
# program that loads profiles (Debian package apparmor).
# shellcheck shell=sh
# shellcheck source=/dev/null
. /share/tests/vm/lib.sh

parser=${APPARMOR_PARSER:-$(command -v apparmor_parser)}
if [ -z "$parser" ] || [ "$(cut -c1 /sys/module/apparmor/parameters/enabled 2>/dev/null)" != Y ]; then
	echo "skip no AppArmor in this guest, or no apparmor_parser"
	echo end
	exit 0
fi
[ -d /sys/kernel/security/apparmor ] || mount -t securityfs securityfs /sys/kernel/security
printf '%s\n' 'profile hod-test flags=(attach_disconnected) {' '  file,' '  capability,' '  signal,' '  mount,' \
	'  deny /secret r,' '}' >"$W/profile"
check "a profile is loaded" "$parser" --skip-cache --replace "$W/profile"

mkdir -p "$W/bundle"
cp -r "$W/tree" "$W/bundle/rootfs"
echo secret >"$W/bundle/rootfs/secret"
config() { # config PROFILE COMMAND
	cat >"$W/bundle/config.json" <<-END
		{"ociVersion": "1.2.0", "root": {"path": "rootfs"},
		 "process": {"args": ["sh", "-c", "$2"], "cwd": "/", "env": ["PATH=/bin"], "user": {"uid": 0, "gid": 0},
		  "apparmorProfile": "$1"},
		 "mounts": [{"destination": "/proc", "type": "proc", "source": "proc"}],
		 "linux": {"namespaces": [{"type": "pid"}, {"type": "mount"}]}}
	END
}
oci() { "$HOD" oci --root "$W/state" "$@"; }
box() {
	config "$@"
	oci run --bundle "$W/bundle" box </dev/null 2>&1
}
check "without a profile the file is read" is "$(box '' 'cat /secret')" secret
check "the process has the label" is "$(box hod-test 'cat /proc/self/attr/current')" "hod-test (enforce)"
# shellcheck disable=SC2016 # for the inner shell
check "and is held by it" sh -c 'case $1 in *"ermission denied"*) ;; *) echo "$1"; exit 1 ;; esac' - "$(box hod-test 'cat /secret')"
# shellcheck disable=SC2016
check "a profile that is not loaded is refused, and nothing is run" \
	sh -c 'case $1 in *"no-such-profile"*) case $1 in *ran*) exit 1 ;; esac ;; *) echo "$1"; exit 1 ;; esac' - "$(box no-such-profile 'echo ran')"
check "unconfined is none" is "$(box unconfined 'cat /secret')" secret
config hod-test 'sleep 1000'
oci create --bundle "$W/bundle" live </dev/null >/dev/null 2>&1
oci start live
check "exec has the container's" is "$(oci exec live cat /proc/self/attr/current)" "hod-test (enforce)"
check "exec --apparmor has its own" is "$(oci exec --apparmor unconfined live cat /secret)" secret
oci delete --force live
check "run --security-opt apparmor=" is \
	"$(run --rm --security-opt apparmor=hod-test busybox cat /proc/self/attr/current)" "hod-test (enforce)"
check "run with an unloaded one is refused" sh -c "! '$HOD' run --rm --network none --security-opt apparmor=no-such-profile busybox true"
hod run -d --name c --network none --security-opt apparmor=hod-test busybox sleep 1000 >/dev/null
check "exec in that" is "$(hod exec c cat /proc/self/attr/current)" "hod-test (enforce)"
hod rm -f c >/dev/null
echo end
