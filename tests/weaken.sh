#!/bin/sh
# weaken.sh - shows that the tests of attacks bite: for each row one protection is taken out of a copy of the source,
# the copy is built, and the test that is named must fail.
#
#	sh tests/weaken.sh [ROW...]
#
# Needs root and what tests/setup.sh makes, and a quarter of an hour; it is no part of `make check`. A weakened build
# is kept from harm by the tests, which attack nothing but files of their own.
#
# Rows of the list of known attacks that no single line protects bite in another way:
#	CVE-2021-43784    there are no attribute lengths to overflow: messages are datagrams of a fixed form (unit: util/msg.c)
#	CVE-2020-5291     nothing that we install is setuid; a test looks at the program
#	userns set-up     newuidmap judges ranges; unit util/userns.c has the files that must be refused
#	setgroups         without "deny" the kernel takes no map of the one group: nothing could be run at all; a test reads
#	                  the file in a container of a user with a single id
#	speculation flags they are absent from the golden specifications (unit: engine/spec.c)
#	CVE-2026-55686    the container's process makes its directory when nothing but its own root is there any more, and a
#	                  build makes it in the new layer alone by a path whose links draft.c has resolved: no line leads out
#	CVE-2018-15664    there is no copying into a container; what export does is below
set -u
top=$(cd "$(dirname "$0")/.." && pwd)
[ "$(id -u)" = 0 ] || exec sudo sh "$0" "$@"
wanted=" $* "
T=$(mktemp -d) || exit 1
trap 'rm -rf "$T"' EXIT
trap 'exit 130' INT TERM
failed=0 passed=0

(cd "$top" && git ls-files --cached --others --exclude-standard -z | xargs -0 tar -cf - --ignore-failed-read) | tar -C "$T" -xf -
cd "$T" || exit 1
git init -q . # so that nothing looks for ours
{ autoconf && ./configure --quiet CC="${CC:-gcc}" && make -s out/hod; } >"$T/log" 2>&1 || { tail "$T/log"; exit 1; }

say() { # say ok|"not ok" TEXT
	echo "$1 $2"
	case $1 in ok) passed=$((passed + 1)) ;; *) failed=$((failed + 1)) ;; esac
}

# run_test KIND TEST FILTER: an integration test as the user KIND, or KIND unit: TEST is its program
run_test() {
	case $1 in
	unit) make -s "out/tests/unit/$2" >>"$T/log" 2>&1 && "out/tests/unit/$2" ;;
	*) O=out ONLY="$2.bats" USERS="$1" FILTER="$3" BATS_TEST_TIMEOUT=100 sh tests/integration.sh ;;
	esac >"$T/result" 2>&1
}

