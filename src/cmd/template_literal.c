/*
 * template_literal.c - the token of a string, a character or a number to its value.
 *
 * Owns   the escapes, as in Go: \n, \101, \x41, \u00e9, \U0001f600.
 * Never  asks whether text is UTF-8: "\xff" is that byte.
 */
#include "template_node.h"

#include "util/escape.h"

#include <errno.h>
#include <math.h>

static int hex_digit(char c)
{
	return c >= '0' && c <= '9'   ? c - '0'
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10
	       : c >= 'A' && c <= 'F' ? c - 'A' + 10
				      : 16;
}

/* Reads digits of a numeric escape; returns how many, 0 when they are not there. */
static size_t escape_number(const char *s, size_t n, size_t digits, int base, unsigned long *value)
{
	*value = 0;
	if (n < digits)
		return 0;
	for (size_t i = 0; i < digits; i++) {
		int d = hex_digit(s[i]);

		if (d >= base)
			return 0;
		*value = *value * (unsigned)base + (unsigned)d;
	}
	return digits;
}

/* s stands behind the backslash; appends what is meant and returns the length, or 0. */
static size_t unescape_one(const char *s, size_t n, struct str *out)
{
	static const char from[] = "abfnrtv\\'\"", to[] = "\a\b\f\n\r\t\v\\'\"";
	const char *simple = n ? memchr(from, s[0], sizeof(from) - 1) : NULL;
	unsigned long value;
	char utf8[4];
	size_t used;

	if (simple) {
		str_addc(out, to[simple - from]);
		return 1;
	}
	if (n && s[0] >= '0' && s[0] <= '7') {
		used = escape_number(s, n, 3, 8, &value);
		if (!used || value > 255)
			return 0;
		str_addc(out, (char)value);
		return 3;
	}
	if (n && s[0] == 'x') {
		if (!escape_number(s + 1, n - 1, 2, 16, &value))
			return 0;
		str_addc(out, (char)value);
		return 3;
	}
	if (n && (s[0] == 'u' || s[0] == 'U')) {
		used = escape_number(s + 1, n - 1, s[0] == 'u' ? 4 : 8, 16, &value);
		if (!used || value > 0x10ffff || (value >= 0xd800 && value < 0xe000))
			return 0;
		str_addn(out, utf8, utf8_put(utf8, (uint32_t)value));
		return used + 1;
	}
	return 0;
}

/* The text between the quotes of t. */
static int unquote(const struct token *t, struct str *out, struct error *err)
{
	const char *s = t->s + 1;
	size_t n = t->n - 2;

	if (t->type == TOK_RAW) {
		str_addn(out, s, n);
		return 0;
	}
	for (size_t i = 0; i < n; i++) {
		size_t used;

		if (s[i] != '\\') {
			str_addc(out, s[i]);
			continue;
		}
		used = unescape_one(s + i + 1, n - i - 1, out);
		if (!used)
			return template_error(err, t->at + 1 + i, "bad escape in a string");
		i += used;
	}
	return 0;
}

static json_t *parse_string(const struct token *t, struct error *err)
{
	auto_done(str) struct str s = { 0 };

	if (unquote(t, &s, err) < 0)
		return NULL;
	return json_stringn_nocheck(str_get(&s), s.len);
}

/* 'x' is the number of its character. */
static json_t *parse_char(const struct token *t, struct error *err)
{
	static const unsigned char lead[] = { 0x7f, 0x1f, 0x0f, 0x07 };
	auto_done(str) struct str s = { 0 };
	const unsigned char *b;
	json_int_t c;

	if (unquote(t, &s, err) < 0)
		return NULL;
	if (s.len < 1 || s.len > 4) {
		template_error(err, t->at, "malformed character constant");
		return NULL;
	}
	b = (const unsigned char *)s.s;
	c = b[0] & lead[s.len - 1];
	for (size_t i = 1; i < s.len; i++)
		c = c << 6 | (b[i] & 0x3f);
	return json_integer(c);
}

static json_t *parse_number(const struct token *t, struct error *err)
{
	auto_free char *text = xstrndup(t->s, t->n);
	const char *digits = text + (text[0] == '-' || text[0] == '+');
	bool octal = digits[0] == '0' && (digits[1] == 'o' || digits[1] == 'O');
	bool based = digits[0] == '0' && (digits[1] == 'x' || digits[1] == 'X');
	char *end;
	long long i;
	double f;

	errno = 0;
	if (octal) /* strtoll knows 0644 but not 0o644 */
		memmove(text + (digits - text) + 1, digits + 2, strlen(digits + 2) + 1);
	i = strtoll(text, &end, octal || based || digits[0] == '0' ? 0 : 10);
	if (errno == 0 && *end == '\0' && end != digits)
		return json_integer(i);
	errno = 0;
	f = strtod(text, &end);
	if (errno == 0 && *end == '\0' && !based && isfinite(f))
		return json_real(f);
	template_error(err, t->at, "bad number '%.40s'", text);
	return NULL;
}

json_t *literal_parse(const struct token *t, struct error *err)
{
	switch (t->type) {
	case TOK_NUMBER:
		return parse_number(t, err);
	case TOK_CHAR:
		return parse_char(t, err);
	default:
		return parse_string(t, err);
	}
}
