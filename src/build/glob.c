/*
 * glob.c - path patterns as a row of tokens, matched by the set of tokens we may stand at.
 *
 * Spec   Go's path/filepath Match; moby's patternmatcher for "**".
 */
#include "glob.h"
#include "util/str.h"

#include <stdint.h>

enum glob_type {
	GLOB_CHAR,
	GLOB_ONE,  /* ?: one character but '/' */
	GLOB_STAR, /* *: any number of them */
	GLOB_CLASS,
	GLOB_DIRS, /* the start of (.*\/)?: may be left out together with the next token */
	GLOB_IN,   /* the .*\/ of it: any character, and a '/' ends it */
	GLOB_ALL,  /* .* */
};
struct range {
	uint32_t low, high;
};
struct glob_token {
	enum glob_type type;
	uint32_t c;
	bool negate;
	VEC(struct range) ranges;
};

/* A byte that is no UTF-8 is a character of its own, beyond Unicode. */
static uint32_t next_char(const char **p)
{
	const unsigned char *s = (const unsigned char *)*p;
	int more = *s >= 0xf0 && *s < 0xf8   ? 3
		   : *s >= 0xe0 && *s < 0xf0 ? 2
					     : *s >= 0xc2 && *s < 0xe0;
	uint32_t c = more == 3 ? *s & 7 : more == 2 ? *s & 15 : more ? *s & 31 : *s;

	if (!more) {
		(*p)++;
		return *s < 0x80 ? *s : 0x110000u + *s;
	}
	for (int i = 1; i <= more; i++) {
		if ((s[i] & 0xc0) != 0x80) {
			(*p)++;
			return 0x110000u + *s;
		}
		c = c << 6 | (s[i] & 0x3f);
	}
	*p += more + 1;
	return c;
}

static struct glob_token *add(struct glob *g, enum glob_type type, uint32_t c)
{
	struct glob_token *t = vec_grow((void **)&g->tokens, &g->n, &g->cap, sizeof(*t));

	t->type = type;
	t->c = c;
	return t;
}

/* One end of a range; false when there is none. */
static bool class_char(const char **p, uint32_t *c)
{
	if (!**p || **p == '-' || **p == ']')
		return false;
	if (**p == '\\' && !*++*p)
		return false;
	*c = next_char(p);
	return true;
}

/* Behind '['; false for a bad one. */
static bool parse_class(const char **p, struct glob *g)
{
	struct glob_token *t = add(g, GLOB_CLASS, 0);

	if (**p == '^') {
		t->negate = true;
		(*p)++;
	}
	while (**p != ']' || !t->ranges.n) {
		struct range r;

		if (!class_char(p, &r.low))
			return false;
		r.high = r.low;
		if (**p == '-') {
			(*p)++;
			if (!class_char(p, &r.high))
				return false;
		}
		vec_push(&t->ranges, r);
	}
	(*p)++;
	return true;
}

static void parse_double_star(const char **p, const char *start, struct glob *g)
{
	bool plain = *p == start + 1; /* "**name" at the start is a bare suffix */

	(*p)++;
	if (**p == '/') {
		plain = false;
		(*p)++;
	}
	if (!**p) {
		add(g, GLOB_ALL, 0);
		return;
	}
	if (plain && !strpbrk(*p, "*?[]\\")) {
		add(g, GLOB_ALL, 0);
		return;
	}
	add(g, GLOB_DIRS, 0);
	add(g, GLOB_IN, 0);
}

static bool parse_token(const char **p, const char *start, enum glob_kind kind, struct glob *g)
{
	char c = **p;

	if (c == '*') {
		(*p)++;
		if (kind == GLOB_IGNORE && **p == '*')
			parse_double_star(p, start, g);
		else if (!g->n || g->tokens[g->n - 1].type != GLOB_STAR)
			add(g, GLOB_STAR, 0);
		return true;
	}
	if (c == '?' || c == '[') {
		(*p)++;
		if (c == '[')
			return parse_class(p, g);
		add(g, GLOB_ONE, 0);
		return true;
	}
	if (c == '\\' && !*++*p)
		return false;
	add(g, GLOB_CHAR, next_char(p));
	return true;
}

