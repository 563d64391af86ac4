/*
 * owner_stack.c - the sidecars of several layers, of which the topmost that has a path decides.
 */
#include "store/owner_stack.h"
#include "store/layer.h"
#include "util/fd.h"
#include "util/path.h"

static int add_layer(struct store *st, const char *hex, struct owner_stack *s, struct error *err)
{
	struct owner_layer *l = vec_add(&s->layers);
	auto_close int fd = -1;
	struct digest d;

	l->diff = -1;
	if (digest_parse(hex, &d, err) < 0)
		return -1;
	fd = layer_open(st, &d, err);
	if (fd < 0)
		return -1;
	l->diff = dir_open(fd, "diff", err);
	return l->diff < 0 ? -1 : owners_load(fd, &l->owners, err);
}

int owner_stack_open(struct store *st, const struct strv *layers, struct owner_stack *s,
		     struct error *err)
{
	if (!st->single)
		return 0;
	strv_each (layers, i) {
		auto_free char *text = xasprintf("sha256:%s", layers->v[i]);

		if (add_layer(st, text, s, err) < 0)
			return -1;
	}
	return 0;
}

void owner_stack_done(struct owner_stack *s)
{
	vec_each (&s->layers, l) {
		auto_close_fd(&l->diff);
		owners_done(&l->owners);
	}
	vec_done(&s->layers);
}

void owner_stack_apply(struct owner_stack *s, const char *path, struct stat *st)
{
	struct error ignored = { 0 }; /* not in this layer */

	if (!*path)
		path = ".";
	for (size_t i = s->layers.n; i-- > 0;) {
		struct owner_layer *l = &s->layers.v[i];
		const struct owner *o = l->owners.v.n ? owners_find(&l->owners, path) : NULL;
		auto_close int fd = -1;

		if (o) {
			st->st_uid = o->uid;
			st->st_gid = o->gid;
			st->st_mode = o->mode;
			st->st_rdev = o->rdev;
			return;
		}
		fd = rootfs_open(l->diff, path, O_PATH | O_NOFOLLOW, 0, &ignored);
		if (fd >= 0)
			return;
		error_clear(&ignored);
	}
}
