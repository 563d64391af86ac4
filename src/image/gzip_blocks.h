/*
 * gzip_blocks.h - private: gzip made by all cores, the same bytes whatever their number.
 */
#ifndef GZIP_BLOCKS_H
#define GZIP_BLOCKS_H

#include "image/stream.h"

struct gzip_blocks;
/* Compressed bytes go to out, on the thread that writes. */
struct gzip_blocks *gzip_blocks_open(const struct layer_sink *out);
int gzip_blocks_write(struct gzip_blocks *g, const void *bytes, size_t n, struct error *err);
int gzip_blocks_finish(struct gzip_blocks *g, struct error *err);
void gzip_blocks_close(struct gzip_blocks *g); /* NULL is nothing */

#endif
