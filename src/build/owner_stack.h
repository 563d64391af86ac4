/*
 * owner_stack.h - who owns what in a rootfs in single mode, where the file system cannot say.
 */
#ifndef BUILD_OWNER_STACK_H
#define BUILD_OWNER_STACK_H

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
/* Corrects what lstat(2) said of a path (relative, without links in it). */
void owner_stack_apply(struct owner_stack *s, const char *path, struct stat *st);

#endif
