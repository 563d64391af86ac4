/*
 * fields_load.c - JSON to C structs by their field tables; the limits on JSON from outside.
 *
 * Owns   what of a JSON text is accepted: size, depth, types, unknown members, duplicate keys.
 * Never  lets a partly filled struct escape: on failure the struct is back in its unset state.
 * Spec   RFC 8259. As Go's encoding/json does it, null is the same as absent.
 */
#include "util/fields.h"

#include "fields_scan.h"

#include <ctype.h>
#include <limits.h>
#include <string.h>
#include <sys/auxv.h>

static int member_load(const struct field *f, json_t *j, void *at, enum fields_mode mode,
		       struct error *err);

static void *member(const struct field *f, void *out)
{
	return (char *)out + f->offset;
}

static int wrong(struct error *err, const char *want)
{
	return error_set(err, ERR_INVALID, "expected %s", want);
}

/* Sets err and adds "[i]". */
static int wrong_at(struct error *err, size_t i, const char *want)
{
	wrong(err, want);
	return error_add(err, "[%zu]", i);
}

static int strv_load(json_t *j, struct strv *list, struct error *err)
{
	size_t i;
	json_t *item;

	if (!json_is_array(j))
		return wrong(err, "a list of strings");
	json_array_foreach (j, i, item) {
		if (!json_is_string(item))
			return wrong_at(err, i, "a string");
		strv_add(list, json_string_value(item));
	}
	return 0;
}

static int ints_load(json_t *j, void *at, struct error *err)
{
	VEC(int64_t) list = { 0 };
	size_t i;
	json_t *item;
	int status = 0;

	if (!json_is_array(j))
		return wrong(err, "a list of integers");
	json_array_foreach (j, i, item) {
		if (!json_is_integer(item)) {
			status = wrong_at(err, i, "an integer");
			break;
		}
		vec_push(&list, json_integer_value(item));
	}
	/* by copy: the member's own type has no name that could be used here */
	memcpy(at, &list, sizeof(list));
	return status;
}

static int map_load(json_t *j, struct strmap *map, struct error *err)
{
	const char *key;
	json_t *value;

	if (!json_is_object(j))
		return wrong(err, "an object of strings");
	json_object_foreach (j, key, value) {
		if (json_is_null(value))
			continue;
		if (!json_is_string(value)) {
			wrong(err, "a string");
			return error_add(err, "%s", key);
		}
		strmap_set(map, key, json_string_value(value));
	}
	return 0;
}

static int set_load(json_t *j, struct strv *list, struct error *err)
{
	const char *key;
	json_t *value;

	if (!json_is_object(j))
		return wrong(err, "an object");
	json_object_foreach (j, key, value)
		strv_add(list, key);
	return 0;
}

static int vec_load(const struct field *f, json_t *j, void *at, enum fields_mode mode,
		    struct error *err)
{
	struct any_vec list = { 0 };
	size_t i;
	json_t *item;
	int status = 0;

	if (!json_is_array(j))
		return wrong(err, "a list of objects");
	json_array_foreach (j, i, item) {
		void *one = vec_grow(&list.v, &list.n, &list.cap, f->size);

		fields_init(f->sub, one);
		if (fields_load(f->sub, item, one, mode, err) < 0) {
			status = error_add(err, "[%zu]", i);
			break;
		}
	}
	memcpy(at, &list, sizeof(list));
	return status;
}

static int ptr_load(const struct field *f, json_t *j, void *at, enum fields_mode mode,
		    struct error *err)
{
	void *one = xcalloc(1, f->size);

	fields_init(f->sub, one);
	memcpy(at, &one, sizeof(one));
	return fields_load(f->sub, j, one, mode, err);
}

static int raw_load(const struct field *f, json_t *j, char **at, struct error *err)
{
	if ((f->flags & FIELD_UNSIGNED) && json_is_integer(j)) {
		*at = xasprintf("%llu", (unsigned long long)json_integer_value(j));
		return 0;
	}
	*at = json_dumps(j, JSON_COMPACT | JSON_ENCODE_ANY);
	return *at ? 0 : error_set(err, ERR_INVALID, "cannot be written as JSON");
}

