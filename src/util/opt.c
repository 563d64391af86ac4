/*
 * opt.c - command lines by option tables: parsing, help, and the common kinds of values.
 *
 * Owns   how options are spelled: --name=value, --name value, -n value, -nvalue, -n=value, -abc.
 * Never  prints and never knows a command; a new kind of value is a struct opt_type elsewhere.
 */
#include "util/opt.h"

#include "util/text.h"

#include <stdio.h>

/* ---- kinds of values ---- */

static void bool_init(void *field)
{
	*(bool *)field = false;
}

static void tri_init(void *field)
{
	*(int *)field = -1;
}

static void int_init(void *field)
{
	*(int64_t *)field = UNSET;
}

static void string_init(void *field)
{
	*(char **)field = NULL;
}

static void list_init(void *field)
{
	*(struct strv *)field = (struct strv){ 0 };
}

static void map_init(void *field)
{
	*(struct strmap *)field = (struct strmap){ 0 };
}

static void string_done(void *field)
{
	free(*(char **)field);
	*(char **)field = NULL;
}

static void list_done(void *field)
{
	strv_done(field);
}

static void map_done(void *field)
{
	strmap_done(field);
}

/* Go's strconv.ParseBool: 1 true, 0 false, -1 neither */
static int truth(const char *text)
{
	static const char *const words[][6] = {
		{ "0", "f", "F", "false", "False", "FALSE" },
		{ "1", "t", "T", "true", "True", "TRUE" },
	};

	for (int value = 0; value < 2; value++)
		for (size_t i = 0; i < ARRAY_SIZE(words[0]); i++)
			if (strcmp(text, words[value][i]) == 0)
				return value;
	return -1;
}

/* text is NULL when the flag stands alone */
static int flag_parse(void *field, const char *text, const struct opt *o, struct error *err)
{
	int value = text ? truth(text) : 1;

	if (value < 0)
		return error_set(err, ERR_USAGE, "must be true or false");
	*(bool *)field = value;
	return 0;
}

static int tri_parse(void *field, const char *text, const struct opt *o, struct error *err)
{
	bool value;

	if (flag_parse(&value, text, o, err) < 0)
		return -1;
	*(int *)field = value;
	return 0;
}

static int string_parse(void *field, const char *text, const struct opt *o, struct error *err)
{
	string_done(field);
	*(char **)field = xstrdup(text);
	return 0;
}

static int enum_parse(void *field, const char *text, const struct opt *o, struct error *err)
{
	auto_done(strv) struct strv choices = { 0 };

	strv_split(&choices, o->value, '|');
	if (!strv_has(&choices, text))
		return error_set(err, ERR_USAGE, "must be one of %s", o->value);
	return string_parse(field, text, o, err);
}

static int list_parse(void *field, const char *text, const struct opt *o, struct error *err)
{
	strv_add(field, text);
	return 0;
}

static int int_parse(void *field, const char *text, const struct opt *o, struct error *err)
{
	int64_t value;

	if (!str_i64(text, &value) || value == UNSET)
		return error_set(err, ERR_USAGE, "must be a whole number");
	*(int64_t *)field = value;
	return 0;
}

static int secs_parse(void *field, const char *text, const struct opt *o, struct error *err)
{
	int64_t value;

	if (!str_i64(text, &value) || value < -1)
		return error_set(err, ERR_USAGE, "must be a number of seconds, or -1 for no limit");
	*(int64_t *)field = value;
	return 0;
}

static int bytes_parse(void *field, const char *text, const struct opt *o, struct error *err)
{
	int64_t value = -1;

	if (strcmp(text, "-1") != 0 && !text_parse_bytes(text, &value))
		return error_set(err, ERR_USAGE, "must be a size like 512, 64m or 1.5g");
	*(int64_t *)field = value;
	return 0;
}

static int duration_parse(void *field, const char *text, const struct opt *o, struct error *err)
{
	int64_t value;

	if (!text_parse_duration(text, &value) || value < 0)
		return error_set(err, ERR_USAGE, "must be a duration like 1m30s or 500ms");
	*(int64_t *)field = value;
	return 0;
}

