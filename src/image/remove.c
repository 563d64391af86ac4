/*
 * remove.c - rmi and image prune. What a removal means is planned from what is there; performing it
 * is taking names away, and then collecting what nothing refers to any more.
 */
#include "image/remove.h"

#include "image_names.h"
#include "store/container.h"
#include "store/event.h"

void image_removal_done(struct image_removal *r)
{
	strv_done(&r->untag);
	strv_done(&r->delete);
}

/* ---- rmi ---- */

struct plan {
	struct strv names; /* that go, "<none>" too */
	bool last;	   /* no name stays: the image goes */
};

static void plan_done(struct plan *p)
{
	strv_done(&p->names);
}

/* Is one of the containers running? 1 and its ID in *who; 0 and some ID when there is any. */
static int users_look(struct store *st, const struct digest *id, char who[CONTAINER_ID_MAX],
		      struct error *err)
{
	auto_done(strv) struct strv users = { 0 };
	int running = 0;

	*who = '\0';
	if (image_users(st, id, &users, err) < 0)
		return -1;
	for (size_t i = 0; i < users.n && !running; i++) {
		auto_done(container) struct container c;
		struct error gone = { 0 }; /* removed meanwhile: it uses nothing */

		container_init(&c);
		if (container_load(st, users.v[i], &c, &gone) < 0)
			continue;
		running = container_is_alive(&c);
		memcpy(who, c.id, CONTAINER_ID_MAX);
	}
	return running;
}

static int users_check(struct store *st, const struct image *i, bool force, struct error *err)
{
	char who[CONTAINER_ID_MAX];
	int running = users_look(st, &i->id, who, err);

	if (running < 0)
		return -1;
	if (running)
		return error_set(err, ERR_BUSY, "the running container %.12s uses it", who);
	if (!*who || force)
		return 0;
	error_set(err, ERR_BUSY, "the container %.12s uses it", who);
	return error_hint(err, "remove the container first, or use --force");
}

static int removal_plan(struct store *st, const char *text, const struct image *i, bool force,
			struct plan *p, struct error *err)
{
	auto_done(strv) struct strv all = { 0 };
	auto_free char *name = image_name_typed(text, i);

	if (image_names_of(st, &i->id, &all, err) < 0)
		return -1;
	if (name && all.n > 1) {
		strv_add(&p->names, name);
		return 0;
	}
	if (!name && all.n > 1 && !force) {
		error_set(err, ERR_BUSY, "it has %zu names", all.n);
		return error_hint(err, "remove them one by one, or use --force");
	}
	if (users_check(st, i, force, err) < 0)
		return -1;
	p->last = true;
	strv_copy(&p->names, &all);
	return 0;
}

static int names_remove(struct store *st, const struct strv *names, struct image_removal *done,
			struct error *err)
{
	strv_each (names, i) {
		if (image_name_remove(st, names->v[i], err) < 0) {
			if (err->kind != ERR_NOTFOUND)
				return -1;
			error_clear(err); /* another was faster */
			continue;
		}
		if (image_name_is_none(names->v[i]))
			continue;
		strv_add(&done->untag, names->v[i]);
		event_object(st, "image", "untag", names->v[i], "name", names->v[i], EVENT_END);
	}
	return 0;
}

/* Collects, and tells which of the image's own parts are gone: itself, then layers from the top. */
static int collect(struct store *st, const image_list *images, struct image_removal *done,
		   uint64_t *bytes, struct error *err)
{
	struct gc_result gc = { 0 };
	auto_done(strv) struct strv seen = { 0 };
	char text[DIGEST_TEXT_MAX];
	int r = store_gc(st, &gc, err);

	vec_each (images, i) {
		strv_add(&done->delete, digest_format(&i->id, text));
		event_object(st, "image", "delete", text, "name", text, EVENT_END);
		for (size_t n = i->diff_ids.n; n-- > 0;) {
			digest_format(&i->diff_ids.v[n], text);
			if (!strv_has(&gc.removed, text) || strv_has(&seen, text))
				continue;
			strv_add(&done->delete, text);
			strv_add(&seen, text);
		}
	}
	*bytes = gc.bytes;
	gc_result_done(&gc);
	return r;
}

int image_remove(struct store *st, const char *text, bool force, struct image_removal *done,
		 struct error *err)
{
	auto_done(plan) struct plan plan = { 0 };
	auto_done(image) struct image image = { 0 };
	image_list one = { &image, 1, 1 };
	auto_close int lock = -1;
	uint64_t bytes;
	int r = image_find(st, text, NULL, &image, err);

	if (r < 0)
		return -1;
	if (r == 0)
		return error_set(err, ERR_NOTFOUND, "no such image: %.300s", text);
	lock = store_lock(st, LOCK_SHARED, err);
	if (lock < 0 || removal_plan(st, text, &image, force, &plan, err) < 0 ||
	    names_remove(st, &plan.names, done, err) < 0)
		return -1;
	auto_close_fd(&lock); /* the collection takes it for itself */
	lock = -1;
	return plan.last ? collect(st, &one, done, &bytes, err) : 0;
}

/* ---- prune ---- */

static void image_list_done(image_list *l)
{
	vec_each (l, i)
		image_done(i);
	vec_done(l);
}

static int users_list(struct store *st, struct strv *ids, struct error *err)
{
	containers l = { 0 };
	int r = container_list(st, &l, err);

	vec_each (&l, c)
		if (c->record.image_id)
			strv_add(ids, c->record.image_id);
	containers_done(&l);
	return r;
}

/* Is it one that goes? Then its names are planned, and image is filled. 1, 0, -1. */
static int prune_candidate(struct store *st, const struct image_name *n, const struct strv *used,
			   bool all, struct image *image, struct error *err)
{
	if (!all && !image_name_is_none(n->name))
		return 0;
	if (digest_is_set(&n->id) && strv_has(used, n->id.hex))
		return 0;
	if (image_load(st, &n->target, NULL, image, err) < 0) {
		/* damaged, or for another machine: fsck and rmi are for those */
		if (err->kind == ERR_SYSTEM || err->kind == ERR_DENIED)
			return -1;
		error_clear(err);
		return 0;
	}
	image->name = xstrdup(n->name);
	return 1;
}

int image_prune(struct store *st, bool all, bool (*keep)(const struct image *i, void *arg),
		void *arg, struct image_removal *done, uint64_t *reclaimed, struct error *err)
{
	auto_done(strv) struct strv used = { 0 }, names = { 0 };
	auto_done(image_list) image_list gone = { 0 };
	image_names list = { 0 };
	auto_close int lock = store_lock(st, LOCK_SHARED, err);
	int r = lock < 0 ? -1 : image_name_list(st, &list, err);

	*reclaimed = 0;
	if (r == 0)
		r = users_list(st, &used, err);
	vec_each (&list, n) {
		struct image image = { 0 };

		r = r < 0 ? -1 : prune_candidate(st, n, &used, all, &image, err);
		if (r <= 0)
			continue;
		if (keep && keep(&image, arg)) {
			image_done(&image);
			continue;
		}
		strv_add(&names, n->name);
		vec_push(&gone, image);
	}
	image_names_done(&list);
	if (r < 0 || names_remove(st, &names, done, err) < 0)
		return -1;
	auto_close_fd(&lock);
	lock = -1;
	return collect(st, &gone, done, reclaimed, err);
}
