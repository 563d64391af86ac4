/*
 * layer_batch.h - received layers published together: one sync of the file system for many.
 *
 * Theory of operation: an image of forty small layers needs forty inodes' worth of writing and, one
 * by one, forty times the wait for the disk. Layers that are complete and verified therefore wait
 * here, still staged, with the files of their blobs still locked, until there are enough of them,
 * or enough time has passed, or the image is whole; then they are synced and named together. A
 * crash before costs the unpacking of those; what was received of their blobs stays.
 *
 * Others may wait for the locks that are held here. So that two processes never wait for each
 * other, nothing is held back while a thread of ours waits for such a lock: who is going to wait
 * says so by layer_batch_wait(), which publishes what there is, and from then on every layer is
 * published at once, until the last one who waits has called layer_batch_go_on().
 */
#ifndef STORE_LAYER_BATCH_H
#define STORE_LAYER_BATCH_H

#include "store/layer.h"
#include "store/partial.h"

#include <pthread.h>

#define LAYER_BATCH_MAX	  32	     /* layers: each holds three descriptors */
#define LAYER_BATCH_BYTES (64 << 20) /* of their files */
#define LAYER_BATCH_NS	  (1000 * 1000000LL)

struct layer_pending {
	struct staging staging;
	struct partial partial;
	struct digest diff_id;
};
struct layer_batch {
	struct store *st;
	pthread_mutex_t lock; /* all below; threads share the batch */
	VEC(struct layer_pending) pending;
	int64_t bytes, since_ns;
	unsigned waiting;
};
void layer_batch_init(struct layer_batch *b, struct store *st);
/* Abandons what is still there: staged trees are removed, the files of blobs left to who comes next. */
void layer_batch_done(struct layer_batch *b);
/*
 * s holds diff/ and what layer_stage() wrote; p, of which fd may be -1, is its blob. Both are
 * taken, on failure too. The caller holds no store lock.
 */
int layer_batch_add(struct layer_batch *b, struct staging *s, struct partial *p,
		    const struct digest *diff_id, int64_t bytes, struct error *err);
int layer_batch_publish(struct layer_batch *b, struct error *err);
int layer_batch_wait(struct layer_batch *b, struct error *err); /* on failure too, then go_on */
void layer_batch_go_on(struct layer_batch *b);

#endif
