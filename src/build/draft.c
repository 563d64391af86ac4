/*
 * draft.c - a layer being made by COPY, ADD or WORKDIR.
 *
 * Owns   a staging entry: upper/ is the tree, which becomes diff/.
 * Never  follows a link of the image but inside it, by draft_resolve(); after that every path is
 *        free of links.
 *
 * Equal inputs give equal layers: directories taken over keep their times, and new ones on the way
 * have that of the directory they were made in.
 */
#include "draft.h"
#include "store/rootfs.h"
#include "tree.h"
#include "util/fd.h"
#include "util/path.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <sys/xattr.h>

#define LINKS_MAX 40 /* as the kernel's own limit */

static bool is_whiteout(const struct stat *st)
{
	return S_ISCHR(st->st_mode) && st->st_rdev == 0;
}

/* lstat by a resolved path below root: 1, 0, -1 */
static int look(int root, const char *path, struct stat *st, int *out, struct error *err)
{
	struct error local = { 0 };
	int fd = rootfs_open(root, path, O_PATH | O_NOFOLLOW, 0, &local);

	if (fd < 0) {
		if (local.kind == ERR_NOTFOUND || local.sys == ENOTDIR)
			return 0;
		*err = local;
		return -1;
	}
	if (fstat(fd, st) < 0) {
		error_sys(err, "look at %s", path);
		close(fd);
		return -1;
	}
	if (out)
		*out = fd;
	else
		close(fd);
	return 1;
}

/* The same in the rootfs below, for whom it may matter. */
static int look_below(struct draft *d, const char *path, struct stat *st, int *out, struct error *err)
{
	int r = look(d->view, path, st, out, err);
	struct stat seen;

	if (!d->looks || r < 0)
		return r;
	if (r == 1) {
		seen = *st;
		owner_stack_apply(&d->below, path + 1, &seen);
	}
	looks_add(d->looks, path, r == 1 ? &seen : NULL);
	return r;
}

static int find_open(struct draft *d, const char *path, struct stat *st, int *fd, struct error *err)
{
	int r = look(d->upper, path, st, fd, err);

	if (r == 1 && is_whiteout(st)) {
		if (fd)
			auto_close_fd(fd);
		return 0;
	}
	return r ? r : look_below(d, path, st, fd, err);
}

int draft_find(struct draft *d, const char *path, struct stat *st, struct error *err)
{
	return find_open(d, path, st, NULL, err);
}

/* The next component of *rest into name; false at the end. */
static bool next_component(char *rest, char **name)
{
	size_t start = strspn(rest, "/"), len = strcspn(rest + start, "/");

	if (!len)
		return false;
	*name = xstrndup(rest + start, len);
	memmove(rest, rest + start + len, strlen(rest + start + len) + 1);
	return true;
}

static int follow(int fd, char **rest, struct str *out, struct error *err)
{
	char target[PATH_MAX], *joined;
	ssize_t n = readlinkat(fd, "", target, sizeof(target) - 1);

	if (n < 0)
		return error_sys(err, "read link");
	target[n] = '\0';
	if (target[0] == '/')
		str_clear(out);
	joined = xasprintf("%s/%s", target, *rest);
	free(*rest);
	*rest = joined;
	return 0;
}

int draft_resolve(struct draft *d, const char *path, struct str *out, struct stat *st,
		  struct error *err)
{
	auto_free char *rest = xstrdup(path);
	unsigned links = 0;
	int r = 1;

	for (;;) {
		auto_free char *name = NULL;
		auto_close int fd = -1;
		size_t before = out->len;

		if (!next_component(rest, &name))
			break;
		if (strcmp(name, ".") == 0)
			continue;
		if (strcmp(name, "..") == 0) {
			char *slash = out->len ? strrchr(out->s, '/') : NULL;

			if (slash) {
				*slash = '\0';
				out->len = (size_t)(slash - out->s);
			}
			continue;
		}
		str_addf(out, "/%s", name);
		r = find_open(d, out->s, st, &fd, err);
		if (r < 0)
			return -1;
		if (r == 0 || !S_ISLNK(st->st_mode))
			continue;
		if (++links > LINKS_MAX)
			return error_set(err, ERR_INVALID, "%s: too many symbolic links", path);
		out->s[out->len = before] = '\0';
		if (follow(fd, &rest, out, err) < 0)
			return -1;
	}
	if (!out->len)
		str_addc(out, '/');
	return draft_find(d, out->s, st, err);
}

