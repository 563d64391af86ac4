/*
 * cgroup.c - the v2 cgroup of a container: made, limited, frozen, killed, removed.
 *
 * Owns   the directory that cgroup_make() made, and what is below it.
 * Never  touches a v1 hierarchy. A v2 tree without controllers (hybrid hosts) is good for freezing
 *        and killing; limits there are refused by name.
 */
#include "cgroup.h"

#include "runtime/runtime.h"
#include "util/compat.h"
#include "util/fd.h"
#include "util/path.h"

#include <errno.h>
#include <linux/magic.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/vfs.h>

#define CGROUP_TEXT_MAX (64 << 10) /* bytes of one of its files */
#define DEPTH_MAX	32	   /* of cgroups in a container's */
#define EMPTY_WAIT_MS	10000	   /* for killed processes to be gone */

static const char *const mounts[] = { "/sys/fs/cgroup", "/sys/fs/cgroup/unified" };

/* Where the v2 tree is mounted: its directory, or -1. */
static int mount_open(void)
{
	struct statfs fs;

	for (size_t i = 0; i < ARRAY_SIZE(mounts); i++)
		if (statfs(mounts[i], &fs) == 0 && fs.f_type == CGROUP2_SUPER_MAGIC)
			/* path: the host's own */
			return open(mounts[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return -1;
}

/* path as in /proc/PID/cgroup: absolute below the mount */
int cgroup_open_at(const char *path)
{
	auto_close int mount = mount_open();

	if (mount < 0)
		return -1;
	return openat(mount, path[1] ? path + 1 : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* The v2 path of a process ("0::/..."), yours, or NULL. */
static char *path_of(const char *pid)
{
	auto_done(str) struct str text = { 0 };
	struct error ignored = { 0 }; /* without it there is none */
	char name[64], *line, *save = NULL;

	snprintf(name, sizeof(name), "/proc/%s/cgroup", pid);
	if (file_read(AT_FDCWD, name, &text, CGROUP_TEXT_MAX, &ignored) < 0 || !text.s)
		return NULL;
	for (line = strtok_r(text.s, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		if (str_starts(line, "0::/"))
			return xstrdup(line + 3);
	return NULL;
}

int cgroup_open_of(pid_t pid)
{
	char number[16];
	auto_free char *path = NULL;

	snprintf(number, sizeof(number), "%d", (int)pid);
	path = path_of(number);
	return path && path[1] ? cgroup_open_at(path) : -1;
}

/* ---- resources ---- */

struct setting {
	const char *file;
	char *value;
};
typedef VEC(struct setting) settings;

static void set(settings *s, const char *file, char *value)
{
	vec_push(s, ((struct setting){ file, value }));
}

static void set_number(settings *s, const char *file, int64_t v)
{
	if (v != UNSET)
		set(s, file, v < 0 ? xstrdup("max") : xasprintf("%lld", (long long)v));
}

/* v1 shares 2..262144 with 1024 as usual -> v2 weight 1..10000 with 100 as usual: a curve through all */
static int64_t weight_of_shares(int64_t shares)
{
	int64_t w;

	if (shares <= 2)
		return 1;
	if (shares <= 1024)
		w = 1 + (shares - 2) * 99 / 1022;
	else
		w = 100 + (shares - 1024) * 9900 / (262144 - 1024);
	return MIN(MAX(w, 1), 10000);
}

static void settings_of(const struct spec_resources *r, settings *s)
{
	if (r->memory) {
		const struct spec_memory *m = r->memory;

		set_number(s, "memory.max", m->limit);
		set_number(s, "memory.low", m->reservation);
		if (m->swap != UNSET && m->swap > 0 && m->limit != UNSET && m->limit > 0)
			set_number(s, "memory.swap.max", m->swap - m->limit);
		else
			set_number(s, "memory.swap.max", m->swap);
	}
	if (r->cpu) {
		const struct spec_cpu *c = r->cpu;
		int64_t period = c->period == UNSET || c->period == 0 ? 100000 : c->period;

		if (c->quota != UNSET && c->quota > 0)
			set(s, "cpu.max",
			    xasprintf("%lld %lld", (long long)c->quota, (long long)period));
		if (c->shares != UNSET && c->shares > 0)
			set_number(s, "cpu.weight", weight_of_shares(c->shares));
		if (!str_empty(c->cpus))
			set(s, "cpuset.cpus", xstrdup(c->cpus));
		if (!str_empty(c->mems))
			set(s, "cpuset.mems", xstrdup(c->mems));
	}
	if (r->pids && r->pids->limit != UNSET && r->pids->limit != 0)
		set_number(s, "pids.max", r->pids->limit);
	for (size_t i = 0; i < r->unified.n; i++)
		set(s, r->unified.v[i].key, xstrdup(r->unified.v[i].value));
}

static int file_put(int dir, const char *name, const char *text)
{
	int fd = openat(dir, name, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
	ssize_t n;
	int saved;

	if (fd < 0)
		return -1;
	n = write(fd, text, strlen(text));
	saved = errno;
	close(fd);
	errno = saved;
	return n < 0 ? -1 : 0;
}

static int settings_apply(int dir, const settings *s, struct error *err)
{
	vec_each (s, one) {
		if (strchr(one->file, '/'))
			return error_set(err, ERR_INVALID, "linux.resources.unified: '%s'",
					 one->file);
		if (file_put(dir, one->file, one->value) == 0)
			continue;
		if (errno != ENOENT)
			return error_sys(err, "linux.resources: %s=%s", one->file, one->value);
		return error_set(err, ERR_UNSUPPORTED,
				 "linux.resources: %s: the cgroup has not this controller",
				 one->file);
	}
	return 0;
}

static void settings_done(settings *s)
{
	vec_each (s, one)
		free(one->value);
	vec_done(s);
}

/* ---- making one ---- */

/* The spec's cgroupsPath as a path below the mount; systemd's SLICE:PREFIX:NAME is taken apart. */
static char *wanted_path(const char *text)
{
	auto_free char *rooted = NULL;
	const char *name = strrchr(text, ':');

	if (name)
		rooted = xasprintf("/hod/%s", name + 1);
	else
		rooted = xasprintf("/%s", text);
	return path_clean(rooted);
}

/* Makes each directory of the path; the last must be new. Returns it, or -1 and errno. */
static int directories_make(int mount, const char *path, bool enable)
{
	auto_close int dir = fcntl(mount, F_DUPFD_CLOEXEC, 3);
	auto_free char *copy = xstrdup(path);
	char *save = NULL, *part = strtok_r(copy, "/", &save), *next;

	for (; part && dir >= 0; part = next) {
		int below;

		next = strtok_r(NULL, "/", &save);
		if (enable) /* what is not there to be enabled is found missing when it is set */
			file_put(dir, "cgroup.subtree_control", "+memory +cpu +pids +cpuset +io");
		if (mkdirat(dir, part, 0755) < 0 && (errno != EEXIST || !next))
			return -1;
		below = openat(dir, part, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (below < 0)
			return -1;
		close(dir);
		dir = below;
	}
	return take_fd(&dir);
}

int cgroup_make(const struct spec *spec, int *fd, char **path, struct error *err)
{
	settings wanted = { 0 };
	auto_close int mount = -1;
	auto_free char *place = NULL, *own = NULL;
	int status = 0;

	if (str_empty(spec->linux_.cgroups_path))
		return 0;
	if (spec->linux_.resources)
		settings_of(spec->linux_.resources, &wanted);
	mount = mount_open();
	place = wanted_path(spec->linux_.cgroups_path);
	if (mount >= 0)
		*fd = directories_make(mount, place, wanted.n > 0);
	if (mount >= 0 && *fd < 0 &&
	    (errno == EACCES || errno == EPERM || errno == EROFS || errno == ENOENT)) {
		/* not ours to make there: below the cgroup that we were given */
		own = path_of("self");
		if (own && own[1]) {
			char *below = path_in(own, place);

			free(place);
			place = below;
			*fd = directories_make(mount, place, wanted.n > 0);
		}
	}
	if (*fd >= 0) {
		*path = take_ptr(&place);
		status = settings_apply(*fd, &wanted, err);
	} else if (wanted.n) {
		status = error_set(err, ERR_UNSUPPORTED,
				   "linux.resources: %s: there is no cgroup to set it in",
				   wanted.v[0].file);
	}
	settings_done(&wanted);
	return status;
}

/* ---- kill, freeze, remove ---- */

/* Signals each process; new ones may appear while we do, so a caller that must be sure repeats. */
static int signal_each(int dir, int sig, struct error *err)
{
	auto_done(str) struct str text = { 0 };
	char *save = NULL;

	if (file_read(dir, "cgroup.procs", &text, CGROUP_TEXT_MAX, err) < 0)
		return -1;
	for (char *l = text.s ? strtok_r(text.s, "\n", &save) : NULL; l;
	     l = strtok_r(NULL, "\n", &save)) {
		uint64_t pid;

		if (str_u64(l, &pid) && pid > 1)
			kill((pid_t)pid, sig);
	}
	return 0;
}

static int cgroup_kill(int dir, struct error *err)
{
	if (file_put(dir, "cgroup.kill", "1") == 0)
		return 0;
	return signal_each(dir, SIGKILL, err); /* before Linux 5.14 */
}

int runtime_kill(int pidfd, const char *cgroup, int sig, bool all, struct error *err)
{
	auto_close int dir = all && cgroup ? cgroup_open_at(cgroup) : -1;

	if (dir >= 0)
		return sig == SIGKILL ? cgroup_kill(dir, err) : signal_each(dir, sig, err);
	if (sys_pidfd_send_signal(pidfd, sig, NULL, 0) == 0)
		return 0;
	if (errno == ESRCH)
		return error_set(err, ERR_BUSY, "container not running");
	return error_sys(err, "send signal %d", sig);
}

/* Does cgroup.events say so of the key? 1, 0, -1 */
static int event(int dir, const char *key, struct error *err)
{
	auto_done(str) struct str text = { 0 };
	const char *at;

	if (file_read(dir, "cgroup.events", &text, CGROUP_TEXT_MAX, err) < 0)
		return -1;
	at = strstr(str_get(&text), key);
	return at && str_starts(at + strlen(key), " 1");
}

/* Waits for an event, without polling: the kernel wakes who polls the file. */
static int wait_event(int dir, const char *key, int value, int timeout_ms, struct error *err)
{
	auto_close int fd = openat(dir, "cgroup.events", O_RDONLY | O_CLOEXEC);
	struct pollfd changed = { .fd = fd, .events = POLLPRI };
	int now;

	if (fd < 0)
		return error_sys(err, "cgroup.events");
	for (;;) {
		char seen[256];

		/* reading it arms the next wake-up */
		if (pread(fd, seen, sizeof(seen), 0) < 0)
			return errno == ENODEV ? 0 : error_sys(err, "cgroup.events");
		now = event(dir, key, err);
		if (now < 0 || now == value)
			return now < 0 ? -1 : 0;
		now = poll(&changed, 1, timeout_ms);
		if (now == 0)
			return error_set(err, ERR_BUSY, "the cgroup does not become %s=%d", key,
					 value);
	}
}

int runtime_pause(const char *cgroup, bool freeze, struct error *err)
{
	auto_close int dir = cgroup ? cgroup_open_at(cgroup) : -1;

	if (dir < 0)
		return error_set(err, ERR_UNSUPPORTED, "pause: the container has no cgroup (v2)");
	if (file_put(dir, "cgroup.freeze", freeze ? "1" : "0") < 0)
		return error_sys(err, "cgroup.freeze");
	return wait_event(dir, "frozen", freeze, EMPTY_WAIT_MS, err);
}

/* Removes the directories below, deepest first; the files in them are not ours to remove. */
static int remove_tree(int mount, const char *path, unsigned depth, struct error *err)
{
	auto_done(strv) struct strv names = { 0 };
	auto_close int dir = openat(mount, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (dir < 0)
		return errno == ENOENT ? 0 : error_sys(err, "cgroup %s", path);
	if (depth == 0)
		return error_set(err, ERR_LIMIT, "cgroup %s: too deep", path);
	if (dir_list(dir, &names, err) < 0)
		return -1;
	strv_each (&names, i)
		if (fstatat(dir, names.v[i], &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		    S_ISDIR(st.st_mode) && remove_tree(dir, names.v[i], depth - 1, err) < 0)
			return -1;
	if (unlinkat(mount, path, AT_REMOVEDIR) < 0 && errno != ENOENT)
		return error_sys(err, "remove cgroup %s", path);
	return 0;
}

int runtime_cgroup_remove(const char *cgroup, struct error *err)
{
	auto_close int mount = mount_open(), dir = -1;

	if (mount < 0 || !cgroup || unlinkat(mount, cgroup + 1, AT_REMOVEDIR) == 0 || errno == ENOENT)
		return 0;
	dir = openat(mount, cgroup + 1, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dir < 0)
		return errno == ENOENT ? 0 : error_sys(err, "cgroup %s", cgroup);
	if (cgroup_kill(dir, err) < 0 || wait_event(dir, "populated", 0, EMPTY_WAIT_MS, err) < 0)
		return error_add(err, "cgroup %s", cgroup);
	/* the container may have made others below its own */
	if (unlinkat(mount, cgroup + 1, AT_REMOVEDIR) == 0 || errno == ENOENT)
		return 0;
	return remove_tree(mount, cgroup + 1, DEPTH_MAX, err);
}
