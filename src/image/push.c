/*
 * push.c - an image to a registry: what it lacks, and the manifest last.
 *
 * Never  sends a manifest before all that it names is there; never changes a manifest or a
 *        configuration that came from somewhere, unless a layer of it must get another form.
 */
#include "push_private.h"

#include "registry/endpoint.h"
#include "store/blob.h"
#include "util/settings.h"

void push_options_init(struct push_options *o)
{
	*o = (struct push_options){ .parallel = UNSET, .compression = COMPRESSION_GZIP };
	registry_options_init(&o->registry);
}

void pushed_done(struct pushed *p)
{
	free(p->name);
	*p = (struct pushed){ 0 };
}

/* ---- mounts ---- */

/* "host/repository" of a name: the repository, when the host is this one. Yours. */
static char *repository_here(const struct pushing *p, const char *name)
{
	struct reference r = { 0 };
	struct error no_name = { 0 }; /* "<none>@..." */
	char *repository = NULL;

	if (reference_parse(name, &r, &no_name) < 0)
		return NULL;
	if (str_eq(r.host, p->host) && !str_eq(r.repository, p->repository))
		repository = xstrdup(r.repository);
	reference_done(&r);
	return repository;
}

int push_find_mounts(struct pushing *p, const struct manifest *m, struct error *err)
{
	image_names all = { 0 };
	int r = image_name_list(p->st, &all, err);

	vec_each (&all, n) {
		auto_free char *repository = repository_here(p, n->name);
		struct error damaged = { 0 }; /* then nothing is mounted from there */
		auto_done(image) struct image i;

		image_init(&i);
		if (!repository || image_load(p->st, &n->target, NULL, &i, &damaged) < 0)
			continue;
		vec_each (&i.manifest.layers, d)
			vec_each (&m->layers, wanted)
				if (digest_eq(&d->digest, &wanted->digest))
					strmap_set(&p->mounts, d->digest.hex, repository);
	}
	image_names_done(&all);
	return r;
}

/* ---- one image ---- */

static const char *manifest_type(const struct manifest *m)
{
	if (m->media_type)
		return m->media_type;
	if (m->is_index)
		return MEDIA_OCI_INDEX;
	return str_eq(m->config.media_type, MEDIA_DOCKER_CONFIG) ? MEDIA_DOCKER_MANIFEST
								 : MEDIA_OCI_MANIFEST;
}

/* reference NULL: by its digest only, as a part of an index. *target is what was sent. */
static int push_image(struct pushing *p, struct image *i, const char *reference,
		      struct descriptor *target, struct error *err)
{
	auto_done(str) struct str text = { 0 };
	char own[DIGEST_TEXT_MAX];
	struct digest d;
	bool changed = false;
	const char *how;

	if (blob_read(p->st, &i->manifest_digest, MANIFEST_MAX, &text, err) < 0 ||
	    push_find_mounts(p, &i->manifest, err) < 0 || push_layers(p, i, &changed, err) < 0)
		return -1;
	if (changed && !reference)
		return error_set(err, ERR_INVALID,
				 "an image of an index must keep its digest, and a layer of it is "
				 "no longer held in its compressed form: pull it again");
	if (push_blob(p, p->c, &i->manifest.config, NULL, NULL, &how, err) < 0)
		return error_add(err, "configuration");
	if (changed) {
		str_clear(&text);
		manifest_format(&i->manifest, &text);
	}
	sha256_bytes(str_get(&text), text.len, d.hex);
	if (!reference)
		reference = digest_format(&d, own);
	descriptor_set(target, manifest_type(&i->manifest), &d, (int64_t)text.len);
	if (changed) {
		auto_close int lock = store_lock(p->st, LOCK_SHARED, err);

		if (lock < 0 || blob_put(p->st, text.s, text.len, &d, err) < 0)
			return -1;
	}
	return manifest_put(p->c, p->repository, reference, target->media_type, str_get(&text),
			    text.len, err);
}

/* ---- an index with all it names ---- */

static int push_entry(struct pushing *p, const struct descriptor *d, struct error *err)
{
	auto_done(descriptor) struct descriptor sent = { 0 };
	auto_done(image) struct image i;

	image_init(&i);
	if (image_load(p->st, d, d->platform, &i, err) < 0)
		return error_add(err, "manifest sha256:%.12s", d->digest.hex);
	return push_image(p, &i, NULL, &sent, err);
}

static int push_index(struct pushing *p, const struct descriptor *target, const char *reference,
		      struct error *err)
{
	auto_done(str) struct str text = { 0 };
	auto_done(manifest) struct manifest m = { 0 };

	if (blob_read(p->st, &target->digest, MANIFEST_MAX, &text, err) < 0 ||
	    manifest_parse(str_get(&text), text.len, target->media_type, &m, err) < 0)
		return -1;
	vec_each (&m.manifests, d)
		if (push_entry(p, d, err) < 0)
			return -1;
	return manifest_put(p->c, p->repository, reference, manifest_type(&m), text.s, text.len, err);
}

/* ---- the push ---- */

