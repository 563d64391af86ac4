/*
 * unpack_dirs.c - directories of an unpacking: found, made, remembered, and given their metadata.
 *
 * Theory of operation: entries come in runs of one directory, so descriptors of the last directories
 * are kept by the path that entries use; a deep tree costs one openat2 for each directory. A slot
 * stays right as long as nothing on its path is replaced: whenever a directory or a link is removed,
 * all slots are forgotten. A directory that entries use without having an entry of their own is made
 * 0755, owned by root, of 1970, so that the same tar gives the same tree everywhere.
 *
 * Never  resolves more than one part of a path but by rootfs_open() and rootfs_mkdirs().
 */
#include "unpack.h"

#include "util/fd.h"
#include "util/path.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <sys/xattr.h>

static int real_path(const struct unpack *u, int fd, char **real, struct error *err)
{
	char link[64], buf[PATH_MAX];
	size_t cut = u->root_path ? strlen(u->root_path) : 0;
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, buf, sizeof(buf) - 1); /* path: our own descriptor */
	if (n < 0)
		return error_sys(err, "find the path of a directory");
	buf[n] = '\0';
	if (!u->root_path) {
		*real = xstrdup(strcmp(buf, "/") == 0 ? "" : buf);
		return 0;
	}
	if (strncmp(buf, u->root_path, cut) != 0 || (buf[cut] && buf[cut] != '/'))
		return error_set(err, ERR_BUSY, "the tree was moved while it was filled");
	*real = xstrdup(buf[cut] ? buf + cut + 1 : "");
	return 0;
}

int unpack_dirs_init(struct unpack *u, struct error *err)
{
	char *path = NULL;

	for (size_t i = 0; i < UNPACK_SLOTS; i++)
		u->slots[i].fd = -1;
	if (real_path(u, u->root, &path, err) < 0)
		return -1;
	u->root_path = path;
	return 0;
}

static void slot_drop(struct dir_slot *s)
{
	free(s->path);
	free(s->real);
	auto_close_fd(&s->fd);
	*s = (struct dir_slot){ .fd = -1 };
}

/* No path leads to a slot any more; a borrowed one stays usable until it is filled anew. */
static void slots_forget(struct unpack *u)
{
	for (size_t i = 0; i < UNPACK_SLOTS; i++) {
		free(u->slots[i].path);
		u->slots[i].path = NULL;
	}
}

static void meta_done(struct dir_meta *m)
{
	free(m->real);
	xattrs_done(&m->xattrs);
}

void unpack_dirs_done(struct unpack *u)
{
	for (size_t i = 0; i < UNPACK_SLOTS; i++)
		slot_drop(&u->slots[i]);
	vec_each (&u->metas, m)
		meta_done(m);
	vec_done(&u->metas);
	free(u->root_path);
	u->root_path = NULL;
}

static struct dir_slot *slot_of(struct unpack *u, const char *path)
{
	uint32_t h = 2166136261u;

	for (const char *p = path; *p; p++)
		h = (h ^ (unsigned char)*p) * 16777619u;
	return &u->slots[h % UNPACK_SLOTS];
}

static struct dir_slot *slot_fill(struct unpack *u, const char *path, int fd, struct error *err)
{
	struct dir_slot *s = slot_of(u, path);
	auto_close int mine = fd;
	char *real;

	if (real_path(u, fd, &real, err) < 0)
		return NULL;
	slot_drop(s);
	*s = (struct dir_slot){ xstrdup(path), real, take_fd(&mine) };
	return s;
}

static int meta_add(struct unpack *u, struct dir_meta *m, struct error *err)
{
	u->metas_memory += sizeof(*m) + strlen(m->real);
	vec_each (&m->xattrs.v, x)
		u->metas_memory += sizeof(struct xattr) + strlen(x->name) + x->n;
	vec_push(&u->metas, *m);
	if (u->metas_memory > UNPACK_DIR_MEMORY_MAX)
		return error_set(err, ERR_LIMIT, "directories need more than %d bytes of memory",
				 UNPACK_DIR_MEMORY_MAX);
	return 0;
}

static char *child_path(const char *dir, const char *name)
{
	return *dir ? xasprintf("%s/%s", dir, name) : xstrdup(name);
}

