/*
 * stream.c - the road of a layer's bytes up to its tar: read, hash, inflate, hash.
 *
 * Theory of operation: stream_make() fills one block with plain bytes, reading and hashing as much
 * compressed input as that takes. In step it is called by the reader when the last block is used
 * up. With threads it runs in a maker, which hands blocks through a ring to the hasher and to the
 * reader. Threads are only used on regular files: there no read can block for ever, so that
 * stream_close() may wait for the maker.
 */
#include "decode.h"
#include "ring.h"

#include "oci/manifest.h"
#include "util/mem.h"

#include <string.h>
#include <sys/stat.h>

enum { READER_CALLER, READER_HASHER };

struct stream {
	struct source src;
	struct decoder dec;
	enum compression compression;
	struct sha256 hash; /* of the plain bytes: the hasher's until it is joined */
	int64_t plain;	    /* the maker's, until it is joined */
	bool want_threads, threads, started;
	pthread_t maker, hasher;
	struct ring ring;
	struct block own;  /* in step: the one block */
	struct block *now; /* what the caller reads */
	size_t used;	   /* of now, by stream_read */
	bool ended, failed, unhashed;
	struct error failure; /* the maker's; read after the ring has ended */
};

static const struct {
	const char *name, *magic;
	size_t n;
	const char *media_type;
	const struct decoder_ops *ops;
} forms[] = {
	[COMPRESSION_NONE] = { "none", "", 0, MEDIA_OCI_LAYER, &decode_plain },
	[COMPRESSION_GZIP] = { "gzip", "\x1f\x8b", 2, MEDIA_OCI_LAYER_GZIP, &decode_zlib },
	[COMPRESSION_ZSTD] = { "zstd", "\x28\xb5\x2f\xfd", 4, MEDIA_OCI_LAYER_ZSTD, &decode_zstd },
	[COMPRESSION_XZ] = { "xz", "\xfd\x37zXZ", 6, NULL, &decode_filter }, /* the NUL counts */
	[COMPRESSION_BZIP2] = { "bzip2", "BZh", 3, NULL, &decode_filter },
};

enum compression compression_of(const void *magic, size_t n)
{
	const unsigned char *m = magic;

	for (size_t i = 1; i < ARRAY_SIZE(forms); i++)
		if (n >= forms[i].n && memcmp(magic, forms[i].magic, forms[i].n) == 0)
			return (enum compression)i;
	/* a skippable frame may come first: 0x184D2A50 to 0x184D2A5F, little endian */
	if (n >= 4 && (m[0] & 0xf0) == 0x50 && memcmp(m + 1, "\x2a\x4d\x18", 3) == 0)
		return COMPRESSION_ZSTD;
	return COMPRESSION_NONE;
}

const char *compression_name(enum compression c)
{
	return forms[c].name;
}

bool compression_parse(const char *text, enum compression *c)
{
	for (size_t i = COMPRESSION_NONE; i <= COMPRESSION_ZSTD; i++)
		if (strcmp(text, forms[i].name) == 0) {
			*c = (enum compression)i;
			return true;
		}
	return false;
}

const char *compression_media_type(enum compression c)
{
	return forms[c].media_type;
}

static int decoder_choose(struct stream *s, struct error *err)
{
	s->dec = (struct decoder){ .src = &s->src, .name = forms[s->compression].name };
#ifdef HAVE_ISAL
	if (s->compression == COMPRESSION_GZIP) {
		struct error ignored = { 0 }; /* zlib does it as well */

		s->dec.ops = &decode_isal;
		if (s->dec.ops->open(&s->dec, &ignored) == 0)
			return 0;
	}
#endif
	s->dec.ops = forms[s->compression].ops;
	return s->dec.ops->open(&s->dec, err);
}

struct stream *stream_open(int fd, int64_t limit, struct error *err)
{
	struct stream *s = xcalloc(1, sizeof(*s));
	struct stat st;

	ring_init(&s->ring);
	sha256_init(&s->hash);
	if (source_open(&s->src, fd, limit, err) < 0)
		goto fail;
	s->compression = compression_of(s->src.buf, s->src.end);
	s->want_threads = !s->src.eof && fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
	if (decoder_choose(s, err) < 0)
		goto fail;
	return s;
fail:
	stream_close(s);
	return NULL;
}

void stream_threaded(struct stream *s)
{
	s->want_threads = !s->src.eof;
}

void stream_no_digests(struct stream *s)
{
	s->unhashed = s->src.unhashed = true;
}

void stream_tee(struct stream *s, const struct layer_sink *sink)
{
	s->src.tee = *sink;
}

