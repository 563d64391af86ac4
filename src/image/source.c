/*
 * source.c - compressed bytes from a descriptor, hashed and shown to a second reader on their way.
 *
 * Never  reads beyond the limit that it was given: behind it is another member of an archive.
 */
#include "decode.h"

#include "util/fd.h"

#include <errno.h>
#include <unistd.h>

static int source_account(struct source *s, const void *bytes, size_t n, struct error *err)
{
	if (!s->unhashed)
		sha256_add(&s->hash, bytes, n);
	return s->tee.write ? s->tee.write(s->tee.arg, bytes, n, err) : 0;
}

static int source_block(struct source *s, struct error *err)
{
	size_t want = SOURCE_BLOCK;
	ssize_t n;

	if (s->left >= 0 && (uint64_t)s->left < want)
		want = (size_t)s->left;
	n = fd_read_full(s->fd, s->buf, want, err);
	if (n < 0)
		return -1;
	if (s->left >= 0)
		s->left -= n;
	s->at = 0;
	s->end = (size_t)n;
	s->eof = (size_t)n < want || s->left == 0;
	s->size += n;
	return 0;
}

int source_open(struct source *s, int fd, int64_t left, struct error *err)
{
	*s = (struct source){ .fd = fd, .left = left, .buf = xmalloc(SOURCE_BLOCK) };
	sha256_init(&s->hash);
	return source_block(s, err);
}

int source_start(struct source *s, struct error *err)
{
	if (s->started)
		return 0;
	s->started = true;
	return source_account(s, s->buf, s->end, err);
}

int source_fill(struct source *s, struct error *err)
{
	if (s->at < s->end)
		return 1;
	if (s->eof)
		return 0;
	if (source_block(s, err) < 0 || source_account(s, s->buf, s->end, err) < 0)
		return -1;
	return s->at < s->end;
}

void source_close(struct source *s)
{
	free(s->buf);
	s->buf = NULL;
}

/* ---- no compression ---- */

static int plain_open(struct decoder *d, struct error *err)
{
	return 0;
}

static ssize_t plain_read(struct decoder *d, void *out, size_t n, struct error *err)
{
	struct source *s = d->src;
	int r = source_fill(s, err);

	if (r <= 0)
		return r;
	n = MIN(n, s->end - s->at);
	memcpy(out, s->buf + s->at, n);
	s->at += n;
	return (ssize_t)n;
}

static void plain_close(struct decoder *d)
{
}
const struct decoder_ops decode_plain = { plain_open, plain_read, plain_close };