static int meta_implicit(struct unpack *u, const char *dir, const char *name, struct error *err)
{
	struct dir_meta m = { .real = child_path(dir, name), .mode = 0755 };

	m.uid = u->o->uid > 0 ? (uid_t)u->o->uid : 0;
	m.gid = u->o->gid > 0 ? (gid_t)u->o->gid : 0;
	return meta_add(u, &m, err);
}

int unpack_opaque(int dirfd, const char *name, struct error *err)
{
	auto_close int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return error_sys(err, "open directory");
	if (fsetxattr(fd, LAYER_XATTR_OPAQUE, "y", 1, 0) == 0)
		return 0;
	error_sys(err, "set %s", LAYER_XATTR_OPAQUE);
	if (err->sys == EOPNOTSUPP)
		error_hint(err, "the store's file system must hold user.* extended attributes");
	return -1;
}

/* A new directory; with a whiteout in its place, one that hides what is below it. */
static int dir_create(int dirfd, const char *name, bool whiteout, struct error *err)
{
	if (mkdirat(dirfd, name, 0700) < 0)
		return error_sys(err, "make directory");
	return whiteout ? unpack_opaque(dirfd, name, err) : 0;
}

/* What an entry goes through is there already: 1, 0 when it is to be made, -1. */
static int dir_known(struct unpack *u, const char *path, struct dir_slot **at, struct error *err)
{
	struct error absent = { 0 };
	int fd;

	*at = slot_of(u, path);
	if ((*at)->path && strcmp((*at)->path, path) == 0)
		return 1;
	fd = rootfs_open(u->root, *path ? path : ".", O_PATH | O_DIRECTORY, 0, &absent);
	if (fd >= 0) {
		*at = slot_fill(u, path, fd, err);
		return *at ? 1 : -1;
	}
	if (absent.sys == ENOENT || absent.sys == ENOTDIR)
		return 0;
	*err = absent;
	return error_add(err, "'%s'", path);
}

/* Makes the directory at path, whose parent is there, or follows the link at path in the root. */
static struct dir_slot *dir_step(struct unpack *u, const char *path, struct error *err)
{
	const char *name = path_base(path);
	auto_free char *above = xstrndup(path, name > path ? (size_t)(name - path) - 1 : 0);
	bool whiteout = false;
	struct dir_slot *at;
	struct stat st;
	int fd;

