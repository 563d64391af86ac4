/*
 * container_status.c - whether a container runs, by its lock, and how it ended, by its state.
 *
 * Theory of operation. The monitor takes the lock, then writes states; the final one before it lets
 * go. A state that has ended, or that never began, needs no lock to be believed: it says nothing
 * about life. One that says "running" is believed while the lock is held. Is the lock free, then
 * the state is read once more: the monitor may have ended between our two looks (it has ended
 * then), or another one begun (then it is another run, and we start again). The same run, not
 * ended, with its lock free: the monitor died, killed or with the machine.
 */
#include "container_private.h"
#include "store_private.h"
#include "util/fd.h"
#include "util/text.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/inotify.h>

#include "util/compat.h"

#define LOOKS_MAX	100		   /* each needs another start between two looks */
#define WAITER_PATIENCE (5 * NSEC_PER_SEC) /* for one that is stopped itself, or starved */

int container_state_parse(const char *text, size_t n, struct container_state *s, struct error *err)
{
	fields_done(container_state_fields, s);
	if (fields_parse(container_state_fields, text, n, &store_limits, FIELDS_LENIENT, s, err) < 0)
		return error_add(err, "state.json");
	if (s->pid == UNSET)
		s->pid = 0;
	if (s->pid_start == UNSET)
		s->pid_start = 0;
	if (s->monitor_pid == UNSET)
		s->monitor_pid = 0;
	if (s->started_ns == UNSET)
		s->started_ns = 0;
	if (s->finished_ns == UNSET)
		s->finished_ns = 0;
	if (s->restarts == UNSET)
		s->restarts = 0;
	if (s->pid < 0 || s->pid > INT32_MAX || s->monitor_pid < 0 || s->monitor_pid > INT32_MAX ||
	    s->started_ns < 0 || s->finished_ns < 0 ||
	    (s->exit_code != UNSET && (s->exit_code < 0 || s->exit_code > 255))) {
		fields_done(container_state_fields, s);
		return error_set(err, ERR_INVALID, "state.json: a number is out of its range");
	}
	return 0;
}

/* 1 read, 0 there is none, -1 damaged */
static int state_read(int dir, const char *prefix, struct container_state *s, struct error *err)
{
	char name[CONTAINER_ID_MAX + 16], buf[8192];
	auto_done(str) struct str big = { 0 };
	size_t n = 0;
	int r;

	snprintf(name, sizeof(name), "%sstate.json", prefix);
	r = small_read(dir, name, buf, sizeof(buf), &n, err);
	if (r < 0 && err->kind == ERR_LIMIT) {
		if (file_read(dir, name, &big, RECORD_MAX, err) < 0)
			return -1;
		return container_state_parse(big.s, big.len, s, err) < 0 ? -1 : 1;
	}
	if (r <= 0) {
		fields_done(container_state_fields, s);
		if (r == 0)
			return container_state_parse("{}", 2, s, err);
		return -1;
	}
	return container_state_parse(buf, n, s, err) < 0 ? -1 : 1;
}

int container_lock_held(int dir, const char *prefix, struct error *err)
{
	char name[CONTAINER_ID_MAX + 16];
	auto_close int fd = -1;

	snprintf(name, sizeof(name), "%slock", prefix);
	fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? 0 : error_sys(err, "open lock");
	return lock_held(fd, err);
}

bool container_is_frozen(const char *cgroup)
{
	static const char *const mounts[] = { "/sys/fs/cgroup", "/sys/fs/cgroup/unified" };
	struct error ignored = { 0 }; /* no answer: not frozen */
	char buf[8];
	size_t n;

	if (str_empty(cgroup))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(mounts); i++) {
		auto_free char *path = xasprintf("%s/%s/cgroup.freeze", mounts[i], cgroup);

		if (small_read(AT_FDCWD, path, buf, sizeof(buf), &n, &ignored) == 1)
			return buf[0] == '1';
	}
	return false;
}

