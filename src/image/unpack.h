/*
 * unpack.h - private: one unpacking of a tar, shared by layer_apply.c (names, whiteouts),
 * unpack_dirs.c (directories) and unpack_entry.c (everything else).
 *
 * Paths are clean and relative: no empty part, no dot, no leading or trailing slash; "" is the root.
 */
#ifndef UNPACK_H
#define UNPACK_H

#include "image/layer_tar.h"
#include "tar_reader.h"
#include "xattrs.h"

#include "util/str.h"
#include "util/vec.h"

#define UNPACK_DIR_MEMORY_MAX  (256 << 20)
#define UNPACK_DEVICES_MAX     4096 /* stand-ins */
#define UNPACK_SLOTS	       128
#define UNPACK_RESERVE	       (64 << 20) /* or 5 % of the file system */
#define UNPACK_RESERVE_PERCENT 5

struct dir_slot {
	char *path; /* as entries name it */
	char *real; /* without links */
	int fd;	    /* O_PATH */
};
/* Metadata of a directory. It is set when all else is done: children change the time, a default ACL
 * would be inherited, and a mode may forbid what is still to come. */
struct dir_meta {
	char *real;
	mode_t mode;
	uid_t uid;
	gid_t gid;
	struct timespec mtime;
	struct xattrs xattrs;
};
struct unpack {
	int root;
	char *root_path; /* as /proc shows it; only to cut it off */
	const struct layer_apply_options *o;
	struct tar_reader reader;
	struct dir_slot slots[UNPACK_SLOTS];
	VEC(struct dir_meta) metas;
	size_t metas_memory;
	struct layer_stats stats;
	bool born_root;	     /* what is made here belongs to 0:0 from the start */
	int64_t declared;    /* sum of all files' sizes, holes too */
	int64_t unchecked;   /* bytes written since free space was looked at */
	bool removed;	     /* something was replaced: owners may name what is gone */
	struct strv devices; /* real paths of the empty files that stand for devices */
};

/* ---- unpack_dirs.c ---- */
int unpack_dirs_init(struct unpack *u, struct error *err);
void unpack_dirs_done(struct unpack *u);
/*
 * The directory at path, made with its parents when missing; NULL on error. The slot is borrowed
 * until the next call of unpack_dir.
 */
const struct dir_slot *unpack_dir(struct unpack *u, const char *path, struct error *err);
/* Makes or keeps the directory name in at and notes its metadata. */
int unpack_make_dir(struct unpack *u, const struct dir_slot *at, const char *name,
		    const struct tar_entry *e, struct error *err);
int unpack_root_meta(struct unpack *u, const struct tar_entry *e, struct error *err);
int unpack_opaque(int dirfd, const char *name, struct error *err); /* marks the directory */
int unpack_set_dir_metas(struct unpack *u, struct error *err);	   /* at the very end */

/* ---- unpack_entry.c ---- */
bool unpack_is_whiteout(const struct stat *st);
/* Removes what is there. *whiteout: it was one. */
int unpack_clear(struct unpack *u, const struct dir_slot *at, const char *name, bool *whiteout,
		 struct error *err);
int unpack_make_entry(struct unpack *u, const struct dir_slot *at, const char *name,
		      const struct tar_entry *e, struct error *err);
int unpack_make_link(struct unpack *u, const char *dir, const char *name, const char *target,
		     const struct tar_entry *e, struct error *err);
int unpack_owner(const struct unpack *u, const struct tar_entry *e, uid_t *uid, gid_t *gid,
		 struct error *err);
void unpack_note_owner(struct unpack *u, const char *dir, const char *name, uid_t uid, gid_t gid,
		       mode_t mode, dev_t rdev);
/* As much of its mode as the thing may have. */
mode_t unpack_mode(const struct unpack *u, const struct tar_entry *e);
/* The extended attributes of the entry that may be kept. */
int unpack_xattrs(struct unpack *u, struct xattrs *x, struct error *err);
int unpack_chown(int dirfd, const char *name, uid_t uid, gid_t gid, struct error *err);

#endif
