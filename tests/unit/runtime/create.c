/*
 * The runtime at work: containers of busybox, as root and as root of a single-id user namespace.
 * Each test runs in both (_i is 0, 1); without busybox or namespaces they say so and pass.
 */
#include "runtime/runtime.h"
#include "unit.h"
#include "util/fd.h"
#include "util/userns.h"

#include <errno.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { AS_ROOT, AS_USER, MODES };

/* What a test varies; the rest is one template. */
struct variation {
	const char *args;    /* JSON array */
	const char *process; /* further members of process, each behind a comma */
	const char *mounts;  /* further mounts, each behind a comma */
	const char *linux_;  /* further members of linux */
	const char *cwd;
	const char *user, *caps; /* JSON objects */
};
struct box {
	char dir[64];
	int fd;
	struct spec spec;
};

#define CAPS "\"CAP_CHOWN\",\"CAP_KILL\",\"CAP_SETUID\",\"CAP_SETGID\""

static bool ready(int mode)
{
	struct userns u;
	struct error err = { 0 };

	if (access("/bin/busybox", X_OK) < 0 || (mode == AS_ROOT && geteuid() != 0)) {
		fprintf(stderr, "runtime/create: skipped: no busybox-static, or no root\n");
		return false;
	}
	if (mode == AS_ROOT) { /* as the engine does: what goes wrong here stays here */
		ck_assert_int_eq(unshare(CLONE_NEWNS), 0);
		return true;
	}
	if (geteuid() == 0) {
		ck_assert_int_eq(setgroups(0, NULL), 0);
		ck_assert_int_eq(setresgid(4711, 4711, 4711), 0);
		ck_assert_int_eq(setresuid(4711, 4711, 4711), 0);
		prctl(PR_SET_DUMPABLE, 1);
	}
	if (userns_enter(true, &u, &err) < 0) {
		fprintf(stderr, "runtime/create: skipped: %s", err.text);
		return false;
	}
	return true;
}

#define CAPS_ROOT "{\"bounding\":[" CAPS "],\"effective\":[" CAPS "],\"permitted\":[" CAPS "]}"

