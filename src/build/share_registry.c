/*
 * share_registry.c - the cache of steps as an image at a registry: --cache-to type=registry.
 *
 * Its layers are those that the steps gave, one beside the other, and its annotation tells which
 * step gave which (share.h); of several platforms each has its own in an index. It is nothing to
 * run, and has no name in our store. What reads it is what reads a cache inside an image.
 * Spec   FEATURES D5.
 */
#include "builder.h"
#include "image/layer_tar.h"
#include "image/push.h"
#include "publish.h"
#include "store/image.h"
#include "util/fd.h"

#include <inttypes.h>

/* The number of the layer, which is added at its first mention. */
static size_t layer_number(struct image_config *c, const struct digest *layer)
{
	auto_free char *text = xasprintf("sha256:%s", layer->hex);
	struct history *h;

	strv_each (&c->diff_ids, i)
		if (strcmp(c->diff_ids.v[i], text) == 0)
			return i;
	strv_add(&c->diff_ids, text);
	h = vec_add(&c->history);
	h->created_by = xstrdup("cache");
	return c->diff_ids.n - 1;
}

static void compose(struct builder *b, struct image_config *c, struct str *entries)
{
	fields_copy(platform_fields, &c->platform, &b->platform);
	vec_each (&b->share.notes, n)
		if (n->has_layer)
			str_addf(entries, "%s%s %zu %" PRId64, entries->len ? ";" : "", n->key,
				 layer_number(c, &n->layer), n->created);
}

/* In an index they are named by what they are at the registry. */
static int compress_all(struct builder *b, const struct image_config *c, struct error *err)
{
	strv_each (&c->diff_ids, i) {
		struct digest d;

		if (digest_parse(c->diff_ids.v[i], &d, err) < 0 ||
		    layer_compress(b->st, &d, COMPRESSION_GZIP, err) < 0)
			return -1;
	}
	return 0;
}

int share_put(struct builder *b, bool several, struct descriptor *target, struct error *err)
{
	auto_done(strmap) struct strmap annotations = { 0 };
	struct image_form form = { .annotations = &annotations };
	auto_done(str) struct str entries = { 0 };
	struct image_config c;
	auto_close int lock = store_lock(b->st, LOCK_SHARED, err);
	int r = lock < 0 ? -1 : 0;

	image_config_init(&c);
	compose(b, &c, &entries);
	strmap_set(&annotations, SHARE_ANNOTATION, str_get(&entries));
	if (r == 0 && several)
		r = compress_all(b, &c, err);
	if (r == 0)
		r = image_put(b->st, &c, &form, target, err);
	if (r == 0) {
		target->platform = xcalloc(1, sizeof(*target->platform));
		fields_copy(platform_fields, target->platform, &c.platform);
	}
	image_config_done(&c);
	return r;
}

static int push(struct store *st, const struct descriptor *target, const char *place,
		const struct progress *p, struct error *err)
{
	struct push_options o;
	struct pushed pushed = { 0 };
	int r;

	push_options_init(&o);
	o.target = target;
	o.all = true;
	r = image_push(st, place, place, &o, p, &pushed, err);
	pushed_done(&pushed);
	return r < 0 ? error_add(err, "--cache-to %s", place) : 0;
}

int share_push(struct store *st, const struct build_request *r, const struct descriptor *images,
	       size_t n, const struct progress *p, struct error *err)
{
	auto_done(descriptor) struct descriptor index = { 0 };
	auto_close int lock = -1;

	if (n > 1) {
		lock = store_lock(st, LOCK_SHARED, err);
		if (lock < 0 || publish_index(st, images, n, &index, err) < 0)
			return -1;
		auto_close_fd(&lock); /* not while a network is waited for */
		lock = -1;
	}
	vec_each (&r->cache_to, c)
		if (n && c->type == BUILD_CACHE_IMAGE &&
		    push(st, n > 1 ? &index : images, c->place, p, err) < 0)
			return -1;
	return 0;
}
