/*
 * doctor.c - `hod doctor`: what this machine lets hod do, and the one command that would improve
 * each point.
 *
 * Owns   the probes. Each is tried for real, in a child of its own where it would change us;
 * nothing is left behind and nothing is changed.
 */
#include "commands.h"

#include "output.h"
#include "util/compat.h"
#include "util/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

enum verdict { GOOD, LIMITED, BAD };

struct finding {
	enum verdict verdict;
	char text[200];
	const char *remedy; /* NULL: none is needed, or none is known */
};

#define SAY(f, v, ...)                                                                             \
	do {                                                                                       \
		(f)->verdict = (v);                                                                \
		snprintf((f)->text, sizeof((f)->text), __VA_ARGS__);                               \
	} while (0)

/* Runs fn in a child; its return value, or 255 when it died. */
static int in_child(int (*fn)(void))
{
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(fn());
	if (pid < 0)
		return 255;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return 255;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

static void probe_kernel(struct app *app, struct finding *f)
{
	struct utsname u;
	int major = 0, minor = 0;

	if (uname(&u) == 0)
		sscanf(u.release, "%d.%d", &major, &minor);
	SAY(f, major > 5 || (major == 5 && minor >= 11) ? GOOD : BAD, "%d.%d (5.11 is needed)",
	    major, minor);
}

static int try_namespaces(void)
{
	int flags = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS |
		    CLONE_NEWCGROUP;

	if (geteuid() != 0 && unshare(CLONE_NEWUSER) < 0)
		return 1;
	return unshare(flags) < 0 ? 2 : 0;
}

static bool sysctl_is_zero(const char *path)
{
	struct error ignored = { 0 }; /* a switch that is not there is not off */
	auto_done(str) struct str text = { 0 };

	return file_read(AT_FDCWD, path, &text, 64, &ignored) == 0 && text.len && text.s[0] == '0';
}

static void probe_namespaces(struct app *app, struct finding *f)
{
	int r = in_child(try_namespaces);

	if (r == 0) {
		SAY(f, GOOD, "all kinds can be made");
		return;
	}
	SAY(f, BAD, r == 1 ? "user namespaces cannot be made" : "namespaces cannot be made");
	if (sysctl_is_zero("/proc/sys/user/max_user_namespaces"))
		f->remedy = "sysctl user.max_user_namespaces=15000";
	else if (sysctl_is_zero("/proc/sys/kernel/unprivileged_userns_clone"))
		f->remedy = "sysctl kernel.unprivileged_userns_clone=1";
	else if (access("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", F_OK) == 0 &&
		 !sysctl_is_zero("/proc/sys/kernel/apparmor_restrict_unprivileged_userns"))
		f->remedy = "sysctl kernel.apparmor_restrict_unprivileged_userns=0";
}

static void probe_ids(struct app *app, struct finding *f)
{
	struct userns u = { 0 };
	struct error err = { 0 };
	char text[ERROR_LINE_MAX];
	int fds[2], r = -1;
	pid_t pid;

	if (app->userns.caller_uid == 0) {
		SAY(f, GOOD, "root: all ids");
		return;
	}
	if (pipe2(fds, O_CLOEXEC) < 0) {
		SAY(f, BAD, "pipe: %s", strerror(errno));
		return;
	}
	pid = fork(); /* we ourselves stay outside */
	if (pid == 0) {
		u.mode = USERNS_HOST;
		if (userns_enter(false, &u, &err) < 0)
			snprintf(u.reason, sizeof(u.reason), "%.150s",
				 error_text(&err, text, sizeof(text)));
		_exit(write(fds[1], &u, sizeof(u)) != sizeof(u));
	}
	close(fds[1]);
	if (pid > 0 && read(fds[0], &u, sizeof(u)) == sizeof(u))
		r = 0;
	close(fds[0]);
	if (pid > 0)
		waitpid(pid, NULL, 0);
	if (r < 0 || u.mode == USERNS_HOST) {
		SAY(f, BAD, "%s", u.reason);
	} else if (u.mode == USERNS_RANGE) {
		SAY(f, GOOD, "a range of subordinate ids");
	} else {
		SAY(f, LIMITED, "only your own id: %s", u.reason);
		f->remedy = "apt-get install uidmap; usermod --add-subuids 100000-165535 "
			    "--add-subgids 100000-165535 YOU";
	}
}

static int try_overlay(void)
{
	int fs;

	if (geteuid() != 0 && unshare(CLONE_NEWUSER) < 0)
		return 1;
	if (unshare(CLONE_NEWNS) < 0)
		return 1;
	fs = sys_fsopen("overlay", 0x1 /* FSOPEN_CLOEXEC */);
	if (fs < 0)
		return 2;
	/* the option decides whether a mount without root can hold whiteouts */
	return sys_fsconfig(fs, 0 /* FSCONFIG_SET_FLAG */, "userxattr", NULL, 0) < 0 ? 3 : 0;
}

static void probe_overlay(struct app *app, struct finding *f)
{
	switch (in_child(try_overlay)) {
	case 0:
		SAY(f, GOOD, "can be mounted");
		break;
	case 2:
		SAY(f, BAD, "the kernel has no overlay file system, or forbids it");
		f->remedy = "modprobe overlay";
		break;
	default:
		SAY(f, BAD, "cannot be mounted");
		break;
	}
}

static void probe_cgroups(struct app *app, struct finding *f)
{
	struct host_facts facts = { 0 };
	struct error err = { 0 };
	auto_free char *controllers = NULL;

	if (host_facts_find(&app->userns, &facts, &err) < 0 || host_facts_describe(&facts, &err) < 0) {
		SAY(f, LIMITED, "cannot be looked at");
		host_facts_done(&facts);
		return;
	}
	controllers = strv_join(&facts.cgroup.controllers, " ");
	if (facts.cgroup.controllers.n)
		SAY(f, GOOD, "v2 with %s: %s", controllers, facts.cgroup.why);
	else
		SAY(f, LIMITED, "no limits: %s", facts.cgroup.why);
	if (!facts.cgroup.controllers.n && !str_eq(facts.cgroup.version, "2") &&
	    access("/run/systemd/system", F_OK) == 0)
		f->remedy = "boot with systemd.unified_cgroup_hierarchy=1";
	else if (!facts.cgroup.controllers.n && str_eq(facts.cgroup.version, "2"))
		f->remedy = "hod setup cgroup";
	host_facts_done(&facts);
}

static void probe_seccomp(struct app *app, struct finding *f)
{
	if (prctl(PR_GET_SECCOMP, 0, 0, 0, 0) >= 0)
		SAY(f, GOOD, "system calls can be filtered");
	else
		SAY(f, BAD, "the kernel has no seccomp");
}

/* The first parent of the path that exists says which file system the store is, or will be, on. */
static void probe_store(struct app *app, struct finding *f)
{
	static const struct {
		long type;
		const char *name;
		bool good;
	} known[] = {
		{ 0xEF53, "ext4", true },      { 0x58465342, "xfs", true },
		{ 0x9123683E, "btrfs", true }, { 0x01021994, "tmpfs", true },
		{ 0x6969, "NFS", false },      { 0x794c7630, "overlay", false },
		{ 0x65735546, "FUSE", false },
	};
	struct error err = { 0 };
	const char *root = app->root ? app->root : getenv("HOD_ROOT");
	auto_free char *path =
		str_empty(root) ? store_default_path(app->userns.caller_uid, &err) : xstrdup(root);
	auto_free char *probe = xstrdup_or_null(path);
	struct statfs s;

	while (probe && statfs(probe, &s) < 0 && errno == ENOENT && strrchr(probe, '/') > probe)
		*strrchr(probe, '/') = '\0';
	if (!probe || statfs(probe, &s) < 0) {
		SAY(f, BAD, "%.150s cannot be reached", path ? path : "it");
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		if ((long)s.f_type != known[i].type)
			continue;
		SAY(f, known[i].good ? GOOD : LIMITED, "%.120s on %s", path, known[i].name);
		if (!known[i].good)
			f->remedy = "put the store on a local file system: HOD_ROOT=/var/tmp/hod";
		return;
	}
	SAY(f, GOOD, "%.150s", path);
}

static void probe_pidfd(struct app *app, struct finding *f)
{
	auto_close int fd = sys_pidfd_open(getpid(), 0);

	if (fd >= 0)
		SAY(f, GOOD, "processes can be named safely (pidfd)");
	else
		SAY(f, BAD, "the kernel has no pidfd");
}

static const struct probe {
	const char *name;
	void (*run)(struct app *app, struct finding *f);
} probes[] = {
	{ "kernel", probe_kernel },   { "namespaces", probe_namespaces },
	{ "user ids", probe_ids },    { "overlay", probe_overlay },
	{ "cgroups", probe_cgroups }, { "seccomp", probe_seccomp },
	{ "pidfd", probe_pidfd },     { "store", probe_store },
};

static int doctor_run(struct app *app, void *args, struct strv *operands, struct error *err)
{
	static const char *const words[] = { [GOOD] = "ok", [LIMITED] = "limited", [BAD] = "bad" };
	int code = 0;

	for (size_t i = 0; i < ARRAY_SIZE(probes); i++) {
		struct finding f = { .verdict = GOOD };

		probes[i].run(app, &f);
		if (output_line(err, "%-8s %-12s %s", words[f.verdict], probes[i].name, f.text) < 0)
			return -1;
		if (f.remedy && output_line(err, "         %-12s try: %s", "", f.remedy) < 0)
			return -1;
		if (f.verdict == BAD)
			code = 1;
	}
	return code;
}

const struct command cmd_doctor = {
	.name = "doctor",
	.summary = "find out what this machine lets hod do",
	.description =
		"Tries everything that containers need. The exit code is 1 when something is "
		"missing without which no container can run.",
	.run = doctor_run,
	.failure = 1,
};
