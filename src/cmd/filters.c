/*
 * filters.c - --filter KEY=VALUE.
 *
 * Owns   the logic between conditions; what a key means is the command's business.
 */
#include "filters.h"

#include "util/text.h"

void filters_done(struct filters *f)
{
	vec_each (&f->v, x) {
		free(x->key);
		free(x->value);
	}
	vec_done(&f->v);
}

static int check_key(const char *key, const char *const known[], struct error *err)
{
	const char *nearest;
	size_t n = 0;

	for (; known[n]; n++)
		if (str_eq(known[n], key))
			return 0;
	nearest = str_nearest(key, known, n);
	if (nearest)
		return error_set(err, ERR_USAGE, "--filter: '%s' is not known, did you mean '%s'?",
				 key, nearest);
	return error_set(err, ERR_USAGE, "--filter: '%s' is not known", key);
}

int filters_parse(const struct strv *texts, const char *const known[], struct filters *f,
		  struct error *err)
{
	strv_each (texts, i) {
		const char *text = texts->v[i], *eq = strchr(text, '=');
		size_t n = eq ? (size_t)(eq - text) : strlen(text);
		bool unequal = eq && n > 0 && text[n - 1] == '!';
		auto_free char *key = xstrndup(text, n - unequal);

		if (!eq && !str_eq(text, "dangling"))
			return error_set(err, ERR_USAGE, "--filter '%s': must be KEY=VALUE", text);
		if (check_key(key, known, err) < 0)
			return -1;
		if (unequal && !str_eq(key, "label"))
			return error_set(err, ERR_USAGE, "--filter '%s': only label knows !=", text);
		vec_push(&f->v,
			 ((struct filter){ take_ptr(&key), xstrdup(eq ? eq + 1 : "true"), unequal }));
	}
	return 0;
}

const char *filters_first(const struct filters *f, const char *key)
{
	vec_each (&f->v, x)
		if (str_eq(x->key, key))
			return x->value;
	return NULL;
}

bool filters_have(const struct filters *f, const char *key)
{
	return filters_first(f, key) != NULL;
}

bool filters_match(const struct filters *f, const char *key,
		   bool (*met)(const char *value, const void *arg), const void *arg)
{
	bool asked = false;

	vec_each (&f->v, x) {
		if (!str_eq(x->key, key))
			continue;
		if (met(x->value, arg))
			return true;
		asked = true;
	}
	return !asked;
}

/* "key" or "key=value" */
static bool has_label(const struct strmap *labels, const char *text)
{
	const char *eq = strchr(text, '=');
	auto_free char *key = xstrndup(text, eq ? (size_t)(eq - text) : strlen(text));
	const char *have = strmap_get(labels, key);

	return have && (!eq || str_eq(have, eq + 1));
}

bool filters_match_labels(const struct filters *f, const struct strmap *labels)
{
	vec_each (&f->v, x)
		if (str_eq(x->key, "label") && has_label(labels, x->value) == x->unequal)
			return false;
	return true;
}

int filters_match_until(const struct filters *f, int64_t at_ns, bool *matches, struct error *err)
{
	*matches = true;
	vec_each (&f->v, x) {
		int64_t until;

		if (!str_eq(x->key, "until"))
			continue;
		if (!text_parse_time(x->value, time_now_ns(), &until))
			return error_set(err, ERR_USAGE,
					 "--filter until=%s: must be a time or a duration", x->value);
		*matches = *matches && at_ns < until;
	}
	return 0;
}
