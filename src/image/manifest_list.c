/*
 * manifest_list.c - indexes made by hand: read, changed as a whole, written as a new blob, named.
 */
#include "image/manifest_list.h"

#include "image/pull.h"
#include "layer_blob.h"
#include "manifest_name.h"
#include "store/blob.h"

/* ---- the list ---- */

static int list_name(const char *text, char **name, struct error *err)
{
	struct reference r = { 0 };

	if (manifest_name(text, name, &r, err) < 0)
		return -1;
	reference_done(&r);
	return 0;
}

static int list_load(struct store *st, const char *name, struct manifest *m, struct error *err)
{
	auto_done(str) struct str text = { 0 };
	struct image_name n;
	int r = image_name_find(st, name, &n, err);

	*m = (struct manifest){ 0 };
	if (r == 0)
		r = error_set(err, ERR_NOTFOUND, "no list is named '%s'", name);
	if (r > 0)
		r = blob_read(st, &n.target.digest, MANIFEST_MAX, &text, err);
	if (r == 0)
		r = manifest_parse(str_get(&text), text.len, n.target.media_type, m, err);
	image_name_done(&n);
	if (r == 0 && !m->is_index) {
		manifest_done(m);
		r = error_set(err, ERR_INVALID, "'%s' is an image, not a list", name);
	}
	return r;
}

static int list_save(struct store *st, const char *name, struct manifest *m, struct digest *d,
		     struct error *err)
{
	auto_close int lock = store_lock(st, LOCK_SHARED, err);
	auto_done(descriptor) struct descriptor target = { 0 };
	auto_done(str) struct str text = { 0 };
	auto_free char *none = NULL;
	struct error absent = { 0 };
	struct image_name old;
	int r;

	if (lock < 0)
		return -1;
	manifest_format(m, &text);
	if (blob_put(st, str_get(&text), text.len, d, err) < 0)
		return -1;
	descriptor_set(&target, m->media_type ? m->media_type : MEDIA_OCI_INDEX, d,
		       (int64_t)text.len);
	if (image_name_find(st, name, &old, &absent) > 0)
		none = xasprintf("<none>@sha256:%s", old.target.digest.hex);
	image_name_done(&old);
	r = image_name_set(st, name, &target, err);
	/* the list as it was before is of no use to anybody */
	if (r == 0 && none && strcmp(none + strlen("<none>@sha256:"), d->hex) != 0)
		image_name_remove(st, none, &absent);
	return r;
}

int manifest_list_create(struct store *st, const char *text, bool amend, struct digest *d,
			 struct error *err)
{
	struct manifest m = { .schema_version = 2, .is_index = true };
	auto_free char *name = NULL;
	struct image_name old;
	int r;

	if (list_name(text, &name, err) < 0)
		return -1;
	r = image_name_find(st, name, &old, err);
	if (r > 0 && amend)
		*d = old.target.digest;
	image_name_done(&old);
	if (r < 0 || (r > 0 && amend))
		return r < 0 ? -1 : 0;
	if (r > 0)
		return error_set(err, ERR_EXISTS, "the name '%s' is taken: see --amend", name);
	m.media_type = xstrdup(MEDIA_OCI_INDEX);
	r = list_save(st, name, &m, d, err);
	manifest_done(&m);
	return r;
}

/* ---- entries ---- */

static void replace(char **field, const char *value)
{
	if (!value)
		return;
	free(*field);
	*field = xstrdup(value);
}

static void entry_note(struct descriptor *e, const struct entry_notes *n)
{
	if (!e->platform && (n->os || n->architecture || n->variant))
		e->platform = xcalloc(1, sizeof(*e->platform));
	if (e->platform) {
		replace(&e->platform->os, n->os);
		replace(&e->platform->architecture, n->architecture);
		replace(&e->platform->variant, n->variant);
	}
	if (n->annotations)
		strmap_copy(&e->annotations, n->annotations);
}

