/*
 * do_env.c - ARG, ENV, LABEL, MAINTAINER: names and their values.
 *
 * Spec   Dockerfile reference; FEATURES B10-B13.
 */
#include "builder.h"
#include "lint.h"

#include <stdio.h>

static size_t env_size(const struct strv *env)
{
	size_t n = 0;

	strv_each (env, i)
		n += strlen(env->v[i]) + 1;
	return n;
}

static int check_size(const struct stage_state *s, struct error *err)
{
	if (env_size(&s->args) + env_size(&s->config.config.env) > ENV_TOTAL_MAX)
		return error_set(err, ERR_LIMIT, "an environment of more than %d bytes",
				 ENV_TOTAL_MAX);
	return 0;
}

/* The history's line: NAME k=v k=v, with the values as they are. */
static void note(struct builder *b, struct stage_state *s, const struct instruction *in)
{
	auto_done(str) struct str text = { 0 };

	str_add(&text, in->def->name);
	for (size_t i = 0; i + 1 < in->args.n; i += 2)
		str_addf(&text, " %s=%s", in->args.v[i], in->args.v[i + 1]);
	stage_add_history(b, s, text.s, true, 0);
}

static int check_names(const struct instruction *in, struct error *err)
{
	for (size_t i = 0; i < in->args.n; i += 2)
		if (!in->args.v[i][0])
			return error_set(err, ERR_INVALID, "%s: a name is empty", in->def->name);
	return 0;
}

int do_env(struct builder *b, struct stage_state *s, const struct instruction *in, struct error *err)
{
	if (check_names(in, err) < 0)
		return -1;
	for (size_t i = 0; i < in->args.n; i += 2) {
		if (strchr(in->args.v[i], '='))
			return error_set(err, ERR_INVALID, "ENV: '=' in the name '%s'",
					 in->args.v[i]);
		strv_env_set(&s->config.config.env, in->args.v[i], in->args.v[i + 1]);
	}
	note(b, s, in);
	return check_size(s, err);
}

int do_label(struct builder *b, struct stage_state *s, const struct instruction *in, struct error *err)
{
	if (check_names(in, err) < 0)
		return -1;
	for (size_t i = 0; i < in->args.n; i += 2)
		strmap_set(&s->config.config.labels, in->args.v[i], in->args.v[i + 1]);
	note(b, s, in);
	return 0;
}

int do_maintainer(struct builder *b, struct stage_state *s, const struct instruction *in,
		  struct error *err)
{
	auto_free char *text = xasprintf("MAINTAINER %s", in->args.v[0]);

	(void)err;
	free(s->config.author);
	s->config.author = xstrdup(in->args.v[0]);
	stage_add_history(b, s, text, true, 0);
	return 0;
}

/*
 * The value of an ARG: what the user gave, else its default, else that of a global ARG of the name.
 * Without any it is declared and unset.
 */
int do_arg(struct builder *b, struct stage_state *s, const struct instruction *in, struct error *err)
{
	auto_done(str) struct str text = { 0 };

	str_add(&text, "ARG");
	strv_each (&in->args, i) {
		const char *fallback, *value;
		auto_free char *name = arg_name(in->args.v[i], &fallback);

		if (!*name)
			return error_set(err, ERR_INVALID, "ARG: a name is empty");
		value = strv_env_get(&b->r->args, name);
		if (value)
			strv_add(&b->args_used, name);
		else
			value = fallback ? fallback : strv_env_get(&b->stages.global, name);
		if (value)
			strv_env_set(&s->args, name, value);
		/* everybody may read the history: of a secret it has the declaration only */
		if (value && !lint_is_secret(name))
			str_addf(&text, " %s=%s", name, value);
		else
			str_addf(&text, " %s", name);
	}
	stage_add_history(b, s, text.s, true, 0);
	return check_size(s, err);
}
