/*
 * refs.c - what is in use: references counted by looking, never stored.
 */
#include "store_private.h"

#include "store/blob.h"
#include "store/container.h"
#include "store/image.h"
#include "store/layer.h"
#include "util/fd.h"

#include <ctype.h>

#define CACHE_ENTRY_MAX ((off_t)64 << 10)

void refs_done(struct refs *r)
{
	strv_done(&r->layers);
	strv_done(&r->blobs);
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

bool refs_has(struct refs *r, const struct strv *list, const char *hex)
{
	if (!r->sorted) {
		strv_sort(&r->layers);
		strv_sort(&r->blobs);
		r->sorted = true;
	}
	return list->n && bsearch(&hex, list->v, list->n, sizeof(*list->v), compare);
}

static void refs_image(struct store *st, struct refs *r, const struct image *i)
{
	struct error ignored = { 0 }; /* a layer without meta refers to nothing; fsck tells */
	struct layer_meta m;

	strv_add(&r->blobs, i->manifest_digest.hex);
	strv_add(&r->blobs, i->id.hex);
	vec_each (&i->manifest.layers, d)
		strv_add(&r->blobs, d->digest.hex);
	vec_each (&i->diff_ids, d) {
		strv_add(&r->layers, d->hex);
		if (layer_meta_load(st, d, &m, &ignored) < 0)
			continue;
		vec_each (&m.blobs, b)
			strv_add(&r->blobs,
				 str_starts(b->digest, "sha256:") ? b->digest + 7 : b->digest);
		layer_meta_done(&m);
	}
}

/* All images an index names that are here; each alone may be absent. */
static int refs_index(struct store *st, struct refs *r, const struct manifest *index,
		      struct error *err)
{
	struct image i;

	vec_each (&index->manifests, entry) {
		int here = blob_find(st, &entry->digest, NULL, err);

		if (here < 0)
			return -1;
		if (here == 0)
			continue;
		if (image_load(st, entry, NULL, &i, err) < 0) {
			/* an attestation or an image of which only the manifest is here */
			if (error_may_pass(err))
				return -1;
			strv_add(&r->blobs, entry->digest.hex);
			continue;
		}
		refs_image(st, r, &i);
		image_done(&i);
	}
	return 0;
}

static int refs_name(struct store *st, struct refs *r, const struct image_name *n, struct error *err)
{
	auto_done(str) struct str text = { 0 };
	auto_done(manifest) struct manifest m = { 0 };
	struct image i;

	strv_add(&r->blobs, n->target.digest.hex);
	if (blob_read(st, &n->target.digest, MANIFEST_MAX, &text, err) < 0 ||
	    manifest_parse(str_get(&text), text.len, n->target.media_type, &m, err) < 0)
		return -1;
	if (m.is_index)
		return refs_index(st, r, &m, err);
	if (image_load(st, &n->target, NULL, &i, err) < 0)
		return -1;
	refs_image(st, r, &i);
	image_done(&i);
	return 0;
}

static int refs_names(struct store *st, struct refs *r, struct strv *damaged, struct error *err)
{
	char line[ERROR_LINE_MAX];
	image_names all = { 0 };
	int result = image_name_list(st, &all, err);

	vec_each (&all, n) {
		if (result < 0 || refs_name(st, r, n, err) == 0)
			continue;
		error_add(err, "image '%s'", n->name);
		/* one that is damaged is lost anyhow; what could not be read may be sound */
		if (damaged && !error_may_pass(err))
			strv_add(damaged, error_text(err, line, sizeof(line)));
		else
			result = -1;
	}
	image_names_done(&all);
	return result;
}

static int refs_containers(struct store *st, struct refs *r, struct error *err)
{
	containers l = { 0 };
	int result = container_list(st, &l, err);

	vec_each (&l, c) {
		strv_copy(&r->layers, &c->record.layers);
		/* a record that is damaged is lost; one that could not be read may name layers */
		if (result == 0 && c->why && (c->why_kind == ERR_SYSTEM || c->why_kind == ERR_DENIED))
			result = error_set(err, c->why_kind, "container %.12s: %s", c->id, c->why);
	}
	containers_done(&l);
	return result;
}

/* Every run of exactly 64 hex digits. */
static void refs_text(struct refs *r, const char *text)
{
	for (const char *p = text; *p;) {
		size_t n = strspn(p, "0123456789abcdef");

		if (n == SHA256_HEX - 1) {
			auto_free char *hex = xstrndup(p, n);

			strv_add(&r->layers, hex);
		}
		p += n;
		p += strcspn(p, "0123456789abcdef");
	}
}

/* Files in dir; with deeper, those of its folders too. */
static int refs_cache_dir(int dir, bool deeper, struct refs *r, struct error *err)
{
	auto_done(strv) struct strv names = { 0 };
	struct stat s;

	if (dir_list(dir, &names, err) < 0)
		return -1;
	strv_each (&names, i) {
		auto_done(str) struct str text = { 0 };
		auto_close int sub = -1;

		if (fstatat(dir, names.v[i], &s, AT_SYMLINK_NOFOLLOW) < 0)
			continue; /* removed meanwhile */
		if (S_ISREG(s.st_mode) && s.st_size <= CACHE_ENTRY_MAX) {
			if (file_read(dir, names.v[i], &text, (size_t)CACHE_ENTRY_MAX, err) < 0)
				return -1;
			refs_text(r, str_get(&text));
		} else if (S_ISDIR(s.st_mode) && deeper) {
			sub = dir_open(dir, names.v[i], err);
			if (sub < 0 || refs_cache_dir(sub, false, r, err) < 0)
				return -1;
		}
	}
	return 0;
}

int refs_collect(struct store *st, struct refs *r, struct strv *damaged, struct error *err)
{
	int cache, found;

	if (refs_names(st, r, damaged, err) < 0 || refs_containers(st, r, err) < 0)
		return -1;
	found = store_dir_find(st, STORE_CACHE, &cache, err);
	if (found > 0 && refs_cache_dir(cache, true, r, err) < 0)
		return error_add(err, "build cache");
	return found < 0 ? -1 : 0;
}
