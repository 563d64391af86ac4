/*
 * cgroup.c - the v2 tree: where it is, whose cgroup is where; a cgroup frozen, killed, removed.
 *
 * Never  touches a v1 hierarchy. A v2 tree without controllers (hybrid hosts) is good for freezing
 *        and killing.
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

#define DEPTH_MAX     32    /* of cgroups in a container's */
#define EMPTY_WAIT_MS 10000 /* for killed processes to be gone */

static const char *const mounts[] = { "/sys/fs/cgroup", "/sys/fs/cgroup/unified" };

int cgroup_mount_open(enum cgroup_tree *tree)
{
	struct statfs fs;

	for (size_t i = 0; i < ARRAY_SIZE(mounts); i++)
		if (statfs(mounts[i], &fs) == 0 && fs.f_type == CGROUP2_SUPER_MAGIC) {
			*tree = i == 0 ? CGROUP_TREE_PURE : CGROUP_TREE_HYBRID;
			/* path: the host's own */
			return open(mounts[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		}
	*tree = CGROUP_TREE_NONE;
	return -1;
}

int cgroup_mount_clone(void)
{
	enum cgroup_tree tree;
	auto_close int mount = cgroup_mount_open(&tree);

	return mount < 0 ? -1
			 : sys_open_tree(mount, "",
					 AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
}

/* path as in /proc/PID/cgroup: absolute below the mount */
int cgroup_open_at(const char *path)
{
	enum cgroup_tree tree;
	auto_close int mount = cgroup_mount_open(&tree);

	if (mount < 0)
		return -1;
	return openat(mount, path[1] ? path + 1 : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

char *cgroup_path_of(pid_t pid)
{
	auto_done(str) struct str text = { 0 };
	struct error ignored = { 0 }; /* without it there is none */
	char name[64] = "/proc/self/cgroup", *line, *save = NULL;

	if (pid)
		snprintf(name, sizeof(name), "/proc/%d/cgroup", (int)pid);
	if (file_read(AT_FDCWD, name, &text, CGROUP_TEXT_MAX, &ignored) < 0 || !text.s)
		return NULL;
	for (line = strtok_r(text.s, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		if (str_starts(line, "0::/"))
			return xstrdup(line + 3);
	return NULL;
}

int cgroup_open_of(pid_t pid)
{
	auto_free char *path = cgroup_path_of(pid);

	return path && path[1] ? cgroup_open_at(path) : -1;
}

int cgroup_put(int dir, const char *file, const char *text)
{
	int fd = openat(dir, file, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
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

char *cgroup_get(int dir, const char *file)
{
	struct str text = { 0 };
	struct error ignored = { 0 }; /* what is not there has no text */

	file_read(dir, file, &text, CGROUP_TEXT_MAX, &ignored);
	while (text.len && text.s[text.len - 1] == '\n')
		text.s[--text.len] = '\0';
	return str_take(&text);
}

bool cgroup_has_word(const char *list, const char *word)
{
	size_t n = strlen(word);

	for (const char *at = list; at && (at = strstr(at, word)); at += n)
		if ((at == list || at[-1] == ' ') && (!at[n] || at[n] == ' '))
			return true;
	return false;
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
	if (cgroup_put(dir, "cgroup.kill", "1") == 0)
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
	if (cgroup_put(dir, "cgroup.freeze", freeze ? "1" : "0") < 0)
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

/* The directory that ours are made in is not left behind empty; in use it cannot be removed. */
static void remove_home(int mount, const char *cgroup)
{
	auto_free char *home = xstrdup(cgroup + 1);
	char *end = strrchr(home, '/');

	if (!end)
		return;
	*end = '\0';
	if (str_eq(path_base(home), CGROUP_HOME))
		unlinkat(mount, home, AT_REMOVEDIR);
}

static int remove_all(int mount, const char *cgroup, struct error *err)
{
	auto_close int dir = -1;

	if (unlinkat(mount, cgroup + 1, AT_REMOVEDIR) == 0 || errno == ENOENT)
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

bool runtime_cgroup_exists(const char *cgroup)
{
	auto_close int dir = cgroup ? cgroup_open_at(cgroup) : -1;

	return dir >= 0;
}

static void list_home(int mount, const char *path, struct strv *names)
{
	auto_close int dir = openat(mount, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	auto_done(strv) struct strv all = { 0 };
	struct error ignored = { 0 }; /* then there is nothing to be seen */

	if (dir < 0 || dir_list(dir, &all, &ignored) < 0)
		return;
	strv_each (&all, i)
		if (!strchr(all.v[i], '.')) /* else a file of the kernel's */
			strv_add(names, all.v[i]);
}

void runtime_cgroup_list(struct strv *names)
{
	enum cgroup_tree tree;
	auto_close int mount = cgroup_mount_open(&tree);
	auto_free char *own = mount < 0 ? NULL : cgroup_path_of(0);
	char *end;

	if (mount < 0)
		return;
	list_home(mount, CGROUP_HOME, names);
	if (!own || !own[1])
		return;
	/* as cgroup_make tries them: from our own cgroup up */
	cgroup_is_ours(&own);
	while (own[1]) {
		auto_free char *below = xasprintf("%s/" CGROUP_HOME, own + 1);

		list_home(mount, below, names);
		end = strrchr(own, '/');
		end[end == own ? 1 : 0] = '\0';
	}
}

int runtime_cgroup_remove(const char *cgroup, struct error *err)
{
	enum cgroup_tree tree;
	auto_close int mount = cgroup ? cgroup_mount_open(&tree) : -1;

	if (mount < 0)
		return 0;
	if (remove_all(mount, cgroup, err) < 0)
		return -1;
	if (tree == CGROUP_TREE_PURE)
		remove_home(mount, cgroup);
	return 0;
}
