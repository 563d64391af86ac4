/*
 * gzip_blocks.c - gzip made by all cores.
 *
 * Theory of operation: the input is cut into blocks of a fixed size. Each becomes one member of the
 * file, made by whichever thread is free; RFC 1952 has files of any number of members, and every
 * reader of layers takes them (eStargz layers have thousands). Where the cuts are depends on the
 * input alone, so the result does not depend on the number of cores or on the sizes of writes.
 * libdeflate gives the same bytes on every processor, which ISA-L does not: its match finders hash
 * with what instructions there are. At level 1 it is three times as fast as zlib at 3, and its
 * result is a fiftieth larger.
 *
 *	slot: EMPTY -> (writer fills) FULL -> (a worker) BUSY -> DONE -> (writer, in order) EMPTY
 *
 * What fits into one block is made by the writer: no thread is started for small layers.
 * Spec   RFC 1951, RFC 1952.
 */
#include "gzip_blocks.h"

#include "util/mem.h"

#include <libdeflate.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#define BLOCK	    ((size_t)512 << 10)
#define LEVEL	    1
#define WORKERS_MAX 8
#define SLOTS_MAX   (WORKERS_MAX + 2) /* one is filled, one waits for its turn to be written */
#define OS_AT	    9		      /* in the header of a member: made on which system */
#define OS_UNKNOWN  255

enum slot_state { SLOT_EMPTY, SLOT_FULL, SLOT_BUSY, SLOT_DONE };
struct slot {
	enum slot_state state;
	unsigned char *in; /* BLOCK bytes; both are made when they are first needed */
	unsigned char *out;
	size_t n, out_n;
};
struct gzip_blocks {
	struct layer_sink out;
	pthread_mutex_t lock;
	pthread_cond_t moved;
	pthread_t workers[WORKERS_MAX];
	size_t n_workers, n_slots;
	struct slot slots[SLOTS_MAX];
	uint64_t filled, taken,
		written; /* blocks: handed out, begun, drained; slot is n % n_slots */
	bool stop, threads;
	struct libdeflate_compressor *own; /* the writer's */
	size_t out_max;
};

/* c is NULL where memory has run out. */
static void slot_compress(struct gzip_blocks *g, struct libdeflate_compressor *c, struct slot *s)
{
	/* no name and no time is in it: nothing that differs between machines */
	s->out_n = c ? libdeflate_gzip_compress(c, s->in, s->n, s->out, g->out_max) : 0;
	if (s->out_n)
		s->out[OS_AT] = OS_UNKNOWN;
}

static void *worker_main(void *arg)
{
	struct gzip_blocks *g = arg;
	struct libdeflate_compressor *c = libdeflate_alloc_compressor(LEVEL);
	struct slot *s;

	pthread_mutex_lock(&g->lock);
	for (;;) {
		while (!g->stop && g->taken == g->filled)
			pthread_cond_wait(&g->moved, &g->lock);
		if (g->stop)
			break;
		s = &g->slots[g->taken++ % g->n_slots];
		s->state = SLOT_BUSY;
		pthread_mutex_unlock(&g->lock);
		slot_compress(g, c, s);
		pthread_mutex_lock(&g->lock);
		s->state = SLOT_DONE;
		pthread_cond_broadcast(&g->moved);
	}
	pthread_mutex_unlock(&g->lock);
	libdeflate_free_compressor(c);
	return NULL;
}

/* Once there is more than one block. Where no thread can be had the writer does it all. */
static void workers_start(struct gzip_blocks *g)
{
	size_t want = g->n_slots - 2;

	g->threads = true;
	while (g->n_workers < want &&
	       pthread_create(&g->workers[g->n_workers], NULL, worker_main, g) == 0)
		g->n_workers++;
}

