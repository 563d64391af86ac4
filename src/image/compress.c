/*
 * compress.c - gzip by libdeflate, in blocks, and zstd by libzstd, in one stream: neither the
 * number of cores nor the sizes of the writes change the result.
 */
#include "compress.h"

#include "gzip_blocks.h"
#include "util/mem.h"
#include "zstd_lib.h"

#define OUT_SIZE   ((size_t)128 << 10)
#define ZSTD_LEVEL 3

struct compressor {
	enum compression form;
	struct layer_sink out;
	const struct zstd_api *zstd;
	ZSTD_CCtx *zc;
	struct gzip_blocks *gzip;
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
		c->gzip = gzip_blocks_open(out);
		return c;
	}
	c->zstd = zstd_lib(err);
	c->zc = c->zstd ? c->zstd->ZSTD_createCCtx() : NULL;
	if (c->zc) {
		c->zstd->ZSTD_CCtx_setParameter(c->zc, ZSTD_c_compressionLevel, ZSTD_LEVEL);
		c->zstd->ZSTD_CCtx_setParameter(c->zc, ZSTD_c_checksumFlag, 1);
		return c;
	}
	if (c->zstd)
		error_set(err, ERR_BUG, "zstd: no encoder");
	compressor_close(c);
	return NULL;
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

	if (c->form == COMPRESSION_ZSTD)
		return zstd_feed(c, bytes, n, ZSTD_e_continue, err);
	return gzip_blocks_write(c->gzip, bytes, n, err);
}

struct layer_sink compressor_sink(struct compressor *c)
{
	return (struct layer_sink){ compress_write, c };
}

int compressor_finish(struct compressor *c, struct error *err)
{
	return c->form == COMPRESSION_ZSTD ? zstd_feed(c, NULL, 0, ZSTD_e_end, err)
					   : gzip_blocks_finish(c->gzip, err);
}

void compressor_close(struct compressor *c)
{
	if (!c)
		return;
	gzip_blocks_close(c->gzip);
	if (c->zc)
		c->zstd->ZSTD_freeCCtx(c->zc);
	free(c->buf);
	free(c);
}
