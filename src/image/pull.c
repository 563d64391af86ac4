/*
 * pull.c - an image from a registry: its name resolved there, what is missing fetched.
 *
 * Theory of operation: the endpoints (mirrors, then the place itself) are tried in order until one
 * gives all. From it come the manifest (an index leads to the one for the platform), the
 * configuration, the layers; then the small texts are put into the store as the bytes that came, and
 * last the name is set. One staging entry lives over it all, so that nothing is collected meanwhile.
 *
 * Never  fetches from the `urls` of a foreign layer; never holds the store lock while it waits.
 */
#include "pull_private.h"

#include "registry/endpoint.h"
#include "store/blob.h"
#include "util/log.h"
#include "store/event.h"

#define INDEX_DEPTH 3

struct got {			      /* what came from the registry, not yet in the store */
	struct str top, text, config; /* the bytes of name's target, of the manifest, ... */
	struct descriptor target;     /* what the name shall point to */
	struct manifest manifest;
	bool by_index;
	struct image_config image;
};

static void got_done(struct got *g)
{
	str_done(&g->top);
	str_done(&g->text);
	str_done(&g->config);
	descriptor_done(&g->target);
	manifest_done(&g->manifest);
	image_config_done(&g->image);
	*g = (struct got){ 0 };
}

void pull_options_init(struct pull_options *o)
{
	*o = (struct pull_options){ .parallel = UNSET };
	registry_options_init(&o->registry);
}

void pulled_done(struct pulled *p)
{
	free(p->name);
	*p = (struct pulled){ 0 };
}

/* ---- what the registry has ---- */

static const char *media_type_of(const struct manifest *m, const char *told)
{
	if (m->media_type)
		return m->media_type;
	if (told && str_starts(told, "application/vnd."))
		return told;
	return m->is_index ? MEDIA_OCI_INDEX : MEDIA_OCI_MANIFEST;
}

/* Only an image of this machine is found through an index again; others are named themselves. */
static bool is_hosts(const struct manifest *index, const struct descriptor *d)
{
	struct error none = { 0 }; /* there is nothing for this machine */
	struct platform host = { 0 };
	const struct descriptor *own;

	platform_host(&host);
	own = manifest_choose(index, &host, &none);
	platform_done(&host);
	return own == d;
}

/* From an index down to the manifest for the platform. g->text and g->manifest are replaced. */
static int descend(struct pulling *p, struct got *g, const struct platform *wanted, struct error *err)
{
	for (int depth = 0; g->manifest.is_index; depth++) {
		const struct descriptor *d = manifest_choose(&g->manifest, wanted, err);
		auto_free char *type = NULL;
		char reference[DIGEST_TEXT_MAX];
		bool by_host = d && is_hosts(&g->manifest, d);
		struct manifest next;
		struct digest digest;
		int64_t size;

		if (!d)
			return -1;
		if (depth == INDEX_DEPTH)
			return error_set(err, ERR_LIMIT, "indexes nested more than %d deep",
					 INDEX_DEPTH);
		digest_format(&d->digest, reference);
		size = d->size;
		str_clear(&g->text);
		if (manifest_get(p->c, p->repository, reference, &g->text, &type, &digest, err) < 0)
			return -1;
		if ((int64_t)g->text.len != size)
			return error_set(err, ERR_INVALID,
					 "manifest %s has %zu bytes, the index says %lld",
					 reference, g->text.len, (long long)size);
		if (manifest_parse(str_get(&g->text), g->text.len, type, &next, err) < 0)
			return -1;
		manifest_done(&g->manifest);
		g->manifest = next;
		if (!by_host || depth > 0) {
			descriptor_done(&g->target);
			descriptor_set(&g->target, media_type_of(&next, type), &digest,
				       (int64_t)g->text.len);
		}
	}
	return 0;
}

static int fetch_manifest(struct pulling *p, const char *reference, struct got *g,
			  struct digest *top, struct error *err)
{
	auto_free char *type = NULL;
	struct platform host = { 0 };
	int r;

