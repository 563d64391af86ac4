/*
 * decode.h - private: compressed bytes in, plain bytes out, pulled by the reader.
 */
#ifndef DECODE_H
#define DECODE_H

#include "image/stream.h"

#include <stdbool.h>
#include <stddef.h>

#define SOURCE_BLOCK ((size_t)256 << 10)

/* Compressed bytes, one block at a time; at..end of buf is what nobody has taken yet. */
struct source {
	int fd;
	int64_t left; /* -1: no limit but the end of the file */
	unsigned char *buf;
	size_t at, end;
	bool eof;
	bool unhashed;
	bool started; /* from now on what is read is hashed and shown to tee */
	struct sha256 hash;
	_Atomic int64_t size; /* bytes read; another thread may look */
	struct layer_sink tee;
};
int source_open(struct source *s, int fd, int64_t left, struct error *err); /* reads a block */
int source_start(struct source *s, struct error *err);
int source_fill(struct source *s, struct error *err); /* 1 something is there, 0 the end, -1 */
void source_close(struct source *s);

struct decoder;
struct decoder_ops {
	int (*open)(struct decoder *d, struct error *err);
	ssize_t (*read)(struct decoder *d, void *out, size_t n, struct error *err); /* 0 at the end */
	void (*close)(struct decoder *d); /* state may be NULL */
};
struct decoder {
	const struct decoder_ops *ops;
	const char *name;
	struct source *src;
	void *state;
};
extern const struct decoder_ops decode_plain, decode_zlib, decode_zstd, decode_filter;
#ifdef HAVE_ISAL
extern const struct decoder_ops decode_isal; /* open fails when the library is not there */
#endif

#endif
