/*
 * unpack_entry.c - the entries of an unpacking that are not directories: files, links, devices.
 *
 * Never  follows the last part of a name: things are made with O_EXCL or by calls that do not
 * follow, after what was there has gone, and get their metadata by descriptor.
 */
#include "unpack.h"

#include "store/owners.h"
#include "util/fd.h"
#include "util/log.h"
#include "util/path.h"

#include <errno.h>
#include <stdio.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>

#define SPACE_LOOK (16 << 20) /* bytes between two looks at the free space */
#define HOLE_BLOCK ((size_t)64 << 10)

bool unpack_is_whiteout(const struct stat *st)
{
	return S_ISCHR(st->st_mode) && st->st_rdev == makedev(0, 0);
}

/* ---- owners ---- */

int unpack_owner(const struct unpack *u, const struct tar_entry *e, uid_t *uid, gid_t *gid,
		 struct error *err)
{
	int64_t wanted_uid = u->o->uid >= 0 ? u->o->uid : e->uid;
	int64_t wanted_gid = u->o->gid >= 0 ? u->o->gid : e->gid;

	if (wanted_uid < 0 || wanted_uid >= UINT32_MAX || wanted_gid < 0 || wanted_gid >= UINT32_MAX)
		return error_set(err, ERR_INVALID, "owner %lld:%lld is out of range",
				 (long long)wanted_uid, (long long)wanted_gid);
	*uid = (uid_t)wanted_uid;
	*gid = (gid_t)wanted_gid;
	return 0;
}

void unpack_note_owner(struct unpack *u, const char *dir, const char *name, uid_t uid, gid_t gid,
		       mode_t mode, dev_t rdev)
{
	auto_free char *path = name && *dir ? xasprintf("%s/%s", dir, name)
					    : xstrdup(name   ? name
						      : *dir ? dir
							     : ".");

	/* 0:0 is what an absent note means, unless an older one is to be corrected */
	if (uid || gid || rdev || u->removed || u->o->flags & APPLY_NOTE_ALL)
		owners_set(u->o->owners, path, uid, gid, mode, rdev);
}

/* name "" is dirfd itself */
int unpack_chown(int dirfd, const char *name, uid_t uid, gid_t gid, struct error *err)
{
	if (fchownat(dirfd, name, uid, gid, AT_SYMLINK_NOFOLLOW | (*name ? 0 : AT_EMPTY_PATH)) == 0)
		return 0;
	error_sys(err, "set owner %u:%u", uid, gid);
	if (err->sys == EINVAL)
		error_hint(err, "more subordinate ids are needed: see subuid(5)");
	return -1;
}

/* Gives a new thing its owner, or notes it. */
static int set_owner(struct unpack *u, const struct dir_slot *at, const char *name, int fd,
		     const struct tar_entry *e, mode_t type, struct error *err)
{
	uid_t uid;
	gid_t gid;

	if (unpack_owner(u, e, &uid, &gid, err) < 0)
		return -1;
	if (u->o->single) {
		if (u->o->owners)
			unpack_note_owner(u, at->real, name, uid, gid, type | e->mode, 0);
		return 0;
	}
	if (u->born_root && uid == 0 && gid == 0)
		return 0;
	return fd >= 0 ? unpack_chown(fd, "", uid, gid, err)
		       : unpack_chown(at->fd, name, uid, gid, err);
}

int unpack_xattrs(struct unpack *u, struct xattrs *x, struct error *err)
{
	const char *name;
	const void *value;
	size_t n, total = 0;

	for (bool first = true; tar_reader_xattr(&u->reader, first, &name, &value, &n);
	     first = false) {
		total += n + (name ? strlen(name) : 0);
		if (n > XATTR_VALUE_MAX || total > XATTR_ALL_MAX)
			return error_set(err, ERR_LIMIT,
					 "extended attributes over %d bytes, or %d for one entry",
					 XATTR_VALUE_MAX, XATTR_ALL_MAX);
		if (name && u->o->flags & APPLY_NO_PRIVILEGES &&
		    strcmp(name, "security.capability") == 0)
			continue;
		if (name && xattr_kept(name) && strlen(name) <= 255)
			xattrs_add(x, name, value, n);
	}
	return 0;
}

/* ---- files ---- */