	if (manifest_get(p->c, p->repository, reference, &g->top, &type, top, err) < 0 ||
	    manifest_parse(str_get(&g->top), g->top.len, type, &g->manifest, err) < 0)
		return -1;
	descriptor_set(&g->target, media_type_of(&g->manifest, type), top, (int64_t)g->top.len);
	str_addn(&g->text, str_get(&g->top), g->top.len);
	g->by_index = g->manifest.is_index;
	platform_host(&host);
	r = descend(p, g, p->o->platform ? p->o->platform : &host, err);
	platform_done(&host);
	return r;
}

static bool is_image(const struct manifest *m)
{
	return str_eq(m->config.media_type, MEDIA_OCI_CONFIG) ||
	       str_eq(m->config.media_type, MEDIA_DOCKER_CONFIG);
}

static int fetch_config(struct pulling *p, struct got *g, struct error *err)
{
	if (!is_image(&g->manifest))
		return error_set(err, ERR_UNSUPPORTED, "it is no container image but '%.100s'",
				 g->manifest.config.media_type);
	if (blob_text(p->c, p->repository, &g->manifest.config, IMAGE_CONFIG_MAX, &g->config, err) <
		    0 ||
	    image_config_parse(str_get(&g->config), g->config.len, &g->image, err) < 0)
		return error_add(err, "configuration");
	if (g->manifest.layers.n != g->image.diff_ids.n)
		return error_set(err, ERR_INVALID,
				 "the manifest has %zu layers, the configuration %zu diff_ids",
				 g->manifest.layers.n, g->image.diff_ids.n);
	return 0;
}

/* ---- into the store ---- */

static int put(struct pulling *p, const struct str *text, struct error *err)
{
	struct digest d;

	return blob_put(p->st, str_get(text), text->len, &d, err);
}

static int publish(struct pulling *p, struct got *g, const char *name, struct error *err)
{
	auto_close int lock = store_lock(p->st, LOCK_SHARED, err);

	if (lock < 0 || put(p, &g->config, err) < 0 || put(p, &g->text, err) < 0)
		return -1;
	if (g->by_index && put(p, &g->top, err) < 0)
		return -1;
	if (image_name_set(p->st, name, &g->target, err) < 0)
		return -1;
	event_object(p->st, "image", "pull", name, "name", name, EVENT_END);
	return 0;
}

/* ---- what is here ---- */

/* Is the image that the name points to whole, for the platform? 1, 0, -1 */
static int image_is_whole(struct pulling *p, const struct descriptor *target, struct digest *id,
			  struct error *err)
{
	struct error incomplete = { 0 }; /* then it is fetched */
	struct image i;
	int r = 1;

	image_init(&i);
	if (image_load(p->st, target, p->o->platform, &i, &incomplete) < 0)
		return 0;
	if (p->o->platform && !platform_match(p->o->platform, &i.config.platform))
		r = 0;
	for (size_t k = 0; r == 1 && k < i.diff_ids.n; k++)
		r = layer_find(p->st, &i.diff_ids.v[k], err);
	*id = i.id;
	image_done(&i);
	return r;
}

/* Nothing to fetch? 1 result is filled, 0, -1. Asks the registry only for the digest of a tag. */
static int up_to_date(struct pulling *p, const struct reference *r, const char *name,
		      struct pulled *result, struct error *err)
{
	struct image_name have;
	int found = image_name_find(p->st, name, &have, err);

	if (found <= 0)
		return found;
	found = image_is_whole(p, &have.target, &result->id, err);
	result->digest = have.target.digest;
	if (found == 1 && !digest_is_set(&r->digest)) {
		found = manifest_head(p->c, p->repository, r->tag ? r->tag : "latest",
				      &result->digest, err);
		if (found == 1)
			found = digest_eq(&result->digest, &have.target.digest);
	}
	image_name_done(&have);
	return found;
}

/* ---- one endpoint ---- */

static int pull_from(struct pulling *p, const struct reference *r, const char *name,
		     struct pulled *result, struct error *err)
{
	char digest[DIGEST_TEXT_MAX];
	const char *reference = r->tag ? r->tag : "latest";
	struct got g = { 0 };
	int status = up_to_date(p, r, name, result, err);

