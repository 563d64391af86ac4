/*
 * userns.c - root of a user namespace in this very process, and the maps of namespaces.
 *
 * Owns   the choice between host, range and single, and everything about newuidmap and newgidmap.
 * Never  forks our address space: the helpers start from children that share it (CLONE_VM).
 *
 * Theory of operation. The helpers must run outside the namespace whose maps they write, so their
 * processes are made first and wait on a pipe:
 *
 *	we                       two children
 *	 |- clone(CLONE_VM) ------> read(pipe)
 *	 |- unshare(NEWUSER|NEWNS)    .
 *	 |- write(pipe) ----------> execve newuidmap, newgidmap (at the same time)
 *	 |- waitpid <-------------- exit
 *	 |- setresgid, setresuid 0
 *
 * A child has its own stack and descriptors and our memory until it execs: it only makes bare
 * system calls, which on success touch nothing of ours (errno neither). If we die before writing,
 * the pipe ends and they exit. If the helpers refuse, we still may map ourselves: single mode.
 *
 * The kernel makes every mount of the new mount namespace a slave of its original, because the
 * owner differs; what we mount stays inside.
 */
#include "util/userns.h"

#include "subid.h"
#include "util/fd.h"
#include "util/log.h"

#include <errno.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define MAP_TEXT_MAX 4095 /* the kernel takes less than a page */
#define HELPER_STACK 8192
#define HELPER_ARGS  (2 + 3 * (SUBID_RANGES_MAX + 1) + 1)

struct helper {
	char path[64];
	char *argv[HELPER_ARGS];
	char numbers[HELPER_ARGS][12];
	int wait_fd, go_fd, null_fd;
	pid_t pid;
	char stack[HELPER_STACK] __attribute__((aligned(16)));
};

/* ---- the helpers ---- */

/* Only from places that belong to root; never by PATH. */
static bool helper_find(const char *name, struct helper *h)
{
	static const char *const dirs[] = { "/usr/bin", "/bin", "/usr/local/bin",
					    "/run/wrappers/bin" };

	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
		snprintf(h->path, sizeof(h->path), "%s/%s", dirs[i], name);
		if (access(h->path, X_OK) == 0)
			return true;
	}
	return false;
}

static void helper_arg(struct helper *h, size_t *n, uint32_t value)
{
	snprintf(h->numbers[*n], sizeof(h->numbers[*n]), "%u", value);
	h->argv[*n] = h->numbers[*n];
	(*n)++;
}

/* newuidmap PID 0 SELF 1 [INSIDE OUTSIDE COUNT]... */
static void helper_plan(struct helper *h, uint32_t self, const id_ranges *ranges)
{
	size_t n = 0;
	uint32_t inside = 1;

	h->argv[n++] = h->path;
	helper_arg(h, &n, (uint32_t)getpid());
	helper_arg(h, &n, 0);
	helper_arg(h, &n, self);
	helper_arg(h, &n, 1);
	vec_each (ranges, r) {
		/* ids inside end below 2^32-1 */
		uint32_t count = MIN(r->count, UINT32_MAX - inside);

		if (!count)
			break;
		helper_arg(h, &n, inside);
		helper_arg(h, &n, r->start);
		helper_arg(h, &n, count);
		inside += count;
	}
	h->argv[n] = NULL;
}

static int helper_main(void *arg)
{
	static char *const no_environment[] = { NULL };
	struct helper *h = arg;
	char go;

	/* ours is the other end: without this the pipe would not end with our parent */
	syscall(SYS_close, h->go_fd);
	if (syscall(SYS_read, h->wait_fd, &go, 1) == 1) {
		/* what a helper has to say is in its exit code */
		syscall(SYS_dup3, h->null_fd, STDOUT_FILENO, 0);
		syscall(SYS_dup3, h->null_fd, STDERR_FILENO, 0);
		syscall(SYS_execve, h->path, h->argv, no_environment);
	}
	syscall(SYS_exit_group, 127);
	return 0;
}

