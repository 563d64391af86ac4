/*
 * cp_place.h - private: the two ends of a copy, found.
 */
#ifndef CP_PLACE_H
#define CP_PLACE_H

#include "engine/cp.h"

#include <sys/stat.h>

struct cp_from {
	enum cp_source kind;
	int dir;    /* the directory itself; of CP_FILE, the one that it is in */
	char *name; /* of CP_FILE, in dir */
	char *base; /* what a copy of it is called; NULL: it has no name ("/", "..", DIR/.) */
	char *real; /* of a container: where it is below the view's root, without links; "": there */
	struct stat st;
};
void cp_from_done(struct cp_from *f);
/* follow: a link is what it leads to; with a slash behind it it is in any case. */
int cp_from_open(const struct cp_view *v, const char *path, bool follow, struct cp_from *f,
		 struct error *err);

struct cp_to {
	enum cp_target kind;
	bool slash;
	int root;     /* where a tar is applied: names in it are resolved in here */
	char *prefix; /* the directory below root, without links; "": root */
	char *name;   /* of CP_AT_FILE and CP_AT_NOTHING, in the directory */
};
void cp_to_done(struct cp_to *t);
/* Nothing is made. Links are followed. */
int cp_to_open(const struct cp_view *v, const char *path, struct cp_to *t, struct error *err);

/*
 * Runs fn where the mounts of the view count: the kernel keeps mount points from being removed only
 * for who is in the mount namespace that they are of. Our root stays: /proc is ours.
 */
int cp_view_run(const struct cp_view *v, int (*fn)(void *arg, struct error *err), void *arg,
		struct error *err);

#endif
