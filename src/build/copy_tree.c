/*
 * copy_tree.c - files of a tree into a draft: by reflink or copy_file_range, without a container.
 *
 * Spec   Dockerfile reference, "COPY"; FEATURES B14, B15.
 */
#include "copy_tree.h"
#include "util/fd.h"
#include "util/path.h"
#include "util/text.h"

#include <errno.h>
#include <stdio.h>
#include <sys/xattr.h>

#define SMALL_FILE ((size_t)16 << 10)

void copier_done(struct copier *c)
{
	vec_each (&c->links, l)
		free(l->path);
	vec_done(&c->links);
}

static mode_t mode_of(const struct copier *c, const struct node *n)
{
	mode_t mode = node_mode(c->tree, n);

	if (!c->chmod || S_ISLNK(mode))
		return mode;
	return (mode & S_IFMT) | mode_apply(c->chmod, mode, S_ISDIR(mode));
}

static int set_owner(struct copier *c, int dir, const char *name, const char *path,
		     const struct node *n, struct error *err)
{
	bool kept = c->tree->foreign && !c->chown;

	return draft_set(c->draft, dir, name, path, kept ? n->st.st_uid : c->uid,
			 kept ? n->st.st_gid : c->gid, mode_of(c, n), n->st.st_rdev, err);
}

static int copy_attributes(int from, int to, const char *path, struct error *err)
{
	auto_done(strv) struct strv names = { 0 };

	if (attributes_list(from, &names, err) < 0)
		return -1;
	strv_each (&names, i) {
		char value[65536];
		ssize_t n = fgetxattr(from, names.v[i], value, sizeof(value));

		if (n < 0 || fsetxattr(to, names.v[i], value, (size_t)n, 0) < 0)
			return error_sys(err, "copy attribute %s of %s", names.v[i], path);
	}
	return 0;
}

/*
 * Makes room for a file at path: one that is there is replaced, a directory is not. fresh: in a
 * directory that this copy made, so that nothing can be there.
 */
static int make_room(struct copier *c, int dir, const char *name, const char *path, bool fresh,
		     struct error *err)
{
	struct stat st;
	int r;

	if (fresh)
		return 0;
	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0) {
		if (S_ISDIR(st.st_mode))
			return error_set(err, ERR_INVALID, "%s is a directory", path);
		if (c->copied)
			c->copied->replaced = true;
		return unlinkat(dir, name, 0) < 0 ? error_sys(err, "replace %s", path) : 0;
	}
	r = draft_find(c->draft, path, &st, err);
	if (r == 1 && S_ISDIR(st.st_mode))
		return error_set(err, ERR_INVALID, "%s is a directory", path);
	return r < 0 ? -1 : 0;
}

/* 1 when the node is a further name of what was copied before, and was linked. */
static int try_link(struct copier *c, const struct node *n, int dir, const char *name,
		    const char *path, struct error *err)
{
	if (n->st.st_nlink < 2)
		return 0;
	vec_each (&c->links, l)
		if (l->ino == n->st.st_ino && l->dev == n->st.st_dev) {
			auto_free char *first = NULL;
			auto_close int from =
				rootfs_parent(c->draft->upper, l->path, false, &first, err);

			if (from < 0)
				return -1;
			if (linkat(from, first, dir, name, 0) < 0)
				return error_sys(err, "link %s to %s", path, l->path);
			return 1;
		}
	*vec_add(&c->links) = (struct link_made){ n->st.st_dev, n->st.st_ino, xstrdup(path) };
	return 0;
}

/* A small file by two calls: to ask for a reflink takes more than its bytes do. */
static int copy_bytes(int from, int to, off_t size, struct error *err)
{
	char buf[SMALL_FILE];
	ssize_t n;

	if (size >= (off_t)sizeof(buf))
		return fd_copy(from, to, -1, err);
	n = fd_read_full(from, buf, (size_t)size + 1, err); /* more than expected is told later */
	return n < 0 ? -1 : fd_write_all(to, buf, (size_t)n, err);
}

static int copy_file(struct copier *c, struct node *n, int dir, const char *name, const char *path,
		     struct error *err)
{
	auto_free char *source = node_path(n);
	auto_close int from = -1, to = -1;
	struct timespec times[2] = { n->st.st_mtim, n->st.st_mtim };
	int64_t read_ns = time_now_ns();
	struct stat now;
	int r = try_link(c, n, dir, name, path, err);

