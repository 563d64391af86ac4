/*
 * owner_stack.h - who owns what in a rootfs in single mode, where the file system cannot say.
 */
#ifndef STORE_OWNER_STACK_H
#define STORE_OWNER_STACK_H

#include "store/owners.h"
#include "store/store.h"
#include "util/str.h"

#include <sys/stat.h>

struct owner_layer {
	int diff; /* the layer's tree */
	struct owners owners;
};
struct owner_stack {
	VEC(struct owner_layer) layers; /* lowest first; none outside of single mode */
};
/* layers: diffID hexes, lowest first */
int owner_stack_open(struct store *st, const struct strv *layers, struct owner_stack *s,
		     struct error *err);
void owner_stack_done(struct owner_stack *s);
/* Corrects what lstat(2) said of a path (relative, without links in it; "": the root). */
void owner_stack_apply(struct owner_stack *s, const char *path, struct stat *st);

/*
 * What a container or a step made of the owners in its tree, into o (util/owner_mark.h).
 *
 * tree is walked: an upper directory, or a whole rootfs. view: the rootfs mounted, which notes are
 * about. dir: where OWNER_NOTES may be. below: the layers under it, for what came from them and
 * cannot bear a mark.
 */
int owners_collect(int tree, int view, int dir, struct owner_stack *below, struct owners *o,
		   struct error *err);

/*
 * The same of one path (relative, without links in it; "": all) in a rootfs with whatever is
 * mounted in it, which is left out: nobody's owners are kept there.
 */
int owners_collect_part(int view, const char *at, int dir, struct owner_stack *below,
			struct owners *o, struct error *err);
/*
 * The way back: marks and notes, as chown(2) in the container would have left them, of what was
 * just put into the rootfs mounted at view. 0:0 takes a mark away.
 */
int owners_leave(int view, int dir, struct owners *o, struct error *err);

#endif