static int helper_start(struct helper *h, const int pipe_fds[2], int null_fd, struct error *err)
{
	h->wait_fd = pipe_fds[0];
	h->go_fd = pipe_fds[1];
	h->null_fd = null_fd;
	h->pid = clone(helper_main, h->stack + sizeof(h->stack), CLONE_VM, h);
	if (h->pid < 0)
		return error_sys(err, "clone a process for %s", h->path);
	return 0;
}

/* The exit code, 128 + signal, or -1 when it was not started. */
static int helper_wait(const struct helper *h)
{
	int status;
	pid_t got;

	if (h->pid <= 0)
		return -1;
	do
		got = waitpid(h->pid, &status, __WALL);
	while (got < 0 && errno == EINTR);
	/* whoever ignores SIGCHLD never learns it; becoming root will tell */
	if (got < 0)
		return errno == ECHILD ? 0 : -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* ---- entering ---- */

static bool have_sysadmin(void)
{
	struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct caps[2] = { 0 };

	return syscall(SYS_capget, &head, caps) == 0 && caps[0].effective & 1U << CAP_SYS_ADMIN;
}

/* The number in a file of /proc/sys, or -1. */
static int64_t sysctl_read(const char *path)
{
	auto_done(str) struct str text = { 0 };
	struct error ignored = { 0 }; /* this kernel has no such switch */
	int64_t value;

	if (file_read(AT_FDCWD, path, &text, 64, &ignored) < 0 || !text.len)
		return -1;
	text.s[strcspn(text.s, "\n")] = '\0';
	return str_i64(text.s, &value) ? value : -1;
}

/* Names the switch that forbids user namespaces, when we can find it. */
static int forbidden(struct error *err)
{
	static const struct {
		const char *path, *name, *remedy;
		int64_t bad;
	} switches[] = {
		{ "/proc/sys/user/max_user_namespaces", "user.max_user_namespaces", "15000", 0 },
		{ "/proc/sys/kernel/unprivileged_userns_clone", "kernel.unprivileged_userns_clone",
		  "1", 0 },
		{ "/proc/sys/kernel/apparmor_restrict_unprivileged_userns",
		  "kernel.apparmor_restrict_unprivileged_userns", "0", 1 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(switches); i++)
		if (sysctl_read(switches[i].path) == switches[i].bad) {
			error_add(err, "user namespaces are forbidden by %s=%d", switches[i].name,
				  (int)switches[i].bad);
			return error_hint(err, "as root: sysctl -w %s=%s", switches[i].name,
					  switches[i].remedy);
		}
	if (err->sys == EPERM || err->sys == EACCES)
		return error_hint(err, "inside a container, its seccomp profile must allow unshare "
				       "and mount; 'hod doctor' tells more");
	return -1;
}

static int namespace_make(struct error *err)
{
	if (unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0) {
		error_sys(err, "unshare a user namespace");
		return forbidden(err);
	}
	return 0;
}

static int proc_write(const char *path, const char *text, struct error *err)
{
	auto_close int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return error_sys(err, "open %s", path);
	if (write(fd, text, strlen(text)) < 0)
		return error_sys(err, "write %s", path);
	return 0;
}

/* Without helpers the kernel lets us map one id of each kind, and only without setgroups(2). */
static int map_single(const struct userns *u, struct error *err)
{
	char line[32];

	if (proc_write("/proc/self/setgroups", "deny", err) < 0)
		return forbidden(err);
	snprintf(line, sizeof(line), "0 %u 1\n", u->caller_gid);
	if (proc_write("/proc/self/gid_map", line, err) < 0)
		return forbidden(err);
	snprintf(line, sizeof(line), "0 %u 1\n", u->caller_uid);
	if (proc_write("/proc/self/uid_map", line, err) < 0)
		return forbidden(err);
	return 0;
}

/* Root inside, and sure that it counts for something. */
static int become_root(struct error *err)
{
	if (setresgid(0, 0, 0) < 0)
		return error_sys(err, "become group 0 of the user namespace");
	if (setresuid(0, 0, 0) < 0)
		return error_sys(err, "become user 0 of the user namespace");
	/*
	 * The mounts are slaves already. Asking for it again tells whether our capabilities are
	 * real: AppArmor lets a process make a user namespace and then refuses all they are for.
	 */
	if (mount(NULL, "/", NULL, MS_SLAVE, NULL) < 0) {
		error_sys(err, "change mounts in the user namespace");
		return forbidden(err);
	}
	return 0;
}

/* Can we have ranges? Fills what is needed to start the helpers, or the reason why not. */
static bool range_plan(struct helper h[2], struct userns *u)
{
	id_ranges uids = { 0 }, gids = { 0 };
	bool able = false;

	if (!helper_find("newuidmap", &h[0]) || !helper_find("newgidmap", &h[1])) {
		snprintf(u->reason, sizeof(u->reason), "newuidmap or newgidmap is not installed");
	} else if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) > 0) {
		snprintf(u->reason, sizeof(u->reason), "no_new_privs keeps newuidmap from working");
	} else if (subid_load(u->caller_uid, u->caller_gid, &uids, &gids, u->reason,
			      sizeof(u->reason)) > 0) {
		helper_plan(&h[0], u->caller_uid, &uids);
		helper_plan(&h[1], u->caller_gid, &gids);
		able = true;
	}
	vec_done(&uids);
	vec_done(&gids);
	return able;
}

