/*
 * owners_collect.c - the marks and notes that chown(2) left in a tree -> a list of owners.
 *
 * Never  follows a link, nor asks /proc: for the tree of a running container that would be the
 *        container's own. A directory is opened from the root of the tree.
 */
#include "store/owner_stack.h"

#include "util/fd.h"
#include "util/owner_mark.h"
#include "util/path.h"

#include <errno.h>
#include <sys/sysmacros.h>

struct collecting {
	int tree, view, notes; /* notes: -1 when there are none */
	struct owner_stack *below;
	struct owners *o;
	struct strv dirs; /* to be walked; "" is the root */
	bool one_device;  /* what is mounted in the tree is left out */
	dev_t device;
};

/* The tree may be that of a running container: what goes while we look needs no owner. */
static bool skip_gone(struct error *err)
{
	if (err->sys != ENOENT && err->sys != ENOTDIR && err->sys != ELOOP)
		return false;
	error_clear(err);
	return true;
}

static int note_find(struct collecting *c, const char *path, struct owner_mark *m, struct error *err)
{
	auto_close int fd = -1;
	struct owner_key key;

	if (c->notes < 0)
		return 0;
	fd = rootfs_open(c->view, path, O_PATH | O_NOFOLLOW, 0, err);
	if (fd < 0)
		return -1;
	if (owner_key_of(fd, &key, NULL) < 0)
		return error_sys(err, "look at '%s'", path);
	if (owner_note_find(c->notes, &key, m))
		return 1;
	key = owner_key_by_path(path, &key);
	return owner_note_find(c->notes, &key, m);
}

/* What was never changed here, and came from a layer below, is as that one says. */
static void below_find(struct collecting *c, const char *path, const struct stat *st,
		       struct owner_mark *m)
{
	struct stat there = { .st_mode = st->st_mode };

	if (S_ISREG(st->st_mode) || S_ISDIR(st->st_mode) || !c->below)
		return;
	owner_stack_apply(c->below, path, &there);
	if ((there.st_mode & S_IFMT) == (st->st_mode & S_IFMT))
		*m = (struct owner_mark){ there.st_uid, there.st_gid, 0, 0 };
}

static int mark_find(int dir, const char *name, const struct stat *st, struct owner_mark *m,
		     struct error *err)
{
	auto_close int fd = -1;

	if (!S_ISREG(st->st_mode) && !S_ISDIR(st->st_mode))
		return 0;
	fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return error_sys(err, "open '%s'", name);
	return owner_mark_read(fd, m);
}

static int collect_one(struct collecting *c, int dir, const char *name, const char *path,
		       const struct stat *st, struct error *err)
{
	struct owner_mark m = { 0 };
	int found = mark_find(dir, name, st, &m, err);

	if (!found)
		found = note_find(c, path, &m, err);
	if (found < 0)
		return -1;
	if (!found)
		below_find(c, path, st, &m);
	if (m.uid || m.gid || m.type)
		owners_set(c->o, path, m.uid, m.gid,
			   (m.type ? m.type : st->st_mode & S_IFMT) | (st->st_mode & 07777), m.rdev);
	return 0;
}

static int collect_dir(struct collecting *c, const char *at, struct error *err)
{
	auto_done(strv) struct strv names = { 0 };
	auto_close int dir =
		rootfs_open(c->tree, *at ? at : ".", O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, err);
	struct stat st;

	if (dir < 0)
		return skip_gone(err) ? 0 : -1;
	if (dir_list(dir, &names, err) < 0)
		return -1;
	strv_each (&names, i) {
		const char *name = names.v[i];
		auto_free char *path = *at ? xasprintf("%s/%s", at, name) : xstrdup(name);

		if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0) {
			error_sys(err, "look at '%s'", path);
			if (skip_gone(err))
				continue;
			return -1;
		}
		if (S_ISCHR(st.st_mode) && st.st_rdev == makedev(0, 0))
			continue; /* a whiteout */
		if (collect_one(c, dir, name, path, &st, err) < 0) {
			if (skip_gone(err))
				continue;
			return -1;
		}
		if (S_ISDIR(st.st_mode) && (!c->one_device || st.st_dev == c->device))
			strv_take(&c->dirs, take_ptr(&path));
	}
	return 0;
}

