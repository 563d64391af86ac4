/*
 * toml.c - TOML read as JSON.
 *
 * Theory of operation: one pass from the first byte to the last. A header, "[a.b]" or "[[a.b]]",
 * moves `table` to where the keys of the lines below it go; of a list of tables the last one is
 * meant. What is set may not be set again: a table that was opened by a header may be reached
 * through by others, not opened twice.
 *
 * Never  reads past end, which is followed by no NUL that it could rely on.
 */
#include "util/toml.h"

#include "util/escape.h"
#include "util/mem.h"
#include "util/str.h"

#include <string.h>

#define DEPTH_MAX 32

struct toml {
	const char *p, *end;
	unsigned line;
	json_t *root, *table; /* table is borrowed from root */
	json_t *opened;	      /* objects as text of their address: the headers that were */
	unsigned depth;
};

static int bad(const struct toml *t, const char *what, struct error *err)
{
	return error_set(err, ERR_INVALID, "line %u: %s", t->line, what);
}

static bool at(const struct toml *t, char c)
{
	return t->p < t->end && *t->p == c;
}

static bool at_text(const struct toml *t, const char *text)
{
	size_t n = strlen(text);

	return (size_t)(t->end - t->p) >= n && memcmp(t->p, text, n) == 0;
}

static bool take(struct toml *t, const char *text)
{
	if (!at_text(t, text))
		return false;
	t->p += strlen(text);
	return true;
}

static void skip_blanks(struct toml *t)
{
	while (at(t, ' ') || at(t, '\t'))
		t->p++;
}

/* A comment up to the end of its line, and that end. False: there is something else. */
static bool line_end(struct toml *t)
{
	skip_blanks(t);
	if (at(t, '#'))
		while (t->p < t->end && *t->p != '\n')
			t->p++;
	if (t->p == t->end)
		return true;
	if (!take(t, "\r\n") && !take(t, "\n"))
		return false;
	t->line++;
	return true;
}

/* Blanks, comments and line ends, as lists have them between their values. */
static void skip_all(struct toml *t)
{
	do
		skip_blanks(t);
	while (t->p < t->end && (at(t, '#') || at(t, '\n') || at(t, '\r')) && line_end(t));
}

/* ---- strings ---- */

