/*
 * escape.c - which characters of foreign text are dangerous on a terminal.
 *
 * Owns   the one list of them (SECURITY.md, rule 4); error, log and every table print through it.
 * Never  allocates: error_text() runs where memory may not be asked for.
 */
#include "util/escape.h"

size_t utf8_next(const char *s, size_t n, uint32_t *code)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	unsigned char c = (unsigned char)s[0];
	size_t len = c < 0x80		     ? 1
		     : c >= 0xc2 && c < 0xe0 ? 2
		     : (c & 0xf0) == 0xe0    ? 3
		     : (c & 0xf8) == 0xf0    ? 4
					     : 0;
	uint32_t value;

	*code = UINT32_MAX;
	if (len == 0 || len > n)
		return 1;
	if (len == 1) {
		*code = c;
		return 1;
	}
	value = c & (0x7fU >> len);
	for (size_t i = 1; i < len; i++) {
		if (((unsigned char)s[i] & 0xc0) != 0x80)
			return 1;
		value = value << 6 | ((unsigned char)s[i] & 0x3f);
	}
	if (value < least[len] || value > 0x10ffff || (value >= 0xd800 && value < 0xe000))
		return 1;
	*code = value;
	return len;
}

size_t utf8_put(char *to, uint32_t code)
{
	static const unsigned char lead[] = { 0, 0xc0, 0xe0, 0xf0 };
	size_t more = code < 0x80 ? 0 : code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;

	to[0] = (char)(lead[more] | code >> 6 * more);
	for (size_t i = 1; i <= more; i++)
		to[i] = (char)(0x80 | (code >> 6 * (more - i) & 0x3f));
	return more + 1;
}

bool escape_needed(uint32_t code)
{
	return code == UINT32_MAX || code < 0x20 || (code >= 0x7f && code < 0xa0) || /* C0 DEL C1 */
	       code == 0x61c || code == 0x200e || code == 0x200f ||		     /* marks */
	       (code >= 0x2028 && code <= 0x202e) || /* separators, embeddings, overrides */
	       (code >= 0x2066 && code <= 0x2069);   /* isolates */
}
