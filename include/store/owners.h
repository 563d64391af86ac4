/*
 * owners.h - the sidecar of a layer in single mode: owner, mode, device number of each entry that
 * could not be stored as it should be, by path in the tree.
 *
 * One line an entry: "UID GID MODE RDEV PATH" (octal mode with type, path escaped), sorted.
 */
#ifndef STORE_OWNERS_H
#define STORE_OWNERS_H

#include "util/error.h"
#include "util/vec.h"

#include <sys/types.h>

struct owner {
	char *path; /* relative, no leading "./" */
	uid_t uid;
	gid_t gid;
	mode_t mode; /* with the file type */
	dev_t rdev;
};
struct owners {
	VEC(struct owner) v;
	bool sorted;
};
void owners_done(struct owners *o);
/* path: in the layer, "dir/file", "." for its root. Set twice, the last counts. */
void owners_set(struct owners *o, const char *path, uid_t uid, gid_t gid, mode_t mode, dev_t rdev);
const struct owner *owners_find(struct owners *o, const char *path); /* NULL: as stored, 0:0 */
int owners_load(int layer_fd, struct owners *o, struct error *err);  /* absent: empty */
int owners_save(int layer_fd, struct owners *o, struct error *err);
/* Marks the files of a layer's tree (util/owner_mark.h), so that copies of them are marked, too. */
int owners_mark(int diff, struct owners *o, struct error *err);

#endif
