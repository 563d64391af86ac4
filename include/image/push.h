/*
 * push.h - images from the store to registries.
 */
#ifndef IMAGE_PUSH_H
#define IMAGE_PUSH_H

#include "image/stream.h"
#include "registry/registry.h"
#include "store/image.h"
#include "util/progress.h"

struct push_options {
	struct registry_options registry;
	const struct platform *platform; /* of an index in the store: which; NULL: the host's */
	enum compression compression; /* of layers that have no compressed form yet: gzip, zstd */
	const struct descriptor *target; /* what is sent, which needs no name; NULL: what text names */
	bool all;			 /* an index with all that it names, instead of one image */
	int64_t parallel;		 /* layers at once; UNSET: 4 */
	int64_t chunk;			 /* bytes of a PATCH; 0: in one piece */
};
void push_options_init(struct push_options *o);
struct pushed {
	char *name; /* canonical, as it is at the registry now */
	struct digest digest;
	int64_t size; /* of the manifest */
};
void pushed_done(struct pushed *p);
/*
 * Sends what the registry does not have: blobs first, mounted from repositories of the same registry
 * where that is possible; then the configuration, last the manifest. Layers that are held compressed
 * go as they are; others are compressed once, and their compressed form is kept. dest NULL: to the
 * name itself. When it goes to its own name, that then points to what the registry has.
 */
int image_push(struct store *st, const char *text, const char *dest, const struct push_options *o,
	       const struct progress *p, struct pushed *result, struct error *err);

#endif
