/*
 * publish.h - what the stages gave becomes an image: its settings, its layers, its manifest.
 */
#ifndef BUILD_PUBLISH_H
#define BUILD_PUBLISH_H

#include "builder.h"

/* --label, --env, --squash, --omit-history and times, on the configuration of the target. */
int publish_settle(struct builder *b, struct error *err);
/*
 * Writes configuration and manifest, without a name: they live as long as the build's staging
 * entry does. *id is the digest of the configuration.
 */
int publish_put(struct builder *b, struct descriptor *target, struct digest *id, struct error *err);
/* An index of the images of several platforms. */
int publish_index(struct store *st, const struct descriptor *images, size_t n,
		  struct descriptor *target, struct error *err);
/* The canonical names of all -t. */
int publish_names(const struct strv *tags, struct strv *names, struct error *err);
/* Makes one layer of those from `first` on. */
int squash_layers(struct builder *b, struct stage_state *s, size_t first, struct error *err);

#endif
