/*
 * prune.h - the build cache: what is in it, and what of it is forgotten.
 */
#ifndef BUILD_PRUNE_H
#define BUILD_PRUNE_H

#include "store/store.h"

struct cache_item {
	char *key;
	bool mount;	/* a directory of RUN --mount=type=cache; else what a step gave */
	bool shared;	/* an image or a container has its layer: removing it gains nothing */
	bool busy;	/* a step is using it */
	int64_t used_s; /* seconds since 1970: when a build took it last */
	uint64_t bytes; /* that are there for its sake alone */
};
typedef VEC(struct cache_item) cache_items;
/* All of it, the longest unused first. */
int build_cache_list(struct store *st, cache_items *items, struct error *err);
void cache_items_done(cache_items *items);

struct cache_prune {
	bool all;					     /* what images share, too */
	bool (*keep)(const struct cache_item *i, void *arg); /* true saves it; NULL: nothing is */
	void *arg;
	int64_t keep_bytes; /* so much may stay, of what was used last; UNSET: nothing */
	int64_t free_bytes; /* only until so much is free on the file system; UNSET: all */
};
/*
 * Forgets, and collects what nothing else needs. Builds under way keep what they have taken. The
 * bytes gained are added. The caller holds no store lock.
 */
int build_cache_prune(struct store *st, const struct cache_prune *p, uint64_t *bytes,
		      struct error *err);

#endif
