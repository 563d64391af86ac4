/*
 * cache_mount.c - the directories of RUN --mount=type=cache.
 *
 * Owns   cache/mounts.
 * Never  waits with a lock of the store held, nor looks into a directory but to measure or remove it.
 */
#include "cache_mount.h"
#include "oci/digest.h"
#include "util/fd.h"

#include <errno.h>
#include <stdio.h>

#define COPIES_MAX 1000 /* of one cache, for sharing=private */

void cache_mount_close(struct cache_mount *c)
{
	free(c->key);
	auto_close_fd(&c->dir);
	auto_close_fd(&c->lock);
	*c = (struct cache_mount)CACHE_MOUNT_NONE;
}

static int open_all(struct store *st, struct error *err)
{
	int cache = store_dir(st, STORE_CACHE, err);

	return cache < 0 ? -1 : dir_make_open(cache, "mounts", 0700, err);
}

/* Is the file behind fd still the one of this name? Who prunes removes it with the lock held. */
static bool still_there(int dir, const char *name, int fd)
{
	struct stat a, b;

	return fstat(fd, &a) == 0 && fstatat(dir, name, &b, AT_SYMLINK_NOFOLLOW) == 0 &&
	       a.st_ino == b.st_ino && a.st_dev == b.st_dev;
}

