/*
 * template_func.c - the functions that templates may call.
 *
 * Owns   the table of functions: Go's own and those that docker adds to its formats.
 * Never  sees the tree; "and" and "or" are in the table but carried out by template_exec.c,
 *        because they do not evaluate all of their arguments.
 */
#include "template_node.h"

#include <ctype.h>

#define CALL_PARAMS                                                                                \
	const struct value *args, size_t n, const struct template_name *names,                     \
		struct value *result, struct error *err

#define WIDTH_MAX 1000 /* of pad */

static int wrong(struct error *err, const char *what, const struct value *v)
{
	return error_set(err, ERR_INVALID, "wrong type: %s wanted, got %s", what, value_type(v));
}

static int want_string(const struct value *v, struct error *err)
{
	return json_is_string(v->json) ? 0 : wrong(err, "string", v);
}

static int want_int(const struct value *v, struct error *err)
{
	return json_is_integer(v->json) ? 0 : wrong(err, "int", v);
}

static int give(struct value *result, json_t *taken)
{
	*result = value_of(taken);
	return 0;
}

static int give_str(struct value *result, const struct str *s)
{
	*result = value_string(str_get(s), s->len);
	return 0;
}

/* ---- comparing ---- */

/* -1, 0, 1; 2: the types do not go together; *ordered: "<" means something for them. */
static int compare(const struct value *a, const struct value *b, bool *ordered)
{
	const json_t *x = a->json, *y = b->json;

	*ordered = true;
	if (json_is_string(x) && json_is_string(y)) {
		int r = strcmp(json_string_value(x), json_string_value(y));

		return r < 0 ? -1 : r > 0;
	}
	if (json_is_integer(x) && json_is_integer(y))
		return json_integer_value(x) < json_integer_value(y)
			       ? -1
			       : json_integer_value(x) > json_integer_value(y);
	if (json_is_real(x) && json_is_real(y))
		return json_real_value(x) < json_real_value(y)
			       ? -1
			       : json_real_value(x) > json_real_value(y);
	*ordered = false;
	if (json_is_boolean(x) && json_is_boolean(y))
		return json_is_true(x) != json_is_true(y);
	if (!x || !y || json_is_null(x) || json_is_null(y))
		return (!x || json_is_null(x)) != (!y || json_is_null(y));
	return 2;
}

static int incompatible(struct error *err)
{
	return error_set(err, ERR_INVALID, "incompatible types for comparison");
}

static int f_eq(CALL_PARAMS)
{
	bool ordered, equal = false;

	for (size_t i = 1; i < n && !equal; i++) {
		int r = compare(&args[0], &args[i], &ordered);

		if (r == 2)
			return incompatible(err);
		equal = r == 0;
	}
	return give(result, json_boolean(equal));
}

static int f_ne(CALL_PARAMS)
{
	bool ordered;
	int r = compare(&args[0], &args[1], &ordered);

	return r == 2 ? incompatible(err) : give(result, json_boolean(r != 0));
}

/* The four that need an order: true when the comparison gives low or high. */
static int ordering(const struct value *args, int low, int high, struct value *result,
		    struct error *err)
{
	bool ordered;
	int r = compare(&args[0], &args[1], &ordered);

	if (r == 2 || !ordered)
		return incompatible(err);
	return give(result, json_boolean(r == low || r == high));
}

static int f_lt(CALL_PARAMS)
{
	return ordering(args, -1, -1, result, err);
}

static int f_le(CALL_PARAMS)
{
	return ordering(args, -1, 0, result, err);
}

static int f_gt(CALL_PARAMS)
{
	return ordering(args, 1, 1, result, err);
}

static int f_ge(CALL_PARAMS)
{
	return ordering(args, 0, 1, result, err);
}

static int f_not(CALL_PARAMS)
{
	return give(result, json_boolean(!value_true(&args[0])));
}

/* ---- parts of values ---- */

static int out_of_range(struct error *err, json_int_t i)
{
	return error_set(err, ERR_INVALID, "index out of range: %lld", (long long)i);
}

/* An absent key gives the zero value of what the map holds, as far as that can be seen. */
static struct value map_zero(const struct value *map)
{
	void *iter = json_object_iter(map->json);
	struct value v = value_of(json_null());

	if (!iter || json_is_string(json_object_iter_value(iter)))
		return value_done(&v), value_string("", 0);
	if (json_is_array(json_object_iter_value(iter)))
		v.shape = SHAPE_LIST;
	else
		v.shape = SHAPE_OPTIONAL;
	return v;
}

static int index_once(const struct value *v, const struct value *key, struct value *result,
		      struct error *err)
{
	json_int_t i = json_integer_value(key->json);
	json_t *found;

