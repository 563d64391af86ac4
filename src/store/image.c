/*
 * image.c - an image read for use, found by what the user typed, and made from a configuration.
 *
 * Every blob is verified against its digest when it is read. What was received is never written
 * anew; only image_commit() formats documents.
 */
#include "store/image.h"

#include "store/blob.h"
#include "store/container.h"
#include "store/layer.h"
#include "store_private.h"

#define PREFIX_MIN 2 /* digits of an ID that are looked for at all */

void image_init(struct image *i)
{
	*i = (struct image){ 0 };
	image_config_init(&i->config);
}

void image_done(struct image *i)
{
	free(i->name);
	manifest_done(&i->manifest);
	image_config_done(&i->config);
	vec_done(&i->diff_ids);
	image_init(i);
}

static int manifest_load(struct store *st, const struct descriptor *d, struct manifest *m,
			 struct error *err)
{
	auto_done(str) struct str text = { 0 };

	if (blob_read(st, &d->digest, MANIFEST_MAX, &text, err) < 0)
		return -1;
	if (manifest_parse(str_get(&text), text.len, d->media_type, m, err) < 0)
		return error_add(err, "manifest sha256:%s", d->digest.hex);
	return 0;
}

/* Replaces an index by the manifest that it has for the platform. */
static int manifest_descend(struct store *st, const struct platform *platform, struct image *i,
			    struct error *err)
{
	struct platform host = { 0 };
	const struct descriptor *entry;
	struct manifest chosen = { 0 };
	int r = -1;

	if (!platform)
		platform_host(&host);
	entry = manifest_choose(&i->manifest, platform ? platform : &host, err);
	if (entry)
		r = manifest_load(st, entry, &chosen, err);
	if (r == 0 && chosen.is_index)
		r = error_set(err, ERR_UNSUPPORTED, "an index within an index");
	if (r == 0) {
		i->manifest_digest = entry->digest;
		i->manifest_size = entry->size;
		manifest_done(&i->manifest);
		i->manifest = chosen;
	} else {
		manifest_done(&chosen);
	}
	platform_done(&host);
	return r;
}

static int config_load(struct store *st, struct image *i, struct error *err)
{
	auto_done(str) struct str text = { 0 };
	const struct digest *id = &i->manifest.config.digest;

	if (blob_read(st, id, IMAGE_CONFIG_MAX, &text, err) < 0)
		return error_add(err, "configuration");
	if (image_config_parse(str_get(&text), text.len, &i->config, err) < 0)
		return error_add(err, "configuration sha256:%s", id->hex);
	i->id = *id;
	for (size_t k = 0; k < i->config.diff_ids.n; k++)
		if (digest_parse(i->config.diff_ids.v[k], vec_add(&i->diff_ids), err) < 0)
			return -1;
	if (i->diff_ids.n != i->manifest.layers.n)
		return error_set(err, ERR_INVALID,
				 "the manifest has %zu layers, the configuration %zu diff_ids",
				 i->manifest.layers.n, i->diff_ids.n);
	return 0;
}

int image_load(struct store *st, const struct descriptor *target, const struct platform *platform,
	       struct image *i, struct error *err)
{
	image_init(i);
	i->manifest_digest = target->digest;
	i->manifest_size = target->size;
	if (manifest_load(st, target, &i->manifest, err) < 0 ||
	    (i->manifest.is_index && manifest_descend(st, platform, i, err) < 0) ||
	    config_load(st, i, err) < 0) {
		image_done(i);
		return -1;
	}
	return 0;
}

static int load_name(struct store *st, struct image_name *n, const struct platform *platform,
		     struct image *i, struct error *err)
{
	if (image_load(st, &n->target, platform, i, err) < 0)
		return error_add(err, "image '%s'", n->name);
	i->name = take_ptr(&n->name);
	return 1;
}

