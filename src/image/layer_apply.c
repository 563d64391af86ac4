/*
 * layer_apply.c - a tar unpacked into a tree: names cleaned, whiteouts understood, limits kept.
 *
 * Theory of operation: in overlay form the tree is one layer, independent of those below it. A
 * whiteout hides only what is below, wherever it stands in the tar: where this layer has something
 * of that name itself, a file already hides what is below, and a directory becomes opaque. The
 * other way round, a directory that comes in the place of a whiteout is made opaque, and an opaque
 * mark is an attribute of the directory that does not touch what this layer puts there.
 *
 * A file that another layer holds as well, with the same bytes, owner, mode and time, is made again
 * nevertheless. A hard link to it would be cheaper, but in a container that has both layers the two
 * would be one inode: tar, rsync -H and cp -a make them hard links of each other in what they
 * write, where a change of one is then a change of the other; our own tar of a tree, which makes
 * links of what has one inode, would no longer be the one that the layer came from; programs
 * that refuse files of several names (dotlocks, keys, logrotate) would refuse them; and the number
 * of links would differ from one store to the next. A reflink is safe, but saves no inode, which is
 * what costs the time here, and the blocks are for who keeps the file system to share.
 *
 * The work is done where Landlock lets nothing be reached but the tree (confine.h): the second wall.
 *
 * Never  trusts a name from an archive; every one goes through unpack_dir(), that is rootfs_open().
 * Spec   image-spec 1.1, layer.md, "Applying Changesets" and "Whiteouts".
 */
#include "unpack.h"

#include "util/confine.h"
#include "util/fd.h"
#include "util/log.h"
#include "util/path.h"

#include <errno.h>
#include <limits.h>
#include <sys/sysmacros.h>

#define WHITEOUT      ".wh."
#define WHITEOUT_META ".wh..wh." /* of AUFS, but for the opaque mark */
#define WHITEOUT_OPQ  ".wh..wh..opq"

