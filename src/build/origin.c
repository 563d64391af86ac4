/*
 * origin.c - the tree that COPY, ADD and RUN --mount=type=bind take from.
 *
 * Spec   Dockerfile reference, "COPY --from"; FEATURES B18.
 */
#include "origin.h"
#include "image/resolve.h"
#include "store/rootfs.h"

static int layers_of_image(struct builder *b, const char *name, struct strv *layers, struct error *err)
{
	struct image i;
	int r;

	if (strcmp(name, "scratch") == 0)
		return error_set(err, ERR_INVALID, "--from=scratch: there is nothing in it");
	image_init(&i);
	if (pinned_image(b, name, &b->platform, &i, err) < 0)
		return error_add(err, "--from=%s", name);
	vec_each (&i.diff_ids, d)
		strv_add(layers, d->hex);
	r = cache_keep_layers(b->st, layers, err);
	image_done(&i);
	return r;
}

static int open_named(struct builder *b, const struct build_context *given, struct origin *s,
		      struct error *err)
{
	auto_free char *image = named_image(given->source);
	struct context *c;

	if (image) {
		s->tree = &s->own;
		s->layered = true;
		return layers_of_image(b, image, &s->layers, err);
	}
	if (named_open(b, given, &c, err) < 0)
		return -1;
	s->tree = &c->tree;
	return 0;
}

int origin_open(struct builder *b, const char *from, struct origin *s, struct error *err)
{
	const struct build_context *given;
	size_t index;
	int found;

	*s = (struct origin)ORIGIN_NONE;
	if (!from) {
		s->tree = &b->context.tree;
		return 0;
	}
	given = named_find(b->r, from);
	if (given)
		return open_named(b, given, s, err);
	s->tree = &s->own;
	s->layered = true;
	found = stage_find(&b->stages, from, b->stage, &index, err);
	if (found < 0)
		return -1;
	if (found == 0)
		return layers_of_image(b, from, &s->layers, err);
	if (stage_build(b, index, err) < 0)
		return -1;
	strv_copy(&s->layers, &b->states[index].layers);
	return 0;
}

int origin_mount(struct builder *b, struct origin *s, struct error *err)
{
	if (!s->layered || s->view >= 0)
		return 0;
	s->view = rootfs_mount(b->st, (const char *const *)s->layers.v, s->layers.n, -1,
			       ROOTFS_NODEV, err);
	if (s->view < 0)
		return -1;
	tree_init(&s->own, s->view, "the other stage");
	s->own.foreign = true;
	s->own.owners = b->st->single ? &s->owners : NULL;
	return owner_stack_open(b->st, &s->layers, &s->owners, err);
}

void origin_done(struct origin *s)
{
	tree_done(&s->own);
	owner_stack_done(&s->owners);
	auto_close_fd(&s->view);
	s->view = -1;
	strv_done(&s->layers);
}
