/*
 * lint_from.c - rules about FROM and the ARGs in front of it.
 */
#include "expand.h"
#include "lint_parts.h"
#include "oci/platform.h"
#include "oci/reference.h"

#include <ctype.h>
#include <stdio.h>
#include <strings.h>

char *lint_suggest(const char *name, const struct strv *env)
{
	const char **names = xcalloc(env->n + 1, sizeof(*names)), *near;
	auto_done(strv) struct strv all = { 0 };
	char *text;

	strv_each (env, i) {
		const char *value;

		strv_take(&all, arg_name(env->v[i], &value));
		names[i] = all.v[i];
	}
	near = str_nearest(name, names, env->n);
	text = near ? xasprintf(" (did you mean $%s?)", near) : xstrdup("");
	free(names);
	return text;
}

static void undefined(struct dockerfile *df, const struct stages *s, const struct instruction *in,
		      const char *word)
{
	auto_done(strv) struct strv unset = { 0 };

	expand_unset(word, df->lexed.escape, true, &s->global, &unset);
	strv_each (&unset, i) {
		auto_free char *near = lint_suggest(unset.v[i], &s->global);

		lint_add(&df->lexed, in->line, "UndefinedArgInFrom",
			 "no ARG in front of the first FROM declares '%s'%s", unset.v[i], near);
	}
}

/* The global ARGs as they are when nobody gives any. */
static void default_args(const struct dockerfile *df, const struct lint_input *input, struct strv *env)
{
	if (input->predefined)
		strv_copy(env, input->predefined);
	vec_each (&df->list, in) {
		if (instruction_is(in, "FROM"))
			return;
		strv_each (&in->args, i) {
			struct error ignored = { 0 }; /* the build tells it */
			const char *fallback;
			auto_free char *name = arg_name(in->args.v[i], &fallback), *value = NULL;

			if (fallback &&
			    expand_word(fallback, df->lexed.escape, env, &value, &ignored) == 0)
				strv_env_set(env, name, value);
		}
	}
}

static void invalid_default(struct dockerfile *df, const struct instruction *in,
			    const struct strv *defaults)
{
	auto_done(reference) struct reference ref = { 0 };
	auto_free char *name = NULL;
	struct error ignored = { 0 }; /* with build arguments it may be all right */

	if (!strchr(in->args.v[0], '$'))
		return;
	if (expand_word(in->args.v[0], df->lexed.escape, defaults, &name, &ignored) == 0 && *name &&
	    reference_parse(name, &ref, &ignored) == 0)
		return;
	lint_add(&df->lexed, in->line, "InvalidDefaultArgInFrom",
		 "without build arguments '%s' names no image", in->args.v[0]);
}

static bool contains(const char *name, const char *part)
{
	return name && !str_empty(part) && strcasestr(name, part);
}

static void lint_platform(struct dockerfile *df, const struct instruction *in)
{
	const char *text = instruction_flag(in, "platform");
	const char *stage = in->args.n == 3 ? in->args.v[2] : NULL;
	struct platform p = { 0 };
	struct error ignored = { 0 }; /* the build tells it */

	if (!text)
		return;
	if (strcmp(text, "$TARGETPLATFORM") == 0 || strcmp(text, "${TARGETPLATFORM}") == 0)
		lint_add(&df->lexed, in->line, "RedundantTargetPlatform",
			 "--platform=%s is what FROM takes anyway", text);
	if (strchr(text, '$') || platform_parse(text, &p, &ignored) < 0)
		return;
	/* a stage that is named after its platform means it */
	if (!contains(stage, p.os) && !contains(stage, p.architecture))
		lint_add(&df->lexed, in->line, "FromPlatformFlagConstDisallowed",
			 "--platform=%s is a constant: the stage cannot be built for another", text);
	platform_done(&p);
}

static void lint_base_platform(struct dockerfile *df, const struct stages *s, size_t stage,
			       const struct lint_input *input)
{
	const struct stage *st = &s->v.v[stage];
	char *have, *want;

	if (!input->foreign_base || st->base_stage >= 0 || st->scratch ||
	    !input->foreign_base(input->arg, stage, &have, &want))
		return;
	lint_add(&df->lexed, st->line, "InvalidBaseImagePlatform",
		 "base image '%s' is for %s, and the build is for %s", st->base, have, want);
	free(have);
	free(want);
}

static bool is_lower(const char *s)
{
	for (; *s; s++)
		if (isupper((unsigned char)*s))
			return false;
	return true;
}

void lint_from(struct dockerfile *df, const struct stages *s, const struct lint_input *input)
{
	auto_done(strv) struct strv defaults = { 0 };

	default_args(df, input, &defaults);
	for (size_t i = 0; i < s->v.n; i++)
		lint_base_platform(df, s, i, input);
	vec_each (&df->list, in) {
		if (!instruction_is(in, "FROM"))
			continue;
		undefined(df, s, in, in->args.v[0]);
		if (instruction_flag(in, "platform"))
			undefined(df, s, in, instruction_flag(in, "platform"));
		invalid_default(df, in, &defaults);
		lint_platform(df, in);
		if (in->args.n == 3 && is_lower(in->word) != is_lower(in->args.v[1]))
			lint_add(&df->lexed, in->line, "FromAsCasing",
				 "'%s' and '%s' differ in case", in->word, in->args.v[1]);
	}
}