static void box_open(struct box *b, const struct variation *v)
{
	static const char *const dirs[] = { "bin", "proc", "sys", "dev", "etc", "tmp" };
	struct error err = { 0 };
	char path[128], *text;
	int root;

	if (!b->dir[0]) {
		strcpy(b->dir, "/tmp/hod-box-XXXXXX");
		ck_assert_ptr_nonnull(mkdtemp(b->dir));
		snprintf(path, sizeof(path), "%s/rootfs", b->dir);
		ck_assert_int_eq(mkdir(path, 0755), 0);
		root = open(path, O_DIRECTORY | O_CLOEXEC);
		for (size_t i = 0; i < ARRAY_SIZE(dirs); i++)
			ck_assert_int_eq(mkdirat(root, dirs[i], 0755), 0);
		snprintf(path, sizeof(path),
			 "cp /bin/busybox %s/rootfs/bin/ && ln %s/rootfs/bin/busybox "
			 "%s/rootfs/bin/sh",
			 b->dir, b->dir, b->dir);
		ck_assert_int_eq(system(path), 0);
		close(root);
	}
	b->fd = open(b->dir, O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(b->fd, 0);
	text = xasprintf(
		"{\"ociVersion\":\"1.2.0\",\"hostname\":\"box\",\"root\":{\"path\":\"rootfs\"},"
		"\"process\":{\"args\":%s,\"cwd\":\"%s\",\"env\":[\"PATH=/bin\",\"A=b\"],"
		"\"user\":%s,\"capabilities\":%s%s},\"mounts\":["
		"{\"destination\":\"/proc\",\"type\":\"proc\",\"source\":\"proc\"},"
		"{\"destination\":\"/"
		"dev\",\"type\":\"tmpfs\",\"source\":\"tmpfs\",\"options\":[\"mode=755\"]},"
		"{\"destination\":\"/dev/pts\",\"type\":\"devpts\",\"source\":\"devpts\"},"
		"{\"destination\":\"/"
		"sys\",\"type\":\"sysfs\",\"source\":\"sysfs\",\"options\":[\"ro\"]}%s],"
		"\"linux\":{\"namespaces\":[{\"type\":\"pid\"},{\"type\":\"mount\"},{\"type\":"
		"\"network\"},"
		"{\"type\":\"ipc\"},{\"type\":\"uts\"},{\"type\":\"cgroup\"}],"
		"\"cgroupsPath\":\"/hod-unit/%s\","
		"\"maskedPaths\":[\"/proc/keys\",\"/proc/acpi\",\"/sys/firmware\",\"/proc/"
		"no-such\"],"
		"\"readonlyPaths\":[\"/proc/sys\",\"/proc/nothing\"]%s}}",
		v->args, v->cwd ? v->cwd : "/", v->user ? v->user : "{\"uid\":0,\"gid\":0}",
		v->caps ? v->caps : CAPS_ROOT, v->process ? v->process : "",
		v->mounts ? v->mounts : "", b->dir + 13, v->linux_ ? v->linux_ : "");
	ck_assert_msg(spec_parse(text, strlen(text), &b->spec, &err) == 0, "%s\n%s", err.text, text);
	free(text);
}

static void box_close(struct box *b)
{
	struct error err = { 0 };

	spec_done(&b->spec);
	close(b->fd);
	ck_assert_msg(tree_remove(AT_FDCWD, b->dir, &err) == 0, "%s", err.text);
}

static int box_create(struct box *b, struct runtime_options *o, struct runtime_process *p,
		      struct error *err)
{
	const struct bundle bundle = { b->fd, &b->spec };

	return runtime_create(&bundle, o, p, err);
}

static int end_of(struct runtime_process *p)
{
	struct error err = { 0 };
	int status;

	ck_assert_int_eq(waitpid(p->pid, &status, 0), p->pid);
	if (p->cgroup)
		ck_assert_msg(runtime_cgroup_remove(p->cgroup, &err) == 0, "%s", err.text);
	runtime_process_done(p);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static char *read_all(int fd)
{
	struct str out = { 0 };
	struct error err = { 0 };

	ck_assert_int_eq(fd_read_all(fd, &out, 1 << 20, &err), 0);
	return str_take(&out);
}

/* Runs it to its end; what it printed is yours. */
static char *run(struct box *b, const struct variation *v, struct runtime_options *o, int *code)
{
	struct runtime_process p;
	struct error err = { 0 };
	int fds[2];
	char *out;

	box_open(b, v);
	ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
	o->start = true;
	o->stdio[0] = -1;
	o->stdio[1] = o->stdio[2] = fds[1];
	ck_assert_msg(box_create(b, o, &p, &err) == 0, "%s", err.text);
	close(fds[1]);
	out = read_all(fds[0]);
	close(fds[0]);
	*code = end_of(&p);
	return out;
}

static const struct variation usual = { 0 };

static char *run_shell(const char *script, const struct variation *more, int *code)
{
	auto_free char *args = xasprintf("[\"/bin/sh\",\"-c\",\"%s\"]", script);
	struct variation v = *more;
	struct runtime_options o = RUNTIME_OPTIONS_INIT;
	struct box b = { 0 };
	char *out;

	v.args = args;
	out = run(&b, &v, &o, code);

	box_close(&b);
	return out;
}

static void shell_prints(const char *script, const struct variation *more, const char *want)
{
	int code;
	auto_free char *out = run_shell(script, more, &code);

	ck_assert_str_eq(out, want);
	ck_assert_int_eq(code, 0);
}

START_TEST(command_has_its_streams_names_and_exit_code)
{
	int code;
	auto_free char *out = NULL;

	if (!ready(_i))
		return;
	out = run_shell("echo $$ $(busybox hostname) $A; echo err >&2; exit 7", &usual, &code);
	ck_assert_str_eq(out, "1 box b\nerr\n");
	ck_assert_int_eq(code, 7);
}
END_TEST

START_TEST(nothing_but_the_streams_is_open)
{
	int extra = open("/etc", O_DIRECTORY); /* not close-on-exec: kept by accident */

	if (!ready(_i))
		return;
	shell_prints("cd /proc/self/fd; for f in *; do test -e $f && echo $f; done; true", &usual,
		     "0\n1\n2\n");
	close(extra);
}
END_TEST

START_TEST(loopback_is_up_and_mounts_are_as_planned)
{
	if (!ready(_i))
		return;
	shell_prints(
		"busybox ip a show lo | busybox grep -c 'inet 127'; busybox ls /sys/firmware;"
		"busybox cat /proc/keys; echo 1 2>/dev/null >/proc/sys/kernel/hostname || echo ro;"
		"busybox ls -C /dev",
		&usual,
		"1\nro\nfd       null     pts      stderr   stdout   urandom\n"
		"full     ptmx     random   stdin    tty      zero\n");
}
END_TEST

START_TEST(user_has_his_ids_umask_and_no_capabilities)
{
	if (!ready(_i) || _i == AS_USER) /* there is one id only */
		return;
	shell_prints(
		"busybox id -u; busybox id -g; busybox id -G; umask;"
		"busybox grep -E 'Cap(Inh|Prm|Eff|Bnd|Amb)' /proc/self/status",
		&(const struct variation){
			.user = "{\"uid\":1000,\"gid\":1001,\"umask\":23,\"additionalGids\":[5,6]}",
			.caps = "{\"bounding\":[\"CAP_KILL\"]}" },
		"1000\n1001\n1001 5 6\n0027\nCapInh:\t0000000000000000\nCapPrm:\t0000000000000000\n"
		"CapEff:\t0000000000000000\nCapBnd:\t0000000000000020\nCapAmb:"
		"\t0000000000000000\n");
}
END_TEST

START_TEST(capabilities_are_those_of_the_spec)
{
	if (!ready(_i))
		return;
	shell_prints(
		"busybox grep -E 'Cap(Inh|Prm|Eff|Bnd|Amb)|NoNew' /proc/self/status",
		&(const struct variation){ .process = ",\"noNewPrivileges\":true" },
		"CapInh:\t0000000000000000\nCapPrm:\t00000000000000e1\n"
		"CapEff:\t00000000000000e1\nCapBnd:\t00000000000000e1\nCapAmb:\t0000000000000000\n"
		"NoNewPrivs:\t1\n");
}
END_TEST

START_TEST(ambient_capability_survives_the_change_of_user)
{
	if (!ready(_i) || _i == AS_USER)
		return;
	shell_prints("busybox grep -E 'Cap(Eff|Amb)' /proc/self/status",
		     &(const struct variation){
			     .user = "{\"uid\":7,\"gid\":7}",
			     .caps = "{\"bounding\":[\"CAP_KILL\"],\"permitted\":[\"CAP_KILL\"],"
				     "\"inheritable\":[\"CAP_KILL\"],\"ambient\":[\"CAP_KILL\"]}" },
		     "CapEff:\t0000000000000020\nCapAmb:\t0000000000000020\n");
}
END_TEST

START_TEST(limit_above_what_we_may_is_clamped)
{
	if (!ready(_i))
		return;
	shell_prints("ulimit -n; ulimit -Hn | busybox grep -c .",
		     &(const struct variation){
			     .process = ",\"rlimits\":[{\"type\":\"RLIMIT_NOFILE\",\"soft\":77,"
					"\"hard\":999999999999}]" },
		     "77\n1\n");
}
END_TEST

static const struct {
	const char *args;
	enum error_kind kind;
	const char *text;
} failures[] = {
	{ "[\"nope\"]", ERR_NOCOMMAND, "exec: \"nope\": executable file not found in $PATH\n" },
	{ "[\"/nope\"]", ERR_NOCOMMAND, "exec: \"/nope\": stat /nope: no such file or directory\n" },
	{ "[\"/etc\"]", ERR_NOEXEC, "exec: \"/etc\": is a directory\n" },
	{ "[\"/etc/plain\"]", ERR_NOEXEC, "exec: \"/etc/plain\": permission denied\n" },
	{ "[\"/bin/garbage\"]", ERR_NOEXEC, "exec: \"/bin/garbage\": exec format error\n" },
	{ "[\"/bin/orphan\"]",
	  ERR_NOCOMMAND, "exec: \"/bin/orphan\": no such file or directory: the interpreter of /bin/orphan is missing\n" },
	{ "[\"orphan\"]",
	  ERR_NOCOMMAND, "exec: \"orphan\": no such file or directory: the interpreter of /bin/orphan is missing\n" },
	{ "[\"plain\"]", ERR_NOEXEC, "exec: \"plain\": permission denied\n" },
};

static void box_file(const struct box *b, const char *name, const char *text, mode_t mode)
{
	char path[160];
	int fd;

	snprintf(path, sizeof(path), "%s/rootfs/%s", b->dir, name);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0755);
	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	ck_assert_int_eq(fchmod(fd, mode), 0);
	close(fd);
}

START_TEST(command_that_cannot_be_executed_is_told_in_dockers_words)
{
	const struct variation v = { .args = failures[_i / 4].args };
	struct runtime_options o = RUNTIME_OPTIONS_INIT;
	struct runtime_process p;
	struct error err = { 0 };
	struct box b = { 0 };
	int status;

	if (!ready(_i % 2))
		return;
	box_open(&b, &v);
	box_file(&b, "etc/plain", "x", 0644);
	box_file(&b, "bin/plain", "x", 0644);
	box_file(&b, "bin/garbage",
		 "\x7f"
		 "ELFish",
		 0755);
	box_file(&b, "bin/orphan", "#!/no/such\n", 0755);
	o.start = true;
	o.owned_binary = (_i & 2) != 0;
	status = box_create(&b, &o, &p, &err);
	ck_assert_int_eq(status, -1);
	ck_assert_msg(err.kind == failures[_i / 4].kind, "%d: %s", err.kind, err.text);
	ck_assert_str_eq(err.text, failures[_i / 4].text);
	ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1); /* nobody is left */
	box_close(&b);
}
END_TEST