/* Attributes, owner, mode and time of a directory below, onto the one made here for it. */
static int take_over(struct draft *d, int from, int to, const char *path, struct error *err)
{
	auto_done(strv) struct strv names = { 0 };
	auto_close int readable = fd_reopen(from, O_RDONLY | O_DIRECTORY, err);
	struct stat st;

	if (readable < 0)
		return -1;
	if (fstat(from, &st) < 0)
		return error_sys(err, "look at %s", path);
	owner_stack_apply(&d->below, path + 1, &st);
	if (draft_set(d, to, "", path, st.st_uid, st.st_gid, st.st_mode, 0, err) < 0)
		return -1;
	if (attributes_list(readable, &names, err) < 0)
		return -1;
	strv_each (&names, i) {
		char value[65536];
		ssize_t n = fgetxattr(readable, names.v[i], value, sizeof(value));

		if (n < 0 || fsetxattr(to, names.v[i], value, (size_t)n, 0) < 0)
			return error_sys(err, "copy attribute %s of %s", names.v[i], path);
	}
	draft_set_time(d, path, &st.st_mtim);
	return 0;
}

int draft_begin(struct store *st, const struct strv *layers, int view, struct draft *d,
		struct error *err)
{
	struct stat root = { .st_mode = S_IFDIR | 0755 };
	struct looks *looks = d->looks;

	*d = (struct draft)DRAFT_NONE;
	d->looks = looks;
	d->st = st;
	d->layers = layers;
	d->view = view;
	if (staging_begin(st, &d->staging, err) < 0)
		return -1;
	d->upper = dir_make_open(d->staging.fd, "upper", 0755, err);
	if (d->upper < 0)
		return -1;
	if (owner_stack_open(st, layers, &d->below, err) < 0)
		return -1;
	if (layers->n)
		return look_below(d, "/", &root, NULL, err) < 0
			       ? -1
			       : take_over(d, view, d->upper, "/", err);
	draft_set_time(d, "/", &root.st_mtim); /* nothing is below: the beginning of time */
	if (looks)
		looks_add(looks, "/", &root);
	return fchmod(d->upper, 0755) < 0 ? error_sys(err, "set the mode of /") : 0;
}

void draft_done(struct draft *d)
{
	vec_each (&d->times, t)
		free(t->path);
	vec_done(&d->times);
	owners_done(&d->owners);
	owner_stack_done(&d->below);
	auto_close_fd(&d->upper);
	d->upper = -1;
	if (d->st)
		staging_end(d->st, &d->staging);
	d->st = NULL;
}

void draft_set_time(struct draft *d, const char *path, const struct timespec *mtime)
{
	*vec_add(&d->times) = (struct draft_time){ xstrdup(path), *mtime };
}

int draft_time_of(struct draft *d, const char *path, struct timespec *mtime, struct error *err)
{
	auto_free char *p = xstrdup(path);
	struct stat st;

	*mtime = (struct timespec){ 0 };
	for (;;) {
		int r;

		if (strcmp(p, "/") == 0 && !d->layers->n)
			return 0;
		r = look_below(d, p, &st, NULL, err);
		if (r < 0)
			return -1;
		if (r == 1) {
			*mtime = st.st_mtim;
			return 0;
		}
		if (strcmp(p, "/") == 0)
			return 0;
		*strrchr(p, '/') = '\0';
		if (!*p)
			strcpy(p, "/");
	}
}

int draft_set(struct draft *d, int dir, const char *name, const char *path, uid_t uid, gid_t gid,
	      mode_t mode, dev_t rdev, struct error *err)
{
	if (d->st->single) {
		if (uid || gid)
			owners_set(&d->owners, path[1] ? path + 1 : ".", uid, gid, mode, rdev);
	} else if (fchownat(dir, name, uid, gid, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH) < 0) {
		return error_sys(err, "set the owner of %s to %u:%u", path, uid, gid);
	}
	if (S_ISLNK(mode))
		return 0;
	if ((*name ? fchmodat(dir, name, mode & 07777, 0) : fchmod(dir, mode & 07777)) < 0)
		return error_sys(err, "set the mode of %s", path);
	return 0;
}

