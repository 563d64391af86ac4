/*
 * blobs.c - blobs received: from where they broke, never more than was announced.
 *
 * Theory of operation: a transfer that breaks is asked for again from the byte it had come to. When
 * the server answers with the whole (200) or with another part than was asked for, the bytes that
 * are there already are skipped. As long as it gets on, a broken transfer is taken up at once; when
 * it does not, with growing pauses, and in the end not at all.
 * Spec   distribution-spec 1.1, "Pulling blobs"; RFC 9110 14 for ranges.
 */
#include "client.h"

#define PROGRESS_MIN (256 << 10) /* bytes; or the end: less is no progress */

struct getting {
	const struct blob_sink *sink;
	int64_t size, at; /* at: how much the sink has */
	int64_t skip;	  /* of this answer: bytes that it has already */
	bool whole;	  /* ranges are not understood: ask for all */
	bool misled;	  /* this answer was of another range */
};

static int get_begin(void *arg, const struct answer *a, struct error *err)
{
	struct getting *g = arg;
	const char *range = answer_header(a, "content-range");
	int64_t first, last, total;

	g->skip = 0;
	if (a->status != 206) {
		g->skip = g->at;
		return 0;
	}
	if (range && content_range_parse(range, &first, &last, &total) && first == g->at &&
	    (total < 0 || total == g->size))
		return 0;
	g->whole = g->misled = true;
	return error_set(err, ERR_INVALID, "the server sends another part than was asked for");
}

static int get_write(void *arg, const void *bytes, size_t n, struct error *err)
{
	struct getting *g = arg;
	size_t skip = (size_t)MIN((int64_t)n, g->skip);

	g->skip -= (int64_t)skip;
	bytes = (const char *)bytes + skip;
	n -= skip;
	if ((int64_t)n > g->size - g->at)
		return error_set(err, ERR_INVALID, "the blob is larger than %lld bytes",
				 (long long)g->size);
	if (n && g->sink->write(g->sink->arg, bytes, n, err) < 0)
		return -1;
	g->at += (int64_t)n;
	return 0;
}

/* One attempt: 1 all is there, 0 it may be tried again (err says why), -1 */
static int get_once(struct connection *c, struct call *k, struct getting *g, struct answer *a,
		    struct error *err)
{
	static const int beyond[] = { 416, 0 };

	k->range = g->whole ? 0 : g->at;
	g->misled = false;
	if (call_make(c, k, beyond, a, err) < 0)
		return a->broken || g->misled ? 0 : -1;
	if (g->at == g->size)
		return 1;
	g->whole |= a->status == 416;
	error_set(err, ERR_INVALID, "the blob has %lld bytes, not %lld", (long long)g->at,
		  (long long)g->size);
	return 0;
}

int blob_get(struct connection *c, const char *repository, const struct descriptor *d, int64_t from,
	     const struct blob_sink *sink, int64_t *received, struct error *err)
{
	auto_free char *path = xasprintf("/v2/%s/blobs/sha256:%s", repository, d->digest.hex);
	auto_free char *scope = scope_of(repository, "pull");
	struct getting g = { .sink = sink, .size = d->size, .at = from };
	struct call k = CALL("GET", path);
	struct answer a = { 0 };
	int attempt = 0, r;

	k.repository = repository;
	k.scope = scope;
	k.begin = get_begin;
	k.write = get_write;
	k.arg = &g;
	k.off_host = k.once = true;
	if (from == d->size)
		return 0;
	for (;;) {
		int64_t before = g.at;

		r = get_once(c, &k, &g, &a, err);
		if (received)
			*received += a.received;
		if (r != 0)
			break;
		if (g.at - before >= MIN(PROGRESS_MIN, d->size / 64 + 1)) {
			attempt = 0;
			error_clear(err);
			continue;
		}
		if (!call_again(c->r, &a, ++attempt, err)) {
			r = -1;
			break;
		}
	}
	answer_done(&a);
	return r < 0 ? error_add(err, "blob sha256:%.12s", d->digest.hex) : 0;
}

/* ---- small ones ---- */

static int text_write(void *arg, const void *bytes, size_t n, struct error *err)
{
	str_addn(arg, bytes, n);
	return 0;
}

int blob_text(struct connection *c, const char *repository, const struct descriptor *d, size_t max,
	      struct str *text, struct error *err)
{
	struct blob_sink sink = { text_write, text };
	char hex[SHA256_HEX];

	if (d->size > (int64_t)max)
		return error_set(err, ERR_LIMIT, "blob sha256:%.12s has %lld bytes, the limit is %zu",
				 d->digest.hex, (long long)d->size, max);
	for (int n = 1; n <= 2; n++) { /* damaged on its way? then once more */
		str_clear(text);
		if (blob_get(c, repository, d, 0, &sink, NULL, err) < 0)
			return -1;
		sha256_bytes(str_get(text), text->len, hex);
		if (strcmp(hex, d->digest.hex) == 0)
			return 0;
	}
	return error_set(err, ERR_INVALID, "blob sha256:%s came with digest sha256:%s",
			 d->digest.hex, hex);
}

int blob_head(struct connection *c, const char *repository, const struct digest *d, struct error *err)
{
	static const int absent[] = { 404, 0 };
	auto_free char *path = xasprintf("/v2/%s/blobs/sha256:%s", repository, d->hex);
	auto_free char *scope = scope_of(repository, "pull,push");
	struct call k = CALL("HEAD", path);
	struct answer a = { 0 };
	int r;

	k.repository = repository;
	k.scope = scope;
	k.off_host = true;
	r = call_make(c, &k, absent, &a, err);
	if (r == 0)
		r = a.status != 404;
	answer_done(&a);
	return r;
}