	if (json_is_string(v->json) && want_int(key, err) == 0) {
		if (i < 0 || (size_t)i >= json_string_length(v->json))
			return out_of_range(err, i);
		return give(result, json_integer((unsigned char)json_string_value(v->json)[i]));
	}
	if (json_is_array(v->json) || (json_is_null(v->json) && v->shape == SHAPE_LIST)) {
		if (want_int(key, err) < 0)
			return -1;
		if (i < 0 || (size_t)i >= json_array_size(v->json))
			return out_of_range(err, i);
		found = json_array_get(v->json, (size_t)i);
	} else if (v->json && v->shape == SHAPE_MAP) {
		if (want_string(key, err) < 0)
			return -1;
		found = json_object_get(v->json, json_string_value(key->json));
		if (!found) {
			*result = map_zero(v);
			return 0;
		}
	} else {
		return err->kind ? -1
				 : error_set(err, ERR_INVALID, "can't index item of type %s",
					     value_type(v));
	}
	*result = (struct value){ .json = json_incref(found), .name = v->name };
	return 0;
}

static int f_index(CALL_PARAMS)
{
	struct value v = args[0];

	json_incref(v.json);
	for (size_t i = 1; i < n; i++) {
		struct value next;
		int failed = index_once(&v, &args[i], &next, err);

		value_done(&v);
		if (failed)
			return -1;
		v = next;
	}
	*result = v;
	return 0;
}

static int f_slice(CALL_PARAMS)
{
	bool list = json_is_array(args[0].json);
	json_int_t size, from, to;
	json_t *part;

	if (!list && !json_is_string(args[0].json))
		return error_set(err, ERR_INVALID, "can't slice item of type %s",
				 value_type(&args[0]));
	for (size_t i = 1; i < n; i++)
		if (want_int(&args[i], err) < 0)
			return -1;
	size = (json_int_t)(list ? json_array_size(args[0].json) : json_string_length(args[0].json));
	from = n > 1 ? json_integer_value(args[1].json) : 0;
	to = n > 2 ? json_integer_value(args[2].json) : size;
	if (from < 0 || from > size)
		return out_of_range(err, from);
	if (to < from || to > size)
		return out_of_range(err, to);
	if (!list) {
		*result = value_string(json_string_value(args[0].json) + from, (size_t)(to - from));
		return 0;
	}
	part = json_array();
	for (json_int_t i = from; i < to; i++)
		json_array_append(part, json_array_get(args[0].json, (size_t)i));
	return give(result, part);
}

static int f_len(CALL_PARAMS)
{
	const struct value *v = &args[0];

	if (json_is_string(v->json))
		return give(result, json_integer((json_int_t)json_string_length(v->json)));
	if (json_is_array(v->json))
		return give(result, json_integer((json_int_t)json_array_size(v->json)));
	if (v->json && v->shape == SHAPE_MAP)
		return give(result, json_integer((json_int_t)json_object_size(v->json)));
	if (json_is_null(v->json) && v->shape == SHAPE_LIST)
		return give(result, json_integer(0));
	return error_set(err, ERR_INVALID, "len of type %s", value_type(v));
}

/* ---- printing ---- */

static int f_print(CALL_PARAMS)
{
	auto_done(str) struct str s = { 0 };

	value_sprint(args, n, false, &s);
	return give_str(result, &s);
}

static int f_println(CALL_PARAMS)
{
	auto_done(str) struct str s = { 0 };

	value_sprint(args, n, true, &s);
	return give_str(result, &s);
}

static int f_printf(CALL_PARAMS)
{
	auto_done(str) struct str s = { 0 };

	if (want_string(&args[0], err) < 0)
		return -1;
	value_printf(args, n, &s);
	return give_str(result, &s);
}

static int f_json(CALL_PARAMS)
{
	auto_done(str) struct str s = { 0 };

	template_json(args[0].json, 0, names, &s);
	return give_str(result, &s);
}

/* ---- strings ---- */

static int f_join(CALL_PARAMS)
{
	auto_done(str) struct str s = { 0 };
	size_t i;
	json_t *item;

	if (!json_is_array(args[0].json) && !json_is_null(args[0].json))
		return wrong(err, "list", &args[0]);
	if (want_string(&args[1], err) < 0)
		return -1;
	json_array_foreach (args[0].json, i, item) {
		struct value v = { .json = item, .name = "" };

		if (i > 0)
			str_add(&s, json_string_value(args[1].json));
		value_print(&v, &s);
	}
	return give_str(result, &s);
}

