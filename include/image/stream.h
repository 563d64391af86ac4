/*
 * stream.h - bytes of an archive or layer: compression found by magic, digests of both forms.
 *
 * A source of compressed bytes is read; the tar comes out. For a regular file of some size it works
 * in three threads (read, hash and inflate; hash of the tar; the caller); else in step.
 * Limits (SECURITY.md 1b): the tar is at most 100 times the compressed size plus 64 MiB, a zstd
 * window at most 2^27. Behind the end of the compressed data nothing may follow.
 */
#ifndef IMAGE_STREAM_H
#define IMAGE_STREAM_H

#include "oci/digest.h"
#include "util/error.h"

#include <stdint.h>
#include <sys/types.h>

#define STREAM_EXPANSION_MAX   100	  /* times the compressed size */
#define STREAM_EXPANSION_FLOOR (64 << 20) /* bytes that are allowed on top of that */
#define STREAM_WINDOW_LOG_MAX  27

enum compression {
	COMPRESSION_NONE,
	COMPRESSION_GZIP,
	COMPRESSION_ZSTD,
	COMPRESSION_XZ,
	COMPRESSION_BZIP2,
};
enum compression compression_of(const void *magic, size_t n); /* the first 6 bytes are enough */
const char *compression_name(enum compression c);	      /* "none", "gzip", ... */
/* "none", "gzip", "zstd" (what we can make); false for others */
bool compression_parse(const char *text, enum compression *c);
/* The media type of a layer so compressed; NULL for xz and bzip2. */
const char *compression_media_type(enum compression c);

/* A consumer of bytes. */
struct layer_sink {
	int (*write)(void *arg, const void *bytes, size_t n, struct error *err);
	void *arg;
};

struct stream;
/* Reads fd (borrowed) from its position, at most limit bytes (-1: to its end). */
struct stream *stream_open(int fd, int64_t limit, struct error *err);
/*
 * Every compressed byte is shown to sink as it is read, in order, perhaps on another thread. Only
 * before the first stream_read; what sink points to must live until stream_finish or stream_close.
 */
void stream_tee(struct stream *s, const struct layer_sink *sink);
/* fd is a pipe that surely goes on or ends: it may be waited for by threads, as a file's end is. */
void stream_threaded(struct stream *s);
/* No digests are wanted: stream_finish gives none. Only before the first stream_read. */
void stream_no_digests(struct stream *s);
ssize_t stream_read(struct stream *s, void *buf, size_t n, struct error *err); /* tar bytes, 0 end */
/* The same without a copy: *bytes is valid until the next call. 1, 0 at the end, -1. */
int stream_next(struct stream *s, const void **bytes, size_t *n, struct error *err);
/* Reads what is left, checks trailing bytes; then the digests and sizes of both forms are known. */
int stream_finish(struct stream *s, struct digest *compressed, int64_t *compressed_size,
		  struct digest *plain, int64_t *plain_size, struct error *err);
enum compression stream_compression(const struct stream *s);
/* How large all that the tar holds may become, by the compressed bytes read so far. */
int64_t stream_allowance(struct stream *s);
void stream_close(struct stream *s); /* NULL is nothing */

#endif
