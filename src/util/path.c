/*
 * path.c - places inside a rootfs, and the cleaning of path strings.
 *
 * Owns   every resolution of a name that an image, a container or its user chose.
 * Never  hands such a name to a system call that would resolve more than one component of it,
 *        other than openat2 with RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS (SECURITY.md, rule 1).
 *
 * Theory of operation: openat2 does the work where the kernel has it (5.6). Making directories, and
 * everything on older kernels, is a walk: one component at a time by O_PATH|O_NOFOLLOW on the
 * descriptor of the last; a link's text is put in front of what is left, an absolute one starts
 * again at the root. What was walked is kept as text without links, so that ".." walks it again
 * from the root instead of asking the file system, where the directory may have been moved out.
 */
#include "util/path.h"

#include "util/compat.h"
#include "util/str.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINKS_MAX  40  /* as the kernel's own limit */
#define RACE_TRIES 128 /* openat2 says EAGAIN when a ".." met a rename */

struct make {
	mode_t mode;
	uid_t uid;
	gid_t gid;
};
struct walk {
	int root, dir;	 /* dir is -1 while it is the root */
	struct str done; /* components behind us, without links */
	struct str rest;
	unsigned links;
};
static void walk_done(struct walk *w)
{
	auto_close_fd(&w->dir);
	str_done(&w->done);
	str_done(&w->rest);
}

static int walk_at(const struct walk *w)
{
	return w->dir < 0 ? w->root : w->dir;
}

static void walk_to(struct walk *w, int dir)
{
	auto_close_fd(&w->dir);
	w->dir = dir;
}

/* Takes the next component off rest; NULL at the end. *last: only slashes follow it. */
static char *walk_next(struct walk *w, bool *last)
{
	const char *s = str_get(&w->rest);
	size_t start = strspn(s, "/"), len = strcspn(s + start, "/");
	char *name, *left;

	if (len == 0)
		return NULL;
	name = xstrndup(s + start, len);
	left = xstrdup(s + start + len);
	*last = left[strspn(left, "/")] == '\0';
	str_clear(&w->rest);
	str_add(&w->rest, left);
	free(left);
	return name;
}

/* ".."; at the root it stays there. */
static int walk_up(struct walk *w)
{
	char *slash = w->done.s ? strrchr(w->done.s, '/') : NULL;
	auto_free char *path = NULL;
	char *save = NULL;
	int fd;

	walk_to(w, -1);
	if (!slash) {
		str_clear(&w->done);
		return 0;
	}
	*slash = '\0';
	w->done.len = (size_t)(slash - w->done.s);
	path = xstrdup(str_get(&w->done));
	for (char *c = strtok_r(path, "/", &save); c; c = strtok_r(NULL, "/", &save)) {
		fd = openat(walk_at(w), c, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (fd < 0)
			return -1;
		walk_to(w, fd);
	}
	return 0;
}

static int walk_link(struct walk *w, int link)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(link, "", target, sizeof(target) - 1);
	struct str rest = { 0 };

	if (n < 0)
		return -1;
	if (++w->links > LINKS_MAX || n == 0) {
		errno = n ? ELOOP : ENOENT;
		return -1;
	}
	target[n] = '\0';
	str_addn(&rest, target, (size_t)n);
	str_add(&rest, str_get(&w->rest)); /* starts with '/' or is empty */
	if (rest.len >= PATH_MAX) {
		str_done(&rest);
		errno = ENAMETOOLONG;
		return -1;
	}
	str_done(&w->rest);
	w->rest = rest;
	if (target[0] == '/') {
		str_clear(&w->done);
		walk_to(w, -1);
	}
	return 0;
}

