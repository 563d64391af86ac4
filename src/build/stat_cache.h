/*
 * stat_cache.h - content digests by what stat(2) says, as git's index has them.
 *
 *	cache/stat-HEX	for one context directory: a header, then records sorted by device and inode
 *
 * A file whose device, inode, size, mtime and ctime are unchanged has the digest it had. One that
 * changed so shortly before it was read that a later change might not move its times is not noted.
 */
#ifndef BUILD_STAT_CACHE_H
#define BUILD_STAT_CACHE_H

#include "store/store.h"
#include "util/vec.h"

#include <sys/stat.h>

struct stat_record {
	uint64_t dev, ino, size;
	int64_t mtime_ns, ctime_ns;
	unsigned char digest[32];
};
struct stat_cache {
	char *name; /* in cache/ */
	const struct stat_record *old;
	size_t n_old;
	void *map;
	size_t map_size;
	VEC(struct stat_record) added;
	size_t n_found;
};
/* dir identifies the context. A missing or damaged cache is an empty one. */
int stat_cache_open(struct store *st, int dir, struct stat_cache *c, struct error *err);
/* Writes what was added. */
int stat_cache_save(struct store *st, struct stat_cache *c, struct error *err);
void stat_cache_done(struct stat_cache *c);
bool stat_cache_find(struct stat_cache *c, const struct stat *st, unsigned char digest[32]);
/* read_ns: the real time before the file was opened for reading */
void stat_cache_add(struct stat_cache *c, const struct stat *st, int64_t read_ns,
		    const unsigned char digest[32]);

#endif
