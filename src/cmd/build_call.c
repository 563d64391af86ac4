/*
 * build_call.c - `build --call=check|outline|targets`, as text and as JSON with docker's members.
 */
#include "build_call.h"
#include "columns.h"
#include "output.h"

#include <ctype.h>
#include <jansson.h>

struct call {
	const char *name;
	int (*text)(const struct build_description *d, struct error *err);
	json_t *(*json)(const struct build_description *d);
};

static const char *or_empty(const char *s)
{
	return s ? s : "";
}

static int print_columns(const struct str *table, struct error *err)
{
	auto_done(str) struct str out = { 0 };

	columns_format(str_get(table), table->len, &out);
	return output_text(&out, err);
}

/* A description with what would break the table taken out. */
static void add_cell(struct str *to, const char *text)
{
	for (; text && *text; text++)
		str_addc(to, *text == '\t' || *text == '\n' ? ' ' : *text);
}

static int print_json(json_t *json, struct error *err)
{
	char *text = json_dumps(json, JSON_INDENT(2) | JSON_ENCODE_ANY);
	int r = output_line(err, "%s", text ? text : "null");

	free(text);
	json_decref(json);
	return r;
}

static json_t *location(unsigned line)
{
	return json_pack("{s:i, s:[{s:{s:i, s:i}, s:{s:i, s:i}}]}", "sourceIndex", 0, "ranges",
			 "start", "line", (int)line, "character", 0, "end", "line", (int)line,
			 "character", 0);
}

/* ---- check ---- */

/* The line with its neighbours. */
static void add_excerpt(const struct build_description *d, unsigned line, struct str *out)
{
	const char *p = d->text;

	str_addf(out, "%s:%u\n--------------------\n", d->file, line);
	for (unsigned n = 1; *p; n++) {
		size_t len = strcspn(p, "\n");

		if (n + 1 >= line && n <= line + 1)
			str_addf(out, "%4u | %s %.*s\n", n, n == line ? ">>>" : "   ", (int)len, p);
		p += len + (p[len] == '\n');
	}
	str_add(out, "--------------------\n\n");
}

static int check_text(const struct build_description *d, struct error *err)
{
	auto_done(str) struct str out = { 0 };

	if (!d->lints.n)
		return output_line(err, "Check complete, no warnings found.");
	str_addf(&out, "Check complete, %zu warning%s been found!\n\n", d->lints.n,
		 d->lints.n == 1 ? " has" : "s have");
	vec_each (&d->lints, l) {
		str_addf(&out, "WARNING: %s - %s\n%s\n", l->rule, l->about, l->text);
		add_excerpt(d, l->line, &out);
	}
	return output_text(&out, err);
}

/* StageNameCasing -> stage-name-casing: where docker explains the rule */
static char *rule_page(const char *rule)
{
	auto_done(str) struct str s = { 0 };

	str_add(&s, "https://docs.docker.com/go/dockerfile/rule/");
	for (const char *p = rule; *p; p++) {
		bool upper = isupper((unsigned char)*p);

		if (upper && p > rule &&
		    (islower((unsigned char)p[-1]) || islower((unsigned char)p[1])))
			str_addc(&s, '-');
		str_addc(&s, (char)tolower((unsigned char)*p));
	}
	str_addc(&s, '/');
	return str_take(&s);
}

static json_t *sources(const struct build_description *d)
{
	return json_pack("[{s:s, s:s}]", "filename", d->file, "text", d->text);
}

static json_t *check_json(const struct build_description *d)
{
	json_t *warnings = json_array();

	vec_each (&d->lints, l) {
		auto_free char *page = rule_page(l->rule);

		json_array_append_new(warnings,
				      json_pack("{s:s, s:s, s:s, s:s, s:o}", "ruleName", l->rule,
						"description", l->about, "url", page, "detail",
						l->text, "location", location(l->line)));
	}
	return json_pack("{s:o, s:o}", "warnings", warnings, "sources", sources(d));
}

/* ---- outline ---- */

static void add_inputs(const char *title, const build_inputs *list, bool values, struct str *out)
{
	if (!list->n)
		return;
	str_addf(out, "\n%s\t%s\t%s\n", title, values ? "VALUE" : "REQUIRED",
		 values ? "DESCRIPTION" : "");
	vec_each (list, in) {
		add_cell(out, in->name);
		str_addc(out, '\t');
		add_cell(out, values ? in->value : in->required ? "true" : "");
		str_addc(out, '\t');
		add_cell(out, in->description);
		str_addc(out, '\n');
	}
}