static int space_check(struct unpack *u, int64_t written, struct error *err)
{
	struct statvfs fs;
	uint64_t left, reserve;

	u->unchecked += written;
	if ((u->unchecked < SPACE_LOOK && written >= 0) || u->o->flags & APPLY_FILL)
		return 0;
	u->unchecked = 0;
	if (fstatvfs(u->root, &fs) < 0)
		return error_sys(err, "look at free space");
	left = (uint64_t)fs.f_bavail * fs.f_frsize;
	reserve = (uint64_t)fs.f_blocks * fs.f_frsize / 100 * UNPACK_RESERVE_PERCENT;
	reserve = MIN(reserve, (uint64_t)UNPACK_RESERVE);
	if (left >= reserve)
		return 0;
	errno = ENOSPC;
	return error_sys(err, "%llu bytes are free, %llu are kept back", (unsigned long long)left,
			 (unsigned long long)reserve);
}

static int write_at(int fd, const char *bytes, size_t n, int64_t at, struct error *err)
{
	while (n) {
		ssize_t w = pwrite(fd, bytes, n, at);

		if (w < 0 && errno == EINTR)
			continue;
		if (w < 0)
			return error_sys(err, "write");
		bytes += w;
		n -= (size_t)w;
		at += w;
	}
	return 0;
}

static bool all_zeros(const char *bytes, size_t n)
{
	return n && !*bytes && memcmp(bytes, bytes + 1, n - 1) == 0;
}

/* Into a file that was empty. *end: behind what was written. */
static int write_sparse(int fd, const char *bytes, size_t n, int64_t at, int64_t *end,
			struct error *err)
{
	while (n) {
		/* to the next multiple, so that holes are where the file system can have them */
		size_t part = MIN(n, HOLE_BLOCK - (size_t)(at % HOLE_BLOCK));

		if (!all_zeros(bytes, part)) {
			if (write_at(fd, bytes, part, at, err) < 0)
				return -1;
			*end = at + (int64_t)part;
		}
		bytes += part;
		n -= part;
		at += (int64_t)part;
	}
	return 0;
}

static int file_fill(struct unpack *u, int fd, const struct tar_entry *e, struct error *err)
{
	const void *bytes;
	int64_t at, end = 0, begun = 0;
	size_t n;
	int r;

	if (e->size < 0)
		return error_set(err, ERR_INVALID, "a negative size");
	while ((r = tar_reader_data(&u->reader, &bytes, &n, &at, err)) > 0) {
		if (at < 0 || at > e->size || (int64_t)n > e->size - at)
			return error_set(err, ERR_INVALID, "data beyond the size of the file");
		if (u->o->flags & APPLY_HOLES) {
			if (write_sparse(fd, bytes, n, at, &end, err) < 0)
				return -1;
		} else {
			if (write_at(fd, bytes, n, at, err) < 0)
				return -1;
			end = at + (int64_t)n;
		}
		if (space_check(u, (int64_t)n, err) < 0)
			return -1;
		if (u->o->form == LAYER_OVERLAY) /* what is published is synced before */
			fd_write_behind(fd, &begun, end);
	}
	if (r < 0)
		return -1;
	/* only now: what the data themselves take was read, and so allowed for; holes were not */
	u->declared += e->size;
	if (u->declared > stream_allowance(u->reader.in))
		return error_set(err, ERR_LIMIT, "the files are more than %d times the archive",
				 STREAM_EXPANSION_MAX);
	if (end < e->size && ftruncate(fd, e->size) < 0)
		return error_sys(err, "set size");
	u->stats.bytes += e->size;
	return 0;
}

static int file_finish(struct unpack *u, const struct dir_slot *at, const char *name, int fd,
		       const struct tar_entry *e, struct error *err)
{
	struct timespec times[2] = { e->mtime, e->mtime };
	auto_done(xattrs) struct xattrs x = { 0 };

	/* the owner first: changing it takes away set-user-ID and capabilities */
	if (set_owner(u, at, name, fd, e, S_IFREG, err) < 0)
		return -1;
	if (fchmod(fd, unpack_mode(u, e)) < 0)
		return error_sys(err, "set mode");
	if (unpack_xattrs(u, &x, err) < 0 || xattrs_set(fd, &x, err) < 0)
		return -1;
	return futimens(fd, times) < 0 ? error_sys(err, "set time") : 0;
}

/* Tries make; when something is there it is removed and make is tried again. */
static int make_afresh(struct unpack *u, const struct dir_slot *at, const char *name,
		       int (*make)(int dirfd, const char *name, const void *arg), const void *arg,
		       struct error *err)
{
	int r = make(at->fd, name, arg);
	bool whiteout;

	if (r >= 0 || errno != EEXIST)
		return r;
	if (unpack_clear(u, at, name, &whiteout, err) < 0)
		return -1;
	return make(at->fd, name, arg);
}

mode_t unpack_mode(const struct unpack *u, const struct tar_entry *e)
{
	bool all = e->type == S_IFDIR || !(u->o->flags & APPLY_NO_PRIVILEGES);

	return all ? e->mode : e->mode & ~(mode_t)(S_ISUID | S_ISGID);
}

