/*
 * remove.c - rmi and image prune: names go first, then whatever nothing refers to any more.
 */
#include "image/remove.h"

#include "store/container.h"

void image_removal_done(struct image_removal *r)
{
	strv_done(&r->untag);
	strv_done(&r->delete);
}

static int untag(struct store *st, const char *name, struct image_removal *done, struct error *err)
{
	if (image_name_remove(st, name, err) < 0)
		return -1;
	if (!image_name_is_none(name))
		strv_add(&done->untag, name);
	return 0;
}

/* Which of the containers that were made from it runs: 1 and its ID, 0, -1. */
static int running_user(struct store *st, const struct strv *users, char id[CONTAINER_ID_MAX],
			struct error *err)
{
	strv_each (users, i) {
		struct container c;
		int status;

		container_init(&c);
		status = container_load(st, users->v[i], &c, err);
		if (status == 0 && (c.status == CONTAINER_RUNNING || c.status == CONTAINER_PAUSED)) {
			memcpy(id, c.id, CONTAINER_ID_MAX);
			status = 1;
		}
		container_done(&c);
		if (status < 0 && err->kind == ERR_NOTFOUND) {
			error_clear(err); /* removed meanwhile */
			continue;
		}
		if (status != 0)
			return status;
	}
	return 0;
}

static size_t real_names(const struct strv *names)
{
	size_t n = 0;

	strv_each (names, i)
		n += !image_name_is_none(names->v[i]);
	return n;
}

/* FEATURES I8: what stands against removing the image itself. */
static int check(struct store *st, const struct strv *names, const struct strv *users, bool by_name,
		 bool force, struct error *err)
{
	char id[CONTAINER_ID_MAX];
	int running = running_user(st, users, id, err);

	if (running < 0)
		return -1;
	if (running)
		return error_set(err, ERR_BUSY, "container %.12s that runs uses the image", id);
	if (force)
		return 0;
	if (!by_name && real_names(names) > 1) {
		auto_free char *list = strv_join(names, ", ");

		error_set(err, ERR_BUSY, "the image has several names: %s", list);
		return error_hint(err, "remove the names one by one, or use -f");
	}
	if (users->n) {
		error_set(err, ERR_BUSY, "container %.12s that is stopped uses the image",
			  users->v[0]);
		return error_hint(err, "remove the container first, or use -f");
	}
	return 0;
}

static int collect(struct store *st, const struct digest *id, struct image_removal *done,
		   uint64_t *bytes, struct error *err)
{
	struct gc_result gone = { 0 };
	char text[DIGEST_TEXT_MAX];
	int status = store_gc(st, &gone, err);

	if (status == 0) {
		/* the image first, then what went with it */
		if (id)
			strv_add(&done->delete, digest_format(id, text));
		strv_each (&gone.removed, i)
			if (!strv_has(&done->delete, gone.removed.v[i]))
				strv_add(&done->delete, gone.removed.v[i]);
		if (bytes)
			*bytes += gone.bytes;
	}
	gc_result_done(&gone);
	return status;
}

static int remove_found(struct store *st, const struct image *image, bool force,
			struct image_removal *done, struct error *err)
{
	auto_done(strv) struct strv names = { 0 };
	auto_done(strv) struct strv users = { 0 };

	if (image_names_of(st, &image->id, &names, err) < 0)
		return -1;
	if (image->name && !image_name_is_none(image->name) && real_names(&names) > 1)
		return untag(st, image->name, done, err);
	if (image_users(st, &image->id, &users, err) < 0 ||
	    check(st, &names, &users, image->name != NULL, force, err) < 0)
		return -1;
	strv_each (&names, i)
		if (untag(st, names.v[i], done, err) < 0)
			return -1;
	/* a stopped container keeps the layers: then only the names are gone */
	return users.n ? 0 : collect(st, &image->id, done, NULL, err);
}

int image_remove(struct store *st, const char *text, bool force, struct image_removal *done,
		 struct error *err)
{
	struct image image;
	int found;

	image_init(&image);
	found = image_find(st, text, NULL, &image, err);
	if (found == 0)
		found = error_set(err, ERR_NOTFOUND, "No such image: %s", text);
	else if (found > 0)
		found = remove_found(st, &image, force, done, err);
	image_done(&image);
	return found < 0 ? -1 : 0;
}

/* 1 the name may go, 0 it stays */
static int prunable(struct store *st, const struct image_name *n, bool all,
		    bool (*keep)(const struct image *i, void *arg), void *arg, struct error *err)
{
	auto_done(strv) struct strv users = { 0 };
	struct image image;
	int status;

	if (!all && !image_name_is_none(n->name))
		return 0;
	image_init(&image);
	status = image_load(st, &n->target, NULL, &image, err);
	if (status == 0)
		status = image_users(st, &image.id, &users, err);
	if (status == 0)
		status = users.n == 0 && !(keep && keep(&image, arg));
	image_done(&image);
	return status;
}

int image_prune(struct store *st, bool all, bool (*keep)(const struct image *i, void *arg),
		void *arg, struct image_removal *done, uint64_t *reclaimed, struct error *err)
{
	image_names names = { 0 };
	int status = image_name_list(st, &names, err);

	*reclaimed = 0;
	for (size_t i = 0; i < names.n && status == 0; i++) {
		status = prunable(st, &names.v[i], all, keep, arg, err);
		if (status > 0)
			status = untag(st, names.v[i].name, done, err);
		else if (status < 0)
			error_add(err, "image '%s'", names.v[i].name);
	}
	image_names_done(&names);
	return status < 0 ? -1 : collect(st, NULL, done, reclaimed, err);
}