/* Makes one directory with its owner; the mode is set apart because of the umask. */
static int make_one(int dir, const char *name, const struct make *m)
{
	auto_close int fd = -1;
	struct stat st;

	if (mkdirat(dir, name, 0700) < 0)
		return errno == EEXIST ? 0 : -1;
	fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return -1;
	if (((m->uid != (uid_t)-1 && st.st_uid != m->uid) ||
	     (m->gid != (gid_t)-1 && st.st_gid != m->gid)) &&
	    fchown(fd, m->uid, m->gid) < 0)
		return -1;
	return fchmod(fd, m->mode);
}

/* One component that is no dot. Returns 1 when it was a link, now in front of rest; 0; -1. */
static int walk_enter(struct walk *w, const char *name, bool follow, const struct make *m, int *fd)
{
	struct stat st;

	*fd = openat(walk_at(w), name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (*fd < 0 && errno == ENOENT && m) {
		if (make_one(walk_at(w), name, m) < 0)
			return -1;
		*fd = openat(walk_at(w), name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	}
	if (*fd < 0 || fstat(*fd, &st) < 0)
		return -1;
	if (S_ISLNK(st.st_mode) && follow) {
		int r = walk_link(w, *fd);

		auto_close_fd(fd);
		return r < 0 ? -1 : 1;
	}
	return 0;
}

/* Opens what the last component is, with the flags the caller wants. */
static int walk_finish(struct walk *w, const char *name, int fd, int flags, mode_t mode)
{
	auto_close int found = fd;
	struct stat st;

	if (!(flags & O_PATH))
		return openat(walk_at(w), name, flags | O_NOFOLLOW | O_CLOEXEC, mode);
	if (flags & O_DIRECTORY) {
		if (fstat(found, &st) < 0)
			return -1;
		if (!S_ISDIR(st.st_mode)) {
			errno = ENOTDIR;
			return -1;
		}
	}
	return take_fd(&found);
}

/* The walk. With m, missing directories are made (and flags are O_PATH|O_DIRECTORY). */
static int walk_open(int root, const char *path, int flags, mode_t mode, const struct make *m)
{
	auto_done(walk) struct walk w = { .root = root, .dir = -1 };
	bool last = false, slash = str_ends(path, "/"), dots, follow;
	int fd = -1, r;

	if (strlen(path) >= PATH_MAX) {
		errno = ENAMETOOLONG;
		return -1;
	}
	if (slash)
		flags |= O_DIRECTORY;
	str_add(&w.rest, path);
	for (;;) {
		auto_free char *name = walk_next(&w, &last);

		if (!name)
			return openat(walk_at(&w), ".", flags | O_CLOEXEC, mode);
		dots = strcmp(name, "..") == 0;
		if (dots && walk_up(&w) < 0)
			return -1;
		if (dots || strcmp(name, ".") == 0)
			continue;
		follow = !last || slash || !(flags & O_NOFOLLOW);
		r = walk_enter(&w, name, follow, m, &fd);
		if (r < 0 && errno == ENOENT && last && flags & O_CREAT)
			return walk_finish(&w, name, -1, flags, mode);
		if (r < 0)
			return -1;
		if (r == 1)
			continue;
		if (last)
			return walk_finish(&w, name, fd, flags, mode);
		walk_to(&w, fd);
		if (w.done.len)
			str_addc(&w.done, '/');
		str_add(&w.done, name);
	}
}

/* openat2, or -1 with ENOSYS */
static int open_in_root(int root, const char *path, int flags, mode_t mode)
{
	struct open_how how = {
		.flags = (uint64_t)(unsigned)(flags | O_CLOEXEC),
		.mode = flags & (O_CREAT | (O_TMPFILE & ~O_DIRECTORY)) ? mode : 0,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};
	int fd;

	for (int i = 0; i < RACE_TRIES; i++) {
		fd = sys_openat2(root, path, &how, sizeof(how));
		if (fd >= 0 || (errno != EAGAIN && errno != EINTR))
			return fd;
	}
	return -1;
}

static int open_any_way(int root, const char *path, int flags, mode_t mode)
{
	int fd;

	if (!*path)
		path = ".";
	fd = open_in_root(root, path, flags, mode);
	/* a seccomp filter of an outer container may answer EPERM for what it does not know */
	if (fd < 0 && (errno == ENOSYS || errno == EPERM))
		fd = walk_open(root, path, flags, mode, NULL);
	return fd;
}

int rootfs_open(int root, const char *path, int flags, mode_t mode, struct error *err)
{
	int fd = open_any_way(root, path, flags, mode);

	if (fd < 0)
		return error_sys(err, "open %s", path);
	return fd;
}

int rootfs_find(int root, const char *path, int *fd, struct error *err)
{
	*fd = open_any_way(root, path, O_PATH, 0);
	if (*fd >= 0)
		return 1;
	if (errno == ENOENT || errno == ENOTDIR)
		return 0;
	return error_sys(err, "open %s", path);
}

int rootfs_mkdirs(int root, const char *path, mode_t mode, uid_t uid, gid_t gid, struct error *err)
{
	const struct make m = { .mode = mode, .uid = uid, .gid = gid };
	int fd = open_any_way(root, path, O_PATH | O_DIRECTORY, 0);

	if (fd < 0 && errno == ENOENT)
		fd = walk_open(root, path, O_PATH | O_DIRECTORY, 0, &m);
	if (fd < 0)
		return error_sys(err, "make directory %s", path);
	return fd;
}

int rootfs_parent(int root, const char *path, bool make, char **name, struct error *err)
{
	size_t end = strlen(path), start;
	auto_free char *dir = NULL, *base = NULL;
	int fd;

	while (end > 0 && path[end - 1] == '/')
		end--;
	for (start = end; start > 0 && path[start - 1] != '/'; start--)
		;
	base = xstrndup(path + start, end - start);
	if (!*base || strcmp(base, ".") == 0 || strcmp(base, "..") == 0)
		return error_set(err, ERR_INVALID, "'%s' does not end in a name", path);
	dir = start ? xstrndup(path, start) : xstrdup(".");
	fd = make ? rootfs_mkdirs(root, dir, 0755, (uid_t)-1, (gid_t)-1, err)
		  : rootfs_open(root, dir, O_PATH | O_DIRECTORY, 0, err);
	if (fd >= 0)
		*name = take_ptr(&base);
	return fd;
}

char *path_clean(const char *path)
{
	bool rooted = path[0] == '/';
	struct str out = { 0 };
	size_t keep =
		rooted; /* leading ".." of a relative path, or the root, cannot be taken back */

	if (rooted)
		str_addc(&out, '/');
	for (const char *p = path; *p;) {
		size_t len = strcspn(p, "/");

		if (len == 2 && p[0] == '.' && p[1] == '.') {
			if (out.len > keep) {
				while (out.len > keep && out.s[--out.len] != '/')
					;
				out.s[out.len] = '\0';
			} else if (!rooted) {
				str_add(&out, out.len ? "/.." : "..");
				keep = out.len;
			}
		} else if (len > 0 && !(len == 1 && p[0] == '.')) {
			if (out.len > (size_t)rooted)
				str_addc(&out, '/');
			str_addn(&out, p, len);
		}
		p += len + (p[len] == '/');
	}
	if (out.len == 0)
		str_addc(&out, '.');
	return str_take(&out);
}

char *path_join(const char *a, const char *b)
{
	auto_free char *joined = b[0] == '/' ? xstrdup(b) : xasprintf("%s/%s", a, b);

	return path_clean(joined);
}

char *path_in(const char *dir, const char *name)
{
	auto_free char *rooted = xasprintf("/%s", name), *clean = path_clean(rooted);
	auto_free char *joined = xasprintf("%s/%s", dir, clean);

	return path_clean(joined);
}

const char *path_base(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

bool path_is_below(const char *path, const char *dir)
{
	size_t n = strlen(dir);

	if (strcmp(dir, "/") == 0)
		return path[0] == '/';
	return strncmp(path, dir, n) == 0 && (path[n] == '/' || path[n] == '\0');
}
