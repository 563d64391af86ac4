/*
 * str.c - growing strings.
 *
 * The escaped forms of foreign text are made here and in error.c, by the list in escape.c.
 */
#include "util/str.h"

#include "util/escape.h"

#include <ctype.h>
#include <stdio.h>

void str_done(struct str *s)
{
	free(s->s);
	*s = (struct str){ 0 };
}

void str_clear(struct str *s)
{
	s->len = 0;
	if (s->s)
		s->s[0] = '\0';
}

void str_reserve(struct str *s, size_t more)
{
	size_t need;

	if (__builtin_add_overflow(s->len, more, &need) || __builtin_add_overflow(need, 1, &need))
		need = SIZE_MAX; /* xrealloc ends the process */
	if (need <= s->cap)
		return;
	s->cap = need < s->cap * 2 ? s->cap * 2 : MAX(need, (size_t)32);
	s->s = xrealloc(s->s, s->cap, 1);
	s->s[s->len] = '\0';
}

void str_add(struct str *s, const char *text)
{
	str_addn(s, text, strlen(text));
}

void str_addn(struct str *s, const char *bytes, size_t n)
{
	str_reserve(s, n);
	if (n)
		memcpy(s->s + s->len, bytes, n);
	s->len += n;
	s->s[s->len] = '\0';
}

void str_addc(struct str *s, char c)
{
	str_addn(s, &c, 1);
}

void str_addf(struct str *s, const char *fmt, ...)
{
	va_list ap;
	int n;

	str_reserve(s, 64);
	va_start(ap, fmt);
	n = vsnprintf(s->s + s->len, s->cap - s->len, fmt, ap);
	va_end(ap);
	if (n < 0)
		n = 0;
	if ((size_t)n >= s->cap - s->len) {
		str_reserve(s, (size_t)n);
		va_start(ap, fmt);
		vsnprintf(s->s + s->len, s->cap - s->len, fmt, ap);
		va_end(ap);
	}
	s->len += (size_t)n;
	s->s[s->len] = '\0';
}

char *str_take(struct str *s)
{
	char *text = s->s ? s->s : xstrdup("");

	*s = (struct str){ 0 };
	return text;
}

const char *str_get(const struct str *s)
{
	return s->s ? s->s : "";
}

void str_add_escaped(struct str *s, const char *bytes, size_t n, bool keep_tabs)
{
	uint32_t code;
	size_t used;

	str_reserve(s, n);
	for (size_t i = 0; i < n; i += used) {
		used = utf8_next(bytes + i, n - i, &code);
		if (!escape_needed(code) || (code == '\t' && keep_tabs)) {
			str_addn(s, bytes + i, used);
			continue;
		}
		for (size_t k = 0; k < used; k++)
			str_addf(s, "\\x%02x", (unsigned char)bytes[i + k]);
	}
}

static void json_add_code(struct str *s, uint32_t code)
{
	static const char names[] = "btnvfr"; /* from 8 on; \v is not JSON */

	if (code >= 8 && code <= 13 && code != 11)
		str_addf(s, "\\%c", names[code - 8]);
	else
		str_addf(s, "\\u%04x", code == UINT32_MAX ? 0xfffdU : code);
}

void str_add_json(struct str *s, const char *text)
{
	size_t n = strlen(text), used;
	uint32_t code;

	str_reserve(s, n + 2);
	str_addc(s, '"');
	for (size_t i = 0; i < n; i += used) {
		used = utf8_next(text + i, n - i, &code);
		if (escape_needed(code)) {
			json_add_code(s, code);
			continue;
		}
		if (code == '"' || code == '\\')
			str_addc(s, '\\');
		str_addn(s, text + i, used);
	}
	str_addc(s, '"');
}

bool str_eq(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

bool str_starts(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

bool str_ends(const char *s, const char *suffix)
{
	size_t n = strlen(s), m = strlen(suffix);

	return n >= m && memcmp(s + n - m, suffix, m) == 0;
}

bool str_empty(const char *s)
{
	return !s || !*s;
}

bool str_is_one_of(const char *s, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (str_eq(s, words[i]))
			return true;
	return false;
}

#define NEAREST_MAX 64 /* longer names are not typing mistakes of each other */

/* The number of insertions, deletions, replacements and swaps of neighbours that make a into b. */
static unsigned edit_distance(const char *a, size_t na, const char *b, size_t nb)
{
	unsigned rows[3][NEAREST_MAX + 1]; /* the one being filled and the two above it, in turn */

	for (size_t j = 0; j <= nb; j++)
		rows[0][j] = (unsigned)j;
	for (size_t i = 1; i <= na; i++) {
		unsigned *row = rows[i % 3], *above = rows[(i + 2) % 3], *before = rows[(i + 1) % 3];
		int here = tolower((unsigned char)a[i - 1]);

		row[0] = (unsigned)i;
		for (size_t j = 1; j <= nb; j++) {
			int there = tolower((unsigned char)b[j - 1]);

			row[j] = MIN(above[j - 1] + (here != there), MIN(above[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && here == tolower((unsigned char)b[j - 2]) &&
			    there == tolower((unsigned char)a[i - 2]))
				row[j] = MIN(row[j], before[j - 2] + 1);
		}
	}
	return rows[na % 3][nb];
}

const char *str_nearest(const char *s, const char *const *names, size_t n)
{
	size_t len = strlen(s), other;
	unsigned best, distance;
	const char *nearest = NULL;

	if (len == 0 || len > NEAREST_MAX)
		return NULL;
	best = (unsigned)MIN(len / 3 ? len / 3 : 1, (size_t)2) + 1;
	for (size_t i = 0; i < n; i++) {
		other = strlen(names[i]);
		if (other > NEAREST_MAX)
			continue;
		distance = edit_distance(s, len, names[i], other);
		if (distance < best && distance < len) {
			best = distance;
			nearest = names[i];
		}
	}
	return nearest;
}

bool str_u64(const char *s, uint64_t *value)
{
	uint64_t v = 0;

	if (!s || !*s)
		return false;
	for (; *s; s++) {
		if (*s < '0' || *s > '9' || __builtin_mul_overflow(v, 10, &v) ||
		    __builtin_add_overflow(v, (uint64_t)(*s - '0'), &v))
			return false;
	}
	*value = v;
	return true;
}

bool str_i64(const char *s, int64_t *value)
{
	bool negative = s && *s == '-';
	uint64_t v;

	if (!str_u64(s && negative ? s + 1 : s, &v))
		return false;
	if (v > (uint64_t)INT64_MAX + negative)
		return false;
	*value = negative ? (int64_t)(0 - v) : (int64_t)v;
	return true;
}
