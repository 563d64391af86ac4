/*
 * share.h - the cache of steps carried elsewhere: --cache-to and --cache-from.
 *
 *	DIR/hod-cache		"1\n": what this is
 *	DIR/keys/KEY		a line of cache.h; of a layer with " SIZE" behind it
 *	DIR/layers/HEX		its tar, not compressed
 *
 * A file appears whole, by rename, what it refers to before it, and never changes or goes: the
 * directory may be archived or copied at any moment. It is ours alone; other builders cannot read it.
 *
 * In an image it is the annotation SHARE_ANNOTATION of the manifest: "KEY LAYER CREATED;..." with the
 * number of the layer, for the steps of the target stage.
 */
#ifndef BUILD_SHARE_H
#define BUILD_SHARE_H

#include "build/build.h"
#include "oci/digest.h"
#include "util/sha256.h"
#include "util/str.h"
#include "util/vec.h"

#define SHARE_ANNOTATION "io.hod.cache.v1"

struct builder;
struct share_note { /* a key whose entry this build took or made */
	char key[SHA256_HEX];
	bool has_layer;
	struct digest layer;
	int64_t created;
};
struct share_image { /* --cache-from IMAGE, read once */
	char *key, *line;
};
struct share {
	VEC(struct share_note) notes;
	VEC(struct share_image) known;
	bool opened;
};
void share_done(struct share *s);
/* The entry was used by this build; a text has no layer. */
void share_note(struct builder *b, const char *key, const struct digest *layer, int64_t created);
/* Looks for the key in all --cache-from: 1 when it now is in our cache, 0, -1. */
int share_fetch(struct builder *b, const char *key, struct error *err);
/* Writes what was used to all --cache-to type=local. */
int share_export(struct builder *b, struct error *err);
bool share_wants_image(const struct build_request *r); /* --cache-to type=registry */
/* share_registry.c: the same as an image without a name; several: it will be in an index. */
int share_put(struct builder *b, bool several, struct descriptor *target, struct error *err);
/* Sends the images of all platforms to all places. */
int share_push(struct store *st, const struct build_request *r, const struct descriptor *images,
	       size_t n, const struct progress *p, struct error *err);
/* The annotation's value, or NULL when type=inline was not asked for. Yours. */
char *share_inline(struct builder *b);

#endif
