/*
 * compress.h - private: a tar compressed, the same bytes on every machine with the same library.
 */
#ifndef COMPRESS_H
#define COMPRESS_H

#include "image/stream.h"

struct compressor;
/* form is gzip or zstd; compressed bytes go to out. ERR_UNSUPPORTED when zstd is not installed. */
struct compressor *compressor_open(enum compression form, const struct layer_sink *out,
				   struct error *err);
struct layer_sink compressor_sink(struct compressor *c); /* what is written here is compressed */
int compressor_finish(struct compressor *c, struct error *err);
void compressor_close(struct compressor *c); /* NULL is nothing */

#endif