	if (dir_known(u, above, &at, err) <= 0)
		return NULL;
	if (fstatat(at->fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0) {
		whiteout = unpack_is_whiteout(&st);
		if (S_ISLNK(st.st_mode)) {
			fd = rootfs_mkdirs(u->root, path, 0755, 0, 0, err);
			return fd < 0 ? NULL : slot_fill(u, path, fd, err);
		}
		if (!whiteout) {
			error_set(err, ERR_INVALID, "'%s' is not a directory", path);
			return NULL;
		}
		if (unlinkat(at->fd, name, 0) < 0) {
			error_sys(err, "remove a whiteout");
			return NULL;
		}
	}
	if (dir_create(at->fd, name, whiteout, err) < 0 || meta_implicit(u, at->real, name, err) < 0)
		return NULL;
	fd = openat(at->fd, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0) {
		error_sys(err, "open directory");
		return NULL;
	}
	return slot_fill(u, path, fd, err);
}

const struct dir_slot *unpack_dir(struct unpack *u, const char *path, struct error *err)
{
	struct dir_slot *at;
	int r = dir_known(u, path, &at, err);

	for (size_t end = 0; r == 0; end++) {
		auto_free char *part = NULL;

		end += strcspn(path + end, "/");
		part = xstrndup(path, end);
		r = dir_known(u, part, &at, err);
		if (r == 0) {
			at = dir_step(u, part, err);
			r = at ? 1 : -1;
		}
		if (r > 0 && path[end])
			r = 0; /* there are more parts */
	}
	return r > 0 ? at : NULL;
}

static int meta_of_entry(struct unpack *u, const struct tar_entry *e, char *real, struct error *err)
{
	struct dir_meta m = { .real = real, .mode = e->mode, .mtime = e->mtime };

	if (unpack_owner(u, e, &m.uid, &m.gid, err) < 0 || unpack_xattrs(u, &m.xattrs, err) < 0) {
		meta_done(&m);
		return -1;
	}
	return meta_add(u, &m, err);
}

int unpack_root_meta(struct unpack *u, const struct tar_entry *e, struct error *err)
{
	return meta_of_entry(u, e, xstrdup(""), err);
}

int unpack_make_dir(struct unpack *u, const struct dir_slot *at, const char *name,
		    const struct tar_entry *e, struct error *err)
{
	auto_free char *real = child_path(at->real, name);
	bool whiteout = false, made = false;
	struct stat st;

	if (mkdirat(at->fd, name, 0700) == 0)
		made = true;
	else if (errno != EEXIST || fstatat(at->fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return error_sys(err, "make directory");
	if (!made && !S_ISDIR(st.st_mode)) {
		if (u->o->flags & APPLY_KEEP_TYPES)
			return error_set(err, ERR_EXISTS, "what is there is no directory");
		if (unpack_clear(u, at, name, &whiteout, err) < 0 ||
		    dir_create(at->fd, name, whiteout, err) < 0)
			return -1;
	}
	return meta_of_entry(u, e, take_ptr(&real), err);
}

/* A directory goes: nothing below it is to be set any more. */
static void metas_forget(struct unpack *u, const char *real)
{
	size_t kept = 0;

	for (size_t i = 0; i < u->metas.n; i++) {
		if (path_is_below(u->metas.v[i].real, real))
			meta_done(&u->metas.v[i]);
		else
			u->metas.v[kept++] = u->metas.v[i];
	}
	u->metas.n = kept;
}

int unpack_clear(struct unpack *u, const struct dir_slot *at, const char *name, bool *whiteout,
		 struct error *err)
{
	auto_free char *real = child_path(at->real, name);
	struct stat st;

	*whiteout = false;
	if (fstatat(at->fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : error_sys(err, "look at what is there");
	*whiteout = unpack_is_whiteout(&st);
	if (S_ISDIR(st.st_mode) && u->o->flags & APPLY_KEEP_TYPES)
		return error_set(err, ERR_EXISTS, "what is there is a directory");
	u->removed |= !*whiteout;
	if (S_ISDIR(st.st_mode)) {
		if (tree_remove(at->fd, name, err) < 0)
			return -1;
		metas_forget(u, real);
	} else if (unlinkat(at->fd, name, 0) < 0) {
		return error_sys(err, "remove what is there");
	}
	if (S_ISDIR(st.st_mode) || S_ISLNK(st.st_mode))
		slots_forget(u);
	return 0;
}

static int meta_set(struct unpack *u, const struct dir_meta *m, struct error *err)
{
	struct timespec times[2] = { m->mtime, m->mtime };
	auto_close int fd = rootfs_open(u->root, *m->real ? m->real : ".",
					O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, err);

	if (fd < 0)
		return error_add(err, "directory '%s'", m->real);
	if (!u->o->single && unpack_chown(fd, "", m->uid, m->gid, err) < 0)
		return error_add(err, "directory '%s'", m->real);
	if (xattrs_set(fd, &m->xattrs, err) < 0)
		return error_add(err, "directory '%s'", m->real);
	if (fchmod(fd, m->mode) < 0 || futimens(fd, times) < 0)
		return error_sys(err, "set metadata of directory '%s'", m->real);
	return 0;
}

/* The last entry of a path counts; children come before parents, whose mode may lock us out. */
static int meta_order(const void *a, const void *b)
{
	const struct dir_meta *const *x = a, *const *y = b;
	int r = strcmp((*y)->real, (*x)->real);

	return r ? r : (*x < *y) - (*x > *y);
}

int unpack_set_dir_metas(struct unpack *u, struct error *err)
{
	auto_free struct dir_meta **order = xcalloc(u->metas.n + 1, sizeof(*order));
	const char *last = NULL;

	for (size_t i = 0; i < u->metas.n; i++)
		order[i] = &u->metas.v[i];
	qsort(order, u->metas.n, sizeof(*order), meta_order);
	for (size_t i = 0; i < u->metas.n; i++) {
		const struct dir_meta *m = order[i];

		if (last && strcmp(last, m->real) == 0)
			continue;
		last = m->real;
		if (u->o->owners && u->o->single)
			unpack_note_owner(u, m->real, NULL, m->uid, m->gid, S_IFDIR | m->mode, 0);
		if (meta_set(u, m, err) < 0)
			return -1;
	}
	return 0;
}
