/*
 * layer_commit.c - a tree that is complete becomes a layer: hashed, measured, published.
 *
 * The tar is never written anywhere: one pass of hashing tells the diffID (DESIGN.md 4).
 */
#include "image/layer_tar.h"

#include "layer_settle.h"
#include "util/fd.h"

static int hash_write(void *arg, const void *bytes, size_t n, struct error *err)
{
	struct hash_sink *h = arg;

	sha256_add(&h->hash, bytes, n);
	h->size += (int64_t)n;
	return 0;
}

struct layer_sink hash_sink(struct hash_sink *h)
{
	h->size = 0;
	sha256_init(&h->hash);
	return (struct layer_sink){ hash_write, h };
}

int layer_tar_digest(int root, struct owners *owners, int64_t epoch, struct digest *diff_id,
		     int64_t *size, struct layer_stats *stats, struct error *err)
{
	struct hash_sink h;
	struct layer_sink sink = hash_sink(&h);

	if (layer_tar_write(root, owners, epoch, &sink, stats, err) < 0)
		return -1;
	sha256_hex(&h.hash, diff_id->hex);
	*size = h.size;
	return 0;
}

int layer_commit_watched(struct store *st, struct staging *s, int64_t epoch,
			 const struct layer_watch *watch, struct digest *diff_id, struct error *err)
{
	auto_close int diff = dir_open(s->fd, "diff", err);
	auto_done(owners) struct owners owners = { 0 };
	auto_done(layer_meta) struct layer_meta m;
	struct layer_stats stats = { 0 };
	struct hash_sink h;

	layer_meta_init(&m);
	if (diff < 0 || owners_load(s->fd, &owners, err) < 0 ||
	    (st->single && owners_mark(diff, &owners, err) < 0) ||
	    layer_tar_settle(diff, &owners, epoch, &h, watch, &stats, err) < 0)
		return error_add(err, "commit layer");
	sha256_hex(&h.hash, diff_id->hex);
	m.size = stats.bytes;
	m.tar_size = h.size;
	m.entries = stats.entries;
	m.canonical = true;
	return layer_publish(st, s, diff_id, &m, err);
}

int layer_commit(struct store *st, struct staging *s, int64_t epoch, struct digest *diff_id,
		 struct error *err)
{
	return layer_commit_watched(st, s, epoch, NULL, diff_id, err);
}