static int env_parse(void *field, const char *text, const struct opt *o, struct error *err)
{
	const char *value;

	if (!*text || *text == '=')
		return error_set(err, ERR_USAGE, "must be NAME=VALUE or NAME");
	value = strchr(text, '=') ? NULL : getenv(text);
	if (value)
		strv_addf(field, "%s=%s", text, value);
	else
		strv_add(field, text); /* a bare NAME: takes it out of the image's environment */
	return 0;
}

static int map_parse(void *field, const char *text, const struct opt *o, struct error *err)
{
	const char *equals = strchrnul(text, '=');
	auto_free char *key = xstrndup(text, (size_t)(equals - text));

	if (!*key)
		return error_set(err, ERR_USAGE, "must be KEY=VALUE or KEY");
	strmap_set(field, key, *equals ? equals + 1 : "");
	return 0;
}

const struct opt_type opt_flag = { NULL, NULL, flag_parse, bool_init, NULL };
const struct opt_type opt_tri = { NULL, NULL, tri_parse, tri_init, NULL };
const struct opt_type opt_string = { "string", NULL, string_parse, string_init, string_done };
const struct opt_type opt_list = { "list", NULL, list_parse, list_init, list_done };
const struct opt_type opt_int = { "int", NULL, int_parse, int_init, NULL };
const struct opt_type opt_secs = { "seconds", NULL, secs_parse, int_init, NULL };
const struct opt_type opt_bytes = { "bytes", NULL, bytes_parse, int_init, NULL };
const struct opt_type opt_duration = { "duration", NULL, duration_parse, int_init, NULL };
const struct opt_type opt_enum = { "choice", NULL, enum_parse, string_init, string_done };
const struct opt_type opt_env = { "name=value", NULL, env_parse, list_init, list_done };
const struct opt_type opt_map = { "key=value", NULL, map_parse, map_init, map_done };

/* ---- parsing ---- */

/* All rows of a NULL-ended list of tables. */
#define opts_each(tables, o)                                                                       \
	for (const struct opt *const *table_ = (tables); *table_; table_++)                        \
		for (const struct opt *o = *table_; o->name; o++)

struct parse {
	const struct opt *const *tables;
	char **next, **end; /* what of argv is left */
	void *args;
	struct error *err;
};

static const struct opt *long_find(const struct opt *const *tables, const char *name, size_t n)
{
	opts_each(tables, o) if (strncmp(o->name, name, n) == 0 && !o->name[n]) return o;
	return NULL;
}

static const struct opt *letter_find(const struct opt *const *tables, char letter)
{
	opts_each(tables, o) if (o->letter == letter) return o;
	return NULL;
}

static bool takes_value(const struct opt *o)
{
	return o->type->name != NULL;
}

/* written is how the option was given: "--name" or "-n" */
static int value_store(struct parse *p, const struct opt *o, const char *text, const char *written)
{
	void *field = (char *)p->args + o->offset;

	if (o->type->parse(field, text, o, p->err) == 0)
		return 0;
	return text ? error_add(p->err, "%s '%s'", written, text) : error_add(p->err, "%s", written);
}

/* The value is the next argument. */
static int value_take(struct parse *p, const struct opt *o, const char *written)
{
	if (o->flags & OPT_OPTIONAL)
		return value_store(p, o, o->assumed, written);
	if (p->next == p->end)
		return error_set(p->err, ERR_USAGE, "option %s needs a value", written);
	return value_store(p, o, *p->next++, written);
}

static int unknown(struct parse *p, const char *name, size_t n)
{
	VEC(const char *) names = { 0 };
	auto_free char *given = xstrndup(name, n);
	const char *nearest;

	opts_each(p->tables, o) if (!(o->flags & OPT_HIDDEN)) vec_push(&names, o->name);
	nearest = str_nearest(given, names.v, names.n);
	if (nearest)
		error_set(p->err, ERR_USAGE, "unknown option --%s, did you mean --%s?", given,
			  nearest);
	else
		error_set(p->err, ERR_USAGE, "unknown option --%s", given);
	vec_done(&names);
	return -1;
}

