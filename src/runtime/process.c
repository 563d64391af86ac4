/*
 * process.c - the last steps of every process in a container: attributes, streams, limits, exec.
 *
 * Order  limits and oom score need the caller's capabilities, and so come before privileges.c.
 */
#include "process.h"

#include "hooks.h"
#include "util/compat.h"
#include "util/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/close_range.h>
#include <linux/keyctl.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

int process_die_with_parent(const struct plan_process *p, struct error *err)
{
	struct pollfd parent = { .fd = p->parent, .events = POLLIN };

	if (!p->die_with_parent)
		return 0;
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		return error_sys(err, "PR_SET_PDEATHSIG");
	/* it may have died before the signal was armed */
	if (poll(&parent, 1, 0) != 0)
		return error_set(err, ERR_INTERRUPTED, "the monitor is gone");
	return 0;
}

int process_begin(const struct plan_process *p, struct error *err)
{
	if (process_die_with_parent(p, err) < 0)
		return -1;
	/* a session of its own: no terminal of the caller to type into (TIOCSTI) */
	if (setsid() < 0)
		return error_sys(err, "setsid");
	return 0;
}

static int proc_write(int proc, const char *name, const char *text, size_t n)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "%s%s", proc < 0 ? "/proc/self/" : "self/", name);
	fd = openat(proc, path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	if (write(fd, text, n) != (ssize_t)n) {
		int saved = errno;

		close(fd);
		errno = saved;
		return -1;
	}
	return close(fd);
}

int process_proc(const struct plan_process *p, int proc, struct error *err)
{
	char text[4200];
	int n;

	if (p->oom_score_adj != UNSET) {
		n = snprintf(text, sizeof(text), "%d", (int)p->oom_score_adj);
		/* lower than we may: it stays as it is */
		if (proc_write(proc, "oom_score_adj", text, (size_t)n) < 0 && errno != EACCES &&
		    errno != EPERM)
			return error_sys(err, "oom_score_adj");
	}
	if (p->label) {
		n = snprintf(text, sizeof(text), "%s%s",
			     str_eq(p->label_file, "attr/exec") ? "" : "exec ", p->label);
		if (n >= (int)sizeof(text) || proc_write(proc, p->label_file, text, (size_t)n) < 0)
			return error_sys(err, "label '%s'", p->label);
	}
	return 0;
}

/* ---- working directory and streams ---- */

static int directory_make(const char *path, struct error *err)
{
	char part[PATH_MAX];
	size_t n = strlen(path);

	if (n >= sizeof(part))
		return error_set(err, ERR_LIMIT, "working directory: more than %d bytes",
				 PATH_MAX - 1);
	for (size_t i = 1; i <= n; i++) {
		if (path[i] != '/' && path[i] != '\0')
			continue;
		memcpy(part, path, i);
		part[i] = '\0';
		/* path: we are inside, there is nothing else to reach */
		if (mkdir(part, 0755) < 0 && errno != EEXIST)
			return error_sys(err, "make the working directory %s", part);
	}
	return 0;
}

/*
 * We are inside by now, so the path means a place of the container. Magic links are refused, and
 * the kernel is asked where we are: a directory of the host would be unreachable (CVE-2024-21626).
 */
static int working_directory(const struct plan_process *p, struct error *err)
{
	struct open_how how = { .flags = O_PATH | O_DIRECTORY | O_CLOEXEC,
				.resolve = RESOLVE_NO_MAGICLINKS };
	char where[PATH_MAX];
	auto_close int fd = -1;
	long n;

	if (str_eq(p->cwd, "/"))
		/* path: the container's root */
		return chdir("/") < 0 ? error_sys(err, "working directory /") : 0;
	fd = sys_openat2(AT_FDCWD, p->cwd, &how, sizeof(how));
	if (fd < 0 && errno == ENOENT && p->make_cwd) {
		if (directory_make(p->cwd, err) < 0)
			return -1;
		fd = sys_openat2(AT_FDCWD, p->cwd, &how, sizeof(how));
	}
	if (fd < 0)
		return error_sys(err, "working directory %s", p->cwd);
	if (fchdir(fd) < 0)
		return error_sys(err, "working directory %s", p->cwd);
	n = syscall(SYS_getcwd, where, sizeof(where));
	if (n < 0)
		return error_sys(err, "working directory %s", p->cwd);
	if (where[0] != '/')
		return error_set(err, ERR_DENIED, "working directory %s is outside the container",
				 p->cwd);
	return 0;
}

static int above(int fd, int low)
{
	return fd < 0 || fd >= low ? fd : fcntl(fd, F_DUPFD_CLOEXEC, low);
}

