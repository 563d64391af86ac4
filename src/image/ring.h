/*
 * ring.h - private: a bounded ring of blocks between one thread that makes them and some that read.
 *
 *	maker:  while ((b = ring_reserve(r))) { fill b; ring_publish(r); }   NULL: nobody reads any more
 *	        ring_end(r);
 *	reader: while ((b = ring_next(r, me))) { use b; ring_release(r, me); }   NULL: it has ended
 *
 * Every reader sees every block. A block belongs to the maker between reserve and publish, and to
 * the readers, who must not change it, until all have released it.
 */
#ifndef RING_H
#define RING_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RING_SLOTS   8
#define RING_BLOCK   ((size_t)256 << 10)
#define RING_READERS 2

struct block {
	unsigned char *bytes; /* RING_BLOCK of them, allocated at first use */
	size_t n;
};
struct ring {
	pthread_mutex_t lock;
	pthread_cond_t moved;
	struct block slots[RING_SLOTS];
	uint64_t put, got[RING_READERS]; /* blocks published, and released by each reader */
	bool ended, stopped;
};
void ring_init(struct ring *r);
void ring_done(struct ring *r);
struct block *ring_reserve(struct ring *r);
void ring_publish(struct ring *r);
void ring_end(struct ring *r);
struct block *ring_next(struct ring *r, unsigned reader);
void ring_release(struct ring *r, unsigned reader);
void ring_stop(struct ring *r); /* a reader gives up: maker and other readers end */

#endif
