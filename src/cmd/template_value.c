/*
 * template_value.c - values while a template runs: made, copied, asked for truth and type, as Go has them.
 */
#include "template_node.h"

void value_done(struct value *v)
{
	json_decref(v->json);
	v->json = NULL;
}

struct value value_of(json_t *taken)
{
	return (struct value){ .json = taken, .name = "" };
}

struct value value_string(const char *s, size_t n)
{
	return value_of(json_stringn_nocheck(s, n));
}

struct value value_copy(const struct value *v)
{
	struct value copy = *v;

	json_incref(copy.json);
	return copy;
}

bool value_true(const struct value *v)
{
	switch (v->json ? json_typeof(v->json) : JSON_NULL) {
	case JSON_OBJECT:
		return v->shape != SHAPE_MAP || json_object_size(v->json) > 0;
	case JSON_ARRAY:
		return json_array_size(v->json) > 0;
	case JSON_STRING:
		return json_string_length(v->json) > 0;
	case JSON_INTEGER:
		return json_integer_value(v->json) != 0;
	case JSON_REAL:
		return json_real_value(v->json) < 0 || json_real_value(v->json) > 0;
	case JSON_TRUE:
		return true;
	default:
		return false;
	}
}

const char *value_type(const struct value *v)
{
	switch (v->json ? json_typeof(v->json) : JSON_NULL) {
	case JSON_OBJECT:
		return v->shape == SHAPE_MAP ? "map" : "struct";
	case JSON_ARRAY:
		return "list";
	case JSON_STRING:
		return "string";
	case JSON_INTEGER:
		return "int";
	case JSON_REAL:
		return "float64";
	case JSON_TRUE:
	case JSON_FALSE:
		return "bool";
	default:
		return "nil";
	}
}