static int null_stream(struct error *err)
{
	/* path: inside the container, and checked */
	int fd = open("/dev/null", O_RDWR | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC);
	struct stat st;

	if (fd < 0)
		return error_sys(err, "/dev/null of the container");
	if (fstat(fd, &st) < 0 || !S_ISCHR(st.st_mode) || st.st_rdev != makedev(1, 3)) {
		close(fd);
		return error_set(err, ERR_INVALID,
				 "/dev/null of the container is not the null device");
	}
	return fd;
}

/* Puts `from` at number `to`, open across exec. */
static int place(int from, int to)
{
	return from == to ? fcntl(to, F_SETFD, 0) : dup2(from, to);
}

/* A pipe belongs to who may reopen it as /dev/stdout. */
static void give_stream(const struct plan_process *p, int fd)
{
	struct stat st;

	if (fstat(fd, &st) == 0 && S_ISFIFO(st.st_mode) && st.st_uid != p->uid &&
	    fchown(fd, p->uid, (gid_t)-1) < 0)
		return; /* its owner is not ours to change: as good as it gets */
}

enum { STREAMS_MAX = 3, PRESERVE_MAX = 1024 };

static int streams(struct plan_process *p, int slave, struct error *err)
{
	const int first = STREAMS_MAX + (int)p->n_preserve;
	const int low = first + (p->trampoline_error >= 0); /* which has the number before */
	int from[STREAMS_MAX], preserve[PRESERVE_MAX];

	if (p->n_preserve > PRESERVE_MAX)
		return error_set(err, ERR_LIMIT, "more than %d descriptors to preserve",
				 PRESERVE_MAX);
	/* first out of the way, whatever stands where another has to go */
	p->trampoline = above(p->trampoline, low);
	p->trampoline_error = above(p->trampoline_error, low);
	p->parent = above(p->parent, low);
	p->owners = above(p->owners, low);
	if (p->listener)
		p->listener->sock = above(p->listener->sock, low);
	for (size_t i = 0; i < p->n_preserve; i++)
		preserve[i] = above(p->preserve[i], low);
	for (int i = 0; i < STREAMS_MAX; i++) {
		from[i] = slave >= 0 ? slave : p->stdio[i] < 0 ? null_stream(err) : p->stdio[i];
		if (from[i] < 0)
			return -1;
		if (from[i] != i)
			from[i] = above(from[i], low);
	}
	for (int i = 0; i < STREAMS_MAX; i++) {
		if (place(from[i], i) < 0)
			return error_sys(err, "stream %d", i);
		if (p->uid && slave < 0)
			give_stream(p, i);
	}
	for (size_t i = 0; i < p->n_preserve; i++)
		if (place(preserve[i], STREAMS_MAX + (int)i) < 0)
			return error_sys(err, "descriptor %zu to preserve", i);
	if (p->trampoline_error >= 0 && place(p->trampoline_error, first) < 0)
		return error_sys(err, "error pipe");
	if (sys_close_range((unsigned)low, ~0U, CLOSE_RANGE_CLOEXEC) < 0)
		return error_sys(err, "close_range");
	return 0;
}

/* ---- limits, keyring, signals ---- */

static int limit(const struct plan_limit *l, struct error *err)
{
	struct rlimit now, value = l->value;

	if (setrlimit((__rlimit_resource_t)l->resource, &value) == 0)
		return 0;
	/* raising the hard limit needs CAP_SYS_RESOURCE: as high as we may */
	if (errno != EPERM || getrlimit((__rlimit_resource_t)l->resource, &now) < 0)
		return error_sys(err, "limit %d", l->resource);
	value.rlim_max = MIN(value.rlim_max, now.rlim_max);
	value.rlim_cur = MIN(value.rlim_cur, value.rlim_max);
	if (setrlimit((__rlimit_resource_t)l->resource, &value) < 0)
		return error_sys(err, "limit %d", l->resource);
	return 0;
}

static int keyring(const struct plan_process *p, struct error *err)
{
	if (!p->new_keyring)
		return 0;
	/* absent, denied or over quota: the filter keeps the container from keys anyway */
	if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) < 0 && errno != ENOSYS &&
	    errno != EPERM && errno != EDQUOT && errno != EACCES && errno != ENOMEM)
		return error_sys(err, "session keyring");
	return 0;
}

