/*
 * stream.h - bytes of an archive or layer: compression found by magic, digests of both forms.
 *
 * A source of compressed bytes is read through threads or in step; the tar comes out. Limits of
 * SECURITY.md 1b: expansion at most 100 times the compressed size plus 64 MiB, zstd window 2^27.
 */
#ifndef IMAGE_STREAM_H
#define IMAGE_STREAM_H

#include "oci/digest.h"
#include "util/error.h"

#include <stdint.h>
#include <sys/types.h>

enum compression {
	COMPRESSION_NONE,
	COMPRESSION_GZIP,
	COMPRESSION_ZSTD,
	COMPRESSION_XZ,
	COMPRESSION_BZIP2,
};
enum compression compression_of(const void *magic, size_t n); /* the first 6 bytes are enough */
/* The media type of a layer so compressed; NULL for xz and bzip2. */
const char *compression_media_type(enum compression c);

struct stream;
/* Reads fd (borrowed) from its position, at most limit bytes (-1: to its end). */
struct stream *stream_open(int fd, int64_t limit, struct error *err);
ssize_t stream_read(struct stream *s, void *buf, size_t n, struct error *err); /* tar bytes, 0 end */
/* Reads what is left, checks trailing bytes; then the digests and sizes of both forms are known. */
int stream_finish(struct stream *s, struct digest *compressed, int64_t *compressed_size,
		  struct digest *plain, int64_t *plain_size, struct error *err);
enum compression stream_compression(const struct stream *s);
void stream_close(struct stream *s);

#endif