static int f_split(CALL_PARAMS)
{
	const char *s, *sep, *hit;
	json_t *list;

	if (want_string(&args[0], err) < 0 || want_string(&args[1], err) < 0)
		return -1;
	s = json_string_value(args[0].json);
	sep = json_string_value(args[1].json);
	list = json_array();
	for (; *sep && (hit = strstr(s, sep)); s = hit + strlen(sep))
		json_array_append_new(list, json_stringn_nocheck(s, (size_t)(hit - s)));
	if (*sep)
		json_array_append_new(list, json_stringn_nocheck(s, strlen(s)));
	while (!*sep && *s) { /* by nothing: into characters */
		size_t len = 1;

		while (((unsigned char)s[len] & 0xc0) == 0x80)
			len++;
		json_array_append_new(list, json_stringn_nocheck(s, len));
		s += len;
	}
	return give(result, list);
}

/* Changes the case of each byte; with words only of the first letter of each word. */
static int change_case(const struct value *v, int (*change)(int), bool words, struct value *result,
		       struct error *err)
{
	auto_done(str) struct str s = { 0 };
	bool start = true;

	if (want_string(v, err) < 0)
		return -1;
	str_addn(&s, json_string_value(v->json), json_string_length(v->json));
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.s[i];

		if (c < 0x80 && (!words || start))
			s.s[i] = (char)change(c);
		start = !(isalnum(c) || c == '_' || c == '\'' || c >= 0x80);
	}
	return give_str(result, &s);
}

static int f_lower(CALL_PARAMS)
{
	return change_case(&args[0], tolower, false, result, err);
}

static int f_upper(CALL_PARAMS)
{
	return change_case(&args[0], toupper, false, result, err);
}

static int f_title(CALL_PARAMS)
{
	return change_case(&args[0], toupper, true, result, err);
}

static int f_pad(CALL_PARAMS)
{
	auto_done(str) struct str s = { 0 };
	json_int_t before, after;

	if (want_string(&args[0], err) < 0 || want_int(&args[1], err) < 0 ||
	    want_int(&args[2], err) < 0)
		return -1;
	before = json_integer_value(args[1].json);
	after = json_integer_value(args[2].json);
	if (before < 0 || after < 0 || before > WIDTH_MAX || after > WIDTH_MAX)
		return error_set(err, ERR_LIMIT, "a padding must be from 0 to %d", WIDTH_MAX);
	if (json_string_length(args[0].json) > 0)
		str_addf(&s, "%*s%s%*s", (int)before, "", json_string_value(args[0].json),
			 (int)after, "");
	return give_str(result, &s);
}

static int f_truncate(CALL_PARAMS)
{
	const char *s;
	size_t n_bytes;
	json_int_t max;

	if (want_string(&args[0], err) < 0 || want_int(&args[1], err) < 0)
		return -1;
	s = json_string_value(args[0].json);
	n_bytes = json_string_length(args[0].json);
	max = json_integer_value(args[1].json);
	if (max < 0)
		return out_of_range(err, max);
	if ((size_t)max < n_bytes) {
		n_bytes = (size_t)max;
		while (n_bytes > 0 && ((unsigned char)s[n_bytes] & 0xc0) == 0x80)
			n_bytes--; /* never half a character */
	}
	*result = value_string(s, n_bytes);
	return 0;
}

static const struct function functions[] = {
	{ "and", 1, -1, false, NULL },
	{ "or", 1, -1, false, NULL },
	{ "not", 1, 1, false, f_not },
	{ "eq", 2, -1, false, f_eq },
	{ "ne", 2, 2, false, f_ne },
	{ "lt", 2, 2, false, f_lt },
	{ "le", 2, 2, false, f_le },
	{ "gt", 2, 2, false, f_gt },
	{ "ge", 2, 2, false, f_ge },
	{ "index", 1, -1, false, f_index },
	{ "slice", 1, 3, false, f_slice },
	{ "len", 1, 1, false, f_len },
	{ "print", 0, -1, false, f_print },
	{ "println", 0, -1, false, f_println },
	{ "printf", 1, -1, false, f_printf },
	{ "json", 1, 1, true, f_json },
	{ "join", 2, 2, true, f_join },
	{ "split", 2, 2, true, f_split },
	{ "lower", 1, 1, true, f_lower },
	{ "upper", 1, 1, true, f_upper },
	{ "title", 1, 1, true, f_title },
	{ "pad", 3, 3, false, f_pad },
	{ "truncate", 2, 2, true, f_truncate },
};

const struct function *function_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(functions); i++)
		if (str_eq(functions[i].name, name))
			return &functions[i];
	return NULL;
}
