/*
 * strv.c - lists of strings and maps from string to string.
 */
#include "util/str.h"

#include <stdio.h>

void strv_done(struct strv *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->v[i]);
	free(l->v);
	*l = (struct strv){ 0 };
}

void strv_take(struct strv *l, char *s)
{
	if (l->n + 2 > l->cap) {
		l->cap = l->cap ? l->cap * 2 : 8;
		l->v = xrealloc(l->v, l->cap, sizeof(*l->v));
	}
	l->v[l->n++] = s;
	l->v[l->n] = NULL;
}

void strv_add(struct strv *l, const char *s)
{
	strv_take(l, xstrdup(s));
}

void strv_addf(struct strv *l, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	strv_take(l, xvasprintf(fmt, ap));
	va_end(ap);
}

void strv_copy(struct strv *to, const struct strv *from)
{
	size_t n = from->n; /* to may be from */

	for (size_t i = 0; i < n; i++)
		strv_add(to, from->v[i]);
}

void strv_remove(struct strv *l, size_t i)
{
	free(l->v[i]);
	memmove(&l->v[i], &l->v[i + 1], (l->n - i) * sizeof(*l->v)); /* with the NULL */
	l->n--;
}

bool strv_has(const struct strv *l, const char *s)
{
	for (size_t i = 0; i < l->n; i++)
		if (strcmp(l->v[i], s) == 0)
			return true;
	return false;
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

void strv_sort(struct strv *l)
{
	if (l->n > 1)
		qsort(l->v, l->n, sizeof(*l->v), compare);
}

void strv_split(struct strv *l, const char *s, char sep)
{
	const char *end;

	while ((end = strchr(s, sep))) {
		strv_take(l, xstrndup(s, (size_t)(end - s)));
		s = end + 1;
	}
	strv_add(l, s);
}

char *strv_join(const struct strv *l, const char *sep)
{
	struct str out = { 0 };

	for (size_t i = 0; i < l->n; i++) {
		if (i)
			str_add(&out, sep);
		str_add(&out, l->v[i]);
	}
	return str_take(&out);
}

/* The index of "KEY=..." (or of a bare "KEY"), or l->n. */
static size_t env_index(const struct strv *l, const char *key)
{
	size_t len = strlen(key);

	for (size_t i = 0; i < l->n; i++)
		if (strncmp(l->v[i], key, len) == 0 && (l->v[i][len] == '=' || !l->v[i][len]))
			return i;
	return l->n;
}

const char *strv_env_get(const struct strv *l, const char *key)
{
	size_t i = env_index(l, key), len = strlen(key);

	return i < l->n && l->v[i][len] == '=' ? l->v[i] + len + 1 : NULL;
}

void strv_env_set(struct strv *l, const char *key, const char *value)
{
	size_t i = env_index(l, key);
	char *entry = xasprintf("%s=%s", key, value);

	if (i == l->n) {
		strv_take(l, entry);
		return;
	}
	free(l->v[i]);
	l->v[i] = entry;
}

void strv_env_unset(struct strv *l, const char *key)
{
	size_t i;

	while ((i = env_index(l, key)) < l->n)
		strv_remove(l, i);
}

void strmap_done(struct strmap *m)
{
	for (size_t i = 0; i < m->n; i++) {
		free(m->v[i].key);
		free(m->v[i].value);
	}
	free(m->v);
	*m = (struct strmap){ 0 };
}

/* The index of the first key that is not less than key. */
static size_t strmap_at(const struct strmap *m, const char *key, bool *found)
{
	size_t low = 0, high = m->n;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (strcmp(m->v[middle].key, key) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	*found = low < m->n && strcmp(m->v[low].key, key) == 0;
	return low;
}

void strmap_set(struct strmap *m, const char *key, const char *value)
{
	bool found;
	size_t i = strmap_at(m, key, &found);
	char *copy = xstrdup(value);

	if (found) {
		free(m->v[i].value);
		m->v[i].value = copy;
		return;
	}
	if (m->n == m->cap) {
		m->cap = m->cap ? m->cap * 2 : 8;
		m->v = xrealloc(m->v, m->cap, sizeof(*m->v));
	}
	memmove(&m->v[i + 1], &m->v[i], (m->n - i) * sizeof(*m->v));
	m->v[i] = (struct strpair){ xstrdup(key), copy };
	m->n++;
}

bool strmap_unset(struct strmap *m, const char *key)
{
	bool found;
	size_t i = strmap_at(m, key, &found);

	if (!found)
		return false;
	free(m->v[i].key);
	free(m->v[i].value);
	memmove(&m->v[i], &m->v[i + 1], (m->n - i - 1) * sizeof(*m->v));
	m->n--;
	return true;
}

const char *strmap_get(const struct strmap *m, const char *key)
{
	bool found;
	size_t i = strmap_at(m, key, &found);

	return found ? m->v[i].value : NULL;
}

void strmap_copy(struct strmap *to, const struct strmap *from)
{
	for (size_t i = 0; i < from->n; i++)
		strmap_set(to, from->v[i].key, from->v[i].value);
}
