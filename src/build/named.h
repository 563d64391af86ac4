/*
 * named.h - --build-context: names that FROM, --from and from= look up before all others.
 */
#ifndef BUILD_NAMED_H
#define BUILD_NAMED_H

#include "context.h"

struct builder;
struct named_context { /* a directory, opened at first use */
	const struct build_context *given;
	struct context context;
};
/* NULL: nothing was given under the name. Names of images match in all their spellings. */
const struct build_context *named_find(const struct build_request *r, const char *name);
/*
 * What image_resolve() takes, of docker-image://NAME, oci-layout://DIR[:TAG] and the transports; or
 * NULL: the source is a directory, a URL or a repository. Yours.
 */
char *named_image(const char *source);
/* The files of one that is no image; borrowed. */
int named_open(struct builder *b, const struct build_context *given, struct context **c,
	       struct error *err);
void named_done(struct builder *b);

#endif