/* A known member that we cannot honour may be there as long as it asks for nothing. */
static int refuse(json_t *j, struct error *err)
{
	if (json_is_false(j) || (json_is_integer(j) && json_integer_value(j) == 0) ||
	    (json_is_string(j) && json_string_length(j) == 0) ||
	    (json_is_object(j) && json_object_size(j) == 0) ||
	    (json_is_array(j) && json_array_size(j) == 0))
		return 0;
	return error_set(err, ERR_UNSUPPORTED, "not supported");
}

static int member_load(const struct field *f, json_t *j, void *at, enum fields_mode mode,
		       struct error *err)
{
	switch (f->type) {
	case FIELD_STR:
		if (!json_is_string(j))
			return wrong(err, "a string");
		*(char **)at = xstrdup(json_string_value(j));
		return 0;
	case FIELD_BOOL:
		if (!json_is_boolean(j))
			return wrong(err, "true or false");
		*(bool *)at = json_is_true(j);
		return 0;
	case FIELD_TRI:
		if (!json_is_boolean(j))
			return wrong(err, "true or false");
		*(int *)at = json_is_true(j);
		return 0;
	case FIELD_INT:
		if (!json_is_integer(j))
			return wrong(err, "an integer");
		*(int64_t *)at = json_integer_value(j);
		return 0;
	case FIELD_STRV:
		return strv_load(j, at, err);
	case FIELD_INTS:
		return ints_load(j, at, err);
	case FIELD_MAP:
		return map_load(j, at, err);
	case FIELD_SET:
		return set_load(j, at, err);
	case FIELD_OBJ:
		return fields_load(f->sub, j, at, mode, err);
	case FIELD_PTR:
		return ptr_load(f, j, at, mode, err);
	case FIELD_VEC:
		return vec_load(f, j, at, mode, err);
	case FIELD_RAW:
		return raw_load(f, j, at, err);
	case FIELD_REFUSED:
		return refuse(j, err);
	case FIELD_END:
		break;
	}
	return error_set(err, ERR_BUG, "field type %d", f->type);
}

static const struct field *row_find(const struct field *table, const char *key)
{
	for (; table->type != FIELD_END; table++)
		if (strcmp(table->name, key) == 0)
			return table;
	return NULL;
}

static int unknown(const struct field *table, const char *key, struct error *err)
{
	VEC(const char *) names = { 0 };
	const char *nearest;

	for (; table->type != FIELD_END; table++)
		vec_push(&names, table->name);
	nearest = str_nearest(key, names.v, names.n);
	if (nearest)
		error_set(err, ERR_INVALID, "unknown member '%s', did you mean '%s'?", key, nearest);
	else
		error_set(err, ERR_INVALID, "unknown member '%s'", key);
	vec_done(&names);
	return -1;
}

int fields_load(const struct field *table, json_t *json, void *out, enum fields_mode mode,
		struct error *err)
{
	const char *key;
	json_t *value;

	if (!json_is_object(json))
		return wrong(err, "an object");
	json_object_foreach (json, key, value) {
		const struct field *f = row_find(table, key);

		if (!f && mode == FIELDS_LENIENT)
			continue;
		if (!f) {
			fields_done(table, out);
			return unknown(table, key, err);
		}
		if (json_is_null(value))
			continue;
		if (member_load(f, value, member(f, out), mode, err) < 0) {
			fields_done(table, out);
			return error_add(err, "%s", f->name);
		}
	}
	for (const struct field *f = table; f->type != FIELD_END; f++) {
		value = f->flags & FIELD_REQUIRED ? json_object_get(json, f->name) : json;
		if (!value || json_is_null(value)) {
			fields_done(table, out);
			error_set(err, ERR_INVALID, "missing");
			return error_add(err, "%s", f->name);
		}
	}
	return 0;
}