static struct descriptor *entry_of(struct manifest *m, const struct digest *d)
{
	vec_each (&m->manifests, e)
		if (digest_eq(&e->digest, d))
			return e;
	return NULL;
}

static void entry_put(struct manifest *m, const struct descriptor *d,
		      const struct platform *platform, const struct entry_notes *notes)
{
	struct descriptor *e = entry_of(m, &d->digest);

	if (e)
		descriptor_done(e);
	else
		e = vec_add(&m->manifests);
	descriptor_copy(e, d);
	if (!e->platform) {
		e->platform = xcalloc(1, sizeof(*e->platform));
		e->platform->os = xstrdup_or_null(platform->os);
		e->platform->architecture = xstrdup_or_null(platform->architecture);
		e->platform->variant = xstrdup_or_null(platform->variant);
	}
	entry_note(e, notes);
}

/* An image that will keep its digest: every layer in a form that is held. *d is its manifest. */
static int image_settle(struct store *st, struct image *i, struct descriptor *d, struct error *err)
{
	auto_close int lock = store_lock(st, LOCK_SHARED, err);
	auto_done(str) struct str text = { 0 };
	const char *type = i->manifest.media_type ? i->manifest.media_type : MEDIA_OCI_MANIFEST;
	bool changed = false;
	struct digest digest = i->manifest_digest;

	if (lock < 0)
		return -1;
	for (size_t n = 0; n < i->diff_ids.n; n++) {
		struct descriptor *l = &i->manifest.layers.v[n], made = { 0 };

		if (!digest_eq(&l->digest, &i->diff_ids.v[n]))
			continue;
		if (layer_blob_compress(st, &i->diff_ids.v[n], COMPRESSION_GZIP, &made, err) < 0)
			return -1;
		descriptor_done(l);
		*l = made;
		changed = true;
	}
	if (changed) {
		manifest_format(&i->manifest, &text);
		if (blob_put(st, str_get(&text), text.len, &digest, err) < 0)
			return -1;
	}
	descriptor_set(d, type, &digest, changed ? (int64_t)text.len : i->manifest_size);
	return 0;
}

static int add_image(struct store *st, struct manifest *m, const char *image,
		     const struct platform *platform, const struct entry_notes *notes,
		     struct error *err)
{
	auto_done(descriptor) struct descriptor d = { 0 };
	auto_done(image) struct image i;
	int found;

	image_init(&i);
	found = image_find(st, image, platform, &i, err);
	if (found == 0)
		error_set(err, ERR_NOTFOUND, "image '%s' is not in the store", image);
	if (found <= 0 || image_settle(st, &i, &d, err) < 0)
		return -1;
	entry_put(m, &d, &i.config.platform, notes);
	return 0;
}

/* Every image of an index that is at a registry: each is pulled. */
static int add_all(struct store *st, struct manifest *m, const char *image,
		   const struct entry_notes *notes, const struct pull_options *with,
		   const struct progress *p, struct error *err)
{
	auto_done(str) struct str text = { 0 };
	auto_done(manifest) struct manifest index = { 0 };
	struct reference r = { 0 };
	int status;

	if (manifest_text(st, image, &with->registry, &text, err) < 0 ||
	    manifest_parse(str_get(&text), text.len, NULL, &index, err) < 0)
		return -1;
	if (!index.is_index)
		return add_image(st, m, image, NULL, notes, err);
	status = reference_parse(image, &r, err);
	vec_each (&index.manifests, e) {
		auto_free char *one = NULL;
		struct pull_options o = *with;
		struct pulled pulled = { 0 };

		/* attestations are no images */
		if (status < 0 || !e->platform || str_eq(e->platform->os, "unknown"))
			continue;
		one = xasprintf("%s/%s@sha256:%s", r.host, r.repository, e->digest.hex);
		o.platform = e->platform;
		status = image_pull(st, one, &o, p, &pulled, err);
		pulled_done(&pulled);
		if (status == 0)
			entry_put(m, e, e->platform, notes);
	}
	reference_done(&r);
	return status;
}