START_TEST(created_container_waits_until_it_is_started)
{
	const struct variation v = { .args = "[\"/bin/sh\",\"-c\",\"echo started\"]" };
	struct runtime_options o = RUNTIME_OPTIONS_INIT;
	struct runtime_process p;
	struct error err = { 0 };
	struct box b = { 0 };
	auto_free char *out = NULL;
	int fds[2];

	if (!ready(_i))
		return;
	box_open(&b, &v);
	ck_assert_int_eq(pipe2(fds, O_CLOEXEC | O_NONBLOCK), 0);
	o.stdio[1] = fds[1];
	ck_assert_msg(box_create(&b, &o, &p, &err) == 0, "%s", err.text);
	ck_assert_int_eq(read(fds[0], &(char){ 0 }, 1), -1);
	ck_assert_int_eq(errno, EAGAIN);
	ck_assert_msg(runtime_start(&p, &err) == 0, "%s", err.text);
	ck_assert_int_eq(end_of(&p), 0);
	close(fds[1]);
	out = read_all(fds[0]);
	ck_assert_str_eq(out, "started\n");
	ck_assert_int_eq(runtime_start(&p, &err), -1);
	ck_assert_int_eq(err.kind, ERR_BUSY);
	box_close(&b);
}
END_TEST

START_TEST(another_process_can_start_it_by_the_listening_socket)
{
	const struct variation v = { .args = "[\"/bin/garbage\"]" };
	struct runtime_options o = RUNTIME_OPTIONS_INIT;
	struct runtime_process p, other = RUNTIME_PROCESS_NONE;
	struct sockaddr_un {
		sa_family_t family;
		char path[108];
	} at = { AF_UNIX, "" };
	struct error err = { 0 };
	struct box b = { 0 };

	if (!ready(_i))
		return;
	box_open(&b, &v);
	box_file(&b, "bin/garbage", "\x01 no program", 0755);
	snprintf(at.path, sizeof(at.path), "%s/start", b.dir);
	o.listen = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(bind(o.listen, (struct sockaddr *)&at, sizeof(at)), 0);
	ck_assert_int_eq(listen(o.listen, 1), 0);
	ck_assert_msg(box_create(&b, &o, &p, &err) == 0, "%s", err.text);
	close(o.listen);
	other.sock = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(connect(other.sock, (struct sockaddr *)&at, sizeof(at)), 0);
	ck_assert_int_eq(runtime_start(&other, &err), -1);
	ck_assert_int_eq(err.kind, ERR_NOEXEC);
	runtime_process_done(&other);
	ck_assert_int_eq(end_of(&p), 127);
	box_close(&b);
}
END_TEST

