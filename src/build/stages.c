/*
 * stages.c - the stages of a Dockerfile and their graph.
 *
 * A stage refers to earlier ones only, so walking back from the target marks all that is needed.
 * Spec   Dockerfile reference, "FROM", "ARG"; FEATURES B9-B11, B18, D3.
 */
#include "stages.h"
#include "expand.h"
#include "instructions.h"
#include "run_mount.h"

#include <ctype.h>
#include <strings.h>

char *arg_name(const char *text, const char **value)
{
	const char *eq = strchr(text, '=');

	*value = eq ? eq + 1 : NULL;
	return eq ? xstrndup(text, (size_t)(eq - text)) : xstrdup(text);
}

static int plan_arg(const struct dockerfile *df, const struct instruction *in,
		    const struct stages_input *input, struct stages *out, struct error *err)
{
	strv_each (&in->args, i) {
		const char *fallback, *given;
		auto_free char *name = arg_name(in->args.v[i], &fallback), *value = NULL;

		given = strv_env_get(input->args, name);
		if (given) {
			strv_env_set(&out->global, name, given);
			strv_add(&out->used, name);
			continue;
		}
		if (!fallback)
			continue;
		if (expand_word(fallback, df->lexed.escape, &out->global, &value, err) < 0)
			return -1;
		strv_env_set(&out->global, name, value);
	}
	return 0;
}

/* ^[a-z][a-z0-9-_.]*$ after lower-casing */
static bool stage_name_valid(const char *name)
{
	if (!islower((unsigned char)*name))
		return false;
	for (; *name; name++)
		if (!islower((unsigned char)*name) && !isdigit((unsigned char)*name) &&
		    !strchr("-_.", *name))
			return false;
	return true;
}

static int name_stage(struct dockerfile *df, const struct instruction *in, struct stages *out,
		      struct stage *st, struct error *err)
{
	const char *as = in->args.v[1], *text = in->args.v[2];

	if (strcasecmp(as, "AS") != 0)
		return error_set(err, ERR_INVALID, "FROM takes %s", in->def->usage);
	st->name = xstrdup(text);
	for (char *p = st->name; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	if (!stage_name_valid(st->name))
		return error_set(err, ERR_INVALID,
				 "'%s' is no name for a stage: a letter, then letters, digits, "
				 "'-', '_', '.'",
				 text);
	if (strcmp(st->name, text) != 0)
		lint_add(&df->lexed, in->line, "StageNameCasing",
			 "the name of stage '%s' should be in lower case", text);
	if (strcmp(st->name, "scratch") == 0 || strcmp(st->name, "context") == 0)
		lint_add(&df->lexed, in->line, "ReservedStageName", "'%s' is a reserved name",
			 st->name);
	vec_each (&out->v, earlier)
		if (earlier != st && str_eq(earlier->name, st->name))
			lint_add(&df->lexed, in->line, "DuplicateStageName",
				 "line %u has a stage '%s' already", earlier->line, st->name);
	return 0;
}

static bool is_named(const struct stages_input *in, const char *name)
{
	return in->is_named && in->is_named(in->arg, name);
}

static int plan_from(struct dockerfile *df, const struct instruction *in, struct stages *out,
		     const struct stages_input *input, struct error *err)
{
	struct stage *st = vec_add(&out->v);
	size_t current = out->v.n - 1;
	const char *platform = instruction_flag(in, "platform");

	st->line = in->line;
	st->base_stage = -1;
	if (in->args.n == 2)
		return error_set(err, ERR_INVALID, "FROM takes %s", in->def->usage);
	if (in->args.n == 3 && name_stage(df, in, out, st, err) < 0)
		return -1;
	if (expand_word(in->args.v[0], df->lexed.escape, &out->global, &st->base, err) < 0)
		return -1;
	if (!*st->base)
		return error_set(err, ERR_INVALID, "FROM '%s' is empty after replacing variables",
				 in->args.v[0]);
	if (platform) {
		if (expand_word(platform, df->lexed.escape, &out->global, &st->platform, err) < 0)
			return -1;
		if (!*st->platform)
			return error_set(err, ERR_INVALID,
					 "--platform '%s' is empty after replacing variables",
					 platform);
	}
	if (is_named(input, st->base))
		return 0;
	st->scratch = strcmp(st->base, "scratch") == 0;
	for (size_t i = current; i-- > 0;)
		if (out->v.v[i].name && strcasecmp(out->v.v[i].name, st->base) == 0) {
			st->base_stage = (long)i;
			st->scratch = false;
			break;
		}
	return 0;
}

int stage_find(const struct stages *s, const char *text, size_t current, size_t *index,
	       struct error *err)
{
	uint64_t number;

