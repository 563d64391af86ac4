/*
 * layer_import.c - a received layer unpacked, verified and published.
 *
 * Theory of operation: what came is wanted again byte for byte, because its digest stands in a
 * manifest. gzip and zstd bytes are written into a blob while they are unpacked. A plain tar is
 * mostly what layer_tar_write makes of the tree again, when we or a builder like us wrote it: then
 * nothing is kept; else the tar is, as a blob named by the diffID.
 *
 * Never  publishes a layer whose tar has not the diffID that names it.
 */
#include "image/layer_tar.h"

#include "oci/manifest.h"
#include "store/blob.h"
#include "util/fd.h"

#include <errno.h>

struct import {
	struct store *st;
	const struct layer_import_options *o;
	struct layer_imported *result;
	struct stream *in;
	struct staging staging;
	struct blob_writer blob;
	bool here; /* the layer is there: the bytes are only verified, and perhaps kept */
	bool tee;
	int64_t tar_size;
};

static int blob_write(void *arg, const void *bytes, size_t n, struct error *err)
{
	return blob_writer_add(arg, bytes, n, err);
}

static int expect(const char *what, const struct digest *wanted, const struct digest *got,
		  struct error *err)
{
	if (!wanted || digest_eq(wanted, got))
		return 0;
	return error_set(err, ERR_INVALID, "%s is sha256:%s, expected sha256:%s", what, got->hex,
			 wanted->hex);
}

/* Takes what is known: a layer that is there, with this very compressed form. 1 when that is all. */
static int import_known(struct import *m, struct error *err)
{
	auto_done(layer_meta) struct layer_meta meta;
	const struct layer_import_options *o = m->o;
	char text[DIGEST_TEXT_MAX];
	int r;

	layer_meta_init(&meta);
	if (!o->diff_id)
		return 0;
	r = layer_keep(m->st, o->diff_id, err);
	if (r <= 0)
		return r;
	m->here = true;
	if (!o->blob || layer_meta_load(m->st, o->diff_id, &meta, err) < 0)
		return o->blob ? -1 : 0;
	digest_format(o->blob, text);
	vec_each (&meta.blobs, b) {
		if (strcmp(b->digest, text) != 0 ||
		    (o->keep && (r = blob_keep(m->st, o->blob, err)) != 1))
			continue;
		m->result->diff_id = *o->diff_id;
		m->result->blob = *o->blob;
		m->result->size = b->size;
		m->result->media_type = NULL;
		for (int c = COMPRESSION_NONE; c <= COMPRESSION_ZSTD; c++)
			if (str_eq(compression_media_type((enum compression)c), b->media_type))
				m->result->media_type = compression_media_type((enum compression)c);
		return m->result->media_type != NULL;
	}
	return r < 0 ? -1 : 0;
}

static int import_unpack(struct import *m, struct layer_meta *meta, struct error *err)
{
	auto_done(owners) struct owners owners = { 0 };
	struct layer_apply_options a = {
		.form = LAYER_OVERLAY, .owners = &owners, .single = m->st->single, .uid = -1, .gid = -1
	};
	struct layer_stats stats = { 0 };
	uint64_t bytes, entries;
	auto_close int diff = -1;

	if (staging_begin(m->st, &m->staging, err) < 0)
		return -1;
	diff = dir_make_open(m->staging.fd, "diff", 0700, err);
	if (diff < 0 || layer_apply(m->in, diff, &a, &stats, err) < 0)
		return -1;
	meta->size = stats.bytes;
	meta->entries = stats.entries;
	if (stats.replaced) {
		if (tree_usage(m->staging.fd, "diff", &bytes, &entries, err) < 0)
			return -1;
		meta->size = (int64_t)bytes;
		meta->entries = (int64_t)entries;
	}
	if (m->st->single && owners_mark(diff, &owners, err) < 0)
		return -1;
	return owners.v.n ? owners_save(m->staging.fd, &owners, err) : 0;
}

static void meta_blob(struct layer_meta *meta, const struct layer_imported *r)
{
	struct layer_blob *b = vec_add(&meta->blobs);

	b->media_type = xstrdup(r->media_type);
	b->digest = xasprintf("sha256:%s", r->blob.hex);
	b->size = r->size;
}

/* Reads all, then everything is known; nothing is published before both digests are right. */
static int import_read(struct import *m, struct layer_meta *meta, struct error *err)
{
	struct layer_imported *r = m->result;

	if (!m->here && import_unpack(m, meta, err) < 0)
		return -1;
	if (stream_finish(m->in, &r->blob, &r->size, &r->diff_id, &m->tar_size, err) < 0 ||
	    expect("the layer's blob", m->o->blob, &r->blob, err) < 0 ||
	    expect("the layer's tar", m->o->diff_id, &r->diff_id, err) < 0)
		return -1;
	meta->tar_size = m->tar_size;
	r->media_type = compression_media_type(stream_compression(m->in));
	return 0;
}

static int import_publish(struct import *m, struct layer_meta *meta, struct error *err)
{
	struct layer_imported *r = m->result;
	struct layer_blob b = { 0 };
	char text[DIGEST_TEXT_MAX];

	if (m->tee) {
		m->tee = false;
		if (blob_writer_finish(m->st, &m->blob, &r->blob, r->size, &r->blob, err) < 0)
			return -1;
		meta_blob(meta, r);
	}
	/* who feeds us makes the bytes a blob next; should it never come, that is as if it was pruned */
	if (m->o->fed && !m->here)
		meta_blob(meta, r);
	if (!m->here && m->o->later) {
		if (layer_stage(m->st, &m->staging, meta, err) < 0)
			return -1;
		*m->o->later = m->staging;
		m->staging = (struct staging)STAGING_NONE;
		return 0;
	}
	if (!m->here)
		return layer_publish(m->st, &m->staging, &r->diff_id, meta, err);
	if (meta->blobs.n == 0)
		return 0;
	b.media_type = meta->blobs.v[0].media_type;
	b.digest = text;
	b.size = r->size;
	digest_format(&r->blob, text);
	return layer_add_blob(m->st, &r->diff_id, &b, err);
}

