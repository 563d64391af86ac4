/*
 * gzip_blocks.c - gzip made by all cores.
 *
 * Theory of operation: the input is cut into blocks of a fixed size. Each is deflated by whichever
 * thread is free, with the last 32 KiB of the block before it as its dictionary, and ends at a byte;
 * put behind one another they are one deflate stream, of one gzip member. Where the cuts are depends
 * on the input alone, so the result does not depend on the number of cores or on the sizes of writes.
 *
 *	slot: EMPTY -> (writer fills) FULL -> (a worker) BUSY -> DONE -> (writer, in order) EMPTY
 *
 * Spec   RFC 1951, RFC 1952.
 */
#include "gzip_blocks.h"

#include "util/mem.h"

#include <pthread.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#define BLOCK	    ((size_t)512 << 10)
#define DICTIONARY  ((size_t)32 << 10)
#define LEVEL	    3 /* a third of the time of 6 for a few hundredths more bytes */
#define WORKERS_MAX 8
#define SLOTS	    (2 * WORKERS_MAX)

enum slot_state { SLOT_EMPTY, SLOT_FULL, SLOT_BUSY, SLOT_DONE };
struct slot {
	enum slot_state state;
	unsigned char *in; /* DICTIONARY bytes of room, then BLOCK */
	unsigned char *out;
	size_t n, dictionary, out_n;
	unsigned long crc;
	bool last, failed;
};
struct gzip_blocks {
	struct layer_sink out;
	pthread_mutex_t lock;
	pthread_cond_t moved;
	pthread_t workers[WORKERS_MAX];
	size_t n_workers, n_slots;
	struct slot slots[SLOTS];
	uint64_t filled, taken,
		written; /* blocks: handed out, begun, drained; slot is n % n_slots */
	bool stop, header;
	unsigned long crc;
	uint64_t total;
	size_t out_max;
};

static void slot_deflate(struct slot *s, size_t out_max)
{
	z_stream z = { 0 };
	int r;

	s->crc = crc32(0, s->in + DICTIONARY, (uInt)s->n);
	s->failed = deflateInit2(&z, LEVEL, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY) != Z_OK;
	if (s->failed)
		return;
	if (s->dictionary)
		deflateSetDictionary(&z, s->in + DICTIONARY - s->dictionary, (uInt)s->dictionary);
	z.next_in = s->in + DICTIONARY;
	z.avail_in = (uInt)s->n;
	z.next_out = s->out;
	z.avail_out = (uInt)out_max;
	r = deflate(&z, s->last ? Z_FINISH : Z_SYNC_FLUSH);
	s->failed = s->last ? r != Z_STREAM_END : r != Z_OK || z.avail_in || !z.avail_out;
	s->out_n = out_max - z.avail_out;
	deflateEnd(&z);
}

static void *worker_main(void *arg)
{
	struct gzip_blocks *g = arg;
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
		slot_deflate(s, g->out_max);
		pthread_mutex_lock(&g->lock);
		s->state = SLOT_DONE;
		pthread_cond_broadcast(&g->moved);
	}
	pthread_mutex_unlock(&g->lock);
	return NULL;
}

/* Without any thread the writer does it. lock is held. */
static void deflate_here(struct gzip_blocks *g)
{
	if (g->n_workers || g->taken == g->filled)
		return;
	slot_deflate(&g->slots[g->taken % g->n_slots], g->out_max);
	g->slots[g->taken++ % g->n_slots].state = SLOT_DONE;
}

static int write_header(struct gzip_blocks *g, struct error *err)
{
	/* no name, no time, "unknown" system: nothing that differs between machines */
	static const unsigned char header[] = { 0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255 };

	if (g->header)
		return 0;
	g->header = true;
	return g->out.write(g->out.arg, header, sizeof(header), err);
}

/* Writes the oldest block; waits for it. */
static int drain_one(struct gzip_blocks *g, struct error *err)
{
	struct slot *s = &g->slots[g->written % g->n_slots];

	pthread_mutex_lock(&g->lock);
	deflate_here(g);
	while (s->state != SLOT_DONE)
		pthread_cond_wait(&g->moved, &g->lock);
	pthread_mutex_unlock(&g->lock);
	if (s->failed)
		return error_set(err, ERR_BUG, "zlib: deflate failed");
	if (write_header(g, err) < 0 || g->out.write(g->out.arg, s->out, s->out_n, err) < 0)
		return -1;
	g->crc = crc32_combine(g->crc, s->crc, (z_off_t)s->n);
	g->total += s->n;
	s->state = SLOT_EMPTY;
	g->written++;
	return 0;
}

/* The block that is being filled goes to the workers, and the next slot becomes free. */
static int hand_out(struct gzip_blocks *g, bool last, struct error *err)
{
	struct slot *s = &g->slots[g->filled % g->n_slots], *next;
	size_t keep = MIN(s->n, DICTIONARY);

	s->last = last;
	while (!last && g->filled + 1 - g->written >= g->n_slots)
		if (drain_one(g, err) < 0)
			return -1;
	if (!last) {
		next = &g->slots[(g->filled + 1) % g->n_slots];
		memcpy(next->in + DICTIONARY - keep, s->in + DICTIONARY + s->n - keep, keep);
		next->dictionary = keep;
		next->n = 0;
	}
	pthread_mutex_lock(&g->lock);
	s->state = SLOT_FULL;
	g->filled++;
	pthread_cond_broadcast(&g->moved);
	pthread_mutex_unlock(&g->lock);
	return 0;
}

struct gzip_blocks *gzip_blocks_open(const struct layer_sink *out, struct error *err)
{
	struct gzip_blocks *g = xcalloc(1, sizeof(*g));
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	size_t want = MIN((size_t)MAX(cores, 1), (size_t)WORKERS_MAX);

	(void)err;
	g->out = *out;
	g->crc = crc32(0, NULL, 0);
	g->out_max = compressBound(BLOCK) + 64;
	pthread_mutex_init(&g->lock, NULL);
	pthread_cond_init(&g->moved, NULL);
	g->n_slots = 2 * want;
	for (size_t i = 0; i < g->n_slots; i++) {
		g->slots[i].in = xmalloc(DICTIONARY + BLOCK);
		g->slots[i].out = xmalloc(g->out_max);
	}
	while (g->n_workers < want &&
	       pthread_create(&g->workers[g->n_workers], NULL, worker_main, g) == 0)
		g->n_workers++;
	return g;
}

int gzip_blocks_write(struct gzip_blocks *g, const void *bytes, size_t n, struct error *err)
{
	const unsigned char *b = bytes;

	while (n) {
		struct slot *s = &g->slots[g->filled % g->n_slots];
		size_t part = MIN(n, BLOCK - s->n);

		memcpy(s->in + DICTIONARY + s->n, b, part);
		s->n += part;
		b += part;
		n -= part;
		if (s->n == BLOCK && hand_out(g, false, err) < 0)
			return -1;
	}
	return 0;
}

int gzip_blocks_finish(struct gzip_blocks *g, struct error *err)
{
	unsigned char trailer[8];

	if (hand_out(g, true, err) < 0)
		return -1;
	while (g->written < g->filled)
		if (drain_one(g, err) < 0)
			return -1;
	for (int i = 0; i < 4; i++) {
		trailer[i] = (unsigned char)(g->crc >> 8 * i);
		trailer[4 + i] = (unsigned char)(g->total >> 8 * i);
	}
	return g->out.write(g->out.arg, trailer, sizeof(trailer), err);
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
	pthread_mutex_destroy(&g->lock);
	pthread_cond_destroy(&g->moved);
	free(g);
}
