/*
 * partial.h - a blob that is being received: tmp/blob-HEX.partial, which outlives its receiver.
 *
 * Whoever holds its lock receives it; others who want the same blob wait, and then find it, or go
 * on where a dead one stopped. One that nobody touched for three days is swept.
 */
#ifndef STORE_PARTIAL_H
#define STORE_PARTIAL_H

#include "oci/digest.h"
#include "store/store.h"

struct partial {
	int fd; /* positioned nowhere: use pwrite, pread */
	int64_t size;
	int64_t begun; /* so many bytes of it are on their way to the disk */
	struct digest digest;
};
#define PARTIAL_NONE                                                                               \
	{                                                                                          \
		.fd = -1                                                                           \
	}
/*
 * Waits until nobody else receives it. size is what is there already. Then look whether the blob
 * has arrived meanwhile.
 */
int partial_take(struct store *st, const struct digest *d, struct partial *p, struct error *err);
/* The same without waiting: 1, 0 another one receives it, -1. */
int partial_try(struct store *st, const struct digest *d, struct partial *p, struct error *err);
int partial_add(struct partial *p, const void *bytes, size_t n, struct error *err);
/* The file becomes the blob: all of it is there and verified. The store lock is held shared. */
int partial_publish(struct store *st, struct partial *p, struct error *err);
int partial_publish_synced(struct store *st, struct partial *p, struct error *err); /* on disk */
void partial_drop(struct store *st, struct partial *p); /* it is of no use: removed */
void partial_leave(struct partial *p);			/* for who comes next; harmless twice */

#define PARTIAL_PREFIX "blob-"
#define PARTIAL_SUFFIX ".partial"

#endif
