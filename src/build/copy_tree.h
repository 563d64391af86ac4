/*
 * copy_tree.h - files of a tree into a draft.
 */
#ifndef BUILD_COPY_TREE_H
#define BUILD_COPY_TREE_H

#include "copied.h"
#include "draft.h"
#include "mode.h"
#include "tree.h"

struct link_made {
	dev_t dev;
	ino_t ino;
	char *path;
};
struct copier {
	struct draft *draft;
	struct tree *tree;
	bool chown;
	uid_t uid, gid; /* of everything when chown; of missing parents in any case */
	const struct mode_change *chmod; /* NULL: as in the tree */
	const struct ignore *exclude;	 /* NULL: none; on paths below the source, see node_key() */
	VEC(struct link_made) links;	 /* hard links within this copy stay such */
	unsigned skipped;		 /* sockets and the like */
	struct copied *copied;		 /* NULL, or notes files whose digests are not known */
};
void copier_done(struct copier *c);
/*
 * The node as the resolved path dest: a directory's contents into the directory there. as: of
 * node_key().
 */
int copier_copy(struct copier *c, struct node *n, const char *dest, const char *as,
		struct error *err);
/* The directory alone, as dest; one that is there stays as it is. */
int copier_directory(struct copier *c, struct node *n, const char *dest, struct error *err);
/* A file made of bytes. */
int copier_write(struct copier *c, const char *bytes, size_t n, const char *dest, struct error *err);

#endif
