/*
 * draft.h - a layer being made by COPY, ADD or WORKDIR, above the rootfs of its stage.
 *
 * Paths are those of the container: absolute, cleaned. "Resolved" ones have no symbolic links in
 * them. What is in the draft hides what is in the rootfs below it.
 */
#ifndef BUILD_DRAFT_H
#define BUILD_DRAFT_H

#include "image/layer_tar.h"
#include "looks.h"
#include "oci/digest.h"
#include "store/owner_stack.h"
#include "store/owners.h"
#include "store/store.h"
#include "util/str.h"

#include <sys/stat.h>

struct draft_time { /* set at the end: filling a directory changes its own */
	char *path;
	struct timespec mtime;
};
struct draft {
	struct store *st;
	const struct strv *layers; /* of the rootfs below: borrowed */
	struct staging staging;
	int view;		  /* the rootfs below, read-only */
	int upper;		  /* the tree of the layer */
	struct owners owners;	  /* what the file system cannot hold */
	struct owner_stack below; /* the same of the rootfs below */
	VEC(struct draft_time) times;
	struct looks *looks; /* NULL, or is told what is looked at below; set before draft_begin() */
};
#define DRAFT_NONE                                                                                 \
	{                                                                                          \
		.staging = STAGING_NONE, .view = -1, .upper = -1                                   \
	}
/* view is borrowed: a read-only mount of the layers. */
int draft_begin(struct store *st, const struct strv *layers, int view, struct draft *d,
		struct error *err);
void draft_done(struct draft *d); /* removes what was not committed */
/* The layer, published. epoch and watch as in layer_commit_watched(); watch may be NULL. */
int draft_commit(struct draft *d, int64_t epoch, const struct layer_watch *watch,
		 struct digest *diff_id, struct error *err);

/* What is at a resolved path: 1, 0, -1. */
int draft_find(struct draft *d, const char *path, struct stat *st, struct error *err);
/*
 * Follows the links of path, to places that need not exist: out gets the resolved path; 1 and *st
 * when something is there, else 0.
 */
int draft_resolve(struct draft *d, const char *path, struct str *out, struct stat *st,
		  struct error *err);
/*
 * The directory at a resolved path, in the layer: one that is below is taken over as it is; missing
 * ones are made with 0755 and the owner. A descriptor. ERR_INVALID when it is no directory.
 */
int draft_dir(struct draft *d, const char *path, uid_t uid, gid_t gid, struct error *err);
/* Owner and mode of a new entry; name "" is dir itself. */
int draft_set(struct draft *d, int dir, const char *name, const char *path, uid_t uid, gid_t gid,
	      mode_t mode, dev_t rdev, struct error *err);
void draft_set_time(struct draft *d, const char *path, const struct timespec *mtime);
/* A read-write mount of all of it, for archives; close it before anything else is done. */
int draft_mount(struct draft *d, struct error *err);
/* The time of directories that are made on the way: that of the nearest one that was there. */
int draft_time_of(struct draft *d, const char *path, struct timespec *mtime, struct error *err);

#endif