/* ---- text ---- */

/* The deepest nesting of text; what is no JSON is found out by the parser later. */
static unsigned text_depth(const char *text, size_t n)
{
	unsigned depth = 0, deepest = 0;
	bool quoted = false;

	for (size_t i = 0; i < n; i++) {
		char c = text[i];

		if (quoted) {
			if (c == '\\')
				i++;
			else if (c == '"')
				quoted = false;
		} else if (c == '"') {
			quoted = true;
		} else if (c == '{' || c == '[') {
			depth++;
			deepest = MAX(deepest, depth);
		} else if ((c == '}' || c == ']') && depth) {
			depth--;
		}
	}
	return deepest;
}

/*
 * Appends text to out with the integers from 2^63 to 2^64-1 written as the negative number of the
 * same 64 bits: jansson has no unsigned integers, and config.json says "no limit" with 2^64-1.
 */
static void wrap_unsigned(const char *text, size_t n, struct str *out)
{
	bool quoted = false;
	size_t i = 0;

	while (i < n) {
		size_t from = i;

		if (quoted || !isdigit((unsigned char)text[i])) {
			if (quoted && text[i] == '\\' && i + 1 < n)
				i++;
			else if (text[i] == '"')
				quoted = !quoted;
			str_addn(out, text + from, ++i - from);
			continue;
		}
		while (i < n && isdigit((unsigned char)text[i]))
			i++;
		char digits[24] = "";
		uint64_t value = 0;
		bool part = (from && strchr("-.+eE", text[from - 1])) ||
			    (i < n && strchr(".eE", text[i]));

		if (i - from < sizeof(digits))
			memcpy(digits, text + from, i - from);
		if (!part && str_u64(digits, &value) && value > INT64_MAX)
			str_addf(out, "%lld", (long long)value);
		else
			str_addn(out, text + from, i - from);
	}
}

/* jansson would open /dev/urandom for the seed of its tables; the kernel gave us random bytes. */
static void seed_once(void)
{
	static bool seeded;
	unsigned long at = getauxval(AT_RANDOM);
	size_t seed = 1;

	if (seeded)
		return;
	seeded = true;
	if (at)
		memcpy(&seed, (const void *)at, sizeof(seed));
	json_object_seed(seed);
}

json_t *json_parse(const char *text, size_t n, const struct fields_limits *limits, struct error *err)
{
	auto_done(str) struct str wrapped = { 0 };
	json_error_t why;
	json_t *j;

	if (limits && n > limits->max_bytes) {
		error_set(err, ERR_LIMIT, "JSON of %zu bytes, the limit is %zu", n,
			  limits->max_bytes);
		return NULL;
	}
	seed_once();
	if (limits && text_depth(text, n) > limits->max_depth) {
		error_set(err, ERR_LIMIT, "JSON nested more than %u deep", limits->max_depth);
		return NULL;
	}
	j = json_loadb(text, n, JSON_REJECT_DUPLICATES, &why);
	if (!j && json_error_code(&why) == json_error_numeric_overflow) {
		wrap_unsigned(text, n, &wrapped);
		j = json_loadb(wrapped.s, wrapped.len, JSON_REJECT_DUPLICATES, &why);
	}
	if (!j)
		error_set(err, ERR_INVALID, "line %d, column %d: %s", why.line, why.column, why.text);
	return j;
}

void json_done(json_t **json)
{
	json_decref(*json);
	*json = NULL;
}

int fields_parse(const struct field *table, const char *text, size_t n,
		 const struct fields_limits *limits, enum fields_mode mode, void *out,
		 struct error *err)
{
	auto_done(json) json_t *j = NULL;

	if ((!limits || n <= limits->max_bytes) &&
	    fields_scan(table, text, n, limits ? limits->max_depth : UINT_MAX, mode, out))
		return 0;
	j = json_parse(text, n, limits, err);
	if (!j)
		return -1;
	return fields_load(table, j, out, mode, err);
}
