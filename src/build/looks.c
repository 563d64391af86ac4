/*
 * looks.c - what the making of a layer saw of the rootfs below it.
 *
 * A layer in between matters where it has something at a path that was looked at. Directories are
 * in every layer, on the way to what is new: one with the same owner, mode and time is the one that
 * was seen, taken over.
 */
#include "looks.h"
#include "store/layer.h"
#include "store/owner_stack.h"
#include "store/rootfs.h"
#include "tree.h"
#include "util/path.h"
#include "util/fd.h"

#include <errno.h>

void looks_done(struct looks *l)
{
	vec_each (&l->v, i)
		free(i->path);
	vec_done(&l->v);
}

static void set(struct look *i, const struct stat *st)
{
	i->found = st != NULL;
	if (!st)
		return;
	i->mode = st->st_mode;
	i->uid = st->st_uid;
	i->gid = st->st_gid;
	i->mtime = st->st_mtim;
}

void looks_add(struct looks *l, const char *path, const struct stat *st)
{
	struct look *i;

	if (l->v.n > LOOKS_MAX)
		return;
	i = vec_add(&l->v);
	*i = (struct look){ .path = xstrdup(path) };
	set(i, st);
}

void looks_made(struct looks *l, const char *path, const struct stat *st)
{
	vec_each (&l->v, i)
		if (strcmp(i->path, path) == 0)
			set(i, st);
}

static bool same_time(struct timespec a, struct timespec b, int64_t epoch)
{
	if (epoch >= 0 && a.tv_sec >= epoch)
		a = (struct timespec){ .tv_sec = epoch };
	if (epoch >= 0 && b.tv_sec >= epoch)
		b = (struct timespec){ .tv_sec = epoch };
	return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

/* Is what the layer has there the directory that was seen? 1, 0, -1 */
static int is_same(const struct look *i, int fd, const struct stat *st, int64_t epoch,
		   struct error *err)
{
	auto_done(strv) struct strv names = { 0 };
	auto_close int dir = -1;

	if (!i->found || !S_ISDIR(i->mode) || i->mode != st->st_mode || i->uid != st->st_uid ||
	    i->gid != st->st_gid || !same_time(i->mtime, st->st_mtim, epoch))
		return 0;
	dir = fd_reopen(fd, O_RDONLY | O_DIRECTORY, err);
	if (dir < 0 || attributes_list(dir, &names, err) < 0)
		return -1;
	return names.n == 0; /* others might have more of them */
}

static int holds(const struct look *i, int diff, struct owner_stack *owners, int64_t epoch,
		 struct error *err)
{
	struct error local = { 0 };
	auto_close int fd = rootfs_open(diff, i->path, O_PATH | O_NOFOLLOW, 0, &local);
	struct stat st;

	if (fd < 0) {
		if (local.kind == ERR_NOTFOUND)
			return 1;
		if (local.sys == ENOTDIR)
			return 0;
		*err = local;
		return -1;
	}
	if (fstat(fd, &st) < 0)
		return error_sys(err, "look at %s", i->path);
	owner_stack_apply(owners, i->path + 1, &st);
	return is_same(i, fd, &st, epoch, err);
}

static int hold_above(struct store *st, const struct looks *l, char *hex, int64_t epoch,
		      struct error *err)
{
	auto_done(owner_stack) struct owner_stack owners = { 0 };
	struct strv one = { 0 };
	auto_close int diff = -1;
	struct digest d;
	int r;

	memcpy(d.hex, hex, sizeof(d.hex));
	diff = layer_open_diff(st, &d, err);
	strv_add(&one, hex);
	r = diff < 0 ? -1 : owner_stack_open(st, &one, &owners, err);
	strv_done(&one);
	if (r < 0)
		return -1;
	r = 1;
	for (size_t i = 0; r == 1 && i < l->v.n; i++)
		r = holds(&l->v.v[i], diff, &owners, epoch, err);
	return r;
}

int looks_hold(struct store *st, const struct looks *l, char *const *layers, size_t n,
	       int64_t epoch, struct error *err)
{
	int r = l->v.n <= LOOKS_MAX;

	for (size_t i = 0; r == 1 && i < n; i++)
		r = hold_above(st, l, layers[i], epoch, err);
	return r;
}
