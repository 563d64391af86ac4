/*
 * opt_words.c - the way back: from values to the words of a command line that gives them.
 */
#include "util/opt.h"

static bool is_text(const struct opt_type *t)
{
	return t == &opt_string || t == &opt_enum;
}

static bool is_number(const struct opt_type *t)
{
	return t == &opt_int || t == &opt_secs || t == &opt_bytes;
}

bool opt_words(const struct opt *o, const void *args, struct strv *words)
{
	const char *field = (const char *)args + o->offset;

	if (is_text(o->type)) {
		const char *text = *(char *const *)field;

		if (text)
			strv_addf(words, "--%s=%s", o->name, text);
	} else if (is_number(o->type)) {
		int64_t value = *(const int64_t *)field;

		if (value != UNSET)
			strv_addf(words, "--%s=%lld", o->name, (long long)value);
	} else if (o->type == &opt_duration) {
		int64_t value = *(const int64_t *)field;

		if (value != UNSET)
			strv_addf(words, "--%s=%lldns", o->name, (long long)value);
	} else if (o->type == &opt_flag) {
		if (*(const bool *)field)
			strv_addf(words, "--%s", o->name);
	} else if (o->type == &opt_tri) {
		int value = *(const int *)field;

		if (value >= 0)
			strv_addf(words, "--%s%s", o->name, value ? "" : "=false");
	} else if (o->type == &opt_list || o->type == &opt_env) {
		const struct strv *list = (const struct strv *)(const void *)field;

		strv_each (list, i)
			strv_addf(words, "--%s=%s", o->name, list->v[i]);
	} else if (o->type == &opt_map) {
		const struct strmap *map = (const struct strmap *)(const void *)field;

		for (size_t i = 0; i < map->n; i++)
			strv_addf(words, "--%s=%s=%s", o->name, map->v[i].key, map->v[i].value);
	} else {
		return false;
	}
	return true;
}