static int escape_unicode(struct toml *t, unsigned digits, struct str *s, struct error *err)
{
	static const char hex[] = "0123456789abcdef";
	char utf8[4];
	uint32_t c = 0;

	for (unsigned i = 0; i < digits; i++) {
		const char *d = t->p < t->end && *t->p
					? strchr(hex, *t->p | (*t->p >= 'A' ? 0x20 : 0))
					: NULL;

		if (!d)
			return bad(t, "a wrong \\u in a string", err);
		c = c << 4 | (uint32_t)(d - hex);
		t->p++;
	}
	if (c == 0 || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		return bad(t, "a \\u that is no character", err);
	str_addn(s, utf8, utf8_put(utf8, c));
	return 0;
}

/* Behind a backslash. */
static int escape(struct toml *t, bool lines, struct str *s, struct error *err)
{
	static const char from[] = "btnfr\"\\", to[] = "\b\t\n\f\r\"\\";
	const char *c;

	if (lines && (at(t, '\n') || at(t, '\r') || at(t, ' ') || at(t, '\t'))) {
		const struct toml before = *t;

		skip_blanks(t);
		if (!at(t, '\n') && !at_text(t, "\r\n"))
			return bad(&before, "a backslash before a blank", err);
		for (; t->p < t->end && strchr(" \t\r\n", *t->p) && *t->p; t->p++)
			t->line += *t->p == '\n';
		return 0;
	}
	if (take(t, "u"))
		return escape_unicode(t, 4, s, err);
	if (take(t, "U"))
		return escape_unicode(t, 8, s, err);
	c = t->p < t->end && *t->p ? strchr(from, *t->p) : NULL;
	if (!c)
		return bad(t, "an unknown backslash in a string", err);
	str_addc(s, to[c - from]);
	t->p++;
	return 0;
}

/* All four kinds of strings; of keys, which have no lines, the two short ones. */
static int string_parse(struct toml *t, bool may_have_lines, struct str *s, struct error *err)
{
	const char quote = *t->p;
	const char *const close = quote == '"' ? "\"\"\"" : "'''";
	bool lines = may_have_lines && at_text(t, close);

	t->p += lines ? 3 : 1;
	if (lines && (take(t, "\r\n") || take(t, "\n")))
		t->line++;
	for (;;) {
		if (t->p == t->end || (!lines && (*t->p == '\n' || *t->p == '\r')))
			return bad(t, "a string without its end", err);
		if (lines ? at_text(t, close) : *t->p == quote)
			break;
		if ((unsigned char)*t->p < ' ' && !strchr("\t\n\r", *t->p))
			return bad(t, "a control byte in a string", err);
		if (!*t->p)
			return bad(t, "a NUL byte", err);
		t->line += *t->p == '\n';
		if (*t->p == '\\' && quote == '"') {
			t->p++;
			if (escape(t, lines, s, err) < 0)
				return -1;
			continue;
		}
		str_addc(s, *t->p++);
	}
	t->p += lines ? 3 : 1;
	for (int i = 0; lines && i < 2 && at(t, quote);
	     i++, t->p++) /* quotes before the closing ones */
		str_addc(s, quote);
	return 0;
}

/* ---- keys ---- */

static bool is_bare(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '-';
}

/* "a.b", with blanks around its dots. */
static int keys_parse(struct toml *t, struct strv *keys, struct error *err)
{
	do {
		struct str key = { 0 };

		skip_blanks(t);
		if (at(t, '"') || at(t, '\'')) {
			if (string_parse(t, false, &key, err) < 0) {
				str_done(&key);
				return -1;
			}
		} else {
			while (t->p < t->end && is_bare(*t->p))
				str_addc(&key, *t->p++);
			if (!key.len)
				return bad(t, "a key is missing", err);
		}
		strv_take(keys, str_take(&key));
		skip_blanks(t);
	} while (take(t, "."));
	if (keys->n > DEPTH_MAX)
		return error_set(err, ERR_LIMIT, "line %u: a key of more than %d parts", t->line,
				 DEPTH_MAX);
	return 0;
}

/* The table at the first n keys below from, made where it is missing; of a list its last. Borrowed. */
static json_t *table_at(struct toml *t, json_t *from, const struct strv *keys, size_t n,
			struct error *err)
{
	for (size_t i = 0; i < n; i++) {
		json_t *next = json_object_get(from, keys->v[i]);

		if (!next) {
			next = json_object();
			if (json_object_set_new(from, keys->v[i], next) < 0) {
				bad(t, "a key that is not UTF-8", err);
				return NULL;
			}
		}
		if (json_is_array(next))
			next = json_array_get(next, json_array_size(next) - 1);
		if (!json_is_object(next)) {
			bad(t, "a part of the key has a value, and is no table", err);
			return NULL;
		}
		from = next;
	}
	return from;
}

/* ---- values ---- */

static json_t *value_parse(struct toml *t, struct error *err);

static int pair_parse(struct toml *t, json_t *table, struct error *err)
{
	auto_done(strv) struct strv keys = { 0 };
	json_t *value;

	if (keys_parse(t, &keys, err) < 0)
		return -1;
	if (!take(t, "="))
		return bad(t, "'=' is missing behind a key", err);
	skip_blanks(t);
	table = table_at(t, table, &keys, keys.n - 1, err);
	if (!table)
		return -1;
	if (json_object_get(table, keys.v[keys.n - 1]))
		return bad(t, "a key for the second time", err);
	value = value_parse(t, err);
	if (!value)
		return -1;
	if (json_object_set_new(table, keys.v[keys.n - 1], value) < 0)
		return bad(t, "a key that is not UTF-8", err);
	return 0;
}

static int list_fill(struct toml *t, json_t *list, struct error *err)
{
	for (skip_all(t); !take(t, "]"); skip_all(t)) {
		json_t *value = value_parse(t, err);

		if (!value || json_array_append_new(list, value) < 0)
			return -1;
		skip_all(t);
		if (!take(t, ",") && !at(t, ']'))
			return bad(t, "a list without ',' or ']'", err);
	}
	return 0;
}

static int inline_fill(struct toml *t, json_t *table, struct error *err)
{
	skip_blanks(t);
	if (take(t, "}"))
		return 0;
	do
		if (pair_parse(t, table, err) < 0)
			return -1;
	while (skip_blanks(t), take(t, ","));
	return take(t, "}") ? 0 : bad(t, "a table without ',' or '}'", err);
}

static json_t *nested(struct toml *t, json_t *value,
		      int (*fill)(struct toml *t, json_t *value, struct error *err),
		      struct error *err)
{
	int r;

	if (t->depth == DEPTH_MAX) {
		json_decref(value);
		error_set(err, ERR_LIMIT, "line %u: more than %d inside each other", t->line,
			  DEPTH_MAX);
		return NULL;
	}
	t->depth++;
	r = fill(t, value, err);
	t->depth--;
	if (r == 0)
		return value;
	json_decref(value);
	return NULL;
}

static json_t *number_parse(struct toml *t, struct error *err)
{
	auto_done(str) struct str digits = { 0 };
	int64_t n;

	for (; t->p < t->end && (is_bare(*t->p) || strchr("+.:", *t->p)) && *t->p; t->p++)
		if (*t->p != '_' && !(*t->p == '+' && !digits.len))
			str_addc(&digits, *t->p);
	if (digits.len && str_i64(digits.s, &n))
		return json_integer(n);
	bad(t, "a value is neither text, a whole number, true, false, a list nor a table", err);
	return NULL;
}

static json_t *value_parse(struct toml *t, struct error *err)
{
	if (at(t, '"') || at(t, '\'')) {
		auto_done(str) struct str s = { 0 };
		json_t *value;

		if (string_parse(t, true, &s, err) < 0)
			return NULL;
		value = json_stringn(str_get(&s), s.len);
		if (!value)
			bad(t, "text that is not UTF-8", err);
		return value;
	}
	if (take(t, "true"))
		return json_true();
	if (take(t, "false"))
		return json_false();
	if (take(t, "["))
		return nested(t, json_array(), list_fill, err);
	if (take(t, "{"))
		return nested(t, json_object(), inline_fill, err);
	return number_parse(t, err);
}

/* ---- lines ---- */

/* Behind "[[": one more table in the list. */
static int header_list(struct toml *t, const struct strv *keys, json_t *above, struct error *err)
{
	const char *name = keys->v[keys->n - 1];
	json_t *list = json_object_get(above, name);

	if (!list) {
		list = json_array();
		if (json_object_set_new(above, name, list) < 0)
			return bad(t, "a key that is not UTF-8", err);
	}
	if (!json_is_array(list) ||
	    (json_array_size(list) && !json_is_object(json_array_get(list, 0))))
		return bad(t, "a key for the second time", err);
	t->table = json_object();
	json_array_append_new(list, t->table);
	return 0;
}

static int header_table(struct toml *t, const struct strv *keys, json_t *above, struct error *err)
{
	char id[32];

	if (json_is_array(json_object_get(above, keys->v[keys->n - 1])))
		return bad(t, "a list of tables, opened as a table", err);
	t->table = table_at(t, t->root, keys, keys->n, err);
	if (!t->table)
		return -1;
	snprintf(id, sizeof(id), "%p", (void *)t->table);
	if (json_object_get(t->opened, id))
		return bad(t, "a table for the second time", err);
	json_object_set_new(t->opened, id, json_true());
	return 0;
}

static int header_parse(struct toml *t, struct error *err)
{
	auto_done(strv) struct strv keys = { 0 };
	bool list = take(t, "[[");
	json_t *above;

	if (!list)
		t->p++;
	if (keys_parse(t, &keys, err) < 0)
		return -1;
	if (!take(t, list ? "]]" : "]"))
		return bad(t, "']' is missing", err);
	above = table_at(t, t->root, &keys, keys.n - 1, err);
	if (!above)
		return -1;
	return list ? header_list(t, &keys, above, err) : header_table(t, &keys, above, err);
}

static int lines_parse(struct toml *t, struct error *err)
{
	while (t->p < t->end) {
		skip_blanks(t);
		if (line_end(t))
			continue;
		if ((at(t, '[') ? header_parse(t, err) : pair_parse(t, t->table, err)) < 0)
			return -1;
		if (!line_end(t))
			return bad(t, "more on the line than was expected", err);
	}
	return 0;
}

json_t *toml_parse(const char *text, size_t n, struct error *err)
{
	struct toml t = { .p = text, .end = text + n, .line = 1 };
	int r;

	if (n > TOML_MAX) {
		error_set(err, ERR_LIMIT, "more than %zu bytes", TOML_MAX);
		return NULL;
	}
	t.root = t.table = json_object();
	t.opened = json_object();
	r = lines_parse(&t, err);
	json_decref(t.opened);
	if (r == 0)
		return t.root;
	json_decref(t.root);
	return NULL;
}
