/*
 * manifest_read.c - the texts of manifests and indexes, of the store or of a registry, and what
 * refers to one there.
 */
#include "image/manifest_list.h"

#include "manifest_name.h"
#include "registry/endpoint.h"
#include "store/blob.h"

int manifest_name(const char *text, char **name, struct reference *r, struct error *err)
{
	if (reference_parse(text, r, err) < 0)
		return -1;
	if (r->transport != TRANSPORT_NONE) {
		reference_done(r);
		return error_set(err, ERR_INVALID, "'%s' names a file, not a list", text);
	}
	*name = reference_name(r);
	return 0;
}

/* The repository itself, not its mirrors. */
struct remote {
	struct settings settings;
	endpoints places;
	struct registry *registry;
	struct connection *c;
	const char *repository; /* borrowed */
};

static void remote_close(struct remote *m)
{
	connection_close(m->c);
	registry_close(m->registry);
	endpoints_done(&m->places);
	settings_done(&m->settings);
}

static int remote_open(struct remote *m, const struct reference *r,
		       const struct registry_options *o, struct error *err)
{
	const struct endpoint *e;

	*m = (struct remote){ 0 };
	if (settings_load(&m->settings, err) < 0)
		return -1;
	if (endpoints_find(&m->settings, r->host, r->repository, false, &m->places, err) == 0) {
		e = &m->places.v[m->places.n - 1];
		m->repository = e->repository;
		m->registry = registry_open(e->host, o, &m->settings, err);
		m->c = m->registry ? connection_open(m->registry, err) : NULL;
	}
	if (m->c)
		return 0;
	remote_close(m);
	return -1;
}

static int remote_text(const struct reference *r, const struct registry_options *o,
		       struct str *text, struct digest *d, struct error *err)
{
	const char *reference = r->tag ? r->tag : "latest";
	char digest[DIGEST_TEXT_MAX];
	auto_free char *type = NULL;
	struct remote m;
	int status;

	if (digest_is_set(&r->digest))
		reference = digest_format(&r->digest, digest);
	if (remote_open(&m, r, o, err) < 0)
		return -1;
	status = manifest_get(m.c, m.repository, reference, text, &type, d, err);
	remote_close(&m);
	return status;
}

int manifest_referrers(const char *name, const char *artifact_type,
		       const struct registry_options *o, struct str *text, struct error *err)
{
	auto_done(str) struct str manifest = { 0 };
	auto_free char *full = NULL;
	struct reference r = { 0 };
	struct manifest index;
	struct remote m;
	struct digest d;
	int status = 0;

	if (manifest_name(name, &full, &r, err) < 0)
		return -1;
	d = r.digest;
	if (!digest_is_set(&d))
		status = remote_text(&r, o, &manifest, &d, err);
	if (status == 0)
		status = remote_open(&m, &r, o, err);
	if (status == 0) {
		status = referrers_get(m.c, m.repository, &d, artifact_type, &index, err);
		if (status == 0)
			manifest_format(&index, text);
		manifest_done(&index);
		remote_close(&m);
	}
	reference_done(&r);
	return status;
}

int manifest_text(struct store *st, const char *text_name, const struct registry_options *o,
		  struct str *text, struct error *err)
{
	struct reference r = { 0 };
	auto_free char *name = NULL;
	struct image_name n;
	struct digest d;
	int found;

	if (manifest_name(text_name, &name, &r, err) < 0)
		return -1;
	found = image_name_find(st, name, &n, err);
	if (found > 0)
		found = blob_read(st, &n.target.digest, MANIFEST_MAX, text, err);
	else if (found == 0)
		found = remote_text(&r, o, text, &d, err);
	image_name_done(&n);
	reference_done(&r);
	return found;
}
