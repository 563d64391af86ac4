/*
 * log_parse.c - lines of json-file and k8s-file logs. They may come from a store that someone else
 * has written to: every byte is checked, nothing is believed about lengths.
 */
#include "log_parse.h"

#include "util/escape.h"
#include "util/text.h"

#include <string.h>

struct scan {
	char *at, *end;
};
struct text {
	char *s;
	size_t n;
};

static void skip_blanks(struct scan *sc)
{
	while (sc->at < sc->end && (*sc->at == ' ' || *sc->at == '\t' || *sc->at == '\r'))
		sc->at++;
}

static bool take(struct scan *sc, char c)
{
	skip_blanks(sc);
	if (sc->at == sc->end || *sc->at != c)
		return false;
	sc->at++;
	return true;
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Four hex digits at the scanner, or -1. */
static int32_t take_hex4(struct scan *sc)
{
	int32_t v = 0;

	if (sc->end - sc->at < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		int digit = hex_value(sc->at[i]);

		if (digit < 0)
			return -1;
		v = v << 4 | digit;
	}
	sc->at += 4;
	return v;
}

/* Behind "\u": the character, U+FFFD for half a surrogate pair; -1 for what is no number. */
static int32_t take_character(struct scan *sc)
{
	int32_t code = take_hex4(sc), low;

	if (code < 0xd800 || code > 0xdfff)
		return code;
	if (code > 0xdbff || sc->end - sc->at < 6 || sc->at[0] != '\\' || sc->at[1] != 'u')
		return 0xfffd;
	sc->at += 2;
	low = take_hex4(sc);
	if (low < 0xdc00 || low > 0xdfff)
		return low < 0 ? -1 : 0xfffd;
	return 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
}

/* A JSON string, decoded where it stands. */
static bool take_string(struct scan *sc, struct text *t)
{
	static const char from[] = "bfnrt\"\\/", to_[] = "\b\f\n\r\t\"\\/";
	char *to;

	if (!take(sc, '"'))
		return false;
	t->s = to = sc->at;
	while (sc->at < sc->end) {
		char c = *sc->at++;
		const char *known;
		int32_t code;

		if (c == '"') {
			t->n = (size_t)(to - t->s);
			return true;
		}
		if (c != '\\') {
			*to++ = c;
			continue;
		}
		if (sc->at == sc->end)
			return false;
		c = *sc->at++;
		known = c ? strchr(from, c) : NULL;
		if (known) {
			*to++ = to_[known - from];
			continue;
		}
		code = c == 'u' ? take_character(sc) : -1;
		if (code < 0)
			return false;
		to += utf8_put(to, (uint32_t)code); /* never longer than what it was written as */
	}
	return false;
}

/* A value that does not matter to us: another writer's attributes. */
static bool skip_value(struct scan *sc)
{
	struct text ignored;
	int depth = 0;

	do {
		skip_blanks(sc);
		if (sc->at == sc->end)
			return false;
		if (*sc->at == '"') {
			if (!take_string(sc, &ignored))
				return false;
			continue;
		}
		if (*sc->at == '{' || *sc->at == '[')
			depth++;
		else if (*sc->at == '}' || *sc->at == ']')
			depth--;
		else if (depth == 0) { /* a number or a word */
			while (sc->at < sc->end && !strchr(",}] \t", *sc->at))
				sc->at++;
			return true;
		}
		sc->at++;
	} while (depth > 0);
	return depth == 0;
}

static int base64_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

static bool base64_decode(struct text *t)
{
	char *to = t->s;
	uint32_t v = 0;
	int bits = 0;

	for (size_t i = 0; i < t->n && t->s[i] != '='; i++) {
		int digit = base64_value(t->s[i]);

		if (digit < 0)
			return false;
		v = (v << 6 | (uint32_t)digit) & 0xffffff;
		bits += 6;
		if (bits >= 8) {
			bits -= 8;
			*to++ = (char)(v >> bits);
		}
	}
	t->n = (size_t)(to - t->s);
	return true;
}

/* t must be followed by a byte of ours (the quote or blank that ended it): it becomes the NUL */
static bool parse_time(const struct text *t, int64_t *ns)
{
	if (!t->s || t->n >= TEXT_TIME_MAX || memchr(t->s, 0, t->n))
		return false;
	t->s[t->n] = 0;
	return text_parse_time(t->s, 0, ns);
}

static bool parse_stream(const struct text *t, int *stream)
{
	if (!t->s || t->n != 6 || (memcmp(t->s, "stdout", 6) != 0 && memcmp(t->s, "stderr", 6) != 0))
		return false;
	*stream = t->s[3] == 'o' ? 1 : 2;
	return true;
}

bool log_parse_json(char *line, size_t n, struct log_piece *p)
{
	enum { LOG, STREAM, TIME, BASE64, MEMBERS };
	static const char *const names[MEMBERS] = { "log", "stream", "time", "base64" };
	struct text member[MEMBERS] = { 0 }, name;
	struct scan sc = { line, line + n };

	if (!take(&sc, '{'))
		return false;
	do {
		int m = 0;

		if (!take_string(&sc, &name) || !take(&sc, ':'))
			return false;
		while (m < MEMBERS &&
		       (name.n != strlen(names[m]) || memcmp(name.s, names[m], name.n) != 0))
			m++;
		if (m < MEMBERS ? !take_string(&sc, &member[m]) : !skip_value(&sc))
			return false;
	} while (take(&sc, ','));
	if (!take(&sc, '}') || !member[LOG].s || !parse_stream(&member[STREAM], &p->stream) ||
	    !parse_time(&member[TIME], &p->time_ns))
		return false;
	if (member[BASE64].s) {
		if (!base64_decode(&member[BASE64]))
			return false;
		member[LOG] = member[BASE64];
	}
	p->bytes = member[LOG].s;
	p->n = member[LOG].n;
	p->ends = p->n > 0 && p->bytes[p->n - 1] == '\n';
	return true;
}

/* Up to the next blank, which is taken too. */
static bool take_word(struct scan *sc, struct text *t)
{
	char *blank = memchr(sc->at, ' ', (size_t)(sc->end - sc->at));

	if (!blank)
		return false;
	*t = (struct text){ sc->at, (size_t)(blank - sc->at) };
	sc->at = blank + 1;
	return true;
}

bool log_parse_k8s(char *line, size_t n, struct log_piece *p)
{
	struct scan sc = { line, line + n };
	struct text time, stream, tag;

	if (!take_word(&sc, &time) || !take_word(&sc, &stream) || !take_word(&sc, &tag))
		return false;
	if (tag.n < 1 || (tag.s[0] != 'F' && tag.s[0] != 'P') || (tag.n > 1 && tag.s[1] != ':'))
		return false;
	if (!parse_stream(&stream, &p->stream) || !parse_time(&time, &p->time_ns))
		return false;
	p->ends = tag.s[0] == 'F';
	if (p->ends)
		*sc.end++ = '\n';
	p->bytes = sc.at;
	p->n = (size_t)(sc.end - sc.at);
	return true;
}