static int make_file(int dirfd, const char *name, const void *arg)
{
	return openat(dirfd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
}

/* What cannot be removed because something is mounted on it is written to, and keeps its owner. */
static int file_in_place(struct unpack *u, const struct dir_slot *at, const char *name,
			 const struct tar_entry *e, struct error *err)
{
	auto_close int fd = openat(at->fd, name, O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return error_sys(err, "open what is mounted there");
	if (!S_ISREG(st.st_mode))
		return error_set(err, ERR_BUSY, "what is mounted there is no file");
	if (ftruncate(fd, 0) < 0)
		return error_sys(err, "set size");
	return file_fill(u, fd, e, err);
}

static int entry_file(struct unpack *u, const struct dir_slot *at, const char *name,
		      const struct tar_entry *e, struct error *err)
{
	auto_close int fd = make_afresh(u, at, name, make_file, NULL, err);

	if (fd < 0 && err->sys == EBUSY && u->o->form == LAYER_PLAIN) {
		error_clear(err);
		return file_in_place(u, at, name, e, err);
	}
	if (fd < 0)
		return err->kind ? -1 : error_sys(err, "make file");
	if (file_fill(u, fd, e, err) < 0)
		return -1;
	return file_finish(u, at, name, fd, e, err);
}

/* ---- links ---- */

static int make_symlink(int dirfd, const char *name, const void *arg)
{
	return symlinkat(arg, dirfd, name);
}

static int set_times(const struct dir_slot *at, const char *name, const struct tar_entry *e,
		     struct error *err)
{
	struct timespec times[2] = { e->mtime, e->mtime };

	return utimensat(at->fd, name, times, AT_SYMLINK_NOFOLLOW) < 0 ? error_sys(err, "set time")
								       : 0;
}

static int entry_symlink(struct unpack *u, const struct dir_slot *at, const char *name,
			 const struct tar_entry *e, struct error *err)
{
	if (!e->symlink || !*e->symlink)
		return error_set(err, ERR_INVALID, "a symbolic link to nothing");
	if (make_afresh(u, at, name, make_symlink, e->symlink, err) < 0)
		return err->kind ? -1 : error_sys(err, "make symbolic link");
	if (set_owner(u, at, name, -1, e, S_IFLNK, err) < 0)
		return -1;
	return set_times(at, name, e, err);
}

struct link_source {
	int dirfd;
	const char *name;
};

static int make_link(int dirfd, const char *name, const void *arg)
{
	const struct link_source *from = arg;

	return linkat(from->dirfd, from->name, dirfd, name, 0); /* not AT_SYMLINK_FOLLOW */
}

/* A link to a stand-in is another stand-in; in single mode the entry says whose the file is. */
static int link_owner(struct unpack *u, const struct dir_slot *at, const char *name,
		      const char *source, mode_t type, const struct tar_entry *e, struct error *err)
{
	const struct owner *o;
	uid_t uid;
	gid_t gid;

	if (!u->o->owners)
		return 0;
	if (strv_has(&u->devices, source) && (o = owners_find(u->o->owners, source))) {
		struct owner copy = *o;

		unpack_note_owner(u, at->real, name, copy.uid, copy.gid, copy.mode, copy.rdev);
		return 0;
	}
	if (!u->o->single)
		return 0;
	if (unpack_owner(u, e, &uid, &gid, err) < 0)
		return -1;
	unpack_note_owner(u, at->real, name, uid, gid, type | e->mode, 0);
	return 0;
}

/*
 * An image may link to a file of a layer below, though builders write the file into the layer again
 * before they link to it, and an overlay must. A layer of ours is a function of its tar alone, so
 * that images share it whatever is below it; one whose content depended on that could not be.
 */
static int no_target(const struct unpack *u, const char *target, struct error *err)
{
	error_set(err, ERR_INVALID, "hard link to '%s', which is no file here", target);
	if (u->o->form == LAYER_OVERLAY)
		error_hint(err,
			   "a layer that links to files of the layers below it cannot be unpacked "
			   "on its own; an image that is built anew, or squashed, has none");
	return -1;
}

/* Another name of what target is in this tree. Its metadata are already there. */
int unpack_make_link(struct unpack *u, const char *dir, const char *name, const char *target,
		     const struct tar_entry *e, struct error *err)
{
	const char *base = path_base(target);
	auto_free char *above = xstrndup(target, base > target ? (size_t)(base - target) - 1 : 0);
	auto_free char *source = NULL;
	auto_close int fd = -1;
	struct stat st, there;
	const struct dir_slot *at = unpack_dir(u, above, err);

	if (!at)
		return -1;
	source = *at->real ? xasprintf("%s/%s", at->real, base) : xstrdup(base);
	fd = fcntl(at->fd, F_DUPFD_CLOEXEC, 0); /* its slot may be the one that is filled next */
	if (fd < 0)
		return error_sys(err, "duplicate a descriptor");
	if (fstatat(fd, base, &st, AT_SYMLINK_NOFOLLOW) < 0 || S_ISDIR(st.st_mode) ||
	    unpack_is_whiteout(&st))
		return no_target(u, target, err);
	at = unpack_dir(u, dir, err);
	if (!at)
		return -1;
	if (fstatat(at->fd, name, &there, AT_SYMLINK_NOFOLLOW) == 0 && there.st_ino == st.st_ino &&
	    there.st_dev == st.st_dev)
		return 0; /* to itself, or made before */
	if (make_afresh(u, at, name, make_link, &(struct link_source){ fd, base }, err) < 0)
		return err->kind ? -1 : error_sys(err, "make hard link to '%s'", target);
	return link_owner(u, at, name, source, st.st_mode & S_IFMT, e, err);
}

/* ---- devices and FIFOs ---- */

struct node {
	mode_t type;
	dev_t rdev;
};

static int make_node(int dirfd, const char *name, const void *arg)
{
	const struct node *n = arg;

	return mknodat(dirfd, name, n->type | 0600, n->rdev);
}

/* An empty file in place of a device that may not be made, or nothing. */
static int device_stand_in(struct unpack *u, const struct dir_slot *at, const char *name,
			   const struct tar_entry *e, const struct node *n, struct error *err)
{
	auto_close int fd = -1;
	uid_t uid;
	gid_t gid;

	if (!u->o->owners) {
		log_debug("image: a device was left out: it may not be made here");
		u->stats.skipped++;
		return 0;
	}
	if (u->devices.n >= UNPACK_DEVICES_MAX)
		return error_set(err, ERR_LIMIT, "more than %d devices", UNPACK_DEVICES_MAX);
	if (unpack_owner(u, e, &uid, &gid, err) < 0)
		return -1;
	fd = make_afresh(u, at, name, make_file, NULL, err);
	if (fd < 0)
		return err->kind ? -1 : error_sys(err, "make file");
	unpack_note_owner(u, at->real, name, uid, gid, n->type | e->mode, n->rdev);
	strv_take(&u->devices, *at->real ? xasprintf("%s/%s", at->real, name) : xstrdup(name));
	return set_times(at, name, e, err);
}

static int entry_node(struct unpack *u, const struct dir_slot *at, const char *name,
		      const struct tar_entry *e, struct error *err)
{
	struct node n = { .type = e->type };
	auto_close int fd = -1;
	char link[64];

	if (e->type != S_IFIFO) {
		if (e->major < 0 || e->major > 0xfff || e->minor < 0 || e->minor > 0xfffff)
			return error_set(err, ERR_INVALID, "device number %lld:%lld is out of range",
					 (long long)e->major, (long long)e->minor);
		n.rdev = makedev((unsigned)e->major, (unsigned)e->minor);
		if (e->type == S_IFCHR && n.rdev == makedev(0, 0))
			return error_set(err, ERR_INVALID,
					 "a character device 0:0 would hide what is below it");
		if (u->o->flags & APPLY_NO_DEVICES) {
			u->stats.skipped++;
			return 0;
		}
	}
	if (make_afresh(u, at, name, make_node, &n, err) < 0) {
		if (err->kind)
			return -1;
		if (errno == EPERM && e->type != S_IFIFO)
			return device_stand_in(u, at, name, e, &n, err);
		return error_sys(err, "make node");
	}
	if (set_owner(u, at, name, -1, e, e->type, err) < 0)
		return -1;
	fd = openat(at->fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	if (fd < 0 || chmod(link, unpack_mode(u, e)) < 0) /* path: our own descriptor */
		return error_sys(err, "set mode");
	return set_times(at, name, e, err);
}

int unpack_make_entry(struct unpack *u, const struct dir_slot *at, const char *name,
		      const struct tar_entry *e, struct error *err)
{
	switch (e->type) {
	case S_IFREG:
		return entry_file(u, at, name, e, err);
	case S_IFDIR:
		return unpack_make_dir(u, at, name, e, err);
	case S_IFLNK:
		return entry_symlink(u, at, name, e, err);
	case S_IFCHR:
	case S_IFBLK:
	case S_IFIFO:
		return entry_node(u, at, name, e, err);
	}
	return error_set(err, ERR_INVALID, "unknown file type 0%o", e->type);
}
