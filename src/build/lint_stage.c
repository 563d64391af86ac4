/*
 * lint_stage.c - rules about the instructions of a stage, which is walked as the build would, with
 * names instead of values.
 */
#include "copy_sources.h"
#include "expand.h"
#include "lint_parts.h"
#include "util/path.h"

#include <ctype.h>
#include <stdio.h>
#include <strings.h>

struct walk {
	struct dockerfile *df;
	const struct stages *s;
	const struct lint_input *in;
	struct walked {
		struct strv names; /* "NAME=x": variables that are known */
		bool absolute;	   /* a WORKDIR was */
		bool shell;	   /* SHELL was given */
		bool triggers;	   /* ONBUILD was: it may set anything in who is built from it */
		bool unknown;	   /* built from such a one */
	} * stages;
	struct walked *now;
	size_t stage;
};
#define LINT(w, in, ...) lint_add(&(w)->df->lexed, (in)->line, __VA_ARGS__)

/* ---- variables ---- */

static bool is_name(const char *s)
{
	if (isdigit((unsigned char)*s)) /* $1: never set, and never meant to be */
		return false;
	for (; *s; s++)
		if (!isalnum((unsigned char)*s) && *s != '_')
			return false;
	return true;
}

static void collect_unset(struct walk *w, const struct instruction *in, struct strv *unset)
{
	char escape = w->df->lexed.escape;
	bool run = instruction_is(in, "RUN");

	if (in->def->variables == EXPAND)
		strv_each (&in->args, i)
			expand_unset(in->args.v[i], escape, true, &w->now->names, unset);
	if (in->def->variables == EXPAND || run)
		vec_each (&in->flags, f)
			if (strcmp(f->def->name, "from") != 0)
				expand_unset(f->value, escape, true, &w->now->names, unset);
	if (in->def->variables == EXPAND)
		vec_each (&in->docs, d)
			if (d->expand)
				expand_unset(d->body, escape, false, &w->now->names, unset);
}

static const struct image_settings *base_of(struct walk *w)
{
	size_t stage = w->stage;

	while (w->s->v.v[stage].base_stage >= 0)
		stage = (size_t)w->s->v.v[stage].base_stage;
	return w->in->base ? w->in->base(w->in->arg, stage) : NULL;
}

static void lint_variables(struct walk *w, const struct instruction *in)
{
	auto_done(strv) struct strv unset = { 0 };
	const struct image_settings *base = NULL;

	collect_unset(w, in, &unset);
	if (unset.n)
		base = base_of(w);
	for (size_t i = 0; base && !w->now->unknown && i < unset.n; i++) {
		auto_free char *near = lint_suggest(unset.v[i], &w->now->names);

		if (is_name(unset.v[i]) && !strv_env_get(&base->env, unset.v[i]))
			LINT(w, in, "UndefinedVar", "'$%s' is used, and nothing sets it%s",
			     unset.v[i], near);
	}
}

/* The names that ENV or ARG sets; of another instruction, none. */
static void defined(const struct instruction *in, struct strv *names)
{
	bool env = instruction_is(in, "ENV");
	const char *value;

	if (!env && !instruction_is(in, "ARG"))
		return;
	for (size_t i = 0; i < in->args.n; i += env ? 2 : 1)
		strv_take(names, arg_name(in->args.v[i], &value));
}

static void define(struct walk *w, const struct instruction *in)
{
	auto_done(strv) struct strv names = { 0 };

	defined(in, &names);
	strv_each (&names, i)
		strv_env_set(&w->now->names, names.v[i], "x");
}

/* ---- single instructions ---- */

bool lint_is_secret(const char *name)
{
	static const char *const words[] = { "apikey", "auth",	 "credential", "credentials",
					     "key",    "passwd", "password",   "pword",
					     "secret", "token" };
	auto_done(strv) struct strv parts = { 0 };
	bool secret = false;

	strv_split(&parts, name, '_');
	strv_each (&parts, i) {
		if (strcasecmp(parts.v[i], "public") == 0)
			return false;
		for (size_t k = 0; k < ARRAY_SIZE(words); k++)
			secret = secret || strcasecmp(parts.v[i], words[k]) == 0;
	}
	return secret;
}

static void lint_secrets(struct walk *w, const struct instruction *in)
{
	auto_done(strv) struct strv names = { 0 };

	defined(in, &names);
	strv_each (&names, i)
		if (lint_is_secret(names.v[i]))
			LINT(w, in,
			     "SecretsUsedInArgOrEnv", "%s %s: the image would tell it to everybody; use RUN --mount=type=secret",
			     in->def->name, names.v[i]);
}

static void lint_expose(struct walk *w, const struct instruction *in)
{
	strv_each (&in->args, i) {
		const char *word = in->args.v[i], *slash = strchr(word, '/');

		if (strchr(word, '$'))
			continue;
		if (strchr(word, ':'))
			LINT(w, in, "ExposeInvalidFormat",
			     "EXPOSE %s: only the container's port counts", word);
		for (const char *p = slash; p && *p; p++)
			if (isupper((unsigned char)*p)) {
				LINT(w, in, "ExposeProtoCasing",
				     "EXPOSE %s: the protocol should be in lower case", word);
				break;
			}
	}
}