START_TEST(a_command_that_is_not_there_is_missed_before_the_start)
{
	const struct variation v = { .args = "[\"nope\"]" };
	struct runtime_options o = RUNTIME_OPTIONS_INIT;
	struct runtime_process p;
	struct error err = { 0 };
	struct box b = { 0 };

	if (!ready(_i))
		return;
	box_open(&b, &v);
	ck_assert_int_eq(box_create(&b, &o, &p, &err), -1);
	ck_assert_int_eq(err.kind, ERR_NOCOMMAND);
	ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1); /* nobody is left */
	box_close(&b);
}
END_TEST

START_TEST(terminal_is_the_containers_own_pty)
{
	const struct variation v = {
		.args = "[\"/bin/sh\",\"-c\",\"busybox tty; echo to-console >/dev/console; busybox "
			"stty size\"]",
		.process = ",\"terminal\":true,\"consoleSize\":{\"height\":33,\"width\":44}"
	};
	struct runtime_options o = RUNTIME_OPTIONS_INIT;
	struct runtime_process p;
	struct error err = { 0 };
	struct box b = { 0 };
	char out[256] = "";
	size_t have = 0;
	ssize_t n;
	int master = -1;

	if (!ready(_i))
		return;
	box_open(&b, &v);
	o.start = true;
	o.pty_master = &master;
	ck_assert_msg(box_create(&b, &o, &p, &err) == 0, "%s", err.text);
	while ((n = read(master, out + have, sizeof(out) - 1 - have)) > 0)
		have += (size_t)n;
	ck_assert_str_eq(out, "/dev/pts/0\r\nto-console\r\n33 44\r\n");
	ck_assert_int_eq(end_of(&p), 0);
	close(master);
	box_close(&b);
}
END_TEST