/* Handlers are gone since the clone; what the caller ignores would stay ignored. */
static void signals_default(void)
{
	struct sigaction dfl = { .sa_handler = SIG_DFL };
	sigset_t none;

	for (int sig = 1; sig < 32; sig++)
		if (sig != SIGKILL && sig != SIGSTOP)
			sigaction(sig, &dfl, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* ---- exec ---- */

int command_error(const struct plan_process *p, const char *path, enum command_found found, int sys,
		  struct error *err)
{
	const char *name = p->argv[0];

	if (!path)
		return error_set(err, ERR_NOCOMMAND,
				 "exec: \"%s\": executable file not found in $PATH", name);
	if (sys == ENOENT && found == FOUND_FILE)
		return error_set(
			err, ERR_NOCOMMAND,
			"exec: \"%s\": no such file or directory: the interpreter of %s is "
			"missing",
			name, path);
	if (sys == ENOENT || sys == ENOTDIR)
		return error_set(err, ERR_NOCOMMAND,
				 "exec: \"%s\": stat %s: no such file or directory", name, path);
	if (found == FOUND_DIRECTORY)
		return error_set(err, ERR_NOEXEC, "exec: \"%s\": is a directory", name);
	switch (sys) {
	case EACCES:
	case EPERM:
		return error_set(err, ERR_NOEXEC, "exec: \"%s\": permission denied", name);
	case ENOEXEC:
		return error_set(err, ERR_NOEXEC, "exec: \"%s\": exec format error", name);
	default:
		errno = sys;
		error_sys(err, "exec: \"%s\"", name);
		err->kind = ERR_NOEXEC;
		return -1;
	}
}

static enum command_found find(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0) /* path: inside the container, for a message */
		return FOUND_NOTHING;
	return S_ISDIR(st.st_mode) ? FOUND_DIRECTORY : FOUND_FILE;
}

/* The last exec is made by the trampoline: it shows the path that it would have tried. */
static int run_through(const struct plan_process *p, const char *path)
{
	char *const *argv = p->trampoline_argv;

	if (access(path, X_OK) < 0)
		return -1;
	if (find(path) == FOUND_DIRECTORY) { /* which may be "executed" too */
		errno = EACCES;
		return -1;
	}
	memcpy(p->trampoline_argv, &path, sizeof(path));
	return (int)syscall(SYS_execveat, p->trampoline, "", argv, p->envp, AT_EMPTY_PATH);
}

static int run_direct(const struct plan_process *p, const char *path)
{
	return execve(path, p->argv, p->envp);
}

/* Could it be run, as far as its file tells? */
static int only_look(const struct plan_process *p, const char *path)
{
	if (access(path, X_OK) < 0)
		return -1;
	if (find(path) != FOUND_DIRECTORY)
		return 0;
	errno = EACCES;
	return -1;
}

/* 0 only when only looking: a command that runs does not return. */
static int try_commands(const struct plan_process *p,
			int (*run)(const struct plan_process *p, const char *path), struct error *err)
{
	const char *seen = NULL;
	int sys = ENOENT, e;

	strv_each (&p->commands, i) {
		const char *path = p->commands.v[i];

		if (run(p, path) == 0)
			return 0;
		e = errno;
		/* as execvp: go on where there is nothing, or nothing that may be run */
		if (!p->searched || (e != ENOENT && e != ENOTDIR && e != EACCES))
			return command_error(p, path, find(path), e, err);
		/* what access(2) has not found is not looked for again; execve may miss an interpreter */
		if (!seen && (p->trampoline < 0 || e != ENOENT) && find(path) == FOUND_FILE) {
			sys = e;
			seen = path;
		}
	}
	return command_error(p, seen, seen ? FOUND_FILE : FOUND_NOTHING, sys, err);
}

static int execute(const struct plan_process *p, struct error *err)
{
	return try_commands(p, p->trampoline < 0 ? run_direct : run_through, err);
}

int process_look(const struct plan_process *p, struct error *err)
{
	return try_commands(p, only_look, err);
}

/* While we may do more than they will: each becomes the container's process before it runs. */
static int start_hooks(const struct plan_process *p, struct error *err)
{
	struct hook_state state = p->state;
	struct plan_process as = *p;

	if (!p->hooks)
		return 0;
	as.listener = NULL; /* there can be one, and it is the process's */
	as.die_with_parent = false;
	as.filter.flags &= ~(unsigned)SECCOMP_FILTER_FLAG_NEW_LISTENER;
	state.pid = getpid();
	return hooks_run_as(p->hooks, &as, &state, err);
}

int process_execute(const struct plan_process *plan, int slave, struct error *err)
{
	struct plan_process p = *plan; /* descriptors move */

	if (working_directory(&p, err) < 0 || streams(&p, slave, err) < 0)
		return -1;
	vec_each (&p.limits, l)
		if (limit(l, err) < 0)
			return -1;
	if (keyring(&p, err) < 0)
		return -1;
	umask(p.umask);
	if (schedule_apply(&p.schedule, err) < 0 || start_hooks(&p, err) < 0 ||
	    process_privileges(&p, err) < 0)
		return -1;
	signals_default();
	return execute(&p, err);
}
