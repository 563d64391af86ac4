/*
 * tree.c - a directory tree copied with everything that belongs to it.
 *
 * Iterative: a hostile tree of any depth costs memory on the heap, never on the stack. Names are
 * single components below open descriptors; nothing is followed.
 */
#include "util/tree.h"

#include "util/fd.h"
#include "util/vec.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <linux/limits.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

struct level {
	int from, to;
	struct strv names;
	size_t next;
};
struct seen { /* a file with several links, and where its first copy is */
	dev_t dev;
	ino_t ino;
	int to;
	char *name;
};
struct copy {
	VEC(struct level) levels;
	VEC(struct seen) seen;
	bool lenient;
};

static void copy_done(struct copy *c)
{
	vec_each (&c->levels, l) {
		close(l->from);
		close(l->to);
		strv_done(&l->names);
	}
	vec_each (&c->seen, s) {
		close(s->to);
		free(s->name);
	}
	vec_done(&c->levels);
	vec_done(&c->seen);
}

static bool may_ignore(bool lenient)
{
	return lenient && (errno == EPERM || errno == EINVAL || errno == ENOTSUP);
}

static int copy_xattrs(int from, int to, bool lenient, struct error *err)
{
	char list[XATTR_LIST_MAX], value[XATTR_SIZE_MAX];
	ssize_t n = flistxattr(from, list, sizeof(list));

	if (n < 0)
		return errno == ENOTSUP ? 0 : error_sys(err, "list xattrs");
	for (char *name = list; name < list + n; name += strlen(name) + 1) {
		ssize_t size = fgetxattr(from, name, value, sizeof(value));

		if (size < 0)
			return error_sys(err, "read xattr %s", name);
		if (fsetxattr(to, name, value, (size_t)size, 0) < 0 && !may_ignore(lenient))
			return error_sys(err, "set xattr %s", name);
	}
	return 0;
}

int tree_copy_attributes(int from, int to, bool lenient, struct error *err)
{
	struct stat st;
	struct timespec times[2];

	if (fstat(from, &st) < 0)
		return error_sys(err, "stat");
	if (fchown(to, st.st_uid, st.st_gid) < 0 && !may_ignore(lenient))
		return error_sys(err, "set owner");
	/* behind chown, which clears the set-id bits and security.capability */
	if (fchmod(to, st.st_mode & 07777) < 0)
		return error_sys(err, "set mode");
	if (copy_xattrs(from, to, lenient, err) < 0)
		return -1;
	times[0] = st.st_atim;
	times[1] = st.st_mtim;
	if (futimens(to, times) < 0)
		return error_sys(err, "set times");
	return 0;
}

/* The first copy of a file with several links, made a link to; 1, 0 when this is the first. */
static int link_if_seen(struct copy *c, const struct stat *st, int to, const char *name,
			struct error *err)
{
	struct seen *s;

	if (S_ISDIR(st->st_mode) || st->st_nlink < 2)
		return 0;
	vec_each (&c->seen, old)
		if (old->dev == st->st_dev && old->ino == st->st_ino) {
			if (linkat(old->to, old->name, to, name, 0) < 0)
				return error_sys(err, "link");
			return 1;
		}
	s = vec_add(&c->seen);
	s->dev = st->st_dev;
	s->ino = st->st_ino;
	s->name = xstrdup(name);
	s->to = fcntl(to, F_DUPFD_CLOEXEC, 3);
	return s->to < 0 ? error_sys(err, "duplicate a descriptor") : 0;
}

static int copy_file(struct copy *c, int from_dir, int to_dir, const char *name, struct error *err)
{
	auto_close int from = openat(from_dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	auto_close int to = -1;

	if (from < 0)
		return error_sys(err, "open");
	to = openat(to_dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (to < 0)
		return error_sys(err, "create");
	if (fd_copy(from, to, -1, err) < 0)
		return -1;
	return tree_copy_attributes(from, to, c->lenient, err);
}

static int copy_special(struct copy *c, const struct stat *st, int from_dir, int to_dir,
			const char *name, struct error *err)
{
	struct timespec times[2] = { st->st_atim, st->st_mtim };
	char target[PATH_MAX];
	ssize_t n;

	if (S_ISSOCK(st->st_mode))
		return 0;
	if (S_ISLNK(st->st_mode)) {
		n = readlinkat(from_dir, name, target, sizeof(target) - 1);
		if (n < 0)
			return error_sys(err, "read link");
		target[n] = '\0';
		if (symlinkat(target, to_dir, name) < 0)
			return error_sys(err, "make link");
	} else if (mknodat(to_dir, name, st->st_mode, st->st_rdev) < 0) {
		return may_ignore(c->lenient) ? 0 : error_sys(err, "make node");
	}
	if (fchownat(to_dir, name, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW) < 0 &&
	    !may_ignore(c->lenient))
		return error_sys(err, "set owner");
	if (utimensat(to_dir, name, times, AT_SYMLINK_NOFOLLOW) < 0)
		return error_sys(err, "set times");
	return 0;
}

static int push_level(struct copy *c, int from, int to, struct error *err)
{
	struct level *l = vec_add(&c->levels);

	l->from = from;
	l->to = to;
	return dir_list(from, &l->names, err);
}

static int copy_dir(struct copy *c, int from_dir, int to_dir, const char *name, struct error *err)
{
	auto_close int from = dir_open(from_dir, name, err);
	auto_close int to = -1;

	if (from < 0)
		return -1;
	if (mkdirat(to_dir, name, 0700) < 0)
		return error_sys(err, "make directory");
	to = dir_open(to_dir, name, err);
	if (to < 0)
		return -1;
	return push_level(c, take_fd(&from), take_fd(&to), err);
}

static int copy_entry(struct copy *c, int from, int to, const char *name, struct error *err)
{
	struct stat st;
	int linked;

	if (fstatat(from, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return error_sys(err, "stat");
	linked = link_if_seen(c, &st, to, name, err);
	if (linked)
		return linked < 0 ? -1 : 0;
	if (S_ISDIR(st.st_mode))
		return copy_dir(c, from, to, name, err);
	if (S_ISREG(st.st_mode))
		return copy_file(c, from, to, name, err);
	return copy_special(c, &st, from, to, name, err);
}

/* A directory's own attributes come last: its entries changed its mtime. */
static int pop_level(struct copy *c, bool top, struct error *err)
{
	struct level *l = &c->levels.v[c->levels.n - 1];
	int status = top ? 0 : tree_copy_attributes(l->from, l->to, c->lenient, err);

	close(l->from);
	close(l->to);
	strv_done(&l->names);
	c->levels.n--;
	return status;
}

int tree_copy(int from, int to, bool lenient, struct error *err)
{
	auto_done(copy) struct copy c = { .lenient = lenient };
	auto_close int a = fcntl(from, F_DUPFD_CLOEXEC, 3);
	auto_close int b = fcntl(to, F_DUPFD_CLOEXEC, 3);

	if (a < 0 || b < 0)
		return error_sys(err, "duplicate a descriptor");
	if (push_level(&c, take_fd(&a), take_fd(&b), err) < 0)
		return -1;
	while (c.levels.n) {
		struct level *l = &c.levels.v[c.levels.n - 1];
		const char *name;

		if (l->next == l->names.n) {
			if (pop_level(&c, c.levels.n == 1, err) < 0)
				return -1;
			continue;
		}
		name = l->names.v[l->next++];
		if (copy_entry(&c, l->from, l->to, name, err) < 0)
			return error_add(err, "copy '%s'", name);
	}
	return 0;
}