/* What hostile images have at the places that a runtime touches. */
static const struct {
	const char *place, *link, *complaint;
} traps[] = {
	{ "proc", "/etc", "/proc of the image is not a directory" },
	{ "sys", "etc", "/sys of the image is not a directory" },
	{ "dev", "../../../../tmp", "/dev of the image is not a directory" },
};

START_TEST(image_cannot_turn_proc_sys_or_dev_elsewhere)
{
	const struct variation v = { .args = "[\"/bin/sh\"]" };
	struct runtime_options o = RUNTIME_OPTIONS_INIT;
	struct runtime_process p;
	struct error err = { 0 };
	struct box b = { 0 };
	char path[128];

	if (!ready(_i % MODES))
		return;
	box_open(&b, &v);
	snprintf(path, sizeof(path), "%s/rootfs/%s", b.dir, traps[_i / MODES].place);
	ck_assert_int_eq(rmdir(path), 0);
	ck_assert_int_eq(symlink(traps[_i / MODES].link, path), 0);
	o.start = true;
	ck_assert_int_eq(box_create(&b, &o, &p, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.text, traps[_i / MODES].complaint));
	box_close(&b);
}
END_TEST

START_TEST(mount_target_that_is_a_link_stays_inside_the_root)
{
	const struct variation v = { .args = "[\"/bin/sh\",\"-c\",\"busybox cat /etc/resolv.conf; "
					     "busybox cat /tmp/hod-trap/x/y\"]",
				     .mounts =
					     ",{\"destination\":\"/etc/"
					     "resolv.conf\",\"type\":\"bind\",\"source\":\"bound\","
					     "\"options\":[\"bind\",\"ro\"]}" };
	struct runtime_options o = RUNTIME_OPTIONS_INIT;
	struct box b = { .dir = "" };
	char path[128];
	auto_free char *out = NULL;
	int code;

	if (!ready(_i))
		return;
	/* made first with what needs no source, for its directory */
	box_open(&b, &(const struct variation){ .args = "[\"x\"]" });
	spec_done(&b.spec);
	close(b.fd);
	snprintf(path, sizeof(path), "%s/rootfs/etc/resolv.conf", b.dir);
	ck_assert_int_eq(symlink("../../../../../tmp/hod-trap/x/y", path), 0);
	snprintf(path, sizeof(path), "%s/bound", b.dir);
	close(open(path, O_CREAT | O_WRONLY, 0644));
	ck_assert_int_eq(truncate(path, 0), 0);
	box_file(&b, "../bound", "name\n", 0644);
	out = run(&b, &v, &o, &code);
	ck_assert_str_eq(out, "name\nname\n");
	ck_assert_int_eq(access("/tmp/hod-trap", F_OK), -1);
	box_close(&b);
}
END_TEST

