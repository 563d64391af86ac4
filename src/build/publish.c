/*
 * publish.c - what the stages gave becomes an image.
 *
 * Spec   image-spec 1.1, config.md, manifest.md, image-index.md; FEATURES D10, D13-D16.
 */
#include "publish.h"
#include "image/layer_tar.h"
#include "store/blob.h"
#include "util/fd.h"
#include "util/text.h"

#include <stdio.h>

/*
 * When it was created: the time of the first build that gave just this image, so that a build in
 * which nothing changed gives the same ID.
 */
static int creation_time(struct builder *b, const struct image_config *c, int64_t *created,
			 struct error *err)
{
	auto_done(str) struct str text = { 0 };
	char key[SHA256_HEX], known[32];
	struct key k;
	int r;

	*created = b->epoch;
	if (b->epoch >= 0)
		return 0;
	image_config_format(c, &text);
	key_begin(&k, "IMAGE");
	key_add(&k, "configuration", str_get(&text));
	key_end(&k, key);
	r = b->r->no_cache ? 0 : cache_find_text(b->st, key, known, sizeof(known), err);
	share_note(b, key, NULL, 0);
	if (r == 0 && !b->r->no_cache && share_fetch(b, key, err) == 1)
		r = cache_find_text(b->st, key, known, sizeof(known), err);
	if (r < 0)
		return -1;
	if (r == 1 && str_i64(known, created) && *created > 0)
		return 0;
	*created = time_now_ns() / NSEC_PER_SEC;
	snprintf(known, sizeof(known), "%lld", (long long)*created);
	return cache_put_text(b->st, key, known, err);
}

static int set_created(struct builder *b, struct image_config *c, struct error *err)
{
	char text[TEXT_TIME_MAX];
	int64_t created;

	if (creation_time(b, c, &created, err) < 0)
		return -1;
	if (created)
		text_rfc3339nano(created * NSEC_PER_SEC, text, sizeof(text));
	else /* zero would be printed as "never" */
		snprintf(text, sizeof(text), "1970-01-01T00:00:00Z");
	free(c->created);
	c->created = xstrdup(text);
	vec_each (&c->history, h)
		if (!h->created)
			h->created = xstrdup(text);
	return 0;
}

static void apply_settings(const struct build_request *r, struct image_config *c)
{
	strmap_copy(&c->config.labels, &r->labels);
	strv_each (&r->unset_labels, i)
		strmap_unset(&c->config.labels, r->unset_labels.v[i]);
	strv_each (&r->env, i) {
		const char *value;
		auto_free char *name = arg_name(r->env.v[i], &value);

		strv_env_set(&c->config.env, name, value ? value : "");
	}
	strv_each (&r->unset_env, i)
		strv_env_unset(&c->config.env, r->unset_env.v[i]);
}

static void drop_history(struct image_config *c, size_t keep)
{
	while (c->history.n > keep) {
		struct history *h = &c->history.v[--c->history.n];

		free(h->created);
		free(h->created_by);
		free(h->author);
		free(h->comment);
	}
}

/* The new entries tell what was done, the last one has the one layer. */
static void squash_history(struct builder *b, struct stage_state *s, size_t first)
{
	size_t layer = 0;

	vec_each (&s->config.history, h) {
		if (!h->empty_layer)
			layer++;
		if (layer > first)
			h->empty_layer = true;
	}
	stage_add_history(b, s, "squash", false, 0);
}

int publish_settle(struct builder *b, struct error *err)
{
	struct stage_state *s = &b->states[b->stages.target];
	size_t first = b->r->squash_all ? 0 : s->base_layers;

	if ((b->r->squash || b->r->squash_all) && s->layers.n > first) {
		if (squash_layers(b, s, first, err) < 0)
			return error_add(err, "squash");
		squash_history(b, s, first);
	}
	if (b->r->omit_history)
		drop_history(&s->config, 0);
	apply_settings(b->r, &s->config);
	return set_created(b, &s->config, err);
}

/* An index that is to be pushed names its images by what they are at the registry. */
static int compress_all(struct builder *b, struct error *err)
{
	const struct strv *layers = &b->states[b->stages.target].layers;

	strv_each (layers, i) {
		struct digest d;

		memcpy(d.hex, layers->v[i], sizeof(d.hex));
		if (layer_compress(b->st, &d, COMPRESSION_GZIP, err) < 0)
			return -1;
	}
	return 0;
}

int publish_put(struct builder *b, struct descriptor *target, struct digest *id, struct error *err)
{
	struct image_config *c = &b->states[b->stages.target].config;
	auto_done(strmap) struct strmap annotations = { 0 };
	struct image_form form = { .docker = b->r->docker_format };
	auto_done(str) struct str text = { 0 };
	auto_free char *cache = share_inline(b);
	auto_close int lock = -1;

	strmap_copy(&annotations, &b->r->annotations);
	if (cache)
		strmap_set(&annotations, SHARE_ANNOTATION, cache);
	form.annotations = annotations.n ? &annotations : NULL;
	lock = store_lock(b->st, LOCK_SHARED, err);
	if (lock < 0 || (b->r->push && strchr(b->r->platform ? b->r->platform : "", ',') &&
			 compress_all(b, err) < 0))
		return -1;
	if (image_put(b->st, c, &form, target, err) < 0)
		return -1;
	image_config_format(c, &text);
	sha256_bytes(str_get(&text), text.len, id->hex);
	target->platform = xcalloc(1, sizeof(*target->platform));
	fields_copy(platform_fields, target->platform, &c->platform);
	return 0;
}

int publish_index(struct store *st, const struct descriptor *images, size_t n,
		  struct descriptor *target, struct error *err)
{
	auto_done(manifest) struct manifest m = { .schema_version = 2, .is_index = true };
	auto_done(str) struct str text = { 0 };
	struct digest d;

	m.media_type = xstrdup(MEDIA_OCI_INDEX);
	for (size_t i = 0; i < n; i++)
		descriptor_copy(vec_add(&m.manifests), &images[i]);
	manifest_format(&m, &text);
	if (blob_put(st, str_get(&text), text.len, &d, err) < 0)
		return -1;
	descriptor_set(target, MEDIA_OCI_INDEX, &d, (int64_t)text.len);
	return 0;
}

int publish_names(const struct strv *tags, struct strv *names, struct error *err)
{
	strv_each (tags, i) {
		auto_done(reference) struct reference ref = { 0 };

		if (reference_parse(tags->v[i], &ref, err) < 0)
			return error_add(err, "tag '%s'", tags->v[i]);
		if (ref.transport != TRANSPORT_NONE || digest_is_set(&ref.digest))
			return error_set(err, ERR_INVALID, "tag '%s': a name and a tag only",
					 tags->v[i]);
		strv_take(names, reference_name(&ref));
	}
	return 0;
}
