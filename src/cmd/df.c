/*
 * df.c - `hod system df`: what takes how much room.
 */
#include "commands.h"

#include "build/prune.h"
#include "listing.h"
#include "operands.h"
#include "store/layer.h"
#include "util/fd.h"
#include "util/text.h"

struct df_args {
	char *format;
};
static const struct opt opts[] = {
	OPT_STRING(0, "format", df_args, format, "FORMAT", "table, json, json-array or a template"),
	OPT_END,
};

struct usage {
	const char *type;
	uint64_t total, active, size, reclaimable;
};

static json_t *make_type(const void *item, const void *ctx)
{
	return json_text(((const struct usage *)item)->type);
}

static json_t *make_total(const void *item, const void *ctx)
{
	return json_take(xasprintf("%llu", (unsigned long long)((const struct usage *)item)->total));
}

static json_t *make_active(const void *item, const void *ctx)
{
	return json_take(xasprintf("%llu", (unsigned long long)((const struct usage *)item)->active));
}

static json_t *make_size(const void *item, const void *ctx)
{
	char buf[TEXT_TIME_MAX];

	return json_text(text_size((int64_t)((const struct usage *)item)->size, buf, sizeof(buf)));
}

static json_t *make_reclaimable(const void *item, const void *ctx)
{
	const struct usage *u = item;
	char buf[TEXT_TIME_MAX];

	text_size((int64_t)u->reclaimable, buf, sizeof(buf));
	if (u->size == 0)
		return json_text(buf);
	return json_take(xasprintf("%s (%llu%%)", buf,
				   (unsigned long long)(u->reclaimable * 100 / u->size)));
}

static const struct column columns[] = {
	{ "Active", "ACTIVE", make_active, SHAPE_AUTO },
	{ "Reclaimable", "RECLAIMABLE", make_reclaimable, SHAPE_AUTO },
	{ "Size", "SIZE", make_size, SHAPE_AUTO },
	{ "TotalCount", "TOTAL", make_total, SHAPE_AUTO },
	{ "Type", "TYPE", make_type, SHAPE_AUTO },
	{ NULL, NULL, NULL, SHAPE_AUTO },
};
static const struct list_view view = {
	columns, "{{.Type}}\t{{.TotalCount}}\t{{.Active}}\t{{.Size}}\t{{.Reclaimable}}", "{{.Type}}"
};

static int measure(int dir, const char *name, uint64_t *bytes, struct error *err)
{
	uint64_t entries;

	*bytes = 0;
	if (tree_usage(dir, name, bytes, &entries, err) == 0)
		return 0;
	if (err->kind != ERR_NOTFOUND)
		return -1;
	error_clear(err); /* it was removed while we looked */
	return 0;
}

static int containers_usage(struct app *app, const containers *all, struct usage *u, struct error *err)
{
	vec_each (all, c) {
		uint64_t size;

		if (container_usage(&app->store, c, &size, err) < 0)
			return -1;
		u->total++;
		u->size += size;
		u->active += container_is_up(c);
		if (!container_is_up(c))
			u->reclaimable += size;
	}
	return 0;
}

/* Layers are counted once, however many images share them. */
struct layer_use {
	struct strv all, used;
};

static bool image_is_used(const containers *all, const struct image *i)
{
	vec_each (all, c)
		if (str_eq(c->record.image_id, i->id.hex))
			return true;
	return false;
}

static void note_layers(struct layer_use *l, const struct image *i, bool used)
{
	vec_each (&i->diff_ids, d) {
		if (!strv_has(&l->all, d->hex))
			strv_add(&l->all, d->hex);
		if (used && !strv_has(&l->used, d->hex))
			strv_add(&l->used, d->hex);
	}
}

static int layers_size(struct app *app, const struct layer_use *l, struct usage *u, struct error *err)
{
	strv_each (&l->all, i) {
		struct digest d;
		auto_done(layer_meta) struct layer_meta m;

		layer_meta_init(&m);
		memcpy(d.hex, l->all.v[i], sizeof(d.hex));
		if (layer_meta_load(&app->store, &d, &m, err) < 0)
			return -1;
		u->size += (uint64_t)m.size;
		if (!strv_has(&l->used, l->all.v[i]))
			u->reclaimable += (uint64_t)m.size;
	}
	return 0;
}

static int images_usage(struct app *app, const containers *all, struct usage *u, struct error *err)
{
	auto_done(strv) struct strv seen = { 0 };
	struct layer_use layers = { 0 };
	image_names names = { 0 };
	int r = image_name_list(&app->store, &names, err);

	vec_each (&names, n) {
		auto_done(image) struct image i;
		bool used;

		image_init(&i);
		if (r < 0)
			break;
		r = image_load(&app->store, &n->target, NULL, &i, err);
		if (r < 0 || strv_has(&seen, i.id.hex))
			continue;
		strv_add(&seen, i.id.hex);
		used = image_is_used(all, &i);
		u->total++;
		u->active += used;
		note_layers(&layers, &i, used);
	}
	if (r == 0)
		r = layers_size(app, &layers, u, err);
	image_names_done(&names);
	strv_done(&layers.all);
	strv_done(&layers.used);
	return r;
}

static int volumes_usage(struct app *app, struct usage *u, struct error *err)
{
	volumes list = { 0 };
	int r = volume_list(&app->store, &list, err);

	vec_each (&list, v) {
		auto_done(strv) struct strv users = { 0 };
		auto_close int data = -1;
		uint64_t size = 0;

		if (r == 0)
			data = volume_open_data(&app->store, v->name, err);
		if (data < 0 || measure(data, ".", &size, err) < 0 ||
		    volume_users(&app->store, v->name, &users, err) < 0) {
			r = -1;
			break;
		}
		u->total++;
		u->size += size;
		u->active += users.n > 0;
		if (users.n == 0)
			u->reclaimable += size;
	}
	volumes_done(&list);
	return r;
}

static int cache_usage(struct app *app, struct usage *u, struct error *err)
{
	cache_items items = { 0 };
	int r = build_cache_list(&app->store, &items, err);

	vec_each (&items, i) {
		u->total++;
		u->active += i->busy || i->shared;
		u->size += i->bytes;
		u->reclaimable += i->busy ? 0 : i->bytes;
	}
	cache_items_done(&items);
	return r;
}

static int df_run(struct app *app, void *arg, struct strv *operands, struct error *err)
{
	const struct df_args *args = arg;
	struct usage all[] = { { .type = "Images" },
			       { .type = "Containers" },
			       { .type = "Local Volumes" },
			       { .type = "Build Cache" } };
	auto_done(listing) struct listing l = { 0 };
	containers list = { 0 };
	int r = container_list(&app->store, &list, err);

	if (r == 0)
		r = images_usage(app, &list, &all[0], err);
	if (r == 0)
		r = containers_usage(app, &list, &all[1], err);
	containers_done(&list);
	if (r < 0 || volumes_usage(app, &all[2], err) < 0 || cache_usage(app, &all[3], err) < 0 ||
	    listing_begin(&l, &view, args->format, false, NULL, err) < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		if (listing_add(&l, &all[i], err) < 0)
			return -1;
	return listing_end(&l, err);
}

const struct command cmd_system_df = {
	.name = "system df",
	.summary = "show what takes how much room",
	.opts = opts,
	.args_size = sizeof(struct df_args),
	.needs = NEED_STORE | NEED_NAMESPACE,
	.run = df_run,
	.failure = 1,
};
