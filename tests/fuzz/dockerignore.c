/*
 * dockerignore.c - fuzz: path patterns agree with a matcher that tries everything and remembers,
 * and a file of rules decides as its rules do one by one.
 */
#include "build/dockerignore.h"
#include "fuzz.h"

#include "util/path.h"

#define TEXT_MAX 64

/* The slow one: its own reading of the pattern, memo[pattern position][path position]. */
struct slow {
	const char *p, *v;
	enum glob_kind kind;
	signed char memo[TEXT_MAX + 1][TEXT_MAX + 1];
};

static bool match(struct slow *s, size_t i, size_t j);

static bool class_matches(const char **p, unsigned char c)
{
	bool negate = **p == '^', hit = false, any = false;

	*p += negate;
	while (**p != ']' || !any) {
		unsigned char low, high;

		any = true;
		if (**p == '\\')
			(*p)++;
		low = high = (unsigned char)*(*p)++;
		if (**p == '-') {
			(*p)++;
			if (**p == '\\')
				(*p)++;
			high = (unsigned char)*(*p)++;
		}
		hit = hit || (c >= low && c <= high);
	}
	(*p)++;
	return hit != negate;
}

static bool stars(struct slow *s, size_t i, size_t j)
{
	const char *p = s->p + i + 2, *v = s->v;

	if (*p == '/')
		p++;
	if (!*p)
		return true;
	if (i == 0 && s->p[2] != '/' && !strpbrk(p, "*?[]\\")) { /* a bare suffix */
		for (size_t k = j;; k++) {
			if (match(s, (size_t)(p - s->p), k))
				return true;
			if (!v[k])
				return false;
		}
	}
	if (match(s, (size_t)(p - s->p), j))
		return true;
	for (size_t k = j; v[k]; k++)
		if (v[k] == '/' && match(s, (size_t)(p - s->p), k + 1))
			return true;
	return false;
}

static bool try(struct slow *s, size_t i, size_t j)
{
	const char *p = s->p + i;
	char c = s->v[j];

	if (!*p)
		return !c;
	if (*p == '*' && p[1] == '*' && s->kind == GLOB_IGNORE)
		return stars(s, i, j);
	if (*p == '*')
		return match(s, i + 1, j) || (c && c != '/' && match(s, i, j + 1));
	if (!c)
		return false;
	if (*p == '?')
		return c != '/' && match(s, i + 1, j + 1);
	if (*p == '[') {
		p++;
		return class_matches(&p, (unsigned char)c) && match(s, (size_t)(p - s->p), j + 1);
	}
	if (*p == '\\')
		p++;
	return *p == c && match(s, (size_t)(p - s->p) + 1, j + 1);
}

static bool match(struct slow *s, size_t i, size_t j)
{
	if (s->memo[i][j] < 0)
		s->memo[i][j] = (signed char)try(s, i, j);
	return s->memo[i][j];
}

static bool ascii(const char *s)
{
	for (; *s; s++)
		if (*s & 0x80)
			return false;
	return true;
}

static void check(const char *pattern, const char *path, enum glob_kind kind)
{
	struct slow s = { pattern, path, kind, { { 0 } } };
	struct error err = { 0 };
	struct glob g;

	if (strlen(pattern) > TEXT_MAX || strlen(path) > TEXT_MAX || !ascii(pattern) || !ascii(path))
		return;
	memset(s.memo, -1, sizeof(s.memo));
	if (glob_parse(pattern, kind, &g, &err) < 0)
		return;
	FUZZ_CHECK(glob_match(&g, path) == match(&s, 0, 0));
	if (glob_match(&g, path))
		for (const char *p = path; (p = strchr(p, '/')); p++) {
			char *dir = xstrndup(path, (size_t)(p - path));

			FUZZ_CHECK(!p[1] || glob_may_match_below(&g, dir));
			free(dir);
		}
	glob_done(&g);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = xstrndup(size ? (const char *)data : "", size), *path = strchr(text, '\n');
	struct error err = { 0 };
	struct ignore ig = { 0 };

	if (size <= 65536 && path && strlen(path + 1) < 4096) {
		*path++ = '\0';
		check(text, path, GLOB_MATCH);
		check(text, path, GLOB_IGNORE);
		if (ignore_parse(path, strlen(path), &ig, &err) == 0) {
			bool out = ignore_path(&ig, text);

			/* adding a rule that matches all settles it, whatever was in front */
			FUZZ_CHECK(ignore_add(&ig, "**", &err) < 0 || ignore_path(&ig, text));
			FUZZ_CHECK(ignore_add(&ig, "!**", &err) < 0 || !ignore_path(&ig, text));
			(void)out;
		}
	}
	ignore_done(&ig);
	free(text);
	return 0;
}