static int whiteout_make(const struct dir_slot *at, const char *name, struct error *err)
{
	struct stat st;

	if (!*name || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return error_set(err, ERR_INVALID, "a whiteout of nothing");
	if (fstatat(at->fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
		return S_ISDIR(st.st_mode) ? unpack_opaque(at->fd, name, err) : 0;
	if (errno != ENOENT)
		return error_sys(err, "look at what is there");
	if (mknodat(at->fd, name, S_IFCHR, makedev(0, 0)) < 0)
		return error_sys(err, "make a whiteout");
	return 0;
}

/* What a name with ".wh." in it asks for. 1: it was a whiteout, and is done. */
static int whiteout_apply(struct unpack *u, const char *dir, const char *base,
			  const struct tar_entry *e, struct error *err)
{
	const struct dir_slot *at;

	for (const char *p = dir; *p; p += strcspn(p, "/"), p += *p == '/') {
		if (str_starts(p, WHITEOUT_META))
			return 1;
		if (str_starts(p, WHITEOUT))
			return error_set(err, ERR_INVALID, "a name below a whiteout");
	}
	if (!str_starts(base, WHITEOUT))
		return 0;
	if (strcmp(base, WHITEOUT_OPQ) != 0 && str_starts(base, WHITEOUT_META))
		return 1;
	if (e->type != S_IFREG && !e->hardlink) /* AUFS made them hard links */
		return error_set(err, ERR_INVALID, "a whiteout that is no file");
	at = unpack_dir(u, dir, err);
	if (!at)
		return -1;
	if (strcmp(base, WHITEOUT_OPQ) == 0)
		return unpack_opaque(at->fd, ".", err) < 0 ? -1 : 1;
	return whiteout_make(at, base + strlen(WHITEOUT), err) < 0 ? -1 : 1;
}

/* A clean name below the prefix, which LAYER_PLAIN may have. */
static char *place_of(const struct unpack *u, const char *name)
{
	if (!u->o->prefix || !*u->o->prefix)
		return xstrdup(name);
	return *name ? xasprintf("%s/%s", u->o->prefix, name) : xstrdup(u->o->prefix);
}

static int entry_apply(struct unpack *u, const struct tar_entry *e, struct error *err)
{
	auto_free char *name = NULL, *path = NULL, *link = NULL, *dir = NULL, *target = NULL;
	const struct dir_slot *at;
	const char *base;
	int r;

	if (tar_name_clean(e->path, &name, err) < 0)
		return -1;
	if (!*name) {
		if (e->hardlink || e->type != S_IFDIR)
			return error_set(err, ERR_INVALID, "the root is no directory");
		return u->o->form == LAYER_OVERLAY ? unpack_root_meta(u, e, err) : 0;
	}
	path = place_of(u, name);
	base = path_base(path);
	dir = xstrndup(path, base > path ? (size_t)(base - path) - 1 : 0);
	if (u->o->form == LAYER_OVERLAY) {
		r = whiteout_apply(u, dir, base, e, err);
		if (r)
			return r < 0 ? -1 : 0;
	}
	if (e->hardlink) {
		if (tar_name_clean(e->hardlink, &link, err) < 0)
			return -1;
		if (!*link)
			return error_set(err, ERR_INVALID, "a hard link to the root");
		target = place_of(u, link);
		return unpack_make_link(u, dir, base, target, e, err);
	}
	at = unpack_dir(u, dir, err);
	return at ? unpack_make_entry(u, at, base, e, err) : -1;
}

static int entries_apply(struct unpack *u, struct error *err)
{
	struct tar_entry e;
	int r;

	while ((r = tar_reader_next(&u->reader, &e, err)) > 0) {
		u->stats.entries++;
		if (e.mtime.tv_nsec < 0 || e.mtime.tv_nsec >= 1000000000)
			e.mtime.tv_nsec = 0;
		if (entry_apply(u, &e, err) < 0)
			return error_add(err, "entry '%.512s'", e.path);
	}
	return r < 0 ? -1 : tar_reader_finish(&u->reader, err);
}

/* Notes of what was removed again later in the tar would name what is not there. */
static void owners_sweep(struct unpack *u)
{
	struct owners *o = u->o->owners;
	size_t kept = 0;

	for (size_t i = 0; i < o->v.n; i++) {
		struct error absent = { 0 }; /* that is the question */
		int fd = rootfs_open(u->root, *o->v.v[i].path ? o->v.v[i].path : ".",
				     O_PATH | O_NOFOLLOW, 0, &absent);

		if (fd < 0) {
			free(o->v.v[i].path);
			continue;
		}
		close(fd);
		o->v.v[kept++] = o->v.v[i];
	}
	o->v.n = kept;
}

static int unpack_run(struct unpack *u, struct error *err)
{
	static const struct tar_entry root = { .path = ".", .type = S_IFDIR, .mode = 0755 };

	struct stat st;

	if (fstat(u->root, &st) < 0)
		return error_sys(err, "look at the root");
	/* in a tree of our own; one that is there may have directories that hand on their group */
	u->born_root = u->o->form == LAYER_OVERLAY && geteuid() == 0 && getegid() == 0 &&
		       st.st_gid == 0 && !(st.st_mode & S_ISGID);
	if (unpack_dirs_init(u, err) < 0 || tar_reader_open(&u->reader, u->reader.in, err) < 0)
		return -1;
	if (u->o->form == LAYER_OVERLAY && unpack_root_meta(u, &root, err) < 0)
		return -1;
	if (entries_apply(u, err) < 0 || unpack_set_dir_metas(u, err) < 0)
		return -1;
	if (u->removed && u->o->owners)
		owners_sweep(u);
	return 0;
}

static int unpack_confined(void *arg, struct error *err)
{
	return unpack_run(arg, err);
}

int layer_apply(struct stream *in, int root, const struct layer_apply_options *o,
		struct layer_stats *stats, struct error *err)
{
	struct unpack u = { .root = root, .o = o, .reader.in = in };
	/* libarchive first: where the work is done, nothing is mapped any more */
	int r = archive_lib(err) ? confine_run(root, unpack_confined, &u, err) : -1;

	if (u.stats.skipped)
		log_warn("%lld device nodes were left out: they may not be made here",
			 (long long)u.stats.skipped);
	u.stats.replaced = u.removed;
	if (stats)
		*stats = u.stats;
	strv_done(&u.devices);
	unpack_dirs_done(&u);
	tar_reader_close(&u.reader);
	return r;
}
