/*
 * gc.c - garbage collection: layers and blobs that nothing refers to.
 *
 * Plan, then perform: what is referred to is collected first, all of it, under the exclusive lock;
 * a reference that cannot be read for a reason that may pass ends it before anything is removed.
 */
#include "store/store.h"

#include "store/layer.h"
#include "store_private.h"
#include "util/fd.h"
#include "util/log.h"

static bool is_older(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec != b->tv_sec ? a->tv_sec < b->tv_sec : a->tv_nsec < b->tv_nsec;
}

static int gc_layer(struct store *st, const char *hex, struct gc_result *result, struct error *err)
{
	struct error ignored = { 0 }; /* then its size is unknown */
	struct digest d;
	struct layer_meta m;

	memcpy(d.hex, hex, sizeof(d.hex));
	if (layer_meta_load(st, &d, &m, &ignored) == 0) {
		result->bytes += (uint64_t)m.size;
		layer_meta_done(&m);
	}
	if (store_trash(st, st->dirs[STORE_LAYERS], hex, err) < 0)
		return error_add(err, "layer sha256:%s", hex);
	result->layers++;
	return 0;
}

static int gc_blob(struct store *st, const char *name, const struct stat *s,
		   struct gc_result *result, struct error *err)
{
	if (unlinkat(st->dirs[STORE_BLOBS], name, 0) < 0)
		return error_sys(err, "remove blob sha256:%s", name);
	result->bytes += (uint64_t)s->st_size;
	result->blobs++;
	return 0;
}

/* Goes through a folder and removes what is neither referred to nor young. */
static int gc_dir(struct store *st, enum store_dir which, struct refs *refs,
		  const struct timespec *since, struct gc_result *result, struct error *err)
{
	const struct strv *kept = which == STORE_LAYERS ? &refs->layers : &refs->blobs;
	auto_done(strv) struct strv names = { 0 };
	int dir, r = store_dir_find(st, which, &dir, err);
	struct stat s;

	if (r <= 0)
		return r;
	if (dir_list(dir, &names, err) < 0)
		return -1;
	strv_each (&names, i) {
		const char *name = names.v[i];

		if (!digest_is_hex(name) || refs_has(refs, kept, name) ||
		    fstatat(dir, name, &s, AT_SYMLINK_NOFOLLOW) < 0 || !is_older(&s.st_ctim, since))
			continue;
		if ((which == STORE_LAYERS ? gc_layer(st, name, result, err)
					   : gc_blob(st, name, &s, result, err)) < 0)
			return -1;
		strv_addf(&result->removed, "sha256:%s", name);
	}
	return 0;
}

void gc_result_done(struct gc_result *r)
{
	strv_done(&r->removed);
	*r = (struct gc_result){ 0 };
}

int store_gc(struct store *st, struct gc_result *result, struct error *err)
{
	auto_done(refs) struct refs refs = { 0 };
	auto_done(strv) struct strv damaged = { 0 };
	struct timespec since;
	auto_close int lock = -1;

	if (st->root < 0)
		return 0;
	lock = store_lock(st, LOCK_EXCLUSIVE, err);
	if (lock < 0 || staging_sweep(st, true, err) < 0 || staging_oldest(st, &since, err) < 0 ||
	    refs_collect(st, &refs, &damaged, err) < 0)
		return error_add(err, "garbage collection");
	strv_each (&damaged, i)
		log_warn("%s (see fsck)", damaged.v[i]);
	if (gc_dir(st, STORE_LAYERS, &refs, &since, result, err) < 0 ||
	    gc_dir(st, STORE_BLOBS, &refs, &since, result, err) < 0)
		return error_add(err, "garbage collection");
	return 0;
}
