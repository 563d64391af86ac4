/*
 * inflate.c - gzip (RFC 1952) by ISA-L where it is installed, three to four times faster, else zlib.
 *
 * A file is one or more members; both libraries verify the CRC and length of each. What follows the
 * last member must be another one: gzip(1) would ignore the rest, and two readers would disagree.
 */
#include "decode.h"

#include "util/lazy.h"
#include "util/mem.h"

#include <limits.h>
#include <zlib.h>

struct zlib_state {
	z_stream z;
	bool inside; /* a member has begun */
};

static int zlib_open(struct decoder *d, struct error *err)
{
	struct zlib_state *st = xcalloc(1, sizeof(*st));

	d->state = st;
	if (inflateInit2(&st->z, MAX_WBITS + 16) != Z_OK)
		return error_set(err, ERR_BUG, "zlib: inflateInit2 failed");
	return 0;
}

static ssize_t zlib_read(struct decoder *d, void *out, size_t n, struct error *err)
{
	struct zlib_state *st = d->state;
	struct source *s = d->src;
	int r;

	st->z.next_out = out;
	st->z.avail_out = (uInt)n;
	while (st->z.avail_out == n) {
		r = source_fill(s, err);
		if (r < 0)
			return -1;
		if (r == 0)
			return st->inside
				       ? error_set(err, ERR_INVALID, "gzip: the data is cut short")
				       : 0;
		st->inside = true;
		st->z.next_in = s->buf + s->at;
		st->z.avail_in = (uInt)(s->end - s->at);
		r = inflate(&st->z, Z_NO_FLUSH);
		s->at = s->end - st->z.avail_in;
		if (r == Z_STREAM_END) {
			st->inside = false;
			inflateReset(&st->z);
		} else if (r != Z_OK && r != Z_BUF_ERROR) {
			return error_set(err, ERR_INVALID, "gzip: %s",
					 st->z.msg ? st->z.msg : "damaged data");
		}
	}
	return (ssize_t)(n - st->z.avail_out);
}

static void zlib_close(struct decoder *d)
{
	struct zlib_state *st = d->state;

	if (st)
		inflateEnd(&st->z);
	free(st);
}
const struct decoder_ops decode_zlib = { zlib_open, zlib_read, zlib_close };

#ifdef HAVE_ISAL
#include <isa-l/igzip_lib.h>

struct isal_api {
	__typeof__(&isal_inflate_init) isal_inflate_init;
	__typeof__(&isal_inflate_reset) isal_inflate_reset;
	__typeof__(&isal_inflate) isal_inflate;
};
static const struct lazy_symbol isal_symbols[] = {
	LAZY_SYMBOL(struct isal_api, isal_inflate_init),
	LAZY_SYMBOL(struct isal_api, isal_inflate_reset),
	LAZY_SYMBOL(struct isal_api, isal_inflate),
	LAZY_END,
};
static struct isal_api isal;
static struct lazy isal_lazy = LAZY("ISA-L", "libisal.so.2", &isal, isal_symbols);
LAZY_NOTE(isal, "libisal.so.2", "faster unpacking of gzip layers", "suggested");

struct isal_state {
	struct inflate_state z;
	bool inside;
};

static int isal_open(struct decoder *d, struct error *err)
{
	struct isal_state *st;

	if (lazy_load(&isal_lazy, err) < 0)
		return -1;
	st = xcalloc(1, sizeof(*st));
	isal.isal_inflate_init(&st->z);
	st->z.crc_flag = ISAL_GZIP;
	d->state = st;
	return 0;
}

static ssize_t isal_read(struct decoder *d, void *out, size_t n, struct error *err)
{
	struct isal_state *st = d->state;
	struct source *s = d->src;
	int r;

	st->z.next_out = out;
	st->z.avail_out = (uint32_t)n;
	while (st->z.avail_out == n) {
		r = source_fill(s, err);
		if (r < 0)
			return -1;
		/* with no input left it may still hold output that did not fit the last time */
		if (r == 0 && !st->inside)
			return 0;
		st->inside = true;
		st->z.next_in = s->buf + s->at;
		st->z.avail_in = (uint32_t)(s->end - s->at);
		if (isal.isal_inflate(&st->z) != ISAL_DECOMP_OK)
			return error_set(err, ERR_INVALID, "gzip: damaged data");
		s->at = s->end - st->z.avail_in;
		if (st->z.block_state == ISAL_BLOCK_FINISH) {
			st->inside = false;
			isal.isal_inflate_reset(&st->z);
			st->z.crc_flag = ISAL_GZIP;
		} else if (r == 0 && st->z.avail_out == n) {
			return error_set(err, ERR_INVALID, "gzip: the data is cut short");
		}
	}
	return (ssize_t)(n - st->z.avail_out);
}

static void isal_close(struct decoder *d)
{
	free(d->state);
}
const struct decoder_ops decode_isal = { isal_open, isal_read, isal_close };
#endif