	/* each name of a file has its own note of an owner that could not be stored */
	if (r == 1 && c->draft->st->single)
		return set_owner(c, dir, name, path, n, err);
	if (r != 0)
		return r < 0 ? -1 : 0;
	from = rootfs_open(c->tree->root, source, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0, err);
	if (from < 0)
		return -1;
	to = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (to < 0)
		return error_sys(err, "make %s", path);
	if (copy_bytes(from, to, n->st.st_size, err) < 0)
		return error_add(err, "copy %s", source);
	if (fstat(from, &now) < 0)
		return error_sys(err, "look at %s", source);
	if (!node_unchanged(n, &now))
		return error_set(err, ERR_BUSY, "%s changed while it was being copied", source);
	if (c->copied && !n->hashed && copied_add(c->copied, to, c->tree, n, &now, read_ns, err) < 0)
		return -1;
	if (set_owner(c, to, "", path, n, err) < 0 ||
	    (c->tree->foreign && copy_attributes(from, to, path, err) < 0))
		return -1;
	return futimens(to, times) < 0 ? error_sys(err, "set the time of %s", path) : 0;
}

static int copy_special(struct copier *c, struct node *n, int dir, const char *name,
			const char *path, struct error *err)
{
	struct timespec times[2] = { n->st.st_mtim, n->st.st_mtim };

	if (n->link) {
		if (symlinkat(n->link, dir, name) < 0)
			return error_sys(err, "make link %s", path);
	} else if (c->draft->st->single && !S_ISFIFO(n->st.st_mode)) {
		auto_close int fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

		if (fd < 0)
			return error_sys(err, "make %s", path);
		owners_set(&c->draft->owners, path + 1, c->uid, c->gid, mode_of(c, n), n->st.st_rdev);
	} else if (mknodat(dir, name, n->st.st_mode, n->st.st_rdev) < 0) {
		return error_sys(err, "make device %s", path);
	}
	if (set_owner(c, dir, name, path, n, err) < 0)
		return -1;
	if (utimensat(dir, name, times, AT_SYMLINK_NOFOLLOW) < 0)
		return error_sys(err, "set the time of %s", path);
	return 0;
}

static bool is_copied(struct copier *c, const struct node *n)
{
	bool copied = !S_ISSOCK(n->st.st_mode) && (c->tree->foreign || S_ISREG(n->st.st_mode) ||
						   n->link || S_ISDIR(n->st.st_mode));

	c->skipped += !copied;
	return copied;
}

static int copy_node(struct copier *c, struct node *n, int dir, const char *name, const char *path,
		     bool fresh, const char *below, const bool *above, struct error *err);

static int copy_children(struct copier *c, struct node *n, int dir, const char *path, bool fresh,
			 const char *below, const bool *above, struct error *err)
{
	if (node_read(c->tree, n, err) < 0)
		return -1;
	vec_each (&n->children, child) {
		const char *name = (*child)->name;
		auto_free char *to = path_in(path, name);
		auto_free char *under = *below ? xasprintf("%s/%s", below, name) : xstrdup(name);

		if (copy_node(c, *child, dir, name, to, fresh, under, above, err) < 0)
			return -1;
	}
	return 0;
}

/* A new directory like n, as name in dir, but for owner and mode, which would be in our way. */
static int make_dir(struct copier *c, struct node *n, int dir, const char *name, const char *path,
		    struct error *err)
{
	auto_close int fd = -1;

	if (mkdirat(dir, name, 0700) < 0)
		return error_sys(err, "make directory %s", path);
	fd = dir_open(dir, name, err);
	if (fd < 0)
		return -1;
	draft_set_time(c->draft, path, &n->st.st_mtim);
	if (c->tree->foreign) {
		auto_free char *source = node_path(n);
		auto_close int from = rootfs_open(c->tree->root, *source ? source : ".",
						  O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, err);

		if (from < 0 || copy_attributes(from, fd, path, err) < 0)
			return -1;
	}
	return take_fd(&fd);
}