/* "host/repository" of a name with tag or digest. */
static size_t repository_length(const char *name)
{
	const char *at = strchr(name, '@'), *slash, *colon;
	size_t end = at ? (size_t)(at - name) : strlen(name);

	slash = memrchr(name, '/', end);
	colon = memrchr(name, ':', end);
	return colon && (!slash || colon > slash) ? (size_t)(colon - name) : end;
}

/* name@digest: of that repository, whatever its tag, unless a tag was given too. */
static int find_by_digest(struct store *st, const struct reference *r, const char *canonical,
			  const struct platform *platform, struct image *i, struct error *err)
{
	size_t repository = repository_length(canonical), length = strcspn(canonical, "@");
	image_names all = { 0 };
	int found = image_name_list(st, &all, err);

	vec_each (&all, n) {
		if (found != 0 || !digest_eq(&n->target.digest, &r->digest))
			continue;
		if (repository_length(n->name) != repository ||
		    strncmp(n->name, canonical, r->tag ? length : repository) != 0)
			continue;
		found = load_name(st, n, platform, i, err);
	}
	image_names_done(&all);
	return found;
}

static int find_by_name(struct store *st, const char *text, const struct platform *platform,
			struct image *i, struct error *err)
{
	struct reference r = { 0 };
	auto_free char *canonical = NULL;
	struct image_name n;
	int found;

	image_name_init(&n);
	if (image_name_is_none(text)) {
		canonical = xstrdup(text);
	} else {
		struct error no_name = { 0 }; /* then it may still be an ID */

		if (reference_parse(text, &r, &no_name) < 0 || r.transport != TRANSPORT_NONE) {
			reference_done(&r);
			return 0;
		}
		canonical = reference_name(&r);
	}
	found = image_name_find(st, canonical, &n, err);
	if (found == 1)
		found = load_name(st, &n, platform, i, err);
	else if (found == 0 && digest_is_set(&r.digest))
		found = find_by_digest(st, &r, canonical, platform, i, err);
	image_name_done(&n);
	reference_done(&r);
	return found;
}

/* A named one is preferred over "<none>", so that what is found has a name to show. */
static int find_by_id(struct store *st, const char *text, const struct platform *platform,
		      struct image *i, struct error *err)
{
	const char *hex = str_starts(text, "sha256:") ? text + 7 : text;
	struct image_name *best = NULL;
	image_names all = { 0 };
	int found;

	if (strlen(hex) < PREFIX_MIN || hex[strspn(hex, "0123456789abcdef")])
		return 0;
	found = image_name_list(st, &all, err);
	vec_each (&all, n) {
		bool by_id = digest_is_set(&n->id) && str_starts(n->id.hex, hex);

		if (found < 0 || (!by_id && !str_starts(n->target.digest.hex, hex)))
			continue;
		if (best && !(by_id ? digest_eq(&best->id, &n->id)
				    : digest_eq(&best->target.digest, &n->target.digest)))
			found = error_set(err, ERR_INVALID,
					  "several images have IDs that start with '%s'", hex);
		else if (!best || image_name_is_none(best->name))
			best = n;
	}
	if (found == 0 && best)
		found = load_name(st, best, platform, i, err);
	image_names_done(&all);
	return found;
}

int image_find(struct store *st, const char *text, const struct platform *platform, struct image *i,
	       struct error *err)
{
	int found;

	image_init(i);
	found = find_by_name(st, text, platform, i, err);
	return found != 0 ? found : find_by_id(st, text, platform, i, err);
}

int image_names_of(struct store *st, const struct digest *id, struct strv *names, struct error *err)
{
	image_names all = { 0 };
	int r = image_name_list(st, &all, err);

	vec_each (&all, n)
		if (digest_eq(&n->id, id) || digest_eq(&n->target.digest, id))
			strv_add(names, n->name);
	image_names_done(&all);
	return r;
}

int image_users(struct store *st, const struct digest *id, struct strv *container_ids,
		struct error *err)
{
	containers l = { 0 };
	int r = container_list(st, &l, err);

	vec_each (&l, c)
		if (str_eq(c->record.image_id, id->hex))
			strv_add(container_ids, c->id);
	containers_done(&l);
	return r;
}

