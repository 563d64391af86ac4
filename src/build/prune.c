/*
 * prune.c - the build cache: what is in it, and what of it is forgotten.
 *
 * An entry is a hint of a line of text; what takes room is its layer, when no image or container
 * has that, and the directories of cache mounts.
 */
#include "build/prune.h"

#include "cache.h"
#include "cache_mount.h"
#include "store/container.h"
#include "store/image.h"
#include "store/layer.h"
#include "util/fd.h"
#include "util/fields.h"

#include <errno.h>
#include <sys/statvfs.h>

void cache_items_done(cache_items *items)
{
	vec_each (items, i)
		free(i->key);
	vec_done(items);
}

/* Layers that are there for other reasons. */
static int find_needed(struct store *st, struct strv *needed, struct error *err)
{
	image_names names = { 0 };
	containers list = { 0 };
	int r = image_name_list(st, &names, err);

	vec_each (&names, n) {
		struct error ignored = { 0 }; /* of a damaged image no layer is sure */
		struct image i = { 0 };

		if (r < 0 || image_load(st, &n->target, NULL, &i, &ignored) < 0)
			continue;
		vec_each (&i.diff_ids, d)
			strv_add(needed, d->hex);
		image_done(&i);
	}
	image_names_done(&names);
	if (r == 0)
		r = container_list(st, &list, err);
	vec_each (&list, c)
		strv_copy(needed, &c->record.layers);
	containers_done(&list);
	strv_sort(needed);
	return r;
}

static int compare_texts(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool is_needed(const struct strv *needed, const char *hex)
{
	return needed->n && bsearch(&hex, needed->v, needed->n, sizeof(char *), compare_texts);
}

static void measure(struct store *st, const struct cache_entry *e, const struct strv *needed,
		    struct strv *counted, struct cache_item *item)
{
	struct error gone = { 0 }; /* its layer: then it takes no room */
	struct layer_meta m;

	if (!e->has_layer)
		return;
	item->shared = is_needed(needed, e->layer.hex);
	if (item->shared || strv_has(counted, e->layer.hex) ||
	    layer_meta_load(st, &e->layer, &m, &gone) < 0)
		return;
	strv_add(counted, e->layer.hex);
	item->bytes = (uint64_t)m.size;
	layer_meta_done(&m);
}

static int list_steps(struct store *st, cache_items *items, struct error *err)
{
	auto_done(strv) struct strv names = { 0 }, needed = { 0 }, counted = { 0 };
	int dir, found = store_dir_find(st, STORE_CACHE, &dir, err);

	if (found <= 0)
		return found;
	if (dir_list(dir, &names, err) < 0 || find_needed(st, &needed, err) < 0)
		return -1;
	strv_each (&names, i) {
		struct cache_entry e = { 0 };
		struct cache_item *item;
		struct stat s;

		/* locks and what else is cached have other names */
		if (!digest_is_hex(names.v[i]) || fstatat(dir, names.v[i], &s, 0) < 0)
			continue;
		item = vec_add(items);
		item->key = xstrdup(names.v[i]);
		item->used_s = s.st_mtim.tv_sec;
		cache_peek(st, names.v[i], &e);
		measure(st, &e, &needed, &counted, item);
	}
	return 0;
}

static int list_mounts(struct store *st, cache_items *items, struct error *err)
{
	cache_mount_infos mounts = { 0 };
	int r = cache_mount_list(st, &mounts, err);

	vec_each (&mounts, m)
		*vec_add(items) = (struct cache_item){ .key = xstrdup(m->key),
						       .mount = true,
						       .busy = m->busy,
						       .used_s = m->used,
						       .bytes = m->bytes };
	cache_mount_infos_done(&mounts);
	return r;
}

static int older_first(const void *a, const void *b)
{
	const struct cache_item *x = a, *y = b;

	if (x->used_s != y->used_s)
		return x->used_s < y->used_s ? -1 : 1;
	return strcmp(x->key, y->key);
}

int build_cache_list(struct store *st, cache_items *items, struct error *err)
{
	if (list_steps(st, items, err) < 0 || list_mounts(st, items, err) < 0)
		return -1;
	if (items->n)
		qsort(items->v, items->n, sizeof(*items->v), older_first);
	return 0;
}

static int forget(struct store *st, const struct cache_item *i, struct error *err)
{
	int dir = store_dir(st, STORE_CACHE, err);

	if (dir < 0)
		return -1;
	if (i->mount)
		return cache_mount_remove(st, i->key, err);
	if (unlinkat(dir, i->key, 0) < 0 && errno != ENOENT)
		return error_sys(err, "remove cache/%s", i->key);
	return 0;
}

static uint64_t free_space(const struct store *st)
{
	struct statvfs s;

	return fstatvfs(st->root, &s) < 0 ? 0 : (uint64_t)s.f_bavail * s.f_frsize;
}

int build_cache_prune(struct store *st, const struct cache_prune *p, uint64_t *bytes,
		      struct error *err)
{
	struct gc_result gc = { 0 };
	cache_items items = { 0 };
	uint64_t left = 0, gained = 0, space;
	int r;

	if (st->root < 0)
		return 0;
	r = build_cache_list(st, &items, err);
	space = free_space(st);
	vec_each (&items, i)
		left += i->bytes;
	vec_each (&items, i) {
		if (r < 0 || (p->keep_bytes != UNSET && left <= (uint64_t)p->keep_bytes) ||
		    (p->free_bytes != UNSET && space + gained >= (uint64_t)p->free_bytes))
			break;
		if ((i->shared && !p->all) || i->busy || (p->keep && p->keep(i, p->arg)))
			continue;
		r = forget(st, i, err);
		left -= i->bytes;
		gained += i->bytes;
		if (r == 0 && i->mount)
			*bytes += i->bytes;
	}
	cache_items_done(&items);
	if (r == 0)
		r = store_gc(st, &gc, err);
	*bytes += gc.bytes;
	gc_result_done(&gc);
	return r;
}