static const char *const bad_cwd[] = { "/proc/self/fd/3", "/proc/1/cwd", "/proc/self/root/tmp" };

START_TEST(working_directory_through_a_magic_link_is_refused)
{
	const struct variation v = { .args = "[\"/bin/sh\"]", .cwd = bad_cwd[_i / MODES] };
	struct runtime_options o = RUNTIME_OPTIONS_INIT;
	struct runtime_process p;
	struct error err = { 0 };
	struct box b = { 0 };

	if (!ready(_i % MODES))
		return;
	box_open(&b, &v);
	o.start = true;
	ck_assert_int_eq(box_create(&b, &o, &p, &err), -1);
	ck_assert_msg(strstr(err.text, "working directory") != NULL, "%s", err.text);
	box_close(&b);
}
END_TEST

START_TEST(absent_working_directory_is_made_inside)
{
	const struct variation v = { .args = "[\"/bin/sh\",\"-c\",\"pwd\"]", .cwd = "/srv/deep/er" };
	struct runtime_options o = RUNTIME_OPTIONS_INIT;
	struct box b = { 0 };
	auto_free char *out = NULL;
	int code;

	if (!ready(_i))
		return;
	out = run(&b, &v, &o, &code);
	ck_assert_str_eq(out, "/srv/deep/er\n");
	box_close(&b);
}
END_TEST

START_TEST(trampoline_stands_between_hod_and_an_interpreter_line)
{
	const struct variation v = { .args = "[\"/bin/self\"]" };
	struct runtime_options o = RUNTIME_OPTIONS_INIT;
	struct box b = { 0 };
	auto_free char *out = NULL;
	int code;

	if (!ready(_i))
		return;
	box_open(&b, &v);
	spec_done(&b.spec);
	close(b.fd);
	box_file(&b, "bin/self", "#!/proc/self/exe\n", 0755);
	o.owned_binary = true;
	out = run(&b, &v, &o, &code);
	ck_assert_str_eq(out, "");
	ck_assert_int_eq(code, 126); /* of the trampoline; a hod that ran would need its libraries */
	box_close(&b);
}
END_TEST

START_TEST(preserved_descriptors_follow_the_streams)
{
	const struct variation v = {
		.args = "[\"/bin/sh\",\"-c\",\"busybox cat <&3; busybox cat <&4\"]"
	};
	struct runtime_options o = RUNTIME_OPTIONS_INIT;
	struct box b = { 0 };
	auto_free char *out = NULL;
	int a[2], c[2], preserve[2], code;

	if (!ready(_i))
		return;
	ck_assert_int_eq(pipe2(a, O_CLOEXEC), 0);
	ck_assert_int_eq(pipe2(c, O_CLOEXEC), 0);
	ck_assert_int_eq(write(a[1], "first\n", 6), 6);
	ck_assert_int_eq(write(c[1], "second\n", 7), 7);
	close(a[1]);
	close(c[1]);
	preserve[0] = a[0];
	preserve[1] = c[0];
	o.preserve = preserve;
	o.n_preserve = 2;
	o.owned_binary = true;
	out = run(&b, &v, &o, &code);
	ck_assert_str_eq(out, "first\nsecond\n");
	box_close(&b);
}
END_TEST