	if (strchr(text, '$'))
		return error_set(err, ERR_INVALID,
				 "--from=%s: no variables here; name a stage FROM $... AS name",
				 text);
	if (!*text)
		return error_set(err, ERR_INVALID, "--from is empty");
	if (str_u64(text, &number)) {
		if (number >= current)
			return error_set(err, ERR_INVALID,
					 "--from=%s: no earlier stage of this number", text);
		*index = (size_t)number;
		return 1;
	}
	for (size_t i = current; i-- > 0;)
		if (s->v.v[i].name && strcasecmp(s->v.v[i].name, text) == 0) {
			*index = i;
			return 1;
		}
	for (size_t i = current; i < s->v.n; i++)
		if (s->v.v[i].name && strcasecmp(s->v.v[i].name, text) == 0)
			return error_set(err, ERR_INVALID, "--from=%s: stage '%s' %s (line %u)",
					 text, text, i == current ? "is this one" : "comes later",
					 s->v.v[i].line);
	return 0;
}

static int find_target(const struct stages *s, const char *target, size_t *index, struct error *err)
{
	const char **names, *near;
	size_t n = 0;
	uint64_t number;

	*index = s->v.n - 1;
	if (!target)
		return 0;
	for (size_t i = s->v.n; i-- > 0;)
		if (s->v.v[i].name && strcasecmp(s->v.v[i].name, target) == 0) {
			*index = i;
			return 0;
		}
	if (str_u64(target, &number) && number < s->v.n) {
		*index = (size_t)number;
		return 0;
	}
	names = xcalloc(s->v.n, sizeof(*names));
	vec_each (&s->v, st)
		if (st->name)
			names[n++] = st->name;
	near = str_nearest(target, names, n);
	free(names);
	return error_set(err, ERR_NOTFOUND, "no stage '%s'%s%s%s", target,
			 near ? " (did you mean " : "", near ? near : "", near ? "?)" : "");
}

void instruction_origins(const struct instruction *in, struct strv *names)
{
	struct error ignored = { 0 }; /* it was parsed before */

	vec_each (&in->flags, f) {
		struct run_mount m;

		if (strcmp(f->def->name, "from") == 0)
			strv_add(names, f->value);
		if (strcmp(f->def->name, "mount") != 0 ||
		    run_mount_parse(f->value, '\\', NULL, &m, &ignored) < 0)
			continue;
		if (m.from)
			strv_add(names, m.from);
		run_mount_done(&m);
	}
}

static int mark_origins(struct stages *s, const struct stages_input *input, size_t stage,
			const struct instruction *in, struct error *err)
{
	auto_done(strv) struct strv names = { 0 };

	instruction_origins(in, &names);
	strv_each (&names, i) {
		size_t index;
		int found = is_named(input, names.v[i])
				    ? 0
				    : stage_find(s, names.v[i], stage, &index, err);

		if (found < 0)
			return -1;
		if (found)
			s->v.v[index].needed = true;
	}
	return 0;
}

static int mark_needed(const struct dockerfile *df, const struct stages_input *input,
		       struct stages *s, struct error *err)
{
	s->v.v[s->target].needed = true;
	for (size_t i = s->target + 1; i-- > 0;) {
		struct stage *st = &s->v.v[i];

		if (!st->needed)
			continue;
		if (st->base_stage >= 0)
			s->v.v[st->base_stage].needed = true;
		for (size_t k = st->first; k < st->first + st->n; k++) {
			const struct instruction *in = &df->list.v[k];

			if (mark_origins(s, input, i, in, err) < 0)
				return error_add(err, "%s:%u", df->name, in->line);
		}
	}
	return 0;
}

int stages_plan(struct dockerfile *df, const struct stages_input *input, struct stages *out,
		struct error *err)
{
	*out = (struct stages){ 0 };
	strv_copy(&out->predefined, input->predefined);
	strv_copy(&out->global, input->predefined);
	for (size_t i = 0; i < df->list.n; i++) {
		const struct instruction *in = &df->list.v[i];
		int r = 0;

		if (instruction_is(in, "FROM")) {
			r = plan_from(df, in, out, input, err);
			out->v.v[out->v.n - 1].first = i + 1;
		} else if (out->v.n) {
			out->v.v[out->v.n - 1].n++;
		} else {
			r = plan_arg(df, in, input, out, err);
		}
		if (r < 0) {
			error_add(err, "%s:%u", df->name, in->line);
			goto failed;
		}
	}
	if (find_target(out, input->target, &out->target, err) < 0 ||
	    mark_needed(df, input, out, err) < 0)
		goto failed;
	return 0;
failed:
	stages_done(out);
	return -1;
}

void stages_done(struct stages *s)
{
	vec_each (&s->v, st) {
		free(st->name);
		free(st->base);
		free(st->platform);
	}
	vec_done(&s->v);
	strv_done(&s->global);
	strv_done(&s->predefined);
	strv_done(&s->used);
	*s = (struct stages){ 0 };
}
