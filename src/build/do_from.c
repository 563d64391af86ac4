/*
 * do_from.c - FROM: a stage begins with what its base gives it.
 *
 * Spec   Dockerfile reference, "FROM"; FEATURES B9, B10, B44.
 */
#include "builder.h"
#include "image/resolve.h"

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
	strv_copy(&s->args, &other->args);
	return 0;
}

static int from_image(struct builder *b, struct stage_state *s, const struct stage *stage,
		      struct error *err)
{
	struct platform other = { 0 };
	struct image i;
	int r;

	if (stage->platform && platform_parse(stage->platform, &other, err) < 0)
		return -1;
	image_init(&i);
	if (image_resolve(b->st, stage->base, stage->platform ? &other : &b->platform, b->r->pull,
			  &b->e->progress, &i, err) < 0) {
		platform_done(&other);
		return -1;
	}
	begin_with(s, &i.config);
	vec_each (&i.diff_ids, d)
		strv_add(&s->layers, d->hex);
	r = cache_keep_layers(b->st, &s->layers, err);
	if (r < 0)
		error_add(err, "image '%s'", stage->base);
	image_done(&i);
	platform_done(&other);
	return r;
}

static int from_scratch(struct builder *b, struct stage_state *s, const struct stage *stage,
			struct error *err)
{
	struct platform *p = &s->config.platform;

	if (stage->platform)
		return platform_parse(stage->platform, p, err);
	p->os = xstrdup_or_null(b->platform.os);
	p->architecture = xstrdup_or_null(b->platform.architecture);
	p->variant = xstrdup_or_null(b->platform.variant);
	return 0;
}

int do_from(struct builder *b, struct stage_state *s, const struct instruction *in, struct error *err)
{
	const struct stage *stage = &b->stages.v.v[b->stage];

	(void)in;
	if (stage->base_stage >= 0)
		return from_stage(b, s, (size_t)stage->base_stage, err);
	if (stage->scratch)
		return from_scratch(b, s, stage, err);
	return from_image(b, s, stage, err);
}