/* The lock of one directory: 1 and *lock, 0 held by others and not wait, -1. */
static int take(int dir, unsigned n, enum lock_mode mode, bool wait, int *lock, struct error *err)
{
	char name[32];

	snprintf(name, sizeof(name), "%u.lock", n);
	for (;;) {
		auto_close int fd =
			openat(dir, name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
		int r;

		if (fd < 0)
			return error_sys(err, "open the lock of a cache");
		r = wait ? lock_take(fd, mode, err) : lock_try(fd, mode, err);
		if (r < 0 || (!wait && r == 0))
			return r;
		if (still_there(dir, name, fd)) {
			*lock = take_fd(&fd);
			return 1;
		}
	}
}

/* Which of the copies we may use, with its lock: its number, or -1. */
static int choose(int dir, enum mount_sharing sharing, void (*waiting)(void *), void *arg,
		  int *lock, struct error *err)
{
	enum lock_mode mode = sharing == SHARING_SHARED ? LOCK_SHARED : LOCK_EXCLUSIVE;
	unsigned tries = sharing == SHARING_PRIVATE ? COPIES_MAX : 1;

	for (unsigned n = 0; n < tries; n++) {
		int r = take(dir, n, mode, false, lock, err);

		if (r != 0)
			return r < 0 ? -1 : (int)n;
	}
	if (sharing == SHARING_PRIVATE)
		return error_set(err, ERR_LIMIT, "more than %d steps use the cache", COPIES_MAX);
	if (waiting)
		waiting(arg);
	return take(dir, 0, mode, true, lock, err) < 0 ? -1 : 0;
}

static int set_owner(const struct store *st, const struct run_mount *m, int fd, struct error *err)
{
	bool owned = m->uid > 0 || m->gid > 0;

	/* in single mode there is one id, and it is everybody's */
	if (owned && !st->single &&
	    fchown(fd, m->uid < 0 ? 0 : (uid_t)m->uid, m->gid < 0 ? 0 : (gid_t)m->gid) < 0)
		return error_sys(err, "set the owner of a cache");
	if (fchmod(fd, m->mode < 0 ? 0755 : (mode_t)m->mode) < 0)
		return error_sys(err, "set the mode of a cache");
	return 0;
}

/* Made aside and renamed: a step never sees one half filled. Who comes second takes the first's. */
static int make(struct store *st, int dir, const char *name, const struct run_mount *m,
		const struct staging *staging, cache_mount_fill *fill, void *arg, struct error *err)
{
	auto_close int fd = -1;
	char temporary[48] = "cache-";

	random_hex(temporary + 6, 16);
	fd = dir_make_open(staging->fd, temporary, 0755, err);
	if (fd < 0 || set_owner(st, m, fd, err) < 0 || (fill && fill(arg, fd, err) < 0))
		return -1;
	/* a plain rename would take an empty one away, which the first has open already */
	if (renameat2(staging->fd, temporary, dir, name, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EEXIST)
		return error_sys(err, "make a cache");
	return tree_remove(staging->fd, temporary, err);
}

static int open_copy(struct store *st, int dir, int n, const struct run_mount *m,
		     const struct staging *staging, cache_mount_fill *fill, void *arg,
		     struct error *err)
{
	char name[16];

	snprintf(name, sizeof(name), "%d", n);
	if (!file_exists(dir, name) && make(st, dir, name, m, staging, fill, arg, err) < 0)
		return -1;
	return dir_open(dir, name, err);
}

int cache_mount_open(struct store *st, const char *key, const char *id, const struct run_mount *m,
		     const struct staging *staging, cache_mount_fill *fill, void *arg,
		     void (*waiting)(void *arg), struct cache_mount *out, struct error *err)
{
	auto_close int all = open_all(st, err), dir = -1;
	auto_free char *about = xasprintf("%s\n", id);
	int n;

	*out = (struct cache_mount)CACHE_MOUNT_NONE;
	if (all < 0)
		return -1;
	for (;;) { /* who prunes may remove what we have just opened */
		auto_close_fd(&dir);
		dir = dir_make_open(all, key, 0700, err);
		if (dir < 0)
			return -1;
		n = choose(dir, m->sharing, waiting, arg, &out->lock, err);
		if (n >= 0 && still_there(all, key, dir))
			break;
		auto_close_fd(&out->lock);
		out->lock = -1;
		if (n < 0 && err->sys != ENOENT)
			return -1;
		error_clear(err);
	}
	out->dir = open_copy(st, dir, n, m, staging, fill, arg, err);
	/* its time is that of the last use */
	if (out->dir < 0 || file_write(dir, "about", about, strlen(about), 0600, false, err) < 0) {
		cache_mount_close(out);
		return -1;
	}
	out->key = xstrdup(key);
	return 0;
}

/* ---- what there is ---- */

void cache_mount_infos_done(cache_mount_infos *v)
{
	vec_each (v, i) {
		free(i->key);
		free(i->id);
	}
	vec_done(v);
}

static bool is_copy(const char *name)
{
	uint64_t n;

	return str_u64(name, &n) && n < COPIES_MAX;
}

static bool is_busy(int dir, const char *copy)
{
	auto_free char *name = xasprintf("%s.lock", copy);
	struct error ignored = { 0 }; /* a lock that cannot be looked at is nobody's */
	auto_close int fd = openat(dir, name, O_RDWR | O_CLOEXEC | O_NOFOLLOW);

	return fd >= 0 && lock_held(fd, &ignored) == 1;
}

static int describe(int all, const char *key, struct cache_mount_info *i, struct error *err)
{
	auto_close int dir = dir_open(all, key, err);
	auto_done(strv) struct strv names = { 0 };
	auto_done(str) struct str about = { 0 };
	struct error absent = { 0 }; /* not written yet */
	struct stat st;

	if (dir < 0 || dir_list(dir, &names, err) < 0)
		return -1;
	if (file_read(dir, "about", &about, 4096, &absent) == 0 && about.len)
		about.s[--about.len] = '\0';
	i->key = xstrdup(key);
	i->id = xstrdup(str_get(&about));
	if (fstatat(dir, "about", &st, AT_SYMLINK_NOFOLLOW) == 0)
		i->used = st.st_mtime;
	strv_each (&names, k) {
		uint64_t bytes, entries;

		if (!is_copy(names.v[k]))
			continue;
		if (tree_usage(dir, names.v[k], &bytes, &entries, err) < 0)
			return -1;
		i->bytes += bytes;
		i->busy = i->busy || is_busy(dir, names.v[k]);
	}
	return 0;
}

int cache_mount_list(struct store *st, cache_mount_infos *out, struct error *err)
{
	auto_close int all = open_all(st, err);
	auto_done(strv) struct strv keys = { 0 };

	if (all < 0 || dir_list(all, &keys, err) < 0)
		return -1;
	strv_each (&keys, i) {
		struct cache_mount_info info = { 0 };

		if (!digest_is_hex(keys.v[i]))
			continue;
		if (describe(all, keys.v[i], &info, err) < 0) {
			free(info.key);
			free(info.id);
			if (err->kind != ERR_NOTFOUND && err->sys != ENOENT)
				return -1;
			error_clear(err); /* somebody else removed it */
			continue;
		}
		vec_push(out, info);
	}
	return 0;
}

/* 1 when it is gone, 0 when a step uses it. */
static int remove_copy(int dir, const char *name, struct error *err)
{
	auto_free char *lock_name = xasprintf("%s.lock", name);
	auto_close int lock = -1;
	uint64_t n;
	int r;

	str_u64(name, &n);
	r = take(dir, (unsigned)n, LOCK_EXCLUSIVE, false, &lock, err);
	if (r <= 0)
		return r;
	if (tree_remove(dir, name, err) < 0)
		return -1;
	if (unlinkat(dir, lock_name, 0) < 0)
		return error_sys(err, "remove the lock of a cache");
	return 1;
}

int cache_mount_remove(struct store *st, const char *key, struct error *err)
{
	auto_close int all = open_all(st, err), dir = -1;
	auto_done(strv) struct strv names = { 0 };
	bool busy = false;

	dir = all < 0 ? -1 : dir_open(all, key, err);
	if (dir < 0 || dir_list(dir, &names, err) < 0)
		return -1;
	strv_each (&names, i) {
		int r = is_copy(names.v[i]) ? remove_copy(dir, names.v[i], err) : 1;

		if (r < 0)
			return -1;
		busy = busy || r == 0;
	}
	if (busy)
		return 0;
	unlinkat(dir, "about", 0);
	/* a lock that a step has made meanwhile keeps it */
	if (unlinkat(all, key, AT_REMOVEDIR) < 0 && errno != ENOTEMPTY && errno != EEXIST)
		return error_sys(err, "remove a cache");
	return 0;
}
