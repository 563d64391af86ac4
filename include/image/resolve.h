/*
 * resolve.h - from what the user typed to an image in the store.
 */
#ifndef IMAGE_RESOLVE_H
#define IMAGE_RESOLVE_H

#include "store/image.h"
#include "util/progress.h"

enum pull_policy { PULL_MISSING, PULL_ALWAYS, PULL_NEVER, PULL_NEWER };
bool pull_policy_parse(const char *text, enum pull_policy *p);
/*
 * Local names, IDs and prefixes; transports (oci:, oci-archive:, docker-archive:) are loaded into
 * the store first. A name that is not here is ERR_NOTFOUND; without a registry client in this
 * version PULL_ALWAYS and PULL_NEWER of a plain name use the local one or say so.
 * A local image of another platform than asked for is ERR_NOTFOUND naming both.
 */
int image_resolve(struct store *st, const char *text, const struct platform *platform,
		  enum pull_policy policy, const struct progress *p, struct image *i,
		  struct error *err);

#endif