START_TEST(exec_enters_the_container_and_its_cgroup)
{
	const struct variation v = { .args = "[\"/bin/busybox\",\"sleep\",\"60\"]" };
	struct runtime_options o = RUNTIME_OPTIONS_INIT;
	struct runtime_process p, q;
	struct spec_process second;
	struct error err = { 0 };
	struct box b = { 0 };
	auto_free char *out = NULL;
	int fds[2];

	if (!ready(_i))
		return;
	box_open(&b, &v);
	o.start = true;
	ck_assert_msg(box_create(&b, &o, &p, &err) == 0, "%s", err.text);
	ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
	o.stdio[0] = -1;
	o.stdio[1] = o.stdio[2] = fds[1];
	second = *b.spec.process;
	second.capabilities = NULL;
	second.args = (struct strv){ 0 };
	strv_split(
		&second.args,
		"/bin/sh@-c@busybox hostname; busybox ps -o pid,args | busybox grep -c '[s]leep 6';"
		"busybox grep CapEff /proc/self/status; busybox grep ^0:: /proc/self/cgroup; "
		"exit 5",
		'@');
	ck_assert_msg(runtime_exec(p.pid, p.pidfd, &b.spec, &second, &o, &q, &err) == 0, "%s",
		      err.text);
	close(fds[1]);
	out = read_all(fds[0]);
	ck_assert_str_eq(out, "box\n1\nCapEff:\t00000000000000e1\n0::/\n");
	ck_assert_int_eq(end_of(&q), 5);
	strv_done(&second.args);
	strv_split(&second.args, "nope", '|');
	ck_assert_int_eq(runtime_exec(p.pid, p.pidfd, &b.spec, &second, &o, &q, &err), -1);
	ck_assert_int_eq(err.kind, ERR_NOCOMMAND);
	ck_assert_int_eq(runtime_kill(p.pidfd, p.cgroup, SIGKILL, true, &err), 0);
	waitid(P_PID, (id_t)p.pid, &(siginfo_t){ 0 }, WEXITED | WNOWAIT);
	ck_assert_int_eq(runtime_exec(p.pid, p.pidfd, &b.spec, &second, &o, &q, &err), -1);
	ck_assert_msg(err.kind == ERR_BUSY, "%s", err.text);
	strv_done(&second.args);
	ck_assert_int_eq(end_of(&p), 137);
	ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
	box_close(&b);
}
END_TEST

START_TEST(paused_container_stands_still)
{
	const struct variation v = { .args = "[\"/bin/sh\",\"-c\",\"while :; do echo; done\"]" };
	struct runtime_options o = RUNTIME_OPTIONS_INIT;
	struct runtime_process p;
	struct error err = { 0 };
	struct box b = { 0 };
	char drain[4096];
	int fds[2];

	if (!ready(_i))
		return;
	box_open(&b, &v);
	ck_assert_int_eq(pipe2(fds, O_CLOEXEC | O_NONBLOCK), 0);
	o.start = true;
	o.stdio[1] = fds[1];
	ck_assert_msg(box_create(&b, &o, &p, &err) == 0, "%s", err.text);
	if (p.cgroup) {
		ck_assert_msg(runtime_pause(p.cgroup, true, &err) == 0, "%s", err.text);
		while (read(fds[0], drain, sizeof(drain)) > 0)
			;
		ck_assert_int_eq(read(fds[0], drain, 1), -1); /* and nothing comes after it */
		ck_assert_msg(runtime_pause(p.cgroup, false, &err) == 0, "%s", err.text);
	} else {
		ck_assert_int_eq(runtime_pause(p.cgroup, true, &err), -1);
		ck_assert_int_eq(err.kind, ERR_UNSUPPORTED);
	}
	ck_assert_int_eq(runtime_kill(p.pidfd, p.cgroup, SIGKILL, false, &err), 0);
	ck_assert_int_eq(end_of(&p), 137);
	box_close(&b);
}
END_TEST

