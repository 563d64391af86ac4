/*
 * share_registry.c - the cache of steps as an image at a registry: --cache-to type=registry.
 *
 * Its layers are those that the steps gave, one beside the other, and its annotation tells which
 * step gave which (share.h). It is nothing to run. What reads it is what reads a cache inside an
 * image. Spec   FEATURES D5.
 */
#include "builder.h"
#include "image/push.h"
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

static int put(struct builder *b, const char *name, struct error *err)
{
	auto_done(strmap) struct strmap annotations = { 0 };
	struct image_form form = { .annotations = &annotations };
	auto_done(str) struct str entries = { 0 };
	struct descriptor target = { 0 };
	struct image_config c;
	auto_close int lock = store_lock(b->st, LOCK_SHARED, err);
	int r = lock < 0 ? -1 : 0;

	image_config_init(&c);
	compose(b, &c, &entries);
	strmap_set(&annotations, SHARE_ANNOTATION, str_get(&entries));
	if (r == 0)
		r = image_put(b->st, &c, &form, &target, err);
	if (r == 0)
		r = image_name_set(b->st, name, &target, err);
	image_config_done(&c);
	descriptor_done(&target);
	return r;
}

int share_push(struct builder *b, const char *place, struct error *err)
{
	char name[64] = "localhost/hod-cache-";
	struct error ignored = { 0 }; /* an image too many, which prune sees */
	struct push_options o;
	struct pushed pushed = { 0 };
	int r;

	random_hex(name + strlen(name), 16);
	strcat(name, ":latest");
	if (put(b, name, err) < 0)
		return -1;
	push_options_init(&o);
	r = image_push(b->st, name, place, &o, &b->e->progress, &pushed, err);
	pushed_done(&pushed);
	if (image_name_remove(b->st, name, &ignored) < 0)
		error_clear(&ignored);
	return r;
}
