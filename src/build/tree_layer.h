/*
 * tree_layer.h - files of a context as a layer of their own, as COPY to / would make it.
 */
#ifndef BUILD_TREE_LAYER_H
#define BUILD_TREE_LAYER_H

#include "builder.h"

/* n of t at the resolved path `to`. content: a digest of all that is taken (node_key()). */
int tree_layer(struct builder *b, struct tree *t, struct node *n, const char *content,
	       const char *to, struct digest *layer, struct error *err);

#endif