/* A directory that is new in the layer: taken over from below, or made. *fd becomes it. */
static int make_dir(struct draft *d, int parent, const char *name, const char *path, uid_t uid,
		    gid_t gid, int *fd, struct error *err)
{
	auto_close int below = -1;
	struct timespec mtime;
	struct stat st;
	int r = look_below(d, path, &st, &below, err);

	if (r < 0)
		return -1;
	if (r == 1 && !S_ISDIR(st.st_mode))
		return error_set(err, ERR_INVALID, "%s is not a directory", path);
	if (mkdirat(parent, name, 0755) < 0)
		return error_sys(err, "make directory %s", path);
	*fd = dir_open(parent, name, err);
	if (*fd < 0)
		return -1;
	if (r == 1)
		return take_over(d, below, *fd, path, err);
	if (draft_time_of(d, path, &mtime, err) < 0)
		return -1;
	draft_set_time(d, path, &mtime);
	if (d->looks)
		looks_made(d->looks, path,
			   &(struct stat){ .st_mode = S_IFDIR | 0755,
					   .st_uid = uid,
					   .st_gid = gid,
					   .st_mtim = mtime });
	return draft_set(d, parent, name, path, uid, gid, S_IFDIR | 0755, 0, err);
}

int draft_dir(struct draft *d, const char *path, uid_t uid, gid_t gid, struct error *err)
{
	auto_free char *rest = xstrdup(path);
	auto_done(str) struct str at = { 0 };
	auto_close int dir = fcntl(d->upper, F_DUPFD_CLOEXEC, 3);

	if (dir < 0)
		return error_sys(err, "open /");
	for (;;) {
		auto_free char *name = NULL;
		struct stat st;
		int next = -1;

		if (!next_component(rest, &name))
			return take_fd(&dir);
		str_addf(&at, "/%s", name);
		if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0) {
			if (!S_ISDIR(st.st_mode))
				return error_set(err, ERR_INVALID, "%s is not a directory", at.s);
			next = dir_open(dir, name, err);
			if (next < 0)
				return -1;
		} else if (errno != ENOENT) {
			return error_sys(err, "look at %s", at.s);
		} else if (make_dir(d, dir, name, at.s, uid, gid, &next, err) < 0) {
			auto_close_fd(&next);
			return -1;
		}
		close(dir);
		dir = next;
	}
}

int draft_mount(struct draft *d, struct error *err)
{
	return rootfs_mount(d->st, (const char *const *)d->layers->v, d->layers->n, d->staging.fd,
			    ROOTFS_NODEV | ROOTFS_VOLATILE, err);
}

/* The deepest come last in the list, as they were made. */
static int set_times(struct draft *d, struct error *err)
{
	for (size_t i = d->times.n; i-- > 0;) {
		const struct draft_time *t = &d->times.v[i];
		struct timespec both[2] = { t->mtime, t->mtime };
		auto_close int fd = rootfs_open(d->upper, t->path, O_RDONLY | O_DIRECTORY, 0, err);

		if (fd < 0)
			return -1;
		if (futimens(fd, both) < 0)
			return error_sys(err, "set the time of %s", t->path);
	}
	return 0;
}

int draft_commit(struct draft *d, int64_t epoch, const struct layer_watch *watch,
		 struct digest *diff_id, struct error *err)
{
	if (set_times(d, err) < 0 || tree_remove(d->staging.fd, "work", err) < 0)
		return -1;
	if (d->owners.v.n && owners_save(d->staging.fd, &d->owners, err) < 0)
		return -1;
	auto_close_fd(&d->upper);
	d->upper = -1;
	if (renameat(d->staging.fd, "upper", d->staging.fd, "diff") < 0)
		return error_sys(err, "finish the layer");
	return layer_commit_watched(d->st, &d->staging, epoch, watch, diff_id, err);
}