/* 1 in a namespace with ranges, 0 in one without maps and the reason why, -1. */
static int range_enter(struct helper h[2], struct userns *u, struct error *err)
{
	auto_close int wait_fd = -1, go_fd = -1;
	auto_close int null_fd = fd_devnull(O_RDWR, err);
	int fds[2], codes[2], status = 0;

	if (null_fd < 0 || fd_pipe(fds, err) < 0)
		return -1;
	wait_fd = fds[0];
	go_fd = fds[1];
	for (int i = 0; i < 2 && status == 0; i++)
		status = helper_start(&h[i], fds, null_fd, err);
	if (status == 0)
		status = namespace_make(err);
	if (status == 0 && write(go_fd, "go", 2) != 2)
		status = error_sys(err, "write to newuidmap's pipe");
	auto_close_fd(&go_fd); /* on failure this ends the children */
	for (int i = 0; i < 2; i++)
		codes[i] = helper_wait(&h[i]);
	if (status < 0)
		return -1;
	if (codes[0] == 0 && codes[1] == 0)
		return 1;
	if (codes[0] == 0 || codes[1] == 0) {
		int bad = codes[0] != 0;

		error_set(err, ERR_UNSUPPORTED, "%s failed (exit code %d)", h[!bad].path,
			  codes[!bad]);
		return error_hint(err, "compare the lines of /etc/subuid and /etc/subgid");
	}
	snprintf(u->reason, sizeof(u->reason), "%s failed (exit code %d)", h[0].path, codes[0]);
	return 0;
}

int userns_enter(bool force_single, struct userns *u, struct error *err)
{
	auto_free struct helper *h = NULL;
	int ranged;

	*u = (struct userns){ .mode = USERNS_HOST, .caller_uid = geteuid(), .caller_gid = getegid() };
	if (u->caller_uid == 0 && have_sysadmin())
		return 0;
	h = xcalloc(2, sizeof(*h));
	if (force_single)
		snprintf(u->reason, sizeof(u->reason), "single mode was asked for");
	if (!force_single && range_plan(h, u)) {
		ranged = range_enter(h, u, err);
	} else {
		ranged = namespace_make(err);
	}
	if (ranged < 0)
		return -1;
	u->mode = ranged ? USERNS_RANGE : USERNS_SINGLE;
	if (!ranged) {
		log_debug("userns: single mode: %s", u->reason);
		if (map_single(u, err) < 0)
			return -1;
	}
	return become_root(err);
}