static int collect_root(struct collecting *c, struct error *err)
{
	struct owner_mark m;
	struct stat st;

	if (fstat(c->tree, &st) < 0)
		return error_sys(err, "look at the root of the tree");
	if (owner_mark_read(c->tree, &m))
		owners_set(c->o, ".", m.uid, m.gid, st.st_mode, 0);
	strv_add(&c->dirs, "");
	return 0;
}

/* One path, and all below it when it is a directory. */
static int collect_from(struct collecting *c, const char *at, struct error *err)
{
	auto_free char *name = NULL;
	auto_close int parent = -1;
	struct stat st;

	if (!*at)
		return collect_root(c, err);
	parent = rootfs_parent(c->tree, at, false, &name, err);
	if (parent < 0)
		return -1;
	if (fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return error_sys(err, "look at '%s'", at);
	if (collect_one(c, parent, name, at, &st, err) < 0)
		return -1;
	if (S_ISDIR(st.st_mode))
		strv_add(&c->dirs, at);
	return 0;
}

static int collect_all(struct collecting *c, const char *at, int dir, struct error *err)
{
	auto_close int notes = openat(dir, OWNER_NOTES, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	int status;

	if (notes < 0 && errno != ENOENT)
		return error_sys(err, "open %s", OWNER_NOTES);
	c->notes = notes;
	status = collect_from(c, at, err);
	while (status == 0 && c->dirs.n) {
		auto_free char *next = c->dirs.v[--c->dirs.n];

		c->dirs.v[c->dirs.n] = NULL;
		status = collect_dir(c, next, err);
	}
	strv_done(&c->dirs);
	return status < 0 ? error_add(err, "owners of files") : 0;
}

int owners_collect(int tree, int view, int dir, struct owner_stack *below, struct owners *o,
		   struct error *err)
{
	struct collecting c = { .tree = tree, .view = view, .below = below, .o = o };

	return collect_all(&c, "", dir, err);
}

int owners_collect_part(int view, const char *at, int dir, struct owner_stack *below,
			struct owners *o, struct error *err)
{
	struct collecting c = { .tree = view, .view = view, .below = below, .o = o, .one_device = true };
	struct stat st;

	if (fstat(view, &st) < 0)
		return error_sys(err, "look at the root of the tree");
	c.device = st.st_dev;
	return collect_all(&c, at, dir, err);
}

static int leave_one(int view, uint64_t mount, int notes, const struct owner *e, struct error *err)
{
	struct owner_note note = { .mark = { e->uid, e->gid, 0, 0 } };
	auto_close int fd = rootfs_open(view, e->path, O_PATH | O_NOFOLLOW, 0, err);
	uint64_t where;

	if (fd < 0)
		return skip_gone(err) ? 0 : -1;
	if (owner_key_of(fd, &note.key, &where) < 0)
		return error_sys(err, "look at '%s'", e->path);
	if (where != mount)
		return 0;
	if (owner_mark_set(-1, fd, &note.mark) == 0)
		return 0;
	if (errno != ENOTSUP)
		return error_sys(err, "mark the owner of '%s'", e->path);
	if (!e->uid && !e->gid) /* it is new, so no older note is about it */
		return 0;
	return owner_note_add(notes, &note) < 0 ? error_sys(err, "write %s", OWNER_NOTES) : 0;
}

int owners_leave(int view, int dir, struct owners *o, struct error *err)
{
	auto_close int notes = -1;
	struct owner_key root;
	uint64_t mount;

	if (!o->v.n)
		return 0;
	notes = openat(dir, OWNER_NOTES, O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (notes < 0)
		return error_sys(err, "open %s", OWNER_NOTES);
	if (owner_key_of(view, &root, &mount) < 0)
		return error_sys(err, "look at the root of the tree");
	vec_each (&o->v, e)
		if (leave_one(view, mount, notes, e, err) < 0)
			return -1;
	return 0;
}
