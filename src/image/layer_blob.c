/*
 * layer_blob.c - the bytes of a layer as a manifest names them: held, or made again.
 */
#include "layer_blob.h"

#include "compress.h"
#include "layer_settle.h"
#include "store/blob.h"
#include "util/fd.h"

#include <stdio.h>

#define COPY_BLOCK ((size_t)256 << 10)

struct tap {
	const struct layer_sink *out;
	struct sha256 hash;
	int64_t size;
};

static int tap_write(void *arg, const void *bytes, size_t n, struct error *err)
{
	struct tap *t = arg;

	sha256_add(&t->hash, bytes, n);
	t->size += (int64_t)n;
	return t->out->write(t->out->arg, bytes, n, err);
}

static int tree_write(struct store *st, const struct digest *diff_id, const struct layer_sink *out,
		      struct error *err)
{
	auto_close int layer = layer_open(st, diff_id, err), diff = -1;
	auto_done(owners) struct owners owners = { 0 };

	if (layer < 0 || owners_load(layer, &owners, err) < 0)
		return -1;
	diff = dir_open(layer, "diff", err);
	if (diff < 0)
		return -1;
	return layer_tar_write(diff, &owners, -1, out, NULL, err);
}

static int blob_copy(struct store *st, const struct digest *d, const struct layer_sink *out,
		     struct error *err)
{
	auto_close int fd = blob_open(st, d, err);
	auto_free char *buf = xmalloc(COPY_BLOCK);
	ssize_t n;

	if (fd < 0)
		return -1;
	while ((n = fd_read_full(fd, buf, COPY_BLOCK, err)) > 0)
		if (out->write(out->arg, buf, (size_t)n, err) < 0)
			return -1;
	return n < 0 ? -1 : 0;
}

int layer_blob_write(struct store *st, const struct digest *diff_id, const struct descriptor *d,
		     const struct layer_sink *out, struct error *err)
{
	struct tap tap = { .out = out };
	struct layer_sink sink = { tap_write, &tap };
	char hex[SHA256_HEX];
	int r = blob_find(st, &d->digest, NULL, err);

	sha256_init(&tap.hash);
	if (r < 0)
		return -1;
	if (r == 0 && !digest_eq(&d->digest, diff_id))
		return error_set(err, ERR_NOTFOUND,
				 "layer sha256:%s: its compressed form sha256:%s is no longer held",
				 diff_id->hex, d->digest.hex);
	r = r ? blob_copy(st, &d->digest, &sink, err) : tree_write(st, diff_id, &sink, err);
	if (r < 0)
		return error_add(err, "layer sha256:%s", diff_id->hex);
	sha256_hex(&tap.hash, hex);
	if (tap.size != d->size || strcmp(hex, d->digest.hex) != 0)
		return error_set(err, ERR_INVALID,
				 "layer sha256:%s gives sha256:%s of %lld bytes, its manifest says "
				 "sha256:%s of %lld",
				 diff_id->hex, hex, (long long)tap.size, d->digest.hex,
				 (long long)d->size);
	return 0;
}

/* 1 and d, when the layer's meta knows such a form and its blob is held. */
static int form_known(struct store *st, const struct digest *diff_id, const char *media_type,
		      struct descriptor *d, struct error *err)
{
	auto_done(layer_meta) struct layer_meta m;
	struct digest blob;
	int found = 0;

	layer_meta_init(&m);
	if (layer_meta_load(st, diff_id, &m, err) < 0)
		return -1;
	vec_each (&m.blobs, b) {
		if (found || strcmp(b->media_type, media_type) != 0)
			continue;
		if (digest_parse(b->digest, &blob, err) < 0)
			return -1;
		found = blob_keep(st, &blob, err);
		if (found < 0)
			return -1;
		if (found)
			descriptor_set(d, media_type, &blob, b->size);
	}
	return found;
}

static int blob_write(void *arg, const void *bytes, size_t n, struct error *err)
{
	return blob_writer_add(arg, bytes, n, err);
}

static int compress_into(struct store *st, const struct digest *diff_id, enum compression form,
			 struct blob_writer *w, struct error *err)
{
	struct compressor *c = compressor_open(form, &(struct layer_sink){ blob_write, w }, err);
	struct descriptor plain = { 0 };
	auto_done(layer_meta) struct layer_meta m;
	struct layer_sink sink;
	int r = -1;

	layer_meta_init(&m);
	if (!c || layer_meta_load(st, diff_id, &m, err) < 0)
		goto out;
	descriptor_set(&plain, MEDIA_OCI_LAYER, diff_id, m.tar_size);
	sink = compressor_sink(c);
	r = layer_blob_write(st, diff_id, &plain, &sink, err);
	if (r == 0)
		r = compressor_finish(c, err);
	descriptor_done(&plain);
out:
	compressor_close(c);
	return r;
}

int layer_blob_compress(struct store *st, const struct digest *diff_id, enum compression form,
			struct descriptor *d, struct error *err)
{
	char type[80], text[DIGEST_TEXT_MAX];
	struct layer_blob known = { type, text, 0 };
	struct blob_writer w;
	struct digest blob;
	int r;

	snprintf(type, sizeof(type), "%s", compression_media_type(form));
	r = form_known(st, diff_id, type, d, err);
	if (r)
		return r < 0 ? -1 : 0;
	if (blob_writer_begin(st, &w, err) < 0)
		return -1;
	if (compress_into(st, diff_id, form, &w, err) < 0) {
		blob_writer_abort(st, &w);
		return -1;
	}
	known.size = w.size;
	if (blob_writer_finish(st, &w, NULL, -1, &blob, err) < 0)
		return -1;
	digest_format(&blob, text);
	descriptor_set(d, type, &blob, known.size);
	return layer_add_blob(st, diff_id, &known, err);
}

int layer_compress(struct store *st, const struct digest *diff_id, enum compression form,
		   struct error *err)
{
	auto_done(descriptor) struct descriptor d = { 0 };

	return layer_blob_compress(st, diff_id, form, &d, err);
}
