/*
 * resolve.h - from what the user typed to an image in the store.
 */
#ifndef IMAGE_RESOLVE_H
#define IMAGE_RESOLVE_H

#include "store/image.h"
#include "util/progress.h"

enum pull_policy { PULL_MISSING, PULL_ALWAYS, PULL_NEVER, PULL_NEWER };
/* "missing", "always", "never", "newer"; false: none of them. */
bool pull_policy_parse(const char *text, enum pull_policy *p);
/*
 * Local names, IDs and prefixes; transports (oci:, oci-archive:, docker-archive:) are loaded into
 * the store first. Names that are not here are pulled, unless the policy is never. With newer, what
 * is here is taken when no newer one can be had. An image of another platform than asked for counts
 * as absent; with PULL_NEVER it is ERR_NOTFOUND naming both. The caller holds no store lock.
 */
int image_resolve(struct store *st, const char *text, const struct platform *platform,
		  enum pull_policy policy, const struct progress *p, struct image *i,
		  struct error *err);

#endif