int layer_is_canonical(struct store *st, const struct digest *diff_id, struct error *err)
{
	auto_close int layer = layer_open(st, diff_id, err), diff = -1;
	auto_done(owners) struct owners owners = { 0 };
	struct error refused = { 0 }; /* what we would not write is not canonical */
	struct digest got;
	int64_t size;

	if (layer < 0 || owners_load(layer, &owners, err) < 0)
		return -1;
	diff = dir_open(layer, "diff", err);
	if (diff < 0)
		return -1;
	if (layer_tar_digest(diff, &owners, -1, &got, &size, NULL, &refused) < 0)
		return 0;
	return digest_eq(&got, diff_id);
}

/* Reads it once more and keeps its tar as a blob. */
static int tar_keep(struct store *st, int fd, int64_t size, const struct layer_imported *r,
		    int64_t tar_size, struct error *err)
{
	char text[DIGEST_TEXT_MAX], type[] = MEDIA_OCI_LAYER;
	struct stream *in = stream_open(fd, size, err);
	struct layer_blob known = { type, text, tar_size };
	struct blob_writer w;
	struct digest d;
	const void *bytes;
	size_t n;
	int got;

	if (!in || blob_writer_begin(st, &w, err) < 0) {
		stream_close(in);
		return -1;
	}
	while ((got = stream_next(in, &bytes, &n, err)) > 0)
		if (blob_writer_add(&w, bytes, n, err) < 0) {
			got = -1;
			break;
		}
	stream_close(in);
	if (got < 0) {
		blob_writer_abort(st, &w);
		return -1;
	}
	if (blob_writer_finish(st, &w, &r->diff_id, tar_size, &d, err) < 0)
		return -1;
	digest_format(&d, text);
	return layer_add_blob(st, &d, &known, err);
}

/* A layer without a compressed form is named in manifests by its tar. */
static int import_tar(struct import *m, int fd, off_t start, int64_t size, struct error *err)
{
	struct layer_imported *r = m->result;
	int known;

	r->blob = r->diff_id;
	r->size = m->tar_size;
	r->media_type = MEDIA_OCI_LAYER;
	if (!m->o->keep)
		return 0;
	known = blob_keep(m->st, &r->diff_id, err);
	if (known == 0)
		known = layer_is_canonical(m->st, &r->diff_id, err);
	if (known)
		return known < 0 ? -1 : 0;
	if (lseek(fd, start, SEEK_SET) < 0)
		return error_sys(err, "read the layer again");
	return tar_keep(m->st, fd, size, r, m->tar_size, err);
}

/* Who is fed from a network holds the store lock only where it must. */
static int import_lock(struct import *m, int *lock, struct error *err)
{
	if (!m->o->fed)
		return 0;
	*lock = store_lock(m->st, LOCK_SHARED, err);
	return *lock < 0 ? -1 : 0;
}

static int import_run(struct import *m, int fd, int64_t size, struct error *err)
{
	auto_close int lock = -1;
	auto_done(layer_meta) struct layer_meta meta;
	off_t start = lseek(fd, 0, SEEK_CUR);
	enum compression c;

	layer_meta_init(&meta);
	m->in = stream_open(fd, size, err);
	if (!m->in)
		return -1;
	if (m->o->fed)
		stream_threaded(m->in);
	c = stream_compression(m->in);
	if (m->o->keep && (c == COMPRESSION_GZIP || c == COMPRESSION_ZSTD)) {
		if (blob_writer_begin(m->st, &m->blob, err) < 0)
			return -1;
		m->tee = true;
		stream_tee(m->in, &(struct layer_sink){ blob_write, &m->blob });
	}
	if (import_read(m, &meta, err) < 0 || (!m->o->later && import_lock(m, &lock, err) < 0) ||
	    import_publish(m, &meta, err) < 0)
		return -1;
	if (c == COMPRESSION_GZIP || c == COMPRESSION_ZSTD)
		return 0;
	return import_tar(m, fd, start, size, err);
}

int layer_import_known(struct store *st, const struct layer_import_options *o,
		       struct layer_imported *result, struct error *err)
{
	struct import m = { .st = st, .o = o, .result = result, .staging = STAGING_NONE };
	auto_close int lock = -1;

	return import_lock(&m, &lock, err) < 0 ? -1 : import_known(&m, err);
}

int layer_import(struct store *st, int fd, int64_t size, const struct layer_import_options *o,
		 struct layer_imported *result, struct error *err)
{
	struct import m = { .st = st, .o = o, .result = result, .staging = STAGING_NONE };
	int lock = -1, r = import_lock(&m, &lock, err);

	if (r == 0)
		r = import_known(&m, err);
	auto_close_fd(&lock);
	if (r == 0)
		r = import_run(&m, fd, size, err);
	stream_close(m.in); /* first: its threads write into the blob */
	if (m.tee)
		blob_writer_abort(st, &m.blob);
	staging_end(st, &m.staging);
	return r < 0 ? -1 : 0;
}
