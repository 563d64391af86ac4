/*
 * compress.c - gzip by zlib and zstd by libzstd, in one stream, so that neither the number of cores
 * nor the sizes of the writes change the result.
 */
#include "compress.h"

#include "util/mem.h"
#include "zstd_lib.h"

#include <limits.h>
#include <zlib.h>

#define OUT_SIZE   ((size_t)128 << 10)
#define GZIP_LEVEL 6
#define ZSTD_LEVEL 3

struct compressor {
	enum compression form;
	struct layer_sink out;
	const struct zstd_api *zstd;
	ZSTD_CCtx *zc;
	z_stream z;
	bool z_open;
	unsigned char *buf;
};

struct compressor *compressor_open(enum compression form, const struct layer_sink *out,
				   struct error *err)
{
	struct compressor *c = xcalloc(1, sizeof(*c));

	c->form = form;
	c->out = *out;
	c->buf = xmalloc(OUT_SIZE);
	if (form == COMPRESSION_GZIP) {
		c->z_open = deflateInit2(&c->z, GZIP_LEVEL, Z_DEFLATED, MAX_WBITS + 16, 8,
					 Z_DEFAULT_STRATEGY) == Z_OK;
		if (c->z_open)
			return c;
		error_set(err, ERR_BUG, "zlib: deflateInit2 failed");
	} else {
		c->zstd = zstd_lib(err);
		c->zc = c->zstd ? c->zstd->ZSTD_createCCtx() : NULL;
		if (c->zc) {
			c->zstd->ZSTD_CCtx_setParameter(c->zc, ZSTD_c_compressionLevel, ZSTD_LEVEL);
			c->zstd->ZSTD_CCtx_setParameter(c->zc, ZSTD_c_checksumFlag, 1);
			return c;
		}
		if (c->zstd)
			error_set(err, ERR_BUG, "zstd: no encoder");
	}
	compressor_close(c);
	return NULL;
}

static int gzip_feed(struct compressor *c, const void *bytes, size_t n, int flush, struct error *err)
{
	c->z.next_in = (unsigned char *)(uintptr_t)bytes; /* zlib does not write there */
	c->z.avail_in = (uInt)n;
	do {
		c->z.next_out = c->buf;
		c->z.avail_out = (uInt)OUT_SIZE;
		deflate(&c->z, flush);
		if (c->out.write(c->out.arg, c->buf, OUT_SIZE - c->z.avail_out, err) < 0)
			return -1;
	} while (c->z.avail_out == 0);
	return 0;
}

static int zstd_feed(struct compressor *c, const void *bytes, size_t n, ZSTD_EndDirective end,
		     struct error *err)
{
	ZSTD_inBuffer in = { bytes, n, 0 };
	size_t left;

	do {
		ZSTD_outBuffer o = { c->buf, OUT_SIZE, 0 };

		left = c->zstd->ZSTD_compressStream2(c->zc, &o, &in, end);
		if (c->zstd->ZSTD_isError(left))
			return error_set(err, ERR_BUG, "zstd: %s", c->zstd->ZSTD_getErrorName(left));
		if (o.pos && c->out.write(c->out.arg, c->buf, o.pos, err) < 0)
			return -1;
	} while (in.pos < in.size || (end == ZSTD_e_end && left));
	return 0;
}

static int compress_write(void *arg, const void *bytes, size_t n, struct error *err)
{
	struct compressor *c = arg;
	const unsigned char *p = bytes;

	if (c->form == COMPRESSION_ZSTD)
		return zstd_feed(c, bytes, n, ZSTD_e_continue, err);
	for (size_t part; n; p += part, n -= part) {
		part = MIN(n, (size_t)INT_MAX);
		if (gzip_feed(c, p, part, Z_NO_FLUSH, err) < 0)
			return -1;
	}
	return 0;
}

struct layer_sink compressor_sink(struct compressor *c)
{
	return (struct layer_sink){ compress_write, c };
}

int compressor_finish(struct compressor *c, struct error *err)
{
	return c->form == COMPRESSION_ZSTD ? zstd_feed(c, NULL, 0, ZSTD_e_end, err)
					   : gzip_feed(c, NULL, 0, Z_FINISH, err);
}

void compressor_close(struct compressor *c)
{
	if (!c)
		return;
	if (c->z_open)
		deflateEnd(&c->z);
	if (c->zc)
		c->zstd->ZSTD_freeCCtx(c->zc);
	free(c->buf);
	free(c);
}
