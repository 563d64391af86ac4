/*
 * origin.h - the tree that COPY, ADD and RUN --mount=type=bind take from: the context, a stage, an
 * image.
 */
#ifndef BUILD_ORIGIN_H
#define BUILD_ORIGIN_H

#include "builder.h"
#include "store/owner_stack.h"
#include "tree.h"

struct origin {
	struct tree *tree;	   /* borrowed: the context's, or &own */
	bool layered;		   /* a stage or an image, told by its layers; else a context */
	struct strv layers;	   /* diffID hexes, lowest first */
	struct tree own;	   /* of them, once it is mounted */
	int view;		   /* of own */
	struct owner_stack owners; /* of own */
};
#define ORIGIN_NONE                                                                                \
	{                                                                                          \
		.view = -1, .own = { .root = -1 },                                                 \
	}
/*
 * from is the value of --from, or NULL: the context. A named context comes first; a stage is built.
 * Nothing is read yet. ERR_INVALID, ERR_NOTFOUND.
 */
int origin_open(struct builder *b, const char *from, struct origin *s, struct error *err);
/* Mounts the tree of a stage or image; harmless twice and for the context. */
int origin_mount(struct builder *b, struct origin *s, struct error *err);
void origin_done(struct origin *s);

#endif
