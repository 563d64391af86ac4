/*
 * prune.h - the build cache, forgotten.
 */
#ifndef BUILD_PRUNE_H
#define BUILD_PRUNE_H

#include "store/store.h"

/*
 * Removes what steps gave, all of it; layers that nothing else refers to go with the next
 * store_gc(). Builds under way keep what they have taken. The directories of RUN --mount=type=cache
 * go too, but for those that a step is using.
 */
int build_cache_prune(struct store *st, struct error *err);

#endif
