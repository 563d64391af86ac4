/*
 * cache.h - what a step gave the last time: cache/KEY, one line of text each.
 *
 *	cache/KEY	"layer HEX CREATED\n", "none CREATED\n" (the step changed no file), or
 *			"text TEXT\n" (a digest that was dear to find out)
 *
 *	cache/KEY.lock	held by the build that is carrying the step out; removed with the lock held
 *
 * An entry is a hint: one that cannot be read, or whose layer is gone, is a miss. So writing one
 * needs no sync, and whoever removes layers may forget about entries.
 */
#ifndef BUILD_CACHE_H
#define BUILD_CACHE_H

#include "oci/digest.h"
#include "store/store.h"

#define CACHE_TEXT_MAX 256

struct cache_entry {
	bool has_layer;
	struct digest layer;
	int64_t created; /* seconds since 1970: when the step was carried out */
};
/* 1 (its layer is then kept from collection), 0, -1 */
int cache_find(struct store *st, const char *key, struct cache_entry *e, struct error *err);
/* What is noted, without looking whether it is still there: 1, 0. */
int cache_peek(struct store *st, const char *key, struct cache_entry *e);
int cache_put(struct store *st, const char *key, const struct cache_entry *e, struct error *err);
/*
 * Keeps layers (diffID hexes) from collection for as long as the caller's staging entry lives.
 * ERR_NOTFOUND when one is gone.
 */
int cache_keep_layers(struct store *st, const struct strv *hexes, struct error *err);
/*
 * The right to carry the step out: 1 and *fd, or 0 when another build has it and not wait. Whoever
 * waited looks into the cache again. The lock dies with its holder.
 */
int cache_lock(struct store *st, const char *key, bool wait, int *fd, struct error *err);
void cache_unlock(struct store *st, const char *key, int *fd); /* harmless without one */
/* Small texts under a key: 1, 0, -1. */
int cache_find_text(struct store *st, const char *key, char *text, size_t size, struct error *err);
int cache_put_text(struct store *st, const char *key, const char *text, struct error *err);

#endif