int userns_join(pid_t member, struct userns *u, struct error *err)
{
	auto_free char *path = xasprintf("/proc/%d/ns/user", member);
	id_maps uids = { 0 }, gids = { 0 };
	auto_close int fd = -1;
	int status;

	*u = (struct userns){ .mode = USERNS_HOST, .caller_uid = geteuid(), .caller_gid = getegid() };
	if (u->caller_uid == 0 && have_sysadmin())
		return 0;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return error_sys(err, "open %s", path);
	if (setns(fd, CLONE_NEWUSER) < 0)
		return error_sys(err, "join the user namespace of process %d", member);
	if (unshare(CLONE_NEWNS) < 0)
		return error_sys(err, "unshare a mount namespace");
	status = userns_maps(&uids, &gids, err);
	u->mode = uids.n > 1 ? USERNS_RANGE : USERNS_SINGLE;
	vec_done(&uids);
	vec_done(&gids);
	return status < 0 ? -1 : become_root(err);
}

int userns_own_mounts(const struct userns *u, struct error *err)
{
	if (u->mode != USERNS_HOST)
		return 0;
	/* path: all that there is */
	if (unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) == 0)
		return 0;
	error_sys(err, "make a mount namespace");
	if (err->sys == EINVAL)
		error_hint(err, "/ is no mount point here: before chroot, 'mount --bind DIR DIR'");
	return -1;
}

/* ---- maps ---- */

static int map_read(const char *path, id_maps *maps, struct error *err)
{
	auto_done(str) struct str text = { 0 };
	struct id_map m;
	int used;

	if (file_read(AT_FDCWD, path, &text, 1 << 16, err) < 0)
		return -1;
	for (const char *s = str_get(&text);
	     sscanf(s, "%u %u %u%n", &m.inside, &m.outside, &m.count, &used) == 3; s += used)
		vec_push(maps, m);
	return 0;
}

#define USERNS_INITIAL_INODE 0xEFFFFFFDU /* of /proc/PID/ns/user; fixed by the kernel */

bool userns_is_initial(void)
{
	struct stat st;

	return stat("/proc/self/ns/user", &st) == 0 && st.st_ino == USERNS_INITIAL_INODE;
}

int userns_maps(id_maps *uids, id_maps *gids, struct error *err)
{
	const struct id_map all = { 0, 0, UINT32_MAX };

	/* one question instead of two files, where most starts happen */
	if (userns_is_initial()) {
		vec_push(uids, all);
		vec_push(gids, all);
		return 0;
	}
	if (map_read("/proc/self/uid_map", uids, err) < 0)
		return -1;
	return map_read("/proc/self/gid_map", gids, err);
}

bool userns_has_id(const id_maps *m, uint32_t inside)
{
	vec_each (m, one)
		if (inside >= one->inside && inside - one->inside < one->count)
			return true;
	return false;
}

static int map_write(pid_t pid, const char *file, const id_maps *maps, struct error *err)
{
	char text[MAP_TEXT_MAX + 1] = "", path[64];
	size_t used = 0;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, file);
	vec_each (maps, m) {
		int n = snprintf(text + used, sizeof(text) - used, "%u %u %u\n", m->inside,
				 m->outside, m->count);

		if ((size_t)n >= sizeof(text) - used)
			return error_set(err, ERR_LIMIT, "%s: %zu ranges are too many", path,
					 maps->n);
		used += (size_t)n;
	}
	return proc_write(path, text, err);
}

int userns_write_maps(pid_t pid, const id_maps *uids, const id_maps *gids, struct error *err)
{
	if (map_write(pid, "gid_map", gids, err) < 0)
		return -1;
	return map_write(pid, "uid_map", uids, err);
}