/* Fills a block; short only at the end. 1, 0 when there is nothing more, -1. */
static int stream_make(struct stream *s, struct block *b, struct error *err)
{
	ssize_t n = 1;

	if (source_start(&s->src, err) < 0)
		return -1;
	for (b->n = 0; n > 0 && b->n < RING_BLOCK; b->n += (size_t)n) {
		n = s->dec.ops->read(&s->dec, b->bytes + b->n, RING_BLOCK - b->n, err);
		if (n < 0)
			return -1;
	}
	s->plain += (int64_t)b->n;
	if (s->plain > stream_allowance(s))
		return error_set(err, ERR_LIMIT,
				 "the data expands to more than %d times its compressed size",
				 STREAM_EXPANSION_MAX);
	if (n == 0 && (s->src.at < s->src.end || !s->src.eof)) {
		int more = source_fill(&s->src, err);

		if (more < 0)
			return -1;
		if (more > 0)
			return error_set(err, ERR_INVALID, "bytes follow the end of the %s data",
					 s->dec.name);
	}
	return b->n > 0;
}

static void *maker_main(void *arg)
{
	struct stream *s = arg;
	struct block *b;
	int r;

	while ((b = ring_reserve(&s->ring))) {
		r = stream_make(s, b, &s->failure);
		if (r <= 0) {
			s->failed = r < 0;
			break;
		}
		ring_publish(&s->ring);
	}
	ring_end(&s->ring);
	return NULL;
}

static void *hasher_main(void *arg)
{
	struct stream *s = arg;
	struct block *b;

	while ((b = ring_next(&s->ring, READER_HASHER))) {
		if (!s->unhashed)
			sha256_add(&s->hash, b->bytes, b->n);
		ring_release(&s->ring, READER_HASHER);
	}
	return NULL;
}

static void stream_join(struct stream *s)
{
	if (!s->threads)
		return;
	pthread_join(s->maker, NULL);
	pthread_join(s->hasher, NULL);
	s->threads = false;
}

static void stream_start(struct stream *s)
{
	s->started = true;
	if (!s->want_threads || pthread_create(&s->hasher, NULL, hasher_main, s) != 0)
		return;
	if (pthread_create(&s->maker, NULL, maker_main, s) != 0) {
		/* no more threads here: the hasher sees an end at once, and we go on in step */
		ring_end(&s->ring);
		pthread_join(s->hasher, NULL);
		return;
	}
	s->threads = true;
}

static int next_in_step(struct stream *s, struct error *err)
{
	int r;

	if (!s->own.bytes)
		s->own.bytes = xmalloc(RING_BLOCK);
	r = stream_make(s, &s->own, err);
	if (r < 0) {
		s->failed = true;
		s->failure = *err;
	}
	if (r > 0) {
		if (!s->unhashed)
			sha256_add(&s->hash, s->own.bytes, s->own.n);
		s->now = &s->own;
	}
	return r;
}

static int next_of_ring(struct stream *s, struct error *err)
{
	s->now = ring_next(&s->ring, READER_CALLER);
	if (s->now)
		return 1;
	stream_join(s); /* both have seen the end */
	if (!s->failed)
		return 0;
	*err = s->failure;
	return -1;
}

int stream_next(struct stream *s, const void **bytes, size_t *n, struct error *err)
{
	int r;

	if (!s->threads && s->failed) {
		*err = s->failure;
		return -1;
	}
	if (!s->started)
		stream_start(s);
	if (s->now && s->threads)
		ring_release(&s->ring, READER_CALLER);
	s->now = NULL;
	s->used = 0;
	if (s->ended)
		return 0;
	r = s->threads ? next_of_ring(s, err) : next_in_step(s, err);
	if (r > 0) {
		*bytes = s->now->bytes;
		*n = s->now->n;
	}
	s->ended = r == 0;
	return r;
}

ssize_t stream_read(struct stream *s, void *buf, size_t n, struct error *err)
{
	const void *bytes;
	size_t got;
	int r;

	if (!s->now || s->used == s->now->n) {
		r = stream_next(s, &bytes, &got, err);
		if (r <= 0)
			return r;
	}
	n = MIN(n, s->now->n - s->used);
	memcpy(buf, s->now->bytes + s->used, n);
	s->used += n;
	return (ssize_t)n;
}

int stream_finish(struct stream *s, struct digest *compressed, int64_t *compressed_size,
		  struct digest *plain, int64_t *plain_size, struct error *err)
{
	const void *bytes;
	size_t n;
	int r;

	while ((r = stream_next(s, &bytes, &n, err)) > 0)
		;
	if (r < 0)
		return -1;
	sha256_hex(&s->src.hash, compressed->hex);
	sha256_hex(&s->hash, plain->hex);
	*compressed_size = s->src.size;
	*plain_size = s->plain;
	return 0;
}

enum compression stream_compression(const struct stream *s)
{
	return s->compression;
}

int64_t stream_allowance(struct stream *s)
{
	int64_t read = s->src.size;

	if (read > (INT64_MAX - STREAM_EXPANSION_FLOOR) / STREAM_EXPANSION_MAX)
		return INT64_MAX;
	return read * STREAM_EXPANSION_MAX + STREAM_EXPANSION_FLOOR;
}

void stream_close(struct stream *s)
{
	if (!s)
		return;
	ring_stop(&s->ring);
	stream_join(s);
	if (s->dec.ops)
		s->dec.ops->close(&s->dec);
	source_close(&s->src);
	ring_done(&s->ring);
	free(s->own.bytes);
	free(s);
}