int manifest_list_add(struct store *st, const char *text, const char *image, bool all,
		      const struct entry_notes *notes, const struct registry_options *o,
		      const struct progress *p, struct digest *d, struct error *err)
{
	auto_done(manifest) struct manifest m = { 0 };
	auto_free char *name = NULL;
	auto_done(image) struct image i;
	struct staging s = STAGING_NONE;
	struct error absent = { 0 };
	struct pull_options with;
	struct pulled pulled = { 0 };
	int r;

	pull_options_init(&with);
	with.registry = *o;
	image += str_starts(image, "docker://") ? strlen("docker://") : 0;
	image_init(&i);
	if (list_name(text, &name, err) < 0 || list_load(st, name, &m, err) < 0 ||
	    staging_begin(st, &s, err) < 0)
		return -1;
	if (all) {
		r = add_all(st, &m, image, notes, &with, p, err);
	} else {
		r = image_find(st, image, NULL, &i, &absent);
		r = r > 0 ? 0 : image_pull(st, image, &with, p, &pulled, err);
		pulled_done(&pulled);
		if (r == 0)
			r = add_image(st, &m, image, NULL, notes, err);
	}
	if (r == 0)
		r = list_save(st, name, &m, d, err);
	staging_end(st, &s);
	return r;
}

/* Of the digest or image that the user names. */
static struct descriptor *entry_named(struct store *st, struct manifest *m, const char *text,
				      struct error *err)
{
	struct descriptor *e = NULL, settled = { 0 };
	struct error no_digest = { 0 };
	auto_done(image) struct image i;
	struct digest d;

	image_init(&i);
	if (digest_parse(text, &d, &no_digest) == 0)
		e = entry_of(m, &d);
	else if (image_find(st, text, NULL, &i, &no_digest) > 0 &&
		 image_settle(st, &i, &settled, &no_digest) == 0)
		e = entry_of(m, &settled.digest);
	descriptor_done(&settled);
	if (!e)
		error_set(err, ERR_NOTFOUND, "the list has no entry '%s'", text);
	return e;
}

/* The list named text, and one entry in it; both are for list_save(). */
static int entry_load(struct store *st, const char *text, const char *entry, char **name,
		      struct manifest *m, struct descriptor **e, struct error *err)
{
	if (list_name(text, name, err) < 0 || list_load(st, *name, m, err) < 0)
		return -1;
	*e = entry_named(st, m, entry, err);
	return *e ? 0 : -1;
}

int manifest_list_annotate(struct store *st, const char *text, const char *entry,
			   const struct entry_notes *notes, struct digest *d, struct error *err)
{
	auto_done(manifest) struct manifest m = { 0 };
	auto_free char *name = NULL;
	struct descriptor *e;

	if (entry_load(st, text, entry, &name, &m, &e, err) < 0)
		return -1;
	entry_note(e, notes);
	return list_save(st, name, &m, d, err);
}

int manifest_list_remove_entry(struct store *st, const char *text, const char *entry,
			       struct digest *d, struct error *err)
{
	auto_done(manifest) struct manifest m = { 0 };
	auto_free char *name = NULL;
	struct descriptor *e;

	if (entry_load(st, text, entry, &name, &m, &e, err) < 0)
		return -1;
	descriptor_done(e);
	vec_remove(&m.manifests, (size_t)(e - m.manifests.v));
	return list_save(st, name, &m, d, err);
}

int manifest_list_rm(struct store *st, const char *text, struct error *err)
{
	auto_done(manifest) struct manifest m = { 0 };
	auto_free char *name = NULL;

	if (list_name(text, &name, err) < 0 || list_load(st, name, &m, err) < 0)
		return -1;
	return image_name_remove(st, name, err);
}