# weak ROW KIND TEST FILTER { FILE SED }...: the test must fail when the files are changed so
weak() {
	row=$1 kind=$2 test=$3 filter=$4
	shift 4
	case $wanted in "  " | *" $row "*) ;; *) return ;; esac
	for file in "$@"; do
		case $file in src/*) cp "$file" "$file.whole" ;; esac
	done
	changed=yes
	while [ $# -gt 0 ]; do
		sed -i -E "$2" "$1"
		! cmp -s "$1" "$1.whole" || changed=no
		shift 2
	done
	if [ $changed = no ]; then
		say "not ok" "$row: the line that protects is not where it was"
	elif ! make -s out/hod >"$T/log" 2>&1; then
		say "not ok" "$row: cannot be built: $(grep -m 1 error "$T/log")"
	elif run_test "$kind" "$test" "$filter"; then
		say "not ok" "$row: '$filter' of $test passes without the protection"
	elif [ "$kind" = unit ] || grep -q "^not ok [0-9]" "$T/result"; then
		say ok "$row: $(sed -n 's/^# *\(`.*failed.*\)/\1/p; s/^.*:F:\(.*\)/\1/p' "$T/result" | cut -c1-100 | head -n 1)"
	else
		say "not ok" "$row: no test was run: $(tail -n 1 "$T/result")"
	fi
	find src -name '*.whole' | while read -r file; do mv "$file" "${file%.whole}"; touch "${file%.whole}"; done
}
files() { row=$1 filter=$2; shift 2; weak "$row" root attacks_files "$filter" "$@"; }
process() { row=$1 filter=$2; shift 2; weak "$row" root attacks_process "$filter" "$@"; }

R=src/runtime
# ---- /proc, /sys, /dev ----
files proc-link "link to a directory of it" $R/mounts.c '/^static int target_plain/,/^}/s/RESOLVE_NO_SYMLINKS/0/'
files proc-fake "that is no proc over" $R/plan_mounts.c '/^static int check_proc/,/^}/s/return error_set.*/return 0;/'
files sysctl-mounted "written to proc itself" $R/init.c 's/ \| RESOLVE_NO_XDEV//'
files dev-link "/dev of the image is a link" $R/devices.c '/^static int dev_directory/,/^}/s/ \| RESOLVE_NO_SYMLINKS//'
files dev-null "masks are to come" $R/devices.c '/^static int null_device/,/^}/{s|sys_open_tree\(AT_FDCWD, "/dev|sys_open_tree(in->root, "dev|;s/if \(!S_ISCHR.*/if (0)/}'
files dev-console "/dev/console of the image" $R/terminal.c '/^static int console_bind/,/^}/s/O_NOFOLLOW \| //'
files nodes "device nodes of an image" src/engine/prepare.c 's/flags \|= ROOTFS_NODEV;/flags |= 0;/'
files masks "what tells of the host" src/engine/spec_security.c 's/if \(!in->request->privileged && !s->unmask_all\)/if (0)/'
# ---- mounts ----
files destination "is a link out: it stays" $R/mounts.c 's/RESOLVE_IN_ROOT \| RESOLVE_NO_MAGICLINKS \| resolve/resolve/'
files destination-made "is made inside, whatever" src/util/path.c '/^static int open_in_root/,/^}/s/RESOLVE_IN_ROOT \| //'
files destination-race "is exchanged for a link" src/util/path.c '/^static int walk_link/,/^}/s|walk_to\(w, -1\)|walk_to(w, open("/", O_PATH))|'
files etc "hosts, hostname and resolv" $R/mounts.c 's/RESOLVE_IN_ROOT \| RESOLVE_NO_MAGICLINKS \| resolve/resolve/'
# ---- working directories ----
files cwd "over a descriptor" $R/process.c '/^static int working_directory/,/^}/{s/RESOLVE_NO_MAGICLINKS/0/;s/if \(where\[0\] != .*/if (0)/}'
# ---- users ----
files passwd-fifo "are FIFOs" src/util/userdb.c 's/O_RDONLY \| O_NONBLOCK \| O_NOCTTY/O_RDONLY/'
files passwd-huge "are FIFOs" src/util/userdb.c 's/define DB_MAX.*/define DB_MAX (1 << 28)/'
files passwd-link "/etc/passwd is a link out" src/util/path.c \
	'/^static int open_in_root/,/^}/{s/RESOLVE_IN_ROOT \| //;s|sys_openat2\(root, path|sys_openat2(root, path + (*path == 47)|}'
files uid-range "root by no other way" src/util/userdb.c 's/ \|\| value > ID_MAX//'
files uid-name "root by no other way" src/util/userdb.c '/^static int name_find/,/^}/s/if \(all_digits\(text\)\)/if (all_digits(text) \&\& passwd_find(root, text, 0, u, err) == 0)/'
files uid-bundle "numbers of users in a bundle" src/oci/spec_check.c 's/define ID_MAX.*/define ID_MAX INT64_MAX/' \
	$R/plan_process.c 's/ \|\| u->uid >= UINT32_MAX//'
# ---- helpers, copies, the store ----
files library "nothing of the container is loaded" $R/exec.c 's/^#include <errno.h>/#include <dlfcn.h>\n&/;s/^\te->pid = clone_shared.*/\tdlopen("libzstd.so.1", RTLD_NOW);\n&/'
files export "what is exported" src/image/layer_tar_write.c '/AT_SYMLINK_NOFOLLOW\) < 0/s/AT_SYMLINK_NOFOLLOW/0/;s/O_NOFOLLOW \| //'
files store-mode "others reach nothing" src/store/store.c 's/dir_make_all\(st->path, 0700/dir_make_all(st->path, 0755/;s/fchmod\(st->root, 0700\)/0/'
# ---- names and numbers ----
process name-run "the name of a container" src/store/name.c '/^bool container_name_valid/,/^}/s/return false/return true/' \
	src/engine/request_check.c 's/if \(r->name\) \{/if (0) {/'
