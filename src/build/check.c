/*
 * check.c - the lints of a build: which rules are wanted, what the base images set, and telling.
 */
#include "builder.h"
#include "lint.h"
#include "named.h"

#include <stdio.h>

/* The images that stages begin with, looked up when a rule asks; never fetched for it. */
struct bases {
	struct builder *b;
	struct base {
		bool tried, found;
		struct image image;
	} * v;
};

static const struct image_settings *base_settings(void *arg, size_t index)
{
	static const struct image_settings nothing;
	struct bases *bases = arg;
	struct builder *b = bases->b;
	const struct stage *st = &b->stages.v.v[index];
	struct base *base = &bases->v[index];
	struct platform other = { 0 };
	struct error ignored = { 0 }; /* then it is not known what it sets */

	if (named_find(b->r, st->base))
		return NULL;
	if (st->scratch)
		return &nothing;
	if (!base->tried) {
		base->tried = true;
		image_init(&base->image);
		if (!st->platform || platform_parse(st->platform, &other, &ignored) == 0)
			base->found = image_resolve(b->st, st->base,
						    st->platform ? &other : &b->platform, PULL_NEVER,
						    &b->e->progress, &base->image, &ignored) == 0;
		platform_done(&other);
	}
	/* what its ONBUILD instructions set is not looked into */
	return base->found && !base->image.config.config.onbuild.n ? &base->image.config.config
								   : NULL;
}

/* Of an index there is always the right one, or none. */
static bool foreign_base(void *arg, size_t index, char **have, char **want)
{
	struct builder *b = ((struct bases *)arg)->b;
	const struct stage *st = &b->stages.v.v[index];
	struct error ignored = { 0 }; /* then it is not known */
	struct platform other = { 0 };
	const struct platform *p = st->platform ? &other : &b->platform;
	struct image i;
	bool foreign = false;

	if (named_find(b->r, st->base) ||
	    (st->platform && platform_parse(st->platform, &other, &ignored) < 0))
		return false;
	image_init(&i);
	if (image_find(b->st, st->base, p, &i, &ignored) == 1 &&
	    !platform_match(p, &i.config.platform)) {
		*have = platform_format(&i.config.platform);
		*want = platform_format(p);
		foreign = true;
	}
	image_done(&i);
	platform_done(&other);
	return foreign;
}

static int options(struct builder *b, struct lint_options *o, struct error *err)
{
	const char *given = strv_env_get(&b->r->args, "BUILDKIT_DOCKERFILE_CHECK");

	if (lint_options_parse(given ? given : b->df.lexed.check, o, err) < 0)
		return error_add(err, "%s", b->df.name);
	return 0;
}

int builder_lint(struct builder *b, const struct strv *predefined, bool *strict, struct error *err)
{
	struct bases bases = { b, xcalloc(b->stages.v.n + 1, sizeof(*bases.v)) };
	struct lint_input in = { .ignore = b->context.root < 0 ? NULL : &b->context.ignore,
				 .predefined = predefined,
				 .base = base_settings,
				 .foreign_base = foreign_base,
				 .arg = &bases };
	struct lint_options o;
	int r = options(b, &o, err);

	if (r == 0) {
		dockerfile_lint(&b->df, &b->stages, &in);
		dockerfile_lint_filter(&b->df, &o);
		*strict = o.error;
		lint_options_done(&o);
	}
	for (size_t i = 0; i < b->stages.v.n; i++)
		if (bases.v[i].tried)
			image_done(&bases.v[i].image);
	free(bases.v);
	return r;
}

int builder_tell_lints(struct builder *b, bool strict, struct error *err)
{
	vec_each (&b->df.lexed.lints, l)
		builder_warn(b, l->line, "%s (%s)", l->text, l->rule);
	if (!strict || !b->df.lexed.lints.n)
		return 0;
	return error_set(err, ERR_INVALID, "%s:%u: warnings are errors (check=error=true)",
			 b->df.name, b->df.lexed.lints.v[0].line);
}
