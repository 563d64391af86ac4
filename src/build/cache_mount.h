/*
 * cache_mount.h - the directories of RUN --mount=type=cache, kept between builds.
 *
 *	cache/mounts/KEY/about	   the id the user knows it by, and a newline
 *	cache/mounts/KEY/0	   the directory; 1, 2, ...: of those who wanted one for themselves
 *	cache/mounts/KEY/0.lock	   held while a step uses it; beside it, so that no step can reach it
 *
 * The locks die with their holders. Whoever prunes takes them too.
 */
#ifndef BUILD_CACHE_MOUNT_H
#define BUILD_CACHE_MOUNT_H

#include "run_mount.h"
#include "store/store.h"

struct cache_mount {
	char *key; /* hex */
	int dir;   /* the directory */
	int lock;
};
#define CACHE_MOUNT_NONE                                                                           \
	{                                                                                          \
		.dir = -1, .lock = -1                                                              \
	}
/*
 * Fills a new directory, which is empty and has its mode and owner already: a copy of `from`.
 * Called at most once for a directory.
 */
typedef int cache_mount_fill(void *arg, int dir, struct error *err);
/*
 * Finds or makes it, waiting for who uses it when m->sharing says so. staging: where a new one is
 * made. waiting, when not NULL, is called before that.
 */
int cache_mount_open(struct store *st, const char *key, const char *id, const struct run_mount *m,
		     const struct staging *staging, cache_mount_fill *fill, void *arg,
		     void (*waiting)(void *arg), struct cache_mount *out, struct error *err);
void cache_mount_close(struct cache_mount *c);

struct cache_mount_info {
	char *key, *id;
	uint64_t bytes;
	int64_t used; /* seconds since 1970: when a step took it last */
	bool busy;
};
typedef VEC(struct cache_mount_info) cache_mount_infos;
int cache_mount_list(struct store *st, cache_mount_infos *out, struct error *err);
void cache_mount_infos_done(cache_mount_infos *v);
/* Removes it but for the directories in use. */
int cache_mount_remove(struct store *st, const char *key, struct error *err);

#endif
