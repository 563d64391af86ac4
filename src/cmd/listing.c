/*
 * listing.c - lists of things as tables, templates or JSON.
 *
 * Owns   the meaning of --format and -q for every list. Columns that nobody asked for are not made.
 */
#include "listing.h"

#include "columns.h"
#include "output.h"
#include "util/text.h"

#include <stdio.h>
#include <time.h>

json_t *json_text(const char *s)
{
	return json_string_nocheck(s ? s : "");
}

json_t *json_take(char *s)
{
	json_t *v = json_text(s);

	free(s);
	return v;
}

json_t *labels_text(const struct strmap *labels)
{
	struct str s = { 0 };

	for (size_t i = 0; i < labels->n; i++)
		str_addf(&s, "%s%s=%s", i ? "," : "", labels->v[i].key, labels->v[i].value);
	return json_take(str_take(&s));
}

json_t *labels_object(const struct strmap *labels)
{
	json_t *o = json_object();

	for (size_t i = 0; i < labels->n; i++)
		json_object_set_new_nocheck(o, labels->v[i].key, json_text(labels->v[i].value));
	return o;
}

json_t *time_created(int64_t ns)
{
	time_t t = (time_t)(ns / NSEC_PER_SEC);
	char buf[64];
	struct tm tm;

	if (!localtime_r(&t, &tm) || strftime(buf, sizeof(buf), "%Y-%m-%d %H:%M:%S %z %Z", &tm) == 0)
		return json_text("");
	return json_text(buf);
}

json_t *time_since(int64_t ns)
{
	char buf[TEXT_TIME_MAX];

	return json_take(xasprintf("%s ago",
				   text_ago((time_now_ns() - ns) / NSEC_PER_SEC, buf, sizeof(buf))));
}

/* What --format says -> template text. */
static const char *choose(struct listing *l, const char *format, bool quiet)
{
	if (quiet)
		return l->view->quiet;
	if (str_empty(format) || str_eq(format, "table")) {
		l->is_table = true;
		return l->view->table;
	}
	if (str_eq(format, "json"))
		return "{{json .}}";
	if (str_eq(format, "json-array")) {
		l->is_array = true;
		return "{{json .}}";
	}
	if (str_starts(format, "table ") || str_starts(format, "table\t")) {
		l->is_table = true;
		return format + strlen("table ");
	}
	return format;
}

static int find_column(const struct listing *l, const char *field)
{
	for (int i = 0; l->view->columns[i].field; i++)
		if (str_eq(l->view->columns[i].field, field))
			return i;
	return -1;
}

static int add_headers(struct listing *l, struct error *err)
{
	json_t *heads = json_object();
	int r;

	for (const struct column *c = l->view->columns; c->field; c++)
		if (c->header && c->shape != SHAPE_METHOD)
			json_object_set_new_nocheck(heads, c->field, json_text(c->header));
	r = template_execute(l->template, heads, l->names, TEMPLATE_HEADER, &l->out, err);
	str_addc(&l->out, '\n');
	json_decref(heads);
	return r;
}

int listing_begin(struct listing *l, const struct list_view *view, const char *format, bool quiet,
		  const void *ctx, struct error *err)
{
	const char *text;
	bool whole;

	*l = (struct listing){ .view = view, .ctx = ctx };
	text = choose(l, format, quiet);
	l->template = template_parse(text, TEMPLATE_ESCAPES, err);
	if (!l->template)
		return error_add(err, "--format");
	whole = strstr(text, "json") || strstr(text, "{{.}}") || strchr(text, '$');
	for (int i = 0; view->columns[i].field; i++) {
		const struct column *c = &view->columns[i];

		l->names[i] = (struct template_name){ c->field, c->shape };
		l->wanted[i] = whole || template_mentions(l->template, c->field);
	}
	return l->is_table ? add_headers(l, err) : 0;
}

bool listing_wants(const struct listing *l, const char *field)
{
	int i = find_column(l, field);

	return i >= 0 && l->wanted[i];
}

/* In a table no value may break its cell. */
static void escape_value(json_t **v)
{
	const char *text = json_string_value(*v);
	json_t *safe;

	if (!text)
		return;
	for (const char *c = text; *c; c++) {
		if ((unsigned char)*c >= 0x20 && (unsigned char)*c < 0x7f)
			continue;
		safe = json_take(escaped(text));
		json_decref(*v); /* text was part of it */
		*v = safe;
		return;
	}
}

static void escape_values(json_t *object)
{
	const char *key;
	json_t *v;

	json_object_foreach (object, key, v) {
		json_t *safe = json_incref(v);

		escape_value(&safe);
		json_object_set_new_nocheck(object, key, safe);
	}
}

int listing_add(struct listing *l, const void *item, struct error *err)
{
	json_t *row = json_object();
	int r;

	for (int i = 0; l->view->columns[i].field; i++) {
		const struct column *c = &l->view->columns[i];
		json_t *v;

		if (!l->wanted[i])
			continue;
		v = c->make(item, l->ctx);
		if (l->is_table && json_is_object(v))
			escape_values(v);
		else if (l->is_table)
			escape_value(&v);
		json_object_set_new_nocheck(row, c->field, v);
	}
	if (l->is_array)
		str_add(&l->out, l->items ? ",\n" : "[\n");
	r = template_execute(l->template, row, l->names, 0, &l->out, err);
	if (!l->is_array)
		str_addc(&l->out, '\n');
	l->items++;
	json_decref(row);
	return r;
}

int listing_end(struct listing *l, struct error *err)
{
	auto_done(str) struct str table = { 0 };

	if (l->is_array)
		str_add(&l->out, l->items ? "\n]\n" : "[]\n");
	if (!l->is_table)
		return output_text(&l->out, err);
	columns_format(str_get(&l->out), l->out.len, &table);
	return output_text(&table, err);
}

void listing_done(struct listing *l)
{
	template_free(l->template);
	l->template = NULL;
	str_done(&l->out);
}