int container_id_held(struct store *st, const char *id)
{
	struct error ignored = { 0 }; /* what cannot be asked is not there */
	auto_free char *prefix = NULL;
	int dir;

	if (!digest_is_hex(id) || store_dir_find(st, STORE_CONTAINERS, &dir, &ignored) != 1)
		return -1;
	if (faccessat(dir, id, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
		return -1;
	prefix = xasprintf("%s/", id);
	return container_lock_held(dir, prefix, &ignored);
}

/* The monitor is gone and left a state that says "running". */
static void settle_lost(int dir, const char *prefix, struct container_state *s)
{
	struct error ignored = { 0 }; /* an unknown boot is another one */
	char boot[64] = "", name[CONTAINER_ID_MAX + 16];
	struct stat st;
	size_t n;

	small_read(AT_FDCWD, "/proc/sys/kernel/random/boot_id", boot, sizeof(boot), &n, &ignored);
	boot[strcspn(boot, "\n")] = '\0';
	if (s->restarting) { /* it had ended, and its end is told */
		s->restarting = false;
		return;
	}
	s->exit_code = 137;
	free(s->reason);
	s->reason = xstrdup(str_eq(s->boot_id, boot) ? "monitor-lost" : "reboot");
	/* when it happened nobody knows; it was alive when it wrote last */
	snprintf(name, sizeof(name), "%sstate.json", prefix);
	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
		s->finished_ns = (int64_t)st.st_mtim.tv_sec * NSEC_PER_SEC + st.st_mtim.tv_nsec;
	s->finished_ns = MAX(s->finished_ns, s->started_ns);
	s->pid = 0;
}

static bool has_begun(const struct container_state *s)
{
	return s->started_ns > 0 || s->pid > 0;
}

/* A run whose lock was found free. */
struct lone_run {
	int64_t started_ns, monitor_pid;
	bool seen;
};
enum look { LOST, LIVES, AGAIN };

/* What becomes of a state that says "running"; -1 on failure. */
static int run_probe(int dir, const char *prefix, const struct container_state *s,
		     struct lone_run *lone, struct error *err)
{
	int held;

	if (lone->seen && lone->started_ns == s->started_ns && lone->monitor_pid == s->monitor_pid)
		return LOST;
	held = container_lock_held(dir, prefix, err);
	if (held != 0)
		return held < 0 ? -1 : LIVES;
	*lone = (struct lone_run){ s->started_ns, s->monitor_pid, true };
	return AGAIN;
}

int container_settle(int dir, const char *prefix, struct container *c, struct error *err)
{
	struct container_state *s = &c->state;
	struct lone_run lone = { 0 };
	int there, look = LIVES;

	for (int i = 0; i < LOOKS_MAX; i++) {
		there = state_read(dir, prefix, s, err);
		if (there == 1 && has_begun(s) && (s->exit_code == UNSET || s->restarting))
			look = run_probe(dir, prefix, s, &lone, err);
		else
			look = LIVES;
		if (look != AGAIN)
			break;
	}
	if (there < 0 || look < 0) {
		c->status = CONTAINER_CORRUPT;
		return -1;
	}
	if (c->why) { /* its record is damaged; the state is shown as far as it goes */
		c->status = CONTAINER_CORRUPT;
		return 0;
	}
	if (!c->record.id && there == 1)
		return error_set(err, ERR_INVALID, "record.json is missing");
	if (look == LOST)
		settle_lost(dir, prefix, s);
	if (s->restarting)
		c->status = CONTAINER_RESTARTING;
	/* one whose command could not be executed has a code, but never ran: created, as docker's */
	else if (s->exit_code != UNSET && s->started_ns)
		c->status = CONTAINER_EXITED;
	else if (s->exit_code != UNSET || !has_begun(s))
		c->status = CONTAINER_CREATED;
	else
		c->status = container_is_frozen(s->cgroup) ? CONTAINER_PAUSED : CONTAINER_RUNNING;
	return 0;
}

bool container_is_alive(const struct container *c)
{
	return c->status == CONTAINER_RUNNING || c->status == CONTAINER_PAUSED ||
	       c->status == CONTAINER_RESTARTING;
}

/* Tells of a new state file in the container's directory, or that it was moved away. */
static int watch_files(const struct container *c, struct error *err)
{
	auto_close int watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	char dir[32];

	if (watch < 0)
		return error_sys(err, "watch a container");
	snprintf(dir, sizeof(dir), "/proc/self/fd/%d", c->fd);
	if (inotify_add_watch(watch, dir, IN_MOVED_TO | IN_CLOSE_WRITE | IN_MOVE_SELF | IN_ONLYDIR) <
	    0)
		return error_sys(err, "watch container %.12s", c->id);
	return take_fd(&watch);
}

/*
 * Waits for the monitor's end, or for what the files tell, whichever comes first. *watch is made
 * only where it is needed: closing an inotify descriptor takes the kernel 10 ms. It is where the
 * record of the end is there for a moment only, before --rm takes it away, and where there is no
 * monitor to watch.
 */
static int wait_change(int *watch, const struct container *c, int64_t left_ns, struct error *err)
{
	auto_close int pidfd =
		c->state.monitor_pid > 0 ? sys_pidfd_open((pid_t)c->state.monitor_pid, 0) : -1;
	struct pollfd fds[2] = { { .events = POLLIN }, { .fd = pidfd, .events = POLLIN } };
	struct timespec ts = { left_ns / NSEC_PER_SEC, left_ns % NSEC_PER_SEC };
	char events[4096];
	int held;

	if (*watch < 0 && (pidfd < 0 || c->record.auto_remove)) {
		*watch = watch_files(c, err);
		return *watch < 0 ? -1 : 0; /* what changed before is not told: look again */
	}
	held = container_lock_held(c->fd, "", err);
	/* free already, so the pidfd might be that of a stranger: look at the state again */
	if (held <= 0)
		return held;
	fds[0].fd = *watch;
	if (ppoll(fds, 2, left_ns < 0 ? NULL : &ts, NULL) < 0) {
		if (errno == EINTR)
			return error_set(err, ERR_INTERRUPTED, "interrupted");
		return error_sys(err, "wait for container %.12s", c->id);
	}
	while (*watch >= 0 && read(*watch, events, sizeof(events)) > 0)
		;
	return 0;
}

static int wait_end(struct store *st, struct container *c, int64_t timeout_ns, struct error *err)
{
	int64_t end = timeout_ns < 0 ? -1 : time_monotonic_ns() + timeout_ns, left = -1;
	auto_close int watch = -1;

	for (;;) {
		if (container_refresh(st, c, err) < 0)
			return -1;
		if (!container_is_alive(c))
			return 1;
		flock(c->fd, LOCK_SH | LOCK_NB); /* see container_let_read() */
		if (end >= 0) {
			left = end - time_monotonic_ns();
			if (left <= 0)
				return 0;
		}
		if (wait_change(&watch, c, left, err) < 0)
			return -1;
	}
}

int container_wait(struct store *st, struct container *c, int64_t timeout_ns, struct error *err)
{
	int r = wait_end(st, c, timeout_ns, err);

	if (c->fd >= 0)
		flock(c->fd, LOCK_UN);
	return r;
}

void container_let_read(const struct container *c)
{
	int64_t end = time_monotonic_ns() + WAITER_PATIENCE;

	while (flock(c->fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK &&
	       time_monotonic_ns() < end)
		poll(NULL, 0, 1);
}

/* Until a file changes, or the monitor ends, who may have had no time to say so. */
static int wait_news(int watch, const struct container *c, int64_t left_ns, struct error *err)
{
	auto_close int pidfd = container_is_alive(c) && c->state.monitor_pid > 0
				       ? sys_pidfd_open((pid_t)c->state.monitor_pid, 0)
				       : -1;
	struct pollfd fds[2] = { { .fd = watch, .events = POLLIN },
				 { .fd = pidfd, .events = POLLIN } };
	struct timespec ts = { left_ns / NSEC_PER_SEC, left_ns % NSEC_PER_SEC };
	char events[4096];

	if (ppoll(fds, 2, left_ns < 0 ? NULL : &ts, NULL) < 0) {
		if (errno == EINTR)
			return error_set(err, ERR_INTERRUPTED, "interrupted");
		return error_sys(err, "wait for container %.12s", c->id);
	}
	while (read(watch, events, sizeof(events)) > 0)
		;
	return 0;
}

int container_wait_until(struct store *st, struct container *c,
			 int (*met)(struct store *st, const struct container *c, const void *arg,
				    struct error *err),
			 const void *arg, int64_t timeout_ns, struct error *err)
{
	int64_t end = timeout_ns < 0 ? -1 : time_monotonic_ns() + timeout_ns, left = -1;
	auto_close int watch = watch_files(c, err);
	int r;

	if (watch < 0)
		return -1;
	for (;;) {
		if (container_refresh(st, c, err) < 0)
			return -1;
		r = met(st, c, arg, err);
		if (r != 0)
			return r;
		if (end >= 0) {
			left = end - time_monotonic_ns();
			if (left <= 0)
				return 0;
		}
		if (wait_news(watch, c, left, err) < 0)
			return -1;
	}
}
