/*
 * cp_place.c - the two ends of a copy: what a path names, in a container or on this host.
 *
 * Never  resolves a path of a container but by rootfs_open() and its kin in the container's root. A
 *        container that runs may change what a name means behind our back: then it is something
 *        else of the container that is copied, or nothing.
 */
#include "cp_place.h"

#include "util/fd.h"
#include "util/path.h"

#include <errno.h>
#include <limits.h>

#define LINKS_MAX 8 /* to what is not there, one after another */

void cp_from_done(struct cp_from *f)
{
	auto_close_fd(&f->dir);
	free(f->name);
	free(f->base);
	free(f->real);
}

void cp_to_done(struct cp_to *t)
{
	auto_close_fd(&t->root);
	free(t->prefix);
	free(t->name);
}

/* ---- both kinds of views ---- */

static int view_open(const struct cp_view *v, const char *path, int flags, struct error *err)
{
	int fd;

	if (v->root >= 0)
		return rootfs_open(v->root, path, flags, 0, err);
	fd = openat(AT_FDCWD, path, flags | O_CLOEXEC); /* path: the caller's own */
	return fd < 0 ? error_sys(err, "open %s", path) : fd;
}

/* The directory that path is in, and its last part, which is a name. */
static int view_parent(const struct cp_view *v, const char *path, char **name, struct error *err)
{
	size_t end = strlen(path), start;
	auto_free char *dir = NULL;
	int fd;

	if (v->root >= 0)
		return rootfs_parent(v->root, path, false, name, err);
	for (start = end; start > 0 && path[start - 1] != '/'; start--)
		;
	dir = start ? xstrndup(path, start) : xstrdup(".");
	fd = view_open(v, dir, O_PATH | O_DIRECTORY, err);
	if (fd >= 0)
		*name = xstrdup(path + start);
	return fd;
}

static int link_text(int fd, char buf[static PATH_MAX], struct error *err)
{
	char link[32];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlinkat(AT_FDCWD, link, buf, PATH_MAX - 1); /* path: our own descriptor */
	if (n < 0)
		return error_sys(err, "find the path of a file");
	buf[n] = '\0';
	return 0;
}

/* Where an open file is: below the root of a container without a slash first, else absolute. */
static char *view_real(const struct cp_view *v, int fd, struct error *err)
{
	char path[PATH_MAX], root[PATH_MAX];
	size_t cut;

	if (link_text(fd, path, err) < 0)
		return NULL;
	if (v->root < 0)
		return xstrdup(path);
	if (link_text(v->root, root, err) < 0)
		return NULL;
	cut = strcmp(root, "/") == 0 ? 0 : strlen(root);
	if (strncmp(path, root, cut) != 0 || (path[cut] && path[cut] != '/')) {
		error_set(err, ERR_BUSY, "it was moved out of the container meanwhile");
		return NULL;
	}
	return xstrdup(path[cut] ? path + cut + 1 : "");
}

/* What the mounts of a running container would hide, or hold. */
static int check_present(const struct cp_view *v, const struct stat *st, struct error *err)
{
	if (v->absent && st->st_dev == v->absent)
		return error_set(err, ERR_UNSUPPORTED,
				 "what is mounted there is there only while the container runs");
	return 0;
}

static bool is_absent(const struct error *err)
{
	return err->sys == ENOENT || err->sys == ENOTDIR;
}

/* ---- the source ---- */

static bool names_contents(const char *path)
{
	const char *base = path_base(path);

	return strcmp(base, ".") == 0 || strcmp(base, "..") == 0 || path[strspn(path, "/")] == '\0';
}

static char *without_slashes(const char *path)
{
	size_t n = strlen(path);

	while (n > 1 && path[n - 1] == '/')
		n--;
	return xstrndup(path, n);
}

static int from_dir(const struct cp_view *v, const char *path, struct cp_from *f, struct error *err)
{
	f->kind = f->base ? CP_DIR : CP_CONTENTS;
	f->dir = view_open(v, path, O_RDONLY | O_DIRECTORY | O_NONBLOCK, err);
	if (f->dir < 0)
		return -1;
	if (fstat(f->dir, &f->st) < 0)
		return error_sys(err, "look at %s", path);
	f->real = view_real(v, f->dir, err);
	return f->real ? check_present(v, &f->st, err) : -1;
}

/* By the name of what a link leads to; the copy keeps the link's. */
static int from_followed(const struct cp_view *v, const char *path, struct cp_from *f,
			 struct error *err)
{
	auto_close int fd = view_open(v, path, O_PATH, err);

	if (fd < 0 || fstat(fd, &f->st) < 0)
		return fd < 0 ? -1 : error_sys(err, "look at %s", path);
	if (S_ISDIR(f->st.st_mode))
		return from_dir(v, path, f, err);
	f->real = view_real(v, fd, err);
	if (!f->real)
		return -1;
	f->dir = view_parent(v, f->real, &f->name, err);
	return f->dir < 0 ? -1 : 0;
}

static int from_here(const struct cp_view *v, const char *path, struct cp_from *f, struct error *err)
{
	auto_free char *dir = NULL;

	f->dir = view_parent(v, path, &f->name, err);
	if (f->dir < 0)
		return -1;
	if (fstatat(f->dir, f->name, &f->st, AT_SYMLINK_NOFOLLOW) < 0)
		return error_sys(err, "look at %s", path);
	if (S_ISDIR(f->st.st_mode)) {
		auto_close_fd(&f->dir);
		return from_dir(v, path, f, err);
	}
	dir = view_real(v, f->dir, err);
	if (!dir)
		return -1;
	f->real = *dir ? xasprintf("%s/%s", dir, f->name) : xstrdup(f->name);
	return check_present(v, &f->st, err);
}

