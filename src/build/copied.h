/*
 * copied.h - files of which a layer is being made before their digests are known: who hashes the
 * layer finds these out on the way.
 */
#ifndef BUILD_COPIED_H
#define BUILD_COPIED_H

#include "image/layer_tar.h"
#include "tree.h"

struct copied_file {
	ino_t ino; /* of the copy */
	struct tree *tree;
	struct node *node;
	struct timespec ctime; /* of the source, after it was copied */
	int64_t read_ns;       /* before */
};
struct copied {
	VEC(struct copied_file) v;
	bool replaced; /* a copy was removed again, so that inodes say nothing */
};
void copied_done(struct copied *c);
/* `to` is the copy, `now` the source as it is after the copying, which began at read_ns. */
int copied_add(struct copied *c, int to, struct tree *t, struct node *n, const struct stat *now,
	       int64_t read_ns, struct error *err);
/* For the commit: gives the nodes their digests. c is borrowed, and complete. */
struct layer_watch copied_watch(struct copied *c);

#endif
