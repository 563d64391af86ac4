/*
 * pattern.c - the shell patterns of ${v#p} ${v%p} ${v/p/r}: * any text, ? one character.
 *
 * A pattern is cut at its stars into segments. They match if they occur one behind the other, so
 * the leftmost occurrence of each is always a right choice, and nothing backtracks.
 * Spec   Dockerfile reference, "Environment replacement"; brackets are not special there.
 */
#include "expand.h"
#include "util/vec.h"

#define ANY UINT32_MAX

/* Characters, not bytes, so that ? takes a whole one. A byte that is no UTF-8 is one itself. */
struct chars {
	VEC(uint32_t) c;
};
struct segment {
	size_t start, n; /* in the pattern's characters */
};
struct pattern {
	struct chars text;
	VEC(struct segment) segments; /* at least one */
};

static uint32_t next_char(const char **p)
{
	const unsigned char *s = (const unsigned char *)*p;
	int more = *s >= 0xf0 ? 3 : *s >= 0xe0 ? 2 : *s >= 0xc0 ? 1 : 0;
	uint32_t c = *s;

	for (int i = 1; i <= more; i++) {
		if ((s[i] & 0xc0) != 0x80) {
			more = 0;
			c = *s;
			break;
		}
		c = c << 8 | s[i];
	}
	*p += more + 1;
	return c;
}

static void char_format(uint32_t c, struct str *out)
{
	for (int shift = 24; shift >= 0; shift -= 8)
		if (c >> shift || shift == 0)
			str_addc(out, (char)(c >> shift));
}

static void chars_parse(const char *s, struct chars *out)
{
	while (*s)
		vec_push(&out->c, next_char(&s));
}

static void chars_reverse(uint32_t *c, size_t n)
{
	for (size_t i = 0; i < n / 2; i++) {
		uint32_t swap = c[i];

		c[i] = c[n - 1 - i];
		c[n - 1 - i] = swap;
	}
}

static void pattern_done(struct pattern *p)
{
	vec_done(&p->text.c);
	vec_done(&p->segments);
}

static int pattern_parse(const char *s, struct pattern *p, struct error *err)
{
	struct segment seg = { 0 };

	while (*s) {
		uint32_t c = next_char(&s);

		if (c == '*') {
			seg.n = p->text.c.n - seg.start;
			vec_push(&p->segments, seg);
			seg.start = p->text.c.n;
			continue;
		}
		if (c == '\\') {
			if (!*s || !strchr("*?\\}/", *s))
				return error_set(err, ERR_INVALID, "bad escape in a pattern");
			c = (uint32_t)*s++;
		} else if (c == '?') {
			c = ANY;
		}
		vec_push(&p->text.c, c);
	}
	seg.n = p->text.c.n - seg.start;
	vec_push(&p->segments, seg);
	return 0;
}

static void pattern_reverse(struct pattern *p)
{
	size_t n = p->segments.n, all = p->text.c.n;

	chars_reverse(p->text.c.v, all);
	vec_each (&p->segments, s)
		s->start = all - s->start - s->n;
	for (size_t i = 0; i < n / 2; i++) {
		struct segment swap = p->segments.v[i];

		p->segments.v[i] = p->segments.v[n - 1 - i];
		p->segments.v[n - 1 - i] = swap;
	}
}

/* One value being searched. */
struct search {
	const struct pattern *p;
	const uint32_t *v;
	size_t n;
	long *work;
};

static bool at(const struct search *s, const struct segment *seg, size_t pos)
{
	const uint32_t *want;

	if (pos > s->n || s->n - pos < seg->n)
		return false;
	if (!seg->n)
		return true;
	want = s->p->text.c.v + seg->start;
	for (size_t i = 0; i < seg->n; i++) {
		if (--*s->work < 0)
			return false;
		if (want[i] != ANY && want[i] != s->v[pos + i])
			return false;
	}
	return true;
}

static bool find_first(const struct search *s, const struct segment *seg, size_t *pos)
{
	for (size_t i = *pos; i + seg->n <= s->n && *s->work >= 0; i++)
		if (at(s, seg, i)) {
			*pos = i;
			return true;
		}
	return false;
}

static bool find_last(const struct search *s, const struct segment *seg, size_t *pos)
{
	if (s->n < seg->n)
		return false;
	for (size_t i = s->n - seg->n + 1; i-- > *pos && *s->work >= 0;)
		if (at(s, seg, i)) {
			*pos = i;
			return true;
		}
	return false;
}

/* The segments behind the first, which ends at *end; *end becomes the end of the match. */
static bool match_rest(const struct search *s, bool longest, size_t *end)
{
	size_t n = s->p->segments.n;

	for (size_t i = 1; i < n; i++) {
		const struct segment *seg = &s->p->segments.v[i];

		if (!(longest && i == n - 1 ? find_last : find_first)(s, seg, end))
			return false;
		*end += seg->n;
	}
	return true;
}

static bool match_prefix(const struct search *s, bool longest, size_t *end)
{
	if (!at(s, &s->p->segments.v[0], 0))
		return false;
	*end = s->p->segments.v[0].n;
	return match_rest(s, longest, end);
}

/* The leftmost match from *start on. */
static bool match_within(const struct search *s, size_t *start, size_t *end)
{
	if (!find_first(s, &s->p->segments.v[0], start))
		return false;
	*end = *start + s->p->segments.v[0].n;
	return match_rest(s, true, end);
}

static void replace_all(const struct search *s, const char *with, bool all, struct str *out)
{
	size_t pos = 0, start = 0, end;
	bool again = true;

	while (again && match_within(s, &start, &end)) {
		while (pos < start)
			char_format(s->v[pos++], out);
		if (out->len < (size_t)EXPAND_MAX * 2)
			str_add(out, with);
		pos = end;
		again = all && end < s->n;
		if (again && end == start) /* an empty match: one character further */
			char_format(s->v[pos++], out);
		start = pos;
	}
	while (pos < s->n)
		char_format(s->v[pos++], out);
}

int pattern_apply(enum pattern_op op, bool longest, const char *pattern, const char *value,
		  const char *replacement, long *work, struct str *out, struct error *err)
{
	struct pattern p = { 0 };
	struct chars v = { 0 };
	struct search s = { &p, NULL, 0, work };
	size_t end = 0;
	int r = pattern_parse(pattern, &p, err);

	*work -= (long)(strlen(pattern) + strlen(value));
	if (r == 0) {
		chars_parse(value, &v);
		if (op == PATTERN_SUFFIX) {
			pattern_reverse(&p);
			chars_reverse(v.c.v, v.c.n);
		}
		s.v = v.c.v;
		s.n = v.c.n;
		if (op == PATTERN_REPLACE || op == PATTERN_REPLACE_ALL) {
			replace_all(&s, replacement, op == PATTERN_REPLACE_ALL, out);
		} else {
			if (!match_prefix(&s, longest, &end))
				end = 0;
			if (op == PATTERN_SUFFIX)
				chars_reverse(v.c.v, v.c.n);
			for (size_t i = end; i < v.c.n; i++)
				char_format(v.c.v[op == PATTERN_SUFFIX ? i - end : i], out);
		}
		if (*work < 0)
			r = error_set(err, ERR_LIMIT, "too much work in one word");
	}
	pattern_done(&p);
	vec_done(&v.c);
	return r;
}
