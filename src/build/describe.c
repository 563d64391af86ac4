/*
 * describe.c - what a Dockerfile says of itself: its lints, targets, arguments, secrets, agents.
 *
 * Spec   Docker's build calls check, outline and targets; FEATURES D19.
 */
#include "build/call.h"
#include "builder.h"
#include "expand.h"
#include "lint.h"
#include "run_mount.h"
#include "util/path.h"

#include <stdio.h>

static void inputs_done(build_inputs *list)
{
	vec_each (list, in) {
		free(in->name);
		free(in->value);
		free(in->description);
	}
	vec_done(list);
}

void build_description_done(struct build_description *d)
{
	free(d->file);
	free(d->text);
	vec_each (&d->lints, l)
		free(l->text);
	vec_done(&d->lints);
	vec_each (&d->targets, t) {
		free(t->name);
		free(t->base);
		free(t->platform);
		free(t->description);
	}
	vec_done(&d->targets);
	inputs_done(&d->args);
	inputs_done(&d->secrets);
	inputs_done(&d->agents);
	*d = (struct build_description){ 0 };
}

/* "NAME what it is": the rest of the comment's line that begins with the name. Or NULL. */
static char *description_of(const char *comment, const char *name)
{
	auto_done(strv) struct strv lines = { 0 };
	size_t n = strlen(name);

	strv_split(&lines, comment ? comment : "", '\n');
	strv_each (&lines, i)
		if (strncmp(lines.v[i], name, n) == 0 && lines.v[i][n] == ' ')
			return xstrdup(lines.v[i] + n + 1);
	return NULL;
}

static void describe_targets(const struct builder *b, struct build_description *out)
{
	for (size_t i = 0; i < b->stages.v.n; i++) {
		const struct stage *st = &b->stages.v.v[i];
		const struct instruction *from = &b->df.list.v[st->first - 1];
		struct build_target *t = vec_add(&out->targets);

		t->line = st->line;
		t->name = xstrdup_or_null(st->name);
		t->base = xstrdup(from->args.v[0]);
		t->platform = xstrdup_or_null(instruction_flag(from, "platform"));
		if (from->args.n == 3)
			t->description = description_of(from->comment, from->args.v[2]);
		t->is_default = i + 1 == b->stages.v.n;
	}
	out->target = b->stages.target;
}

static struct build_input *find_or_add(build_inputs *list, const char *name, unsigned line)
{
	struct build_input *in;

	vec_each (list, known)
		if (strcmp(known->name, name) == 0)
			return known;
	in = vec_add(list);
	in->name = xstrdup(name);
	in->line = line;
	return in;
}

struct describing {
	const struct builder *b;
	struct build_description *out;
	struct strv scope; /* values so far */
};

static void describe_arg(struct describing *d, const struct instruction *in)
{
	strv_each (&in->args, i) {
		struct error ignored = { 0 }; /* its value needs what only a build knows */
		const char *fallback, *value;
		auto_free char *name = arg_name(in->args.v[i], &fallback), *expanded = NULL;
		struct build_input *a = find_or_add(&d->out->args, name, in->line);

		value = strv_env_get(&d->b->r->args, name);
		if (!value)
			value = strv_env_get(&d->scope, name);
		if (!value && fallback &&
		    expand_word(fallback, d->b->escape, &d->scope, &expanded, &ignored) == 0)
			value = expanded;
		if (value) {
			free(a->value);
			a->value = xstrdup(value);
			strv_env_set(&d->scope, name, a->value);
		}
		if (!a->description)
			a->description = description_of(in->comment, name);
	}
}

static void describe_run(struct describing *d, const struct instruction *in)
{
	vec_each (&in->flags, f) {
		struct error ignored = { 0 }; /* it was parsed before */
		struct run_mount m;
		struct build_input *use = NULL;

		if (strcmp(f->def->name, "mount") != 0 ||
		    run_mount_parse(f->value, d->b->escape, NULL, &m, &ignored) < 0)
			continue;
		if (m.type == MOUNT_SECRET && (m.id || m.source || m.target))
			use = find_or_add(&d->out->secrets,
					  m.id	     ? m.id
					  : m.source ? m.source
						     : path_base(m.target),
					  in->line);
		if (m.type == MOUNT_SSH)
			use = find_or_add(&d->out->agents, m.id ? m.id : "default", in->line);
		if (use)
			use->required = use->required || m.required;
		run_mount_done(&m);
	}
}

/* Of all stages that the target needs, in the file's order. */
static void describe_inputs(const struct builder *b, struct build_description *out)
{
	struct describing d = { .b = b, .out = out };
	size_t first = b->stages.v.v[0].first - 1;

	strv_copy(&d.scope, &b->stages.predefined);
	for (size_t i = 0; i < first; i++)
		describe_arg(&d, &b->df.list.v[i]);
	vec_each (&b->stages.v, st) {
		for (size_t i = st->first; st->needed && i < st->first + st->n; i++) {
			const struct instruction *in = &b->df.list.v[i];

			if (instruction_is(in, "ARG"))
				describe_arg(&d, in);
			if (instruction_is(in, "RUN"))
				describe_run(&d, in);
		}
	}
	strv_done(&d.scope);
}

static void describe_lints(const struct builder *b, bool strict, struct build_description *out)
{
	vec_each (&b->df.lexed.lints, l) {
		const struct lint_rule *rule = lint_rule_find(l->rule);

		*vec_add(&out->lints) = (struct build_lint){
			.line = l->line,
			.rule = l->rule,
			.about = rule ? rule->about : "",
			.text = xstrdup(l->text),
		};
	}
	out->failed = strict && out->lints.n;
}

int build_describe(struct engine *e, const struct build_request *r, struct build_description *out,
		   struct error *err)
{
	size_t n = r->platform ? strcspn(r->platform, ",") : 0;
	auto_free char *platform = n ? xstrndup(r->platform, n) : NULL;
	struct build_result result = { 0 };
	struct pins pins = { 0 };
	struct builder b;
	bool strict = false;
	int code = 0, status = -1;

	*out = (struct build_description){ 0 };
	builder_init(&b, e, r, platform, &pins, &result, &code);
	if (staging_begin(b.st, &b.staging, err) == 0 &&
	    context_open(b.st, r, &b.staging, &b.context, err) == 0 &&
	    builder_plan(&b, &strict, err) == 0) {
		out->file = xstrdup(b.df.name);
		out->text = xstrdup(str_get(&b.context.text));
		describe_lints(&b, strict, out);
		describe_targets(&b, out);
		describe_inputs(&b, out);
		status = 0;
	}
	context_done(&b.context);
	builder_done(&b);
	pins_done(&pins);
	build_result_done(&result);
	return status;
}