/* A directory as name in dir: one that is there keeps its owner and mode. */
static int copy_dir(struct copier *c, struct node *n, int dir, const char *name, const char *path,
		    bool fresh, const char *below, const bool *above, struct error *err)
{
	auto_close int fd = -1;
	struct stat st;
	int r = fresh ? 0 : draft_find(c->draft, path, &st, err);

	if (r < 0)
		return -1;
	if (r == 1 && !S_ISDIR(st.st_mode))
		return error_set(err, ERR_INVALID, "cannot copy a directory onto %s, which is none",
				 path);
	if (r == 1) {
		fd = draft_dir(c->draft, path, 0, 0, err);
		return fd < 0 ? -1 : copy_children(c, n, fd, path, fresh, below, above, err);
	}
	fd = make_dir(c, n, dir, name, path, err);
	if (fd < 0)
		return -1;
	if (copy_children(c, n, fd, path, true, below, above, err) < 0)
		return -1;
	return set_owner(c, dir, name, path, n, err);
}

static int copy_node(struct copier *c, struct node *n, int dir, const char *name, const char *path,
		     bool fresh, const char *below, const bool *above, struct error *err)
{
	bool *flags = NULL;
	int r = 0;

	if (!is_copied(c, n))
		return 0;
	if (c->exclude && *below) {
		flags = xcalloc(c->exclude->rules.n + 1, sizeof(*flags));
		if (ignore_step(c->exclude, below, above, flags)) {
			free(flags);
			return 0;
		}
	}
	if (S_ISDIR(n->st.st_mode)) {
		r = copy_dir(c, n, dir, name, path, fresh, below, flags, err);
	} else {
		r = make_room(c, dir, name, path, fresh, err);
		if (r == 0)
			r = (S_ISREG(n->st.st_mode) ? copy_file : copy_special)(c, n, dir, name,
										path, err);
	}
	free(flags);
	return r;
}

/* The directory that dest lies in, in the draft. */
static int open_parent(struct copier *c, const char *dest, struct error *err)
{
	auto_free char *parent = xstrdup(dest);

	*strrchr(parent, '/') = '\0';
	return draft_dir(c->draft, *parent ? parent : "/", c->chown ? c->uid : 0,
			 c->chown ? c->gid : 0, err);
}

int copier_copy(struct copier *c, struct node *n, const char *dest, const char *as, struct error *err)
{
	auto_close int dir = -1;
	bool *above = NULL;
	int r;

	if (strcmp(dest, "/") == 0) {
		if (!S_ISDIR(n->st.st_mode))
			return error_set(err, ERR_INVALID, "/ is a directory");
		return copy_children(c, n, c->draft->upper, "/", false, "", NULL, err);
	}
	dir = open_parent(c, dest, err);
	if (dir < 0)
		return -1;
	if (c->exclude)
		above = ignore_above(c->exclude, as);
	r = copy_node(c, n, dir, path_base(dest), dest, false, as, above, err);
	free(above);
	return r;
}

int copier_directory(struct copier *c, struct node *n, const char *dest, struct error *err)
{
	auto_close int dir = open_parent(c, dest, err), fd = -1;
	const char *name = path_base(dest);
	struct stat st;
	int r;

	if (dir < 0)
		return -1;
	r = draft_find(c->draft, dest, &st, err);
	if (r < 0)
		return -1;
	if (r == 1)
		return S_ISDIR(st.st_mode)
			       ? 0
			       : error_set(err, ERR_INVALID, "%s is not a directory", dest);
	fd = make_dir(c, n, dir, name, dest, err);
	return fd < 0 ? -1 : set_owner(c, dir, name, dest, n, err);
}

int copier_write(struct copier *c, const char *bytes, size_t n, const char *dest, struct error *err)
{
	auto_close int dir = open_parent(c, dest, err), to = -1;
	const char *name = path_base(dest);
	struct timespec times[2];
	mode_t mode = S_IFREG | 0644;

	if (c->chmod)
		mode = S_IFREG | mode_apply(c->chmod, mode, false);
	if (dir < 0 || make_room(c, dir, name, dest, false, err) < 0 ||
	    draft_time_of(c->draft, dest, &times[0], err) < 0)
		return -1;
	times[1] = times[0];
	to = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (to < 0)
		return error_sys(err, "make %s", dest);
	if (fd_write_all(to, bytes, n, err) < 0 ||
	    draft_set(c->draft, dir, name, dest, c->uid, c->gid, mode, 0, err) < 0)
		return -1;
	return futimens(to, times) < 0 ? error_sys(err, "set the time of %s", dest) : 0;
}
