/*
 * do_from.c - FROM: a stage begins with what its base gives it.
 *
 * Spec   Dockerfile reference, "FROM"; FEATURES B9, B10, B44.
 */
#include "builder.h"
#include "engine/spec.h"
#include "image/resolve.h"
#include "tree_layer.h"

#include <stdio.h>

/* Settings that only tell how the base was made do not come along. */
static void begin_with(struct stage_state *s, const struct image_config *base)
{
	image_config_done(&s->config);
	image_config_init(&s->config);
	image_config_copy(&s->config, base);
	free(s->config.created);
	s->config.created = NULL;
}

static int from_stage(struct builder *b, struct stage_state *s, size_t base, struct error *err)
{
	const struct stage_state *other = &b->states[base];

	if (stage_build(b, base, err) < 0)
		return -1;
	begin_with(s, &other->config);
	strv_copy(&s->layers, &other->layers);
	s->base_layers = other->base_layers;
	strv_copy(&s->args, &other->args);
	return 0;
}

static int from_image(struct builder *b, struct stage_state *s, const struct stage *stage,
		      const char *base, struct error *err)
{
	struct platform other = { 0 };
	struct image i;
	int r;

	if (stage->platform && platform_parse(stage->platform, &other, err) < 0)
		return -1;
	image_init(&i);
	if (pinned_image(b, base, stage->platform ? &other : &b->platform, &i, err) < 0) {
		platform_done(&other);
		return -1;
	}
	begin_with(s, &i.config);
	vec_each (&i.diff_ids, d)
		strv_add(&s->layers, d->hex);
	s->base_layers = s->layers.n;
	r = cache_keep_layers(b->st, &s->layers, err);
	if (r < 0)
		error_add(err, "image '%s'", base);
	image_done(&i);
	platform_done(&other);
	return r;
}

/* What docker's builder puts into a configuration that no image gave. */
static int from_scratch(struct builder *b, struct stage_state *s, const struct stage *stage,
			struct error *err)
{
	struct platform *p = &s->config.platform;

	s->config.config.working_dir = xstrdup("/");
	strv_add(&s->config.config.env, "PATH=" DEFAULT_PATH);
	if (stage->platform)
		return platform_parse(stage->platform, p, err);
	p->os = xstrdup_or_null(b->platform.os);
	p->architecture = xstrdup_or_null(b->platform.architecture);
	p->variant = xstrdup_or_null(b->platform.variant);
	return 0;
}

/* A directory as the base: its files are all there is. */
static int from_files(struct builder *b, struct stage_state *s, const struct stage *stage,
		      const struct build_context *given, struct error *err)
{
	char content[SHA256_HEX];
	struct context *c;
	struct digest layer;
	struct node *top;
	struct key k;
	bool ignored;

	if (from_scratch(b, s, stage, err) < 0 || named_open(b, given, &c, err) < 0)
		return -1;
	key_begin(&k, "FILES");
	if (tree_find(&c->tree, "", &top, &ignored, err) < 0 ||
	    node_key(&c->tree, top, NULL, "", &k, err) < 0)
		return -1;
	key_end(&k, content);
	if (tree_layer(b, &c->tree, top, content, "/", &layer, err) < 0)
		return -1;
	stage_add_layer(s, &layer);
	stage_add_history(b, s, "FROM files", false, 0);
	return 0;
}

static int from_named(struct builder *b, struct stage_state *s, const struct stage *stage,
		      const struct build_context *given, struct error *err)
{
	auto_free char *image = named_image(given->source);

	return image ? from_image(b, s, stage, image, err) : from_files(b, s, stage, given, err);
}

int do_from(struct builder *b, struct stage_state *s, const struct instruction *in, struct error *err)
{
	const struct stage *stage = &b->stages.v.v[b->stage];

	const struct build_context *given = named_find(b->r, stage->base);

	(void)in;
	if (given)
		return from_named(b, s, stage, given, err);
	if (stage->base_stage >= 0)
		return from_stage(b, s, (size_t)stage->base_stage, err);
	if (stage->scratch)
		return from_scratch(b, s, stage, err);
	return from_image(b, s, stage, stage->base, err);
}
