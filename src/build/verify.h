/*
 * verify.h - two builds of one thing, compared.
 */
#ifndef BUILD_VERIFY_H
#define BUILD_VERIFY_H

#include "oci/image_config.h"
#include "store/store.h"

/* What of a build is compared: the layers and what made them. */
struct verify_side {
	struct strv layers;  /* diffID hexes, lowest first */
	struct strv made_by; /* of each, from the history; may be shorter */
};
void verify_side_done(struct verify_side *s);
void verify_side_set(struct verify_side *s, const struct image_config *c);
/* ERR_FAILED names the first file that differs, in the first layer that does. */
int verify_compare(struct store *st, const struct verify_side *a, const struct verify_side *b,
		   struct error *err);

#endif
