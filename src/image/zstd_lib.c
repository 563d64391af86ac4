/*
 * zstd_lib.c - libzstd by first use, and zstd (RFC 8878) taken apart by it.
 *
 * Skippable frames (zstd:chunked) come out as nothing, as they should. The window is limited, since
 * a frame may otherwise ask for gigabytes of memory.
 */
#include "zstd_lib.h"

#include "decode.h"
#include "util/lazy.h"
#include "util/mem.h"

#define ZSTD_LIB_SYMBOL(fn) LAZY_SYMBOL(struct zstd_api, fn),
static const struct lazy_symbol zstd_symbols[] = { ZSTD_LIB_FUNCTIONS(ZSTD_LIB_SYMBOL) LAZY_END };
static struct zstd_api zstd;
static struct lazy zstd_lazy = LAZY("zstd", "libzstd.so.1", &zstd, zstd_symbols);
LAZY_NOTE(zstd, "libzstd.so.1", "zstd layers", "recommended");

const struct zstd_api *zstd_lib(struct error *err)
{
	return lazy_load(&zstd_lazy, err) < 0 ? NULL : &zstd;
}

struct zstd_state {
	ZSTD_DCtx *z;
	bool inside; /* a frame has begun and not ended */
};

static int zstd_open(struct decoder *d, struct error *err)
{
	struct zstd_state *st;

	if (!zstd_lib(err))
		return -1;
	st = xcalloc(1, sizeof(*st));
	d->state = st;
	st->z = zstd.ZSTD_createDCtx();
	if (!st->z || zstd.ZSTD_isError(zstd.ZSTD_DCtx_setParameter(st->z, ZSTD_d_windowLogMax,
								    STREAM_WINDOW_LOG_MAX)))
		return error_set(err, ERR_BUG, "zstd: no decoder");
	return 0;
}

static ssize_t zstd_read(struct decoder *d, void *out, size_t n, struct error *err)
{
	struct zstd_state *st = d->state;
	struct source *s = d->src;
	ZSTD_outBuffer o = { out, n, 0 };
	size_t hint;
	int r;

	while (o.pos == 0) {
		ZSTD_inBuffer in;

		r = source_fill(s, err);
		if (r < 0)
			return -1;
		if (r == 0 && !st->inside)
			return 0;
		in = (ZSTD_inBuffer){ s->buf + s->at, s->end - s->at, 0 };
		hint = zstd.ZSTD_decompressStream(st->z, &o, &in);
		if (zstd.ZSTD_isError(hint))
			return error_set(err, ERR_INVALID, "zstd: %s", zstd.ZSTD_getErrorName(hint));
		s->at += in.pos;
		st->inside = hint != 0;
		if (r == 0 && hint != 0 && o.pos == 0)
			return error_set(err, ERR_INVALID, "zstd: the data is cut short");
	}
	return (ssize_t)o.pos;
}

static void zstd_close(struct decoder *d)
{
	struct zstd_state *st = d->state;

	if (st)
		zstd.ZSTD_freeDCtx(st->z);
	free(st);
}
const struct decoder_ops decode_zstd = { zstd_open, zstd_read, zstd_close };
