/*
 * json_cut.c - finding one value in a JSON text without parsing the text.
 *
 * The system call profile is most of a config.json and is compared as text; cutting it out first
 * saves the parser two thirds of its work.
 *
 * Never  decides whether something is JSON: whoever uses a value parses it.
 */
#include "json_cut.h"

#include <string.h>

struct cursor {
	const char *s;
	size_t at, n;
};

static char peek(const struct cursor *c)
{
	return c->at < c->n ? c->s[c->at] : '\0';
}

static void skip_blanks(struct cursor *c)
{
	while (c->at < c->n && memchr(" \t\r\n", c->s[c->at], 4))
		c->at++;
}

static bool skip_char(struct cursor *c, char want)
{
	skip_blanks(c);
	if (peek(c) != want)
		return false;
	c->at++;
	return true;
}

static bool skip_string(struct cursor *c)
{
	if (!skip_char(c, '"'))
		return false;
	for (; c->at < c->n; c->at++) {
		if (c->s[c->at] == '"') {
			c->at++;
			return true;
		}
		if (c->s[c->at] == '\\')
			c->at++;
	}
	return false;
}

static bool skip_value(struct cursor *c)
{
	unsigned depth = 0;
	size_t from;

	skip_blanks(c);
	from = c->at;
	while (c->at < c->n) {
		char here = c->s[c->at];

		if (here == '"') {
			if (!skip_string(c))
				return false;
			if (!depth)
				return true;
			continue;
		}
		if (here == '{' || here == '[') {
			depth++;
		} else if (here == '}' || here == ']') {
			if (!depth)
				return c->at > from; /* the end of a number in its object */
			if (!--depth) {
				c->at++;
				return true;
			}
		} else if (!depth && memchr(", \t\r\n", here, 5)) {
			return c->at > from;
		}
		c->at++;
	}
	return false;
}

/* Moves behind the colon of the member; inside of an object, behind its '{'. */
static bool find_member(struct cursor *c, const char *name)
{
	size_t length = strlen(name);

	do {
		size_t from, to;

		skip_blanks(c);
		from = c->at + 1;
		if (!skip_string(c))
			return false;
		to = c->at - 1;
		if (!skip_char(c, ':'))
			return false;
		if (to - from == length && memcmp(c->s + from, name, length) == 0)
			return true;
		if (!skip_value(c))
			return false;
	} while (skip_char(c, ','));
	return false;
}

bool json_cut_find(const char *text, size_t n, const char *const *path, size_t *from, size_t *to)
{
	struct cursor c = { text, 0, n };

	for (; *path; path++)
		if (!skip_char(&c, '{') || !find_member(&c, *path))
			return false;
	skip_blanks(&c);
	*from = c.at;
	if (!skip_value(&c))
		return false;
	*to = c.at;
	return true;
}
