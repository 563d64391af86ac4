/*
 * layer_settle.h - private: the canonical tar of a tree that is about to become a layer.
 */
#ifndef LAYER_SETTLE_H
#define LAYER_SETTLE_H

#include "image/layer_tar.h"

/* A sink that only hashes and counts. */
struct hash_sink {
	struct sha256 hash;
	int64_t size;
};
struct layer_sink hash_sink(struct hash_sink *h); /* h is initialised here */

/*
 * As layer_tar_write into h, and times newer than epoch (when it is not negative) are set in the
 * tree. watch: NULL, or who is told of each file.
 */
int layer_tar_settle(int root, struct owners *owners, int64_t epoch, struct hash_sink *h,
		     const struct layer_watch *watch, struct layer_stats *stats, struct error *err);

#endif