/* The name now points to what the registry has; its old manifest, which differs in form only, goes. */
static int name_follow(struct pushing *p, const char *name, const struct descriptor *old,
		       const struct descriptor *sent, struct error *err)
{
	auto_close int lock = -1;
	auto_free char *none = xasprintf("<none>@sha256:%s", old->digest.hex);
	struct error absent = { 0 };

	if (digest_eq(&old->digest, &sent->digest))
		return 0;
	lock = store_lock(p->st, LOCK_SHARED, err);
	if (lock < 0 || image_name_set(p->st, name, sent, err) < 0)
		return -1;
	image_name_remove(p->st, none, &absent); /* when another name has it there is none */
	return 0;
}

/* A name that points to an index: 1, 0, -1 */
static int index_find(struct pushing *p, const char *text, struct descriptor *target,
		      struct error *err)
{
	struct error no_name = { 0 }; /* an ID */
	struct reference r = { 0 };
	auto_free char *name = NULL;
	struct image_name n;
	int found;

	if (reference_parse(text, &r, &no_name) < 0)
		return 0;
	name = reference_name(&r);
	reference_done(&r);
	found = image_name_find(p->st, name, &n, err);
	if (found > 0 && !str_eq(n.target.media_type, MEDIA_OCI_INDEX) &&
	    !str_eq(n.target.media_type, MEDIA_DOCKER_LIST))
		found = 0;
	if (found > 0)
		descriptor_copy(target, &n.target);
	image_name_done(&n);
	return found;
}

/* What the text names in the store: i, and the target of the name. */
static int source_find(struct pushing *p, const char *text, struct image *i,
		       struct descriptor *target, struct error *err)
{
	struct image_name n;
	int found;

	if (p->o->target) {
		bool index = str_eq(p->o->target->media_type, MEDIA_OCI_INDEX);

		descriptor_copy(target, p->o->target);
		return index ? 0 : image_load(p->st, target, p->o->platform, i, err);
	}
	if (p->o->all) { /* there need be no image for this machine in it */
		found = index_find(p, text, target, err);
		if (found)
			return found < 0 ? -1 : 0;
	}
	found = image_find(p->st, text, p->o->platform, i, err);
	if (found <= 0)
		return found < 0
			       ? -1
			       : error_set(err, ERR_NOTFOUND, "image '%s' is not in the store", text);
	image_name_init(&n);
	if (i->name && image_name_find(p->st, i->name, &n, err) > 0)
		descriptor_copy(target, &n.target);
	else
		descriptor_set(target, manifest_type(&i->manifest), &i->manifest_digest,
			       i->manifest_size);
	image_name_done(&n);
	return 0;
}

static int push_to(struct pushing *p, const char *text, const struct reference *r, const char *name,
		   struct pushed *result, struct error *err)
{
	auto_done(descriptor) struct descriptor target = { 0 }, sent = { 0 };
	char digest[DIGEST_TEXT_MAX];
	const char *reference = r->tag			    ? r->tag
				: digest_is_set(&r->digest) ? digest_format(&r->digest, digest)
							    : "latest";
	auto_done(image) struct image i;
	int status;

	image_init(&i);
	if (source_find(p, text, &i, &target, err) < 0)
		return -1;
	if (p->o->all && !digest_eq(&target.digest, &i.manifest_digest)) { /* i may be empty */
		status = push_index(p, &target, reference, err);
		descriptor_copy(&sent, &target);
	} else {
		status = push_image(p, &i, reference, &sent, err);
		if (status == 0 && str_eq(i.name, name) &&
		    digest_eq(&target.digest, &i.manifest_digest))
			status = name_follow(p, name, &target, &sent, err);
	}
	result->digest = sent.digest;
	result->size = sent.size;
	return status;
}

static int push_open(struct pushing *p, const struct settings *s, const struct reference *r,
		     const char *text, const char *name, struct pushed *result, struct error *err)
{
	struct staging staging = STAGING_NONE;
	endpoints l = { 0 };
	int status = endpoints_find(s, r->host, r->repository, false, &l, err);

	if (status == 0)
		status = staging_begin(p->st, &staging, err);
	if (status == 0) {
		const struct endpoint *e = &l.v[l.n - 1];

		p->host = r->host;
		p->repository = e->repository;
		p->registry = registry_open(e->host, &p->o->registry, s, err);
		p->c = p->registry ? connection_open(p->registry, err) : NULL;
		status = p->c ? push_to(p, text, r, name, result, err) : -1;
	}
	connection_close(p->c);
	registry_close(p->registry);
	staging_end(p->st, &staging);
	strmap_done(&p->mounts);
	endpoints_done(&l);
	return status;
}

int image_push(struct store *st, const char *text, const char *dest, const struct push_options *o,
	       const struct progress *progress, struct pushed *result, struct error *err)
{
	struct pushing p = { .st = st, .o = o, .progress = progress };
	const char *to = dest ? dest : text;
	struct settings settings;
	struct reference r = { 0 };
	auto_free char *name = NULL;
	int status;

	*result = (struct pushed){ 0 };
	to += str_starts(to, "docker://") ? strlen("docker://") : 0;
	if (reference_parse(to, &r, err) < 0)
		return -1;
	if (r.transport != TRANSPORT_NONE) {
		reference_done(&r);
		return error_set(err, ERR_INVALID, "'%s' names a file: see 'hod save'", to);
	}
	name = reference_name(&r);
	status = settings_load(&settings, err);
	if (status == 0) {
		status = push_open(&p, &settings, &r, text, name, result, err);
		settings_done(&settings);
	}
	reference_done(&r);
	if (status < 0)
		return error_add(err, "push '%s'", to);
	result->name = take_ptr(&name);
	return 0;
}