static const struct {
	struct variation v;
	enum error_kind kind;
	const char *text;
} refused[] = {
	{ { .linux_ = ",\"sysctl\":{\"kernel.core_pattern\":\"|/x\"}" }, ERR_INVALID, "linux.sysctl" },
	{ { .linux_ = ",\"sysctl\":{\"net/../kernel/core_pattern\":\"|/x\"}" },
	  ERR_INVALID,
	  "linux.sysctl" },
	{ { .mounts = ",{\"destination\":\"/proc/1\",\"type\":\"tmpfs\",\"source\":\"x\"}" },
	  ERR_INVALID,
	  "only a real proc" },
	{ { .mounts = ",{\"destination\":\"/\",\"type\":\"tmpfs\",\"source\":\"x\"}" },
	  ERR_INVALID,
	  "root itself" },
	{ { .mounts = ",{\"destination\":\"/x\",\"type\":\"bind\",\"source\":\"/no-such\","
		      "\"options\":[\"bind\"]}" },
	  ERR_NOTFOUND,
	  "/no-such" },
	{ { .mounts = ",{\"destination\":\"/x\",\"type\":\"tmpfs\",\"source\":\"x\","
		      "\"options\":[\"size=many\"]}" },
	  ERR_SYSTEM,
	  "size" },
	{ { .process = ",\"rlimits\":[{\"type\":\"RLIMIT_NOSE\",\"soft\":1,\"hard\":2}]" },
	  ERR_INVALID,
	  "RLIMIT_NOSE" },
};

START_TEST(what_reaches_out_of_the_container_is_refused)
{
	struct variation v = refused[_i].v;
	struct runtime_options o = RUNTIME_OPTIONS_INIT;
	struct runtime_process p;
	struct error err = { 0 };
	struct box b = { 0 };

	if (!ready(AS_ROOT))
		return;
	v.args = "[\"/bin/sh\"]";
	box_open(&b, &v);
	o.start = true;
	ck_assert_int_eq(box_create(&b, &o, &p, &err), -1);
	ck_assert_msg(strstr(err.text, refused[_i].text) != NULL, "%s", err.text);
	ck_assert_int_eq(err.kind, refused[_i].kind);
	box_close(&b);
}
END_TEST

UNIT_MAIN("runtime/create", TEST_LOOP(command_has_its_streams_names_and_exit_code, MODES),
	  TEST_LOOP(nothing_but_the_streams_is_open, MODES),
	  TEST_LOOP(loopback_is_up_and_mounts_are_as_planned, MODES),
	  TEST_LOOP(user_has_his_ids_umask_and_no_capabilities, MODES),
	  TEST_LOOP(capabilities_are_those_of_the_spec, MODES),
	  TEST_LOOP(ambient_capability_survives_the_change_of_user, MODES),
	  TEST_LOOP(limit_above_what_we_may_is_clamped, MODES),
	  TEST_LOOP(command_that_cannot_be_executed_is_told_in_dockers_words,
		    4 * ARRAY_SIZE(failures)),
	  TEST_LOOP(created_container_waits_until_it_is_started, MODES),
	  TEST_LOOP(another_process_can_start_it_by_the_listening_socket, MODES),
	  TEST_LOOP(a_command_that_is_not_there_is_missed_before_the_start, MODES),
	  TEST_LOOP(terminal_is_the_containers_own_pty, MODES),
	  TEST_LOOP(image_cannot_turn_proc_sys_or_dev_elsewhere, MODES *ARRAY_SIZE(traps)),
	  TEST_LOOP(mount_target_that_is_a_link_stays_inside_the_root, MODES),
	  TEST_LOOP(working_directory_through_a_magic_link_is_refused, MODES *ARRAY_SIZE(bad_cwd)),
	  TEST_LOOP(absent_working_directory_is_made_inside, MODES),
	  TEST_LOOP(trampoline_stands_between_hod_and_an_interpreter_line, MODES),
	  TEST_LOOP(preserved_descriptors_follow_the_streams, MODES),
	  TEST_LOOP(exec_enters_the_container_and_its_cgroup, MODES),
	  TEST_LOOP(paused_container_stands_still, MODES),
	  TEST_LOOP(what_reaches_out_of_the_container_is_refused, ARRAY_SIZE(refused)))
