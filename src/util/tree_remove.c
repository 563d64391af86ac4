/*
 * tree_remove.c - whole directory trees: listing one level, removing, measuring.
 *
 * The walk is iterative with one open descriptor, because an image may hold directories deeper
 * than our stack and our descriptor limit. It goes up by "..", and makes sure by device and inode
 * that it arrived where it came from.
 *
 * Never  follows a symbolic link.
 */
#include "util/fd.h"

#include "util/vec.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>

#define ENTRIES_SIZE ((size_t)32 << 10) /* of getdents64(2) */

/* Sorts what one getdents64 gave. */
static void entries_take(int fd, const char *entries, size_t n, struct strv *dirs, struct strv *others)
{
	const struct dirent64 *e;
	struct stat st;

	for (size_t at = 0; at < n; at += e->d_reclen) {
		bool is_dir;

		e = (const struct dirent64 *)(const void *)(entries + at);
		is_dir = e->d_type == DT_DIR;
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		if (e->d_type == DT_UNKNOWN && dirs != others)
			is_dir = fstatat(fd, e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
				 S_ISDIR(st.st_mode);
		strv_add(is_dir ? dirs : others, e->d_name);
	}
}

/*
 * Names in the directory, unsorted; dirs receives those that are directories, others the rest. Without
 * readdir(3), which costs six calls a directory more: a container's removal is on the way of run.
 */
static int dir_scan(int fd, struct strv *dirs, struct strv *others, struct error *err)
{
	auto_free char *entries = xmalloc(ENTRIES_SIZE);
	ssize_t n;

	while ((n = getdents64(fd, entries, ENTRIES_SIZE)) > 0)
		entries_take(fd, entries, (size_t)n, dirs, others);
	return n < 0 ? error_sys(err, "read directory") : 0;
}

int dir_list(int dirfd, struct strv *names, struct error *err)
{
	/* the caller's descriptor may be O_PATH, and keeps its offset */
	auto_close int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return error_sys(err, "open directory");
	if (dir_scan(fd, names, names, err) < 0)
		return -1;
	strv_sort(names);
	return 0;
}

struct level {
	struct strv dirs; /* still to be visited; the last is next */
	dev_t dev;
	ino_t ino;
};
struct tree {
	VEC(struct level) levels;
	int fd; /* of the innermost level */
};
static void tree_done(struct tree *t)
{
	vec_each (&t->levels, l)
		strv_done(&l->dirs);
	vec_done(&t->levels);
	auto_close_fd(&t->fd);
}

static int tree_enter(struct tree *t, int fd, bool empty_it, struct strv *others, struct error *err)
{
	struct level *l = vec_add(&t->levels);
	struct stat st;

	if (t->fd >= 0)
		close(t->fd);
	t->fd = fd;
	if (fstat(fd, &st) < 0)
		return error_sys(err, "stat directory");
	l->dev = st.st_dev;
	l->ino = st.st_ino;
	/* what cannot be written cannot be emptied, unless we are root here */
	if (empty_it && (st.st_mode & 0700) != 0700)
		fchmod(fd, 0700);
	return dir_scan(fd, &l->dirs, others, err);
}

/* Back to the level above, whose last directory is the one just left. */
static int tree_leave(struct tree *t, struct error *err)
{
	struct level *l = &t->levels.v[t->levels.n - 1];
	struct stat st;
	int up;

	strv_done(&l->dirs);
	t->levels.n--;
	l--;
	up = openat(t->fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (up < 0)
		return error_sys(err, "open parent directory");
	close(t->fd);
	t->fd = up;
	if (fstat(up, &st) < 0)
		return error_sys(err, "stat directory");
	if (st.st_dev != l->dev || st.st_ino != l->ino)
		return error_set(err, ERR_BUSY, "a directory was moved while it was read");
	return 0;
}

/* Opens a directory to read it; one without r or x for its owner is given them first. */
static int dir_open_forced(int dirfd, const char *name)
{
	auto_close int path = -1;
	char link[32];
	int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd >= 0 || errno != EACCES)
		return fd;
	path = openat(dirfd, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (path < 0)
		return -1;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", path);
	if (chmod(link, 0700) < 0)
		return -1;
	return open(link, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static int unlink_all(int dirfd, const struct strv *names, struct error *err)
{
	strv_each (names, i)
		if (unlinkat(dirfd, names->v[i], 0) < 0 && errno != ENOENT)
			return error_sys(err, "remove %s", names->v[i]);
	return 0;
}

static int remove_enter(struct tree *t, int dirfd, const char *name, struct error *err)
{
	auto_done(strv) struct strv files = { 0 };
	int fd = dir_open_forced(dirfd, name);

	if (fd < 0)
		return error_sys(err, "open directory %s", name);
	if (tree_enter(t, fd, true, &files, err) < 0)
		return -1;
	return unlink_all(fd, &files, err);
}

static int remove_below(struct tree *t, int dirfd, const char *name, struct error *err)
{
	if (remove_enter(t, dirfd, name, err) < 0)
		return -1;
	for (;;) {
		struct level *l = &t->levels.v[t->levels.n - 1];
		char *next;

		if (l->dirs.n == 0) {
			if (t->levels.n == 1)
				return 0;
			if (tree_leave(t, err) < 0)
				return -1;
			l = &t->levels.v[t->levels.n - 1];
			next = l->dirs.v[l->dirs.n - 1];
			if (unlinkat(t->fd, next, AT_REMOVEDIR) < 0 && errno != ENOENT)
				return error_sys(err, "remove directory %s", next);
			strv_remove(&l->dirs, l->dirs.n - 1);
			continue;
		}
		next = l->dirs.v[l->dirs.n - 1];
		if (unlinkat(t->fd, next, AT_REMOVEDIR) == 0 || errno == ENOENT) /* an empty one */
			strv_remove(&l->dirs, l->dirs.n - 1);
		else if (remove_enter(t, t->fd, next, err) < 0)
			return -1;
	}
}

/* Can another process have caused this, by removing the same tree, or by a last file it made in it? */
static bool is_crossed(int sys)
{
	return sys == ENOENT || sys == ENOTEMPTY || sys == EEXIST;
}

/* What others take away under our feet, or add to it, is no failure; it is only done again. */
static int remove_directory(int dirfd, const char *name, struct error *err)
{
	for (int tries = 0;; tries++) {
		struct tree t = { .fd = -1 };
		int r = remove_below(&t, dirfd, name, err);

		tree_done(&t);
		if (r < 0 && (!is_crossed(err->sys) || tries > 100))
			return -1;
		if (unlinkat(dirfd, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
			return 0;
		if (!is_crossed(errno) || tries > 100)
			return error_sys(err, "remove directory");
	}
}

int tree_remove(int dirfd, const char *name, struct error *err)
{
	if (unlinkat(dirfd, name, 0) == 0 || errno == ENOENT)
		return 0;
	if (errno != EISDIR && errno != EPERM)
		return error_sys(err, "remove %s", name);
	if (unlinkat(dirfd, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
		return 0;
	if (errno != ENOTEMPTY && errno != EEXIST)
		return error_sys(err, "remove %s", name);
	if (remove_directory(dirfd, name, err) < 0)
		return error_add(err, "remove %s", name);
	return 0;
}

/* Files with several names, to be counted once. */
struct seen {
	struct inode {
		dev_t dev;
		ino_t ino;
	} * v; /* open addressing; ino 0 is empty */
	size_t n, cap;
};
static void seen_done(struct seen *s)
{
	free(s->v);
}

/* Puts the inode where it belongs; false when it was there. */
static bool seen_put(struct seen *s, struct inode i)
{
	size_t at = (size_t)(i.ino * 0x9e3779b97f4a7c15ULL >> 20) & (s->cap - 1);

	for (; s->v[at].ino; at = (at + 1) & (s->cap - 1))
		if (s->v[at].ino == i.ino && s->v[at].dev == i.dev)
			return false;
	s->v[at] = i;
	return true;
}

static bool seen_add(struct seen *s, const struct stat *st)
{
	struct seen grown;
	bool fresh;

	if (s->n * 2 >= s->cap) {
		grown = (struct seen){ .cap = s->cap ? s->cap * 2 : 256 };
		grown.v = xcalloc(grown.cap, sizeof(*grown.v));
		for (size_t i = 0; i < s->cap; i++)
			if (s->v[i].ino)
				seen_put(&grown, s->v[i]);
		grown.n = s->n;
		free(s->v);
		*s = grown;
	}
	fresh = seen_put(s, (struct inode){ st->st_dev, st->st_ino });
	s->n += fresh;
	return fresh;
}

struct usage {
	struct seen seen;
	uint64_t bytes, entries;
};
static int usage_enter(struct tree *t, int dirfd, const char *name, struct usage *u, struct error *err)
{
	auto_done(strv) struct strv files = { 0 };
	int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (fd < 0)
		return error_sys(err, "open directory %s", name);
	if (tree_enter(t, fd, false, &files, err) < 0)
		return -1;
	u->entries += files.n + t->levels.v[t->levels.n - 1].dirs.n;
	strv_each (&files, i) {
		if (fstatat(fd, files.v[i], &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue; /* gone meanwhile */
		if (S_ISREG(st.st_mode) && (st.st_nlink == 1 || seen_add(&u->seen, &st)))
			u->bytes += (uint64_t)st.st_size;
	}
	return 0;
}

static int usage_below(struct tree *t, int dirfd, const char *name, struct usage *u, struct error *err)
{
	if (usage_enter(t, dirfd, name, u, err) < 0)
		return -1;
	for (;;) {
		struct level *l = &t->levels.v[t->levels.n - 1];

		if (l->dirs.n > 0) {
			if (usage_enter(t, t->fd, l->dirs.v[l->dirs.n - 1], u, err) < 0)
				return -1;
			continue;
		}
		if (t->levels.n == 1)
			return 0;
		if (tree_leave(t, err) < 0)
			return -1;
		l = &t->levels.v[t->levels.n - 1];
		strv_remove(&l->dirs, l->dirs.n - 1);
	}
}

int tree_usage(int dirfd, const char *name, uint64_t *bytes, uint64_t *entries, struct error *err)
{
	auto_done(tree) struct tree t = { .fd = -1 };
	struct usage u = { 0 };
	int r = usage_below(&t, dirfd, name, &u, err);

	seen_done(&u.seen);
	if (r < 0)
		return error_add(err, "measure %s", name);
	*bytes = u.bytes;
	*entries = u.entries;
	return 0;
}