int glob_parse(const char *pattern, enum glob_kind kind, struct glob *g, struct error *err)
{
	const char *p = pattern;

	*g = (struct glob){ 0 };
	if (strlen(pattern) > GLOB_MAX)
		return error_set(err, ERR_LIMIT, "a pattern of more than %d bytes", GLOB_MAX);
	while (*p)
		if (!parse_token(&p, pattern, kind, g)) {
			glob_done(g);
			return error_set(err, ERR_INVALID, "bad pattern '%s'", pattern);
		}
	while (g->n_fixed < g->n && g->tokens[g->n_fixed].type == GLOB_CHAR)
		g->n_fixed++;
	return 0;
}

void glob_done(struct glob *g)
{
	for (size_t i = 0; i < g->n; i++)
		vec_done(&g->tokens[i].ranges);
	free(g->tokens);
	*g = (struct glob){ 0 };
}

/* The tokens we may stand at, each once. */
struct states {
	unsigned *at, *mark;
	size_t n;
	unsigned step;
};

static void enter(const struct glob *g, struct states *s, size_t i)
{
	if (s->mark[i] == s->step)
		return;
	s->mark[i] = s->step;
	s->at[s->n++] = (unsigned)i;
	if (i >= g->n)
		return;
	if (g->tokens[i].type == GLOB_STAR || g->tokens[i].type == GLOB_ALL)
		enter(g, s, i + 1);
	if (g->tokens[i].type == GLOB_DIRS) {
		enter(g, s, i + 1);
		enter(g, s, i + 2);
	}
}

static bool in_class(const struct glob_token *t, uint32_t c)
{
	vec_each (&t->ranges, r)
		if (c >= r->low && c <= r->high)
			return !t->negate;
	return t->negate;
}

static void advance(const struct glob *g, size_t i, uint32_t c, struct states *to)
{
	const struct glob_token *t = &g->tokens[i];

	switch (t->type) {
	case GLOB_CHAR:
		if (t->c == c)
			enter(g, to, i + 1);
		break;
	case GLOB_ONE:
		if (c != '/')
			enter(g, to, i + 1);
		break;
	case GLOB_STAR:
		if (c != '/')
			enter(g, to, i);
		break;
	case GLOB_CLASS:
		if (in_class(t, c))
			enter(g, to, i + 1);
		break;
	case GLOB_IN:
		enter(g, to, i);
		if (c == '/')
			enter(g, to, i + 1);
		break;
	case GLOB_ALL:
		enter(g, to, i);
		break;
	case GLOB_DIRS:
		break;
	}
}

static bool has_state(const struct states *s, size_t i)
{
	return s->mark[i] == s->step;
}

/* Runs over path, and over one '/' more when below; true when the end (below: anything) is left. */
static bool run(const struct glob *g, const char *path, bool below)
{
	size_t n = g->n + 1;
	unsigned small[4 * 64], *mem = n <= 64 ? small : xcalloc(4 * n, sizeof(*mem));
	struct states a = { mem, mem + n, 0, 1 }, b = { mem + 2 * n, mem + 3 * n, 0, 1 };
	struct states *now = &a, *next = &b;
	bool end = false, result;

	memset(mem, 0, 4 * n * sizeof(*mem));
	enter(g, now, 0);
	while (now->n && !end) {
		struct states *swap = now;
		uint32_t c = '/';

		if (*path)
			c = next_char(&path);
		else if (below)
			below = false, end = true;
		else
			break;
		next->n = 0;
		next->step++;
		for (size_t i = 0; i < now->n; i++)
			if (now->at[i] < g->n)
				advance(g, now->at[i], c, next);
		now = next;
		next = swap;
	}
	/* below a directory: some token must still be there to take the rest */
	result = end ? now->n > (size_t)has_state(now, g->n)
		     : now->n && !*path && has_state(now, g->n);
	if (mem != small)
		free(mem);
	return result;
}

bool glob_match(const struct glob *g, const char *path)
{
	const char *p = path;

	for (size_t i = 0; i < g->n_fixed; i++)
		if (!*p || next_char(&p) != g->tokens[i].c)
			return false;
	if (g->n_fixed == g->n)
		return !*p;
	return run(g, path, false);
}

bool glob_may_match_below(const struct glob *g, const char *dir)
{
	return run(g, dir, true);
}

bool glob_is_special(const char *text)
{
	return strpbrk(text, "*?[\\") != NULL;
}

char *glob_plain(const char *text)
{
	struct str s = { 0 };

	for (; *text; text++) {
		if (*text == '\\' && text[1])
			text++;
		str_addc(&s, *text);
	}
	return str_take(&s);
}