/* The oldest block, when there is no one else to do it. lock is held. */
static void compress_here(struct gzip_blocks *g)
{
	if (g->n_workers || g->taken == g->filled)
		return;
	if (!g->own)
		g->own = libdeflate_alloc_compressor(LEVEL);
	slot_compress(g, g->own, &g->slots[g->taken % g->n_slots]);
	g->slots[g->taken++ % g->n_slots].state = SLOT_DONE;
}

/* Writes the oldest block; waits for it. */
static int drain_one(struct gzip_blocks *g, struct error *err)
{
	struct slot *s = &g->slots[g->written % g->n_slots];

	pthread_mutex_lock(&g->lock);
	compress_here(g);
	while (s->state != SLOT_DONE)
		pthread_cond_wait(&g->moved, &g->lock);
	pthread_mutex_unlock(&g->lock);
	if (!s->out_n)
		return error_set(err, ERR_BUG, "libdeflate: a block was not compressed");
	if (g->out.write(g->out.arg, s->out, s->out_n, err) < 0)
		return -1;
	s->state = SLOT_EMPTY;
	s->n = 0;
	g->written++;
	return 0;
}

/* The block that is being filled, with room for what comes of it. */
static struct slot *slot_now(struct gzip_blocks *g)
{
	struct slot *s = &g->slots[g->filled % g->n_slots];

	if (!s->in) {
		s->in = xmalloc(BLOCK);
		s->out = xmalloc(g->out_max);
	}
	return s;
}

/* It goes to the workers, and unless it was the last the next slot becomes free. */
static int hand_out(struct gzip_blocks *g, bool last, struct error *err)
{
	struct slot *s = slot_now(g);

	while (!last && g->filled + 1 - g->written >= g->n_slots)
		if (drain_one(g, err) < 0)
			return -1;
	if (!last && !g->threads)
		workers_start(g);
	pthread_mutex_lock(&g->lock);
	s->state = SLOT_FULL;
	g->filled++;
	pthread_cond_broadcast(&g->moved);
	pthread_mutex_unlock(&g->lock);
	return 0;
}

struct gzip_blocks *gzip_blocks_open(const struct layer_sink *out)
{
	struct gzip_blocks *g = xcalloc(1, sizeof(*g));
	long cores = sysconf(_SC_NPROCESSORS_ONLN);

	g->out = *out;
	g->out_max = libdeflate_gzip_compress_bound(NULL, BLOCK);
	pthread_mutex_init(&g->lock, NULL);
	pthread_cond_init(&g->moved, NULL);
	g->n_slots = MIN((size_t)MAX(cores, 1), (size_t)WORKERS_MAX) + 2;
	return g;
}

int gzip_blocks_write(struct gzip_blocks *g, const void *bytes, size_t n, struct error *err)
{
	const unsigned char *b = bytes;

	while (n) {
		struct slot *s = slot_now(g);
		size_t part = MIN(n, BLOCK - s->n);

		/* only now is it sure that it is not the last, which may be full but not empty */
		if (!part) {
			if (hand_out(g, false, err) < 0)
				return -1;
			continue;
		}
		memcpy(s->in + s->n, b, part);
		s->n += part;
		b += part;
		n -= part;
	}
	return 0;
}

int gzip_blocks_finish(struct gzip_blocks *g, struct error *err)
{
	if (hand_out(g, true, err) < 0)
		return -1;
	while (g->written < g->filled)
		if (drain_one(g, err) < 0)
			return -1;
	return 0;
}

void gzip_blocks_close(struct gzip_blocks *g)
{
	if (!g)
		return;
	pthread_mutex_lock(&g->lock);
	g->stop = true;
	pthread_cond_broadcast(&g->moved);
	pthread_mutex_unlock(&g->lock);
	while (g->n_workers)
		pthread_join(g->workers[--g->n_workers], NULL);
	for (size_t i = 0; i < g->n_slots; i++) {
		free(g->slots[i].in);
		free(g->slots[i].out);
	}
	libdeflate_free_compressor(g->own);
	pthread_mutex_destroy(&g->lock);
	pthread_cond_destroy(&g->moved);
	free(g);
}