static void lint_copy(struct walk *w, const struct instruction *in)
{
	if (!w->in->ignore || !w->in->ignore->rules.n || instruction_flag(in, "from"))
		return;
	for (size_t i = 0; i + 1 < in->args.n; i++) {
		const char *word = in->args.v[i];
		struct error ignored = { 0 }; /* the build tells it */
		enum remote_kind kind = REMOTE_NONE;
		struct heredoc doc = { 0 };
		auto_free char *rooted = xasprintf("/%s", word), *path = path_clean(rooted);

		if (heredoc_word(word, &doc)) {
			free(doc.word);
			continue;
		}
		if (strpbrk(word, "$*?[") || !path[1] ||
		    (instruction_is(in, "ADD") &&
		     (remote_kind(word, &kind, &ignored) < 0 || kind != REMOTE_NONE)))
			continue;
		if (ignore_path(w->in->ignore, path + 1) &&
		    !ignore_may_return(w->in->ignore, path + 1))
			LINT(w, in, "CopyIgnoredFile", "%s %s: the ignore file leaves it out",
			     in->def->name, word);
	}
}

static void lint_command(struct walk *w, const struct instruction *in)
{
	const struct image_settings *base = w->now->shell ? NULL : base_of(w);

	if (!in->exec && !w->now->shell && !(base && base->shell.n))
		LINT(w, in, "JSONArgsRecommended",
		     "%s: the shell is run, and signals reach it alone; write a JSON array, or "
		     "SHELL if "
		     "it is meant",
		     in->def->name);
}

static void lint_workdir(struct walk *w, const struct instruction *in)
{
	const char *path = in->args.v[0];

	if (*path == '/' || *path == '$' || *path == '"' || *path == '\'')
		w->now->absolute = true;
	if (!w->now->absolute)
		LINT(w, in, "WorkdirRelativePath",
		     "WORKDIR %s: where this is depends on the base image", path);
	w->now->absolute = true;
}

static const struct {
	const char *name;
	void (*lint)(struct walk *w, const struct instruction *in);
} by_name[] = {
	{ "ADD", lint_copy },	   { "ARG", lint_secrets },	   { "CMD", lint_command },
	{ "COPY", lint_copy },	   { "ENTRYPOINT", lint_command }, { "ENV", lint_secrets },
	{ "EXPOSE", lint_expose }, { "WORKDIR", lint_workdir },
};

/* Of CMD, ENTRYPOINT and HEALTHCHECK all but the last do nothing. */
static void lint_once(struct walk *w, size_t first, size_t n)
{
	static const char *const once[] = { "CMD", "ENTRYPOINT", "HEALTHCHECK" };

	for (size_t k = 0; k < ARRAY_SIZE(once); k++) {
		const struct instruction *last = NULL;

		for (size_t i = first; i < first + n; i++) {
			const struct instruction *in = &w->df->list.v[i];

			if (!instruction_is(in, once[k]))
				continue;
			if (last)
				LINT(w, last, "MultipleInstructionsDisallowed",
				     "%s: the one in line %u takes its place", once[k], in->line);
			last = in;
		}
	}
}

static void walk_instruction(struct walk *w, const struct instruction *in)
{
	lint_variables(w, in);
	for (size_t i = 0; i < ARRAY_SIZE(by_name); i++)
		if (instruction_is(in, by_name[i].name))
			by_name[i].lint(w, in);
	if (instruction_is(in, "SHELL"))
		w->now->shell = true;
	if (instruction_is(in, "ONBUILD"))
		w->now->triggers = true;
	define(w, in);
}

static void walk_stage(struct walk *w)
{
	const struct stage *st = &w->s->v.v[w->stage];

	w->now = &w->stages[w->stage];
	if (st->base_stage >= 0) {
		const struct walked *base = &w->stages[st->base_stage];

		strv_copy(&w->now->names, &base->names);
		w->now->absolute = base->absolute;
		w->now->shell = base->shell;
		w->now->unknown = base->unknown || base->triggers;
	}
	for (size_t i = st->first; i < st->first + st->n; i++)
		walk_instruction(w, &w->df->list.v[i]);
	lint_once(w, st->first, st->n);
}

void lint_stages(struct dockerfile *df, const struct stages *s, const struct lint_input *in)
{
	struct walk w = { .df = df, .s = s, .in = in };

	w.stages = xcalloc(s->v.n + 1, sizeof(*w.stages));
	for (w.stage = 0; w.stage < s->v.n; w.stage++)
		walk_stage(&w);
	for (size_t i = 0; i < s->v.n; i++)
		strv_done(&w.stages[i].names);
	free(w.stages);
}