static int long_parse(struct parse *p, const char *arg)
{
	const char *name = arg + 2, *equals = strchrnul(name, '=');
	size_t n = (size_t)(equals - name);
	const struct opt *o = long_find(p->tables, name, n);
	char written[64];

	if (!o && n == 4 && strncmp(name, "help", 4) == 0)
		return 1;
	if (!o)
		return unknown(p, name, n);
	snprintf(written, sizeof(written), "--%s", o->name);
	if (*equals)
		return value_store(p, o, equals + 1, written);
	if (takes_value(o))
		return value_take(p, o, written);
	return value_store(p, o, NULL, written);
}

static int letters_parse(struct parse *p, const char *arg)
{
	for (const char *s = arg + 1; *s; s++) {
		const struct opt *o = letter_find(p->tables, *s);
		char written[] = { '-', *s, '\0' };

		if (!o && *s == 'h')
			return 1;
		if (!o)
			return error_set(p->err, ERR_USAGE, "unknown option %s in '%s'", written,
					 arg);
		if (s[1] == '=')
			return value_store(p, o, s + 2, written);
		if (takes_value(o) && s[1] && !(o->flags & OPT_OPTIONAL))
			return value_store(p, o, s + 1, written);
		if (takes_value(o)) {
			if (value_take(p, o, written) < 0)
				return -1;
		} else if (value_store(p, o, NULL, written) < 0) {
			return -1;
		}
	}
	return 0;
}

int opt_parse(const struct opt *const tables[], int argc, char **argv, enum opt_order order,
	      void *args, struct strv *operands, struct error *err)
{
	struct parse p = { tables, argv + (argc > 0), argv + argc, args, err };

	opts_each(tables, o) o->type->init((char *)args + o->offset);
	while (p.next < p.end) {
		const char *arg = *p.next++;
		int status;

		if (arg[0] != '-' || !arg[1]) {
			strv_add(operands, arg);
			if (order == OPT_FIRST)
				break;
			continue;
		}
		if (strcmp(arg, "--") == 0)
			break;
		status = arg[1] == '-' ? long_parse(&p, arg) : letters_parse(&p, arg);
		if (status) {
			if (status < 0)
				opt_done(tables, args);
			return status;
		}
	}
	while (p.next < p.end)
		strv_add(operands, *p.next++);
	return 0;
}

void opt_done(const struct opt *const tables[], void *args)
{
	opts_each(tables, o) if (o->type->done) o->type->done((char *)args + o->offset);
}

/* ---- help ---- */

/* "  -m, --memory bytes" */
static void head_format(const struct opt *o, struct str *out)
{
	const char *value = o->value ? o->value : o->type->name;

	if (o->letter)
		str_addf(out, "  -%c, --%s", o->letter, o->name);
	else
		str_addf(out, "      --%s", o->name);
	if (!takes_value(o))
		return;
	if (o->flags & OPT_OPTIONAL)
		str_addf(out, "[=%s]", value);
	else
		str_addf(out, " %s", value);
}

#define HEAD_MAX 34 /* a longer head has its text on the next line */

void opt_help(const struct opt *const tables[], struct str *out)
{
	auto_done(str) struct str head = { 0 };
	size_t width = 0;

	opts_each(tables, o)
	{
		str_clear(&head);
		head_format(o, &head);
		if (!(o->flags & OPT_HIDDEN) && head.len <= HEAD_MAX)
			width = MAX(width, head.len);
	}
	opts_each(tables, o)
	{
		if (o->flags & OPT_HIDDEN)
			continue;
		str_clear(&head);
		head_format(o, &head);
		if (head.len <= width)
			str_addf(out, "%-*s   %s\n", (int)width, head.s, o->help);
		else
			str_addf(out, "%s\n%*s   %s\n", head.s, (int)width, "", o->help);
	}
}