static int outline_text(const struct build_description *d, struct error *err)
{
	const struct build_target *t = &d->targets.v[d->target];
	auto_done(str) struct str out = { 0 };

	str_add(&out, "TARGET:\t");
	add_cell(&out, t->name ? t->name : "(default)");
	if (t->description) {
		str_add(&out, "\nDESCRIPTION:\t");
		add_cell(&out, t->description);
	}
	str_addc(&out, '\n');
	add_inputs("BUILD ARG", &d->args, true, &out);
	add_inputs("SECRET", &d->secrets, false, &out);
	add_inputs("SSH", &d->agents, false, &out);
	return print_columns(&out, err);
}

static json_t *inputs_json(const build_inputs *list)
{
	json_t *array = json_array();

	vec_each (list, in) {
		json_t *o = json_pack("{s:s, s:o}", "name", in->name, "location", location(in->line));

		if (in->value)
			json_object_set_new(o, "value", json_string(in->value));
		if (in->description)
			json_object_set_new(o, "description", json_string(in->description));
		if (in->required)
			json_object_set_new(o, "required", json_true());
		json_array_append_new(array, o);
	}
	return array;
}

static json_t *outline_json(const struct build_description *d)
{
	const struct build_target *t = &d->targets.v[d->target];

	return json_pack("{s:s, s:s, s:o, s:o, s:o, s:o}", "name", or_empty(t->name), "description",
			 or_empty(t->description), "args", inputs_json(&d->args), "secrets",
			 inputs_json(&d->secrets), "ssh", inputs_json(&d->agents), "sources",
			 sources(d));
}

/* ---- targets ---- */

static int targets_text(const struct build_description *d, struct error *err)
{
	auto_done(str) struct str out = { 0 };

	str_add(&out, "TARGET\tDESCRIPTION\n");
	vec_each (&d->targets, t) {
		if (!t->name && !t->is_default)
			continue;
		add_cell(&out, t->name);
		str_addf(&out, "%s\t", !t->is_default ? "" : t->name ? " (default)" : "(default)");
		add_cell(&out, t->description);
		str_addc(&out, '\n');
	}
	return print_columns(&out, err);
}

static json_t *targets_json(const struct build_description *d)
{
	json_t *array = json_array();

	vec_each (&d->targets, t) {
		json_t *o = json_pack("{s:s, s:s, s:o}", "name", or_empty(t->name), "base", t->base,
				      "location", location(t->line));

		if (t->is_default)
			json_object_set_new(o, "default", json_true());
		if (t->description)
			json_object_set_new(o, "description", json_string(t->description));
		if (t->platform)
			json_object_set_new(o, "platform", json_string(t->platform));
		json_array_append_new(array, o);
	}
	return json_pack("{s:o, s:o}", "targets", array, "sources", sources(d));
}

/* ---- all ---- */

static const struct call calls[] = {
	{ "check", check_text, check_json },
	{ "lint", check_text, check_json },
	{ "outline", outline_text, outline_json },
	{ "targets", targets_text, targets_json },
};

static const struct call *call_find(const char *text, bool *json)
{
	size_t n = strcspn(text, ",");

	*json = strcmp(text + n, ",format=json") == 0;
	if (text[n] && !*json && strcmp(text + n, ",format=text") != 0)
		return NULL;
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++)
		if (strlen(calls[i].name) == n && strncmp(calls[i].name, text, n) == 0)
			return &calls[i];
	return NULL;
}

/* A Dockerfile that cannot be built is an answer to --call=check, too. */
static int broken(const struct error *why, struct error *err)
{
	char line[ERROR_LINE_MAX];

	return print_json(json_pack("{s:[], s:{s:s}}", "warnings", "buildError", "message",
				    error_text(why, line, sizeof(line))),
			  err);
}

int build_call_run(struct app *app, const struct build_request *r, const char *call_text,
		   struct error *err)
{
	struct build_description d;
	bool json;
	const struct call *call = call_find(call_text, &json);
	bool check = call && call->text == check_text;
	int status;

	if (!call)
		return error_set(err, ERR_USAGE,
				 "--call '%s': must be build, check, outline or targets, "
				 "perhaps with ,format=json",
				 call_text);
	if (build_describe(&app->engine, r, &d, err) < 0) {
		struct error why = *err;

		if (!json || !check || err->kind != ERR_INVALID)
			return -1;
		error_clear(err);
		return broken(&why, err) < 0 ? -1 : 1;
	}
	status = json ? print_json(call->json(&d), err) : call->text(&d, err);
	if (status == 0 && check && d.failed)
		status = 1;
	build_description_done(&d);
	return status;
}