process name-oci "the name of a container" src/cmd/oci_state.c '/^int oci_id_check/,/^}/s/return error_set.*/return 0;/'
process cgroup-path "cgroup does not climb" src/oci/spec_check.c '/^static int cgroups_path_check/,/^}/s/return error_set.*/return 0;/'
process cgroup-parent "cgroup does not climb" src/engine/request_check.c 's/strstr\(r->cgroup_parent, "\.\."\)/0/'  src/oci/spec_check.c '/^static int cgroups_path_check/,/^}/s/return error_set.*/return 0;/'
process sysctl-host "not of a namespace" $R/plan.c '/^static bool sysctl_is_ours/,/^}/s/return false;/return true;/'
process sysctl-dots "not of a namespace" $R/plan.c '/^static bool sysctl_path_ok/,/^}/s/return false;/return true;/'
process pid-reuse "number of one that ended" src/cmd/oci_state.c 's/if \(process_start_time.*/if (process_start_time((pid_t)s->pid, \&zombie) < 0)/'
# ---- the runtime itself ----
process exe "executed from inside" $R/create.c 's/if \(o->owned_binary/if (0/' $R/exec.c 's/if \(o->owned_binary/if (0/'
process dumpable "watches for the runtime" $R/create.c 's/if \(hide\)/if (0)/'
# ---- rights ----
process inheritable "inheritable and ambient" $R/privileges.c 's/final.inheritable = .*/final.inheritable = held.inheritable;/'
process bounding "a user has no capabilities" $R/privileges.c 's/if \(p->bounding & .*/if (1)/'
process groups "caller.s groups" $R/privileges.c 's/if \(syscall\(SYS_setgroups, p->groups.n, groups\) < 0 &&/if (0 \&\&/'
# ---- system calls ----
for pair in af-alg:'s/\{ 0xffffffff, 38 \}/{ 0xffffffff, 77 }/' vsock:'s/\{ 0xffffffff, 40 \}/{ 0xffffffff, 77 }/' \
	socketcall:'s/RULE\(P, 0, "socketcall"/RULE(A, 0, "socketcall"/' io-uring:'s/RULE\(N, 0, "io_uring/RULE(A, 0, "io_uring/' \
	keys:'s/RULE\(P, 0, "add_key/RULE(A, 0, "add_key/' clone:'s/0x7e020000/0x6e020000/' clone3:'s/RULE\(N, 0, "clone3"/RULE(A, 0, "clone3"/' \
	unshare:'s/RULE\(A, CAP\(SYS_ADMIN\) \| NESTED,/RULE(A, 0,/' tiocsti:'s/0x5412/0x5f12/' tioclinux:'s/0x541c/0x5f1c/'; do
	process "${pair%%:*}" "system calls that lead out" $R/seccomp_rules.h "${pair#*:}"
done
weak x32 unit runtime/filter "x32" $R/gen/seccomp.c 's/ACT_BADARCH, SCMP_ACT_ERRNO\(ENOSYS\)/ACT_BADARCH, SCMP_ACT_ALLOW/'
process session "to type into" $R/process.c 's/if \(setsid\(\) < 0\)/if (0)/'
process keyring "session keyring" $R/plan_process.c 's/\.new_keyring = !o->no_new_keyring/.new_keyring = false/'
process cgroup-ro "cgroup file system is read-only" src/engine/spec_mounts.c 's/relatime,ro"/relatime,rw"/'
process cgroup-namespace "cgroup file system is read-only" src/engine/spec_security.c 's/if \(!mode_is\(r->cgroupns, "host"\)\)/if (0)/'
# ---- what is handed over ----
process env-value "without a value" src/engine/spec.c 's/else if \(may_unset && \*key\)/else if (getenv(key))\n\t\t\tstrv_env_set(env, key, getenv(key));\n\t\t&/'
process env-host "environment stays" $R/plan_process.c 's/p->envp = sp->env.v \?.*/p->envp = environ;/;/: no_environment;/d'
process descriptors "no descriptor of the caller" $R/process.c 's/if \(sys_close_range\(.*/if (0)/'
process signals "signals that the caller" $R/process.c '/^int process_execute/,/^}/s/signals_default\(\);/(void)signals_default;/'
process umask "signals that the caller" $R/process.c '/^int process_execute/,/^}/s/umask\(p.umask\);//'

echo "weaken: $passed bite, $failed do not"
[ $failed -eq 0 ]