	if (status)
		return status < 0 ? -1 : 0;
	if (digest_is_set(&r->digest))
		reference = digest_format(&r->digest, digest);
	image_config_init(&g.image);
	status = fetch_manifest(p, reference, &g, &result->digest, err);
	if (status == 0)
		status = fetch_config(p, &g, err);
	if (status == 0)
		status = pull_layers(p, &g.manifest, &g.image.diff_ids, err);
	if (status == 0)
		status = publish(p, &g, name, err);
	result->id = g.manifest.config.digest;
	result->changed = true;
	got_done(&g);
	return status;
}

static int endpoint_pull(struct pulling *p, const struct endpoint *e, const struct reference *r,
			 const char *name, struct pulled *result, struct error *err)
{
	int status = -1;

	p->repository = e->repository;
	p->registry = registry_open(e->host, &p->o->registry, &p->settings, err);
	p->c = p->registry ? connection_open(p->registry, err) : NULL;
	if (p->c)
		status = pull_from(p, r, name, result, err);
	connection_close(p->c);
	registry_close(p->registry);
	return status;
}

static int pull_reference(struct pulling *p, const struct reference *r, const char *name,
			  struct pulled *result, struct error *err)
{
	struct staging s = STAGING_NONE;
	endpoints l = { 0 };
	char line[ERROR_LINE_MAX];
	int status = -1;

	if (endpoints_find(&p->settings, r->host, r->repository, digest_is_set(&r->digest), &l,
			   err) < 0 ||
	    staging_begin(p->st, &s, err) < 0) {
		endpoints_done(&l);
		return -1;
	}
	for (size_t i = 0; status < 0 && i < l.n; i++) {
		if (i) {
			progress_note(p->progress, "mirror %s: %s", l.v[i - 1].host,
				      error_text(err, line, sizeof(line)));
			error_clear(err);
		}
		status = endpoint_pull(p, &l.v[i], r, name, result, err);
	}
	staging_end(p->st, &s);
	endpoints_done(&l);
	return status;
}

static int remote_reference(const char *text, struct reference *r, struct error *err)
{
	if (reference_parse(text, r, err) < 0)
		return -1;
	if (r->transport == TRANSPORT_NONE)
		return 0;
	reference_done(r);
	return error_set(err, ERR_INVALID, "'%s' names a file, not an image at a registry", text);
}

int image_pull(struct store *st, const char *text, const struct pull_options *o,
	       const struct progress *progress, struct pulled *result, struct error *err)
{
	struct pulling p = { .st = st, .o = o, .progress = progress };
	struct reference r = { 0 };
	auto_free char *name = NULL;
	int status;

	*result = (struct pulled){ 0 };
	if (remote_reference(text, &r, err) < 0)
		return -1;
	name = reference_name(&r);
	status = settings_load(&p.settings, err);
	if (status == 0) {
		status = pull_reference(&p, &r, name, result, err);
		settings_done(&p.settings);
	}
	reference_done(&r);
	if (status < 0)
		return error_add(err, "pull '%s'", text);
	result->name = take_ptr(&name);
	return 0;
}

int image_remote_tags(const char *text, const struct registry_options *o, struct strv *tags,
		      struct error *err)
{
	struct settings settings;
	struct reference r = { 0 };
	struct registry *registry = NULL;
	struct connection *c = NULL;
	endpoints l = { 0 };
	int status = -1;

	if (remote_reference(text, &r, err) < 0)
		return -1;
	if (settings_load(&settings, err) == 0) {
		if (endpoints_find(&settings, r.host, r.repository, false, &l, err) == 0) {
			const struct endpoint *e = &l.v[l.n - 1];

			registry = registry_open(e->host, o, &settings, err);
			c = registry ? connection_open(registry, err) : NULL;
			status = c ? tags_list(c, e->repository, tags, err) : -1;
		}
		connection_close(c);
		registry_close(registry);
		settings_done(&settings);
	}
	endpoints_done(&l);
	reference_done(&r);
	strv_sort(tags);
	return status < 0 ? error_add(err, "tags of '%s'", text) : 0;
}