int image_size(struct store *st, const struct image *i, int64_t *bytes, struct error *err)
{
	struct layer_meta m;

	*bytes = 0;
	vec_each (&i->diff_ids, d) {
		if (layer_meta_load(st, d, &m, err) < 0)
			return -1;
		*bytes += m.size;
		layer_meta_done(&m);
	}
	return 0;
}

/* The descriptor of a layer: in a compressed form that is known, else as the plain tar it hashes to. */
static int layer_describe(struct store *st, const struct digest *diff_id, struct descriptor *d,
			  struct error *err)
{
	struct layer_meta m;
	struct digest blob;
	int r = layer_meta_load(st, diff_id, &m, err);

	if (r < 0)
		return -1;
	if (m.blobs.n > 0) {
		r = digest_parse(m.blobs.v[0].digest, &blob, err);
		if (r == 0)
			descriptor_set(d, m.blobs.v[0].media_type, &blob, m.blobs.v[0].size);
	} else if (m.tar_size == UNSET) {
		r = error_set(err, ERR_BUG, "layer sha256:%s has no size of its tar", diff_id->hex);
	} else {
		descriptor_set(d, MEDIA_OCI_LAYER, diff_id, m.tar_size);
	}
	layer_meta_done(&m);
	return r;
}

static const char *docker_type(const char *type)
{
	if (str_eq(type, MEDIA_OCI_LAYER))
		return MEDIA_DOCKER_LAYER;
	return str_eq(type, MEDIA_OCI_LAYER_GZIP) ? MEDIA_DOCKER_LAYER_GZIP : type;
}

static void use_docker_types(struct manifest *m)
{
	free(m->media_type);
	m->media_type = xstrdup(MEDIA_DOCKER_MANIFEST);
	free(m->config.media_type);
	m->config.media_type = xstrdup(MEDIA_DOCKER_CONFIG);
	vec_each (&m->layers, d) {
		char *type = xstrdup(docker_type(d->media_type));

		free(d->media_type);
		d->media_type = type;
	}
}

int image_put(struct store *st, const struct image_config *config, const struct image_form *form,
	      struct descriptor *target, struct error *err)
{
	struct manifest m = { .schema_version = 2 };
	auto_done(str) struct str text = { 0 };
	struct digest d;
	int r;

	image_config_format(config, &text);
	r = blob_put(st, str_get(&text), text.len, &d, err);
	m.media_type = xstrdup(MEDIA_OCI_MANIFEST);
	if (r == 0)
		descriptor_set(&m.config, MEDIA_OCI_CONFIG, &d, (int64_t)text.len);
	for (size_t i = 0; r == 0 && i < config->diff_ids.n; i++) {
		r = digest_parse(config->diff_ids.v[i], &d, err);
		if (r == 0)
			r = layer_describe(st, &d, vec_add(&m.layers), err);
	}
	if (form->docker)
		use_docker_types(&m);
	if (form->annotations)
		strmap_copy(&m.annotations, form->annotations);
	if (r == 0) {
		str_clear(&text);
		manifest_format(&m, &text);
		r = blob_put(st, str_get(&text), text.len, &d, err);
	}
	if (r == 0)
		descriptor_set(target, m.media_type, &d, (int64_t)text.len);
	manifest_done(&m);
	return r;
}

int image_commit(struct store *st, const struct image_config *config, const char *const *names,
		 size_t n, struct image *result, struct error *err)
{
	auto_done(descriptor) struct descriptor target = { 0 };
	const struct image_form form = { 0 };

	image_init(result);
	if (image_put(st, config, &form, &target, err) < 0)
		return error_add(err, "commit image");
	for (size_t i = 0; i < n; i++)
		if (image_name_set(st, names[i], &target, err) < 0)
			return -1;
	if (n == 0 && image_name_set_none(st, &target, err) < 0)
		return -1;
	if (image_load(st, &target, NULL, result, err) < 0)
		return -1;
	result->name = n ? xstrdup(names[0]) : NULL;
	return 0;
}
