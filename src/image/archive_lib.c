/*
 * archive_lib.c - libarchive by first use, and its xz and bzip2 filters as decoders.
 *
 * Never  switches on more of libarchive than tar, empty, raw, xz and bzip2: every format and filter
 *        more is code that untrusted bytes reach (SECURITY.md 1b).
 */
#include "archive_lib.h"

#include "decode.h"
#include "util/lazy.h"
#include "util/mem.h"

#include <errno.h>

#define ARCHIVE_LIB_SYMBOL(fn) LAZY_SYMBOL(struct archive_api, fn),
static const struct lazy_symbol archive_symbols[] = { ARCHIVE_LIB_FUNCTIONS(ARCHIVE_LIB_SYMBOL)
							      LAZY_END };
static struct archive_api lib;
static struct lazy archive_lazy = LAZY("libarchive", "libarchive.so.13", &lib, archive_symbols);
LAZY_NOTE(archive, "libarchive.so.13", "layers and archives", "required");

const struct archive_api *archive_lib(struct error *err)
{
	return lazy_load(&archive_lazy, err) < 0 ? NULL : &lib;
}

struct filter_state {
	struct archive *a;
	struct decoder *d;
	struct error source_error; /* of source_fill, inside the library's callback */
	bool opened;
};

static la_ssize_t filter_more(struct archive *a, void *arg, const void **bytes)
{
	struct filter_state *st = arg;
	struct source *s = st->d->src;
	size_t n;
	int r = source_fill(s, &st->source_error);

	if (r < 0) {
		lib.archive_set_error(a, EIO, "cannot read");
		return -1;
	}
	*bytes = s->buf + s->at;
	n = s->end - s->at;
	s->at = s->end;
	return (la_ssize_t)n;
}

static int filter_fail(struct filter_state *st, struct error *err)
{
	const char *why = lib.archive_error_string(st->a);

	if (st->source_error.kind) {
		*err = st->source_error;
		return -1;
	}
	return error_set(err, ERR_INVALID, "%s: %s", st->d->name, why ? why : "damaged data");
}

static int filter_open(struct decoder *d, struct error *err)
{
	struct filter_state *st;

	if (!archive_lib(err))
		return -1;
	st = xcalloc(1, sizeof(*st));
	st->d = d;
	d->state = st;
	st->a = lib.archive_read_new();
	if (!st->a)
		return error_set(err, ERR_BUG, "libarchive: no memory");
	lib.archive_read_support_filter_xz(st->a);
	lib.archive_read_support_filter_bzip2(st->a);
	lib.archive_read_support_format_raw(st->a);
	return 0;
}

static ssize_t filter_read(struct decoder *d, void *out, size_t n, struct error *err)
{
	struct filter_state *st = d->state;
	struct archive_entry *e;
	la_ssize_t got;

	if (!st->opened) { /* not in filter_open: the tee is not set by then */
		st->opened = true;
		if (lib.archive_read_open2(st->a, st, NULL, filter_more, NULL, NULL) != ARCHIVE_OK ||
		    lib.archive_read_next_header(st->a, &e) != ARCHIVE_OK)
			return filter_fail(st, err);
	}
	got = lib.archive_read_data(st->a, out, n);
	return got < 0 ? filter_fail(st, err) : got;
}

static void filter_close(struct decoder *d)
{
	struct filter_state *st = d->state;

	if (st && st->a)
		lib.archive_read_free(st->a);
	free(st);
}
const struct decoder_ops decode_filter = { filter_open, filter_read, filter_close };
