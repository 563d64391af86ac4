/*
 * yaml_print.c - JSON values as YAML in block style, for people to read and edit.
 *
 * Strings are always quoted, so that no "no", "1e3" or "on" becomes something else.
 *
 * Spec   YAML 1.2.2, chapter 8; a JSON string is a double-quoted scalar.
 */
#include "generate.h"

#define INDENT 2

static void print_value(json_t *v, int depth, struct str *out);

static void indent(int depth, struct str *out)
{
	for (int i = 0; i < depth * INDENT; i++)
		str_addc(out, ' ');
}

static bool is_empty(json_t *v)
{
	return (json_is_object(v) && json_object_size(v) == 0) ||
	       (json_is_array(v) && json_array_size(v) == 0);
}

static void print_scalar(json_t *v, struct str *out)
{
	if (json_is_string(v))
		str_add_json(out, json_string_value(v));
	else if (json_is_integer(v))
		str_addf(out, "%lld", (long long)json_integer_value(v));
	else if (json_is_boolean(v))
		str_add(out, json_is_true(v) ? "true" : "false");
	else if (json_is_object(v))
		str_add(out, "{}");
	else if (json_is_array(v))
		str_add(out, "[]");
	else
		str_add(out, "null");
}

/* hang: the first key stands behind the dash of an item */
static void print_object(json_t *v, int depth, bool hang, struct str *out)
{
	const char *key;
	json_t *child;

	json_object_foreach (v, key, child) {
		if (!hang)
			indent(depth, out);
		hang = false;
		/* our keys are names of the API, or labels, which may hold anything */
		if (key[strspn(key, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")])
			str_add_json(out, key);
		else
			str_add(out, key);
		str_addc(out, ':');
		print_value(child, depth + 1, out);
	}
}

static void print_array(json_t *v, int depth, struct str *out)
{
	size_t i;
	json_t *child;

	json_array_foreach (v, i, child) {
		indent(depth, out);
		str_addc(out, '-');
		if (json_is_object(child) && !is_empty(child)) {
			str_addc(out, ' ');
			print_object(child, depth + 1, true, out);
		} else {
			print_value(child, depth + 1, out);
		}
	}
}

/* What stands behind "key:" or "-", with the end of the line. */
static void print_value(json_t *v, int depth, struct str *out)
{
	if (is_empty(v) || !(json_is_object(v) || json_is_array(v))) {
		str_addc(out, ' ');
		print_scalar(v, out);
		str_addc(out, '\n');
		return;
	}
	str_addc(out, '\n');
	if (json_is_object(v))
		print_object(v, depth, false, out);
	else
		print_array(v, depth, out);
}

void yaml_print(json_t *documents, struct str *out)
{
	size_t i;
	json_t *v;

	json_array_foreach (documents, i, v) {
		str_add(out, "---\n");
		print_object(v, 0, false, out);
	}
}
