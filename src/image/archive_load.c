/*
 * archive_load.c - images out of archives: the format found by content, names set at the end.
 *
 * An archive that is both (docker has written both into one file since version 25) is read as an
 * OCI layout: there the manifest is kept as it was.
 */
#include "archive_load.h"

#include "store/blob.h"
#include "util/fd.h"
#include "store/event.h"

void archive_loaded_done(struct archive_loaded *l)
{
	strv_done(&l->names);
	vec_done(&l->ids);
}

int load_blob_text(struct loading *l, const struct descriptor *d, size_t max, struct str *out,
		   struct error *err)
{
	auto_free char *name = xasprintf("blobs/sha256/%s", d->digest.hex);
	char hex[SHA256_HEX];

	if (archive_source_text(l->source, name, max, out, err) < 0)
		return -1;
	if (d->size != (int64_t)out->len)
		return error_set(err, ERR_INVALID, "blob sha256:%s has %zu bytes, expected %lld",
				 d->digest.hex, out->len, (long long)d->size);
	sha256_bytes(str_get(out), out->len, hex);
	if (strcmp(hex, d->digest.hex) != 0)
		return error_set(err, ERR_INVALID, "blob sha256:%s has digest sha256:%s",
				 d->digest.hex, hex);
	return 0;
}

bool load_wanted(struct loading *l, const struct strv *names, const char *ref)
{
	struct reference r = { 0 };
	struct error no_name = { 0 }; /* then it is compared as it is */
	auto_free char *canonical = NULL;
	bool found;

	strv_copy(&l->seen, names);
	if (ref)
		strv_add(&l->seen, ref);
	if (!l->want)
		return true;
	if (str_eq(l->want, ref))
		return true;
	if (reference_parse(l->want, &r, &no_name) < 0)
		return false;
	canonical = reference_name(&r);
	found = strv_has(names, canonical);
	reference_done(&r);
	return found;
}

int load_names(struct loading *l, const struct descriptor *target, const struct digest *id,
	       const struct strv *names, struct error *err)
{
	strv_each (names, i) {
		if (image_name_set(l->st, names->v[i], target, err) < 0)
			return -1;
		event_object(l->st, "image", "load", id->hex, "name", names->v[i], EVENT_END);
		strv_add(&l->result->names, names->v[i]);
	}
	if (names->n == 0 && image_name_set_none(l->st, target, err) < 0)
		return -1;
	l->result->id = *id;
	vec_push(&l->result->ids, *id);
	return 0;
}

static int load_format(struct loading *l, struct error *err)
{
	if (archive_source_has(l->source, "index.json"))
		return load_oci(l, err);
	if (archive_source_has(l->source, "manifest.json"))
		return load_docker(l, err);
	error_set(err, ERR_INVALID, "neither an OCI layout nor a docker archive");
	return error_hint(err, "the file system of a machine is taken in by 'hod import'");
}

static int load_run(struct loading *l, const char *path, struct staging *s, struct error *err)
{
	auto_close int lock = -1;
	auto_free char *seen = NULL;

	if (archive_source_open(path, s, l->source, err) < 0)
		return -1;
	lock = store_lock(l->st, LOCK_SHARED, err);
	if (lock < 0)
		return -1;
	if (load_format(l, err) < 0)
		return error_add(err, "load '%s'", path);
	if (l->result->ids.n)
		return 0;
	seen = strv_join(&l->seen, ", ");
	if (!l->want)
		return error_set(err, ERR_INVALID, "'%s' holds no image", path);
	return error_set(err, ERR_NOTFOUND, "'%s' has no image '%s'%s%.400s", path, l->want,
			 *seen ? "; it has " : "", seen);
}

int archive_load(struct store *st, const char *path, const char *want, const struct progress *p,
		 struct archive_loaded *result, struct error *err)
{
	struct archive_source source;
	struct loading l = {
		.st = st, .source = &source, .want = want, .progress = p, .result = result
	};
	struct staging s = STAGING_NONE;
	int r = -1;

	*result = (struct archive_loaded){ 0 };
	archive_source_init(&source);
	/* held to the end: what was published meanwhile is not collected before it has a name */
	if (staging_begin(st, &s, err) == 0)
		r = load_run(&l, path, &s, err);
	archive_source_done(&source);
	staging_end(st, &s);
	strv_done(&l.seen);
	if (r < 0)
		archive_loaded_done(result);
	return r;
}
