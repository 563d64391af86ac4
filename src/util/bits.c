/*
 * bits.c - see bits.h.
 *
 * Spec   "List format" of the kernel's cpuset(7).
 */
#include "util/bits.h"

#include <string.h>

static bool number(const char **text, size_t *n)
{
	const char *c = *text;

	*n = 0;
	for (; *c >= '0' && *c <= '9' && *n < BITS_MAX; c++)
		*n = *n * 10 + (size_t)(*c - '0');
	if (c == *text || *n >= BITS_MAX)
		return false;
	*text = c;
	return true;
}

bool bits_parse(const char *text, struct bits *b)
{
	size_t from, to;

	memset(b, 0, sizeof(*b));
	while (*text) {
		if (!number(&text, &from))
			return false;
		to = from;
		if (*text == '-') {
			text++;
			if (!number(&text, &to) || to < from)
				return false;
		}
		for (; from <= to; from++)
			b->w[from / BITS_LONG] |= 1ul << (from % BITS_LONG);
		if (*text && (*text != ',' || !text[1]))
			return false;
		text += *text == ',';
	}
	return true;
}

bool bits_within(const struct bits *b, const struct bits *all)
{
	for (size_t i = 0; i < sizeof(b->w) / sizeof(b->w[0]); i++)
		if (b->w[i] & ~all->w[i])
			return false;
	return true;
}
