/*
 * ring.c - a bounded ring of blocks between threads. One lock: a block is 256 KiB of work.
 */
#include "ring.h"

#include "util/mem.h"

void ring_init(struct ring *r)
{
	*r = (struct ring){ .put = 0 };
	pthread_mutex_init(&r->lock, NULL);
	pthread_cond_init(&r->moved, NULL);
}

void ring_done(struct ring *r)
{
	for (size_t i = 0; i < RING_SLOTS; i++)
		free(r->slots[i].bytes);
	pthread_cond_destroy(&r->moved);
	pthread_mutex_destroy(&r->lock);
}

static uint64_t slowest(const struct ring *r)
{
	uint64_t least = r->got[0];

	for (size_t i = 1; i < RING_READERS; i++)
		least = MIN(least, r->got[i]);
	return least;
}

struct block *ring_reserve(struct ring *r)
{
	struct block *b = NULL;

	pthread_mutex_lock(&r->lock);
	while (!r->stopped && r->put - slowest(r) == RING_SLOTS)
		pthread_cond_wait(&r->moved, &r->lock);
	if (!r->stopped)
		b = &r->slots[r->put % RING_SLOTS];
	pthread_mutex_unlock(&r->lock);
	if (b && !b->bytes)
		b->bytes = xmalloc(RING_BLOCK);
	return b;
}

static void ring_change(struct ring *r, uint64_t *count, bool *flag)
{
	pthread_mutex_lock(&r->lock);
	if (count)
		(*count)++;
	if (flag)
		*flag = true;
	pthread_cond_broadcast(&r->moved);
	pthread_mutex_unlock(&r->lock);
}

void ring_publish(struct ring *r)
{
	ring_change(r, &r->put, NULL);
}

void ring_end(struct ring *r)
{
	ring_change(r, NULL, &r->ended);
}

void ring_stop(struct ring *r)
{
	ring_change(r, NULL, &r->stopped);
}

struct block *ring_next(struct ring *r, unsigned reader)
{
	struct block *b = NULL;

	pthread_mutex_lock(&r->lock);
	while (!r->stopped && !r->ended && r->got[reader] == r->put)
		pthread_cond_wait(&r->moved, &r->lock);
	if (!r->stopped && r->got[reader] < r->put)
		b = &r->slots[r->got[reader] % RING_SLOTS];
	pthread_mutex_unlock(&r->lock);
	return b;
}

void ring_release(struct ring *r, unsigned reader)
{
	ring_change(r, &r->got[reader], NULL);
}
