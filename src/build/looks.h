/*
 * looks.h - what the making of a layer saw of the rootfs below it: a layer that is put in between
 * later changes nothing, if it changes nothing of that.
 */
#ifndef BUILD_LOOKS_H
#define BUILD_LOOKS_H

#include "store/store.h"
#include "util/str.h"
#include "util/vec.h"

#include <sys/stat.h>

#define LOOKS_MAX 4096 /* with more, nothing is said to hold */

struct look {
	char *path; /* absolute, without links */
	bool found;
	mode_t mode;
	uid_t uid;
	gid_t gid;
	struct timespec mtime;
};
struct looks {
	VEC(struct look) v;
};
void looks_done(struct looks *l);
void looks_add(struct looks *l, const char *path, const struct stat *st); /* NULL: nothing is there */
/*
 * A directory that was not there was made by rules that depend on what is noted only: with one just
 * like it below, it would have been taken over and be the same.
 */
void looks_made(struct looks *l, const char *path, const struct stat *st);
/*
 * Would all be seen the same above these layers (diffID hexes) too? 1, 0, -1. What they hold is no
 * removal; times newer than epoch, if it is not negative, count as that.
 */
int looks_hold(struct store *st, const struct looks *l, char *const *layers, size_t n,
	       int64_t epoch, struct error *err);

#endif