int cp_from_open(const struct cp_view *v, const char *path, bool follow, struct cp_from *f,
		 struct error *err)
{
	auto_free char *plain = without_slashes(path);
	bool contents = names_contents(path) || names_contents(plain);

	*f = (struct cp_from){ .kind = CP_FILE, .dir = -1 };
	if (contents)
		return from_dir(v, path, f, err);
	f->base = xstrdup(path_base(plain));
	if (strcmp(plain, path) != 0)
		return from_dir(v, path, f, err);
	return follow ? from_followed(v, path, f, err) : from_here(v, path, f, err);
}

/* ---- the destination ---- */

/* "dir/", "dir/." and "dir/./" say that it is a directory, as does "." alone. */
static char *target_path(const char *path, bool *slash)
{
	auto_free char *p = xstrdup(path);
	size_t n = strlen(p);

	*slash = false;
	for (;;) {
		if (n > 1 && p[n - 1] == '/')
			n--;
		else if (n > 2 && p[n - 1] == '.' && p[n - 2] == '/')
			n--;
		else
			break;
		*slash = true;
	}
	return xstrndup(p, n);
}

/* The directory is open; a tar is applied in it, or in the root of its container. */
static int to_directory(const struct cp_view *v, int fd, struct cp_to *t, struct error *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return error_sys(err, "look at the destination");
	if (check_present(v, &st, err) < 0)
		return -1;
	t->prefix = v->root >= 0 ? view_real(v, fd, err) : xstrdup("");
	t->root = fcntl(v->root >= 0 ? v->root : fd, F_DUPFD_CLOEXEC, 3);
	if (t->root < 0 && t->prefix)
		return error_sys(err, "duplicate a descriptor");
	return t->prefix ? 0 : -1;
}

static int to_file(const struct cp_view *v, int fd, const struct stat *st, struct cp_to *t,
		   struct error *err)
{
	auto_free char *real = NULL;
	auto_close int parent = -1;

	if (!S_ISREG(st->st_mode)) {
		error_set(err, ERR_INVALID, "the destination is a device, FIFO or socket");
		return error_hint(err, "a tar on stdout is '-'");
	}
	real = view_real(v, fd, err);
	if (!real)
		return -1;
	parent = view_parent(v, real, &t->name, err);
	return parent < 0 ? -1 : to_directory(v, parent, t, err);
}

static int to_path(const struct cp_view *v, const char *path, int links, struct cp_to *t,
		   struct error *err);

/*
 * A link to what is not there is what is made, as in docker. Not on this host, where the kernel
 * keeps the caller from following another user's link in /tmp.
 */
static int to_link(const struct cp_view *v, int parent, int links, struct cp_to *t, struct error *err)
{
	auto_free char *real = NULL, *path = NULL;
	char text[PATH_MAX];
	ssize_t n = readlinkat(parent, t->name, text, sizeof(text) - 1);

	if (n < 0)
		return error_set(err, ERR_BUSY, "the destination has just been made by another");
	if (v->root < 0)
		return error_set(err, ERR_INVALID, "the destination is a link to what is not there");
	if (!links)
		return error_set(err, ERR_INVALID, "the destination is a link without end");
	text[n] = '\0';
	real = view_real(v, parent, err);
	if (!real)
		return -1;
	path = text[0] == '/' ? xstrdup(text) : xasprintf("%s/%s", *real ? real : ".", text);
	free(t->name);
	t->name = NULL;
	return to_path(v, path, links - 1, t, err);
}

static int to_nothing(const struct cp_view *v, const char *path, int links, struct cp_to *t,
		      struct error *err)
{
	auto_close int parent = view_parent(v, path, &t->name, err);
	struct stat st;

	if (parent < 0 && is_absent(err)) {
		error_clear(err);
		t->kind = CP_AT_NOWHERE;
		return 0;
	}
	if (parent < 0)
		return -1;
	if (fstatat(parent, t->name, &st, AT_SYMLINK_NOFOLLOW) == 0)
		return to_link(v, parent, links, t, err);
	t->kind = CP_AT_NOTHING;
	return to_directory(v, parent, t, err);
}

static int to_path(const struct cp_view *v, const char *path, int links, struct cp_to *t,
		   struct error *err)
{
	auto_close int fd = view_open(v, path, O_PATH, err);
	struct stat st;

	if (fd < 0 && is_absent(err)) {
		error_clear(err);
		return to_nothing(v, path, links, t, err);
	}
	if (fd < 0)
		return -1;
	if (fstat(fd, &st) < 0)
		return error_sys(err, "look at %s", path);
	t->kind = S_ISDIR(st.st_mode) ? CP_AT_DIR : CP_AT_FILE;
	return t->kind == CP_AT_DIR ? to_directory(v, fd, t, err) : to_file(v, fd, &st, t, err);
}

int cp_to_open(const struct cp_view *v, const char *path, struct cp_to *t, struct error *err)
{
	auto_free char *plain = NULL;

	*t = (struct cp_to){ .root = -1 };
	plain = target_path(path, &t->slash);
	return to_path(v, plain, LINKS_MAX, t, err);
}
