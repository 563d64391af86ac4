/*
 * header.c - headers with a grammar: WWW-Authenticate, Retry-After, Content-Range, Range, Link.
 *
 * Pure. Spec  RFC 9110 (5.6, 10.2.3, 11.6.1, 14.4), RFC 8288, RFC 6750 2.1.
 */
#include "header.h"

#include <ctype.h>
#include <time.h>

#define CHALLENGES_MAX 16
#define PARAMS_MAX     32

void challenges_done(challenges *l)
{
	vec_each (l, c) {
		free(c->scheme);
		strmap_done(&c->params);
	}
	vec_done(l);
}

static bool is_token_char(char c)
{
	return isalnum((unsigned char)c) || (c && strchr("!#$%&'*+-.^_`|~", c));
}

static size_t token_length(const char *s)
{
	size_t n = 0;

	while (is_token_char(s[n]))
		n++;
	return n;
}

static char *lower(const char *s, size_t n)
{
	char *out = xstrndup(s, n);

	for (char *c = out; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	return out;
}

static const char *skip_blanks(const char *s)
{
	return s + strspn(s, " \t");
}

/* "text \" more" -> its content; moves *s behind the closing quote. NULL: it is not closed. */
static char *quoted_take(const char **s)
{
	struct str out = { 0 };
	const char *p = *s + 1;

	for (; *p && *p != '"'; p++) {
		if (*p == '\\' && p[1])
			p++;
		str_addc(&out, *p);
	}
	if (!*p) {
		str_done(&out);
		return NULL;
	}
	*s = p + 1;
	return str_take(&out);
}

/* key "=" (token | quoted-string). 1 taken, 0 it is no parameter, -1 */
static int param_take(const char **s, struct challenge *c, struct error *err)
{
	size_t n = token_length(*s);
	const char *p = skip_blanks(*s + n);
	auto_free char *key = NULL, *value = NULL;

	if (!n || *p != '=')
		return 0;
	p = skip_blanks(p + 1);
	key = lower(*s, n);
	if (*p == '"') {
		value = quoted_take(&p);
		if (!value)
			return error_set(err, ERR_INVALID, "a quoted text is not closed");
	} else {
		n = strcspn(p, " \t,");
		value = xstrndup(p, n);
		p += n;
	}
	if (c->params.n >= PARAMS_MAX)
		return error_set(err, ERR_LIMIT, "more than %d parameters", PARAMS_MAX);
	if (!strmap_get(&c->params, key)) /* the first one counts */
		strmap_set(&c->params, key, value);
	*s = p;
	return 1;
}

static int challenge_take(const char **s, challenges *l, struct error *err)
{
	size_t n = token_length(*s);
	struct challenge *c;
	const char *p;
	int r;

	if (!n)
		return error_set(err, ERR_INVALID, "a scheme is expected");
	if (l->n >= CHALLENGES_MAX)
		return error_set(err, ERR_LIMIT, "more than %d challenges", CHALLENGES_MAX);
	c = vec_add(l);
	c->scheme = lower(*s, n);
	*s = skip_blanks(*s + n);
	while (**s && **s != ',') {
		r = param_take(s, c, err);
		if (r < 0)
			return -1;
		if (r == 0) { /* a token68, as Negotiate has */
			n = strcspn(*s, ", \t");
			*s += n ? n : 1;
		}
		*s = skip_blanks(*s);
		/* behind a comma comes another parameter, or another challenge: "token =" tells */
		p = *s;
		while (*p == ',' || *p == ' ' || *p == '\t')
			p++;
		n = token_length(p);
		if (p > *s && n && *skip_blanks(p + n) == '=')
			*s = p;
	}
	return 0;
}

int challenges_parse(const char *value, challenges *l, struct error *err)
{
	const char *s = value;

	for (;;) {
		s += strspn(s, " \t,");
		if (!*s)
			return 0;
		if (challenge_take(&s, l, err) < 0)
			return error_add(err, "WWW-Authenticate");
	}
}

const struct challenge *challenge_find(const challenges *l, const char *scheme)
{
	vec_each (l, c)
		if (strcmp(c->scheme, scheme) == 0)
			return c;
	return NULL;
}

int64_t retry_after_parse(const char *value, int64_t now)
{
	struct tm tm = { 0 };
	uint64_t seconds;
	const char *end;
	int64_t at;

	if (str_u64(value, &seconds))
		return seconds > INT32_MAX ? INT32_MAX : (int64_t)seconds;
	end = strptime(value, "%a, %d %b %Y %H:%M:%S", &tm);
	if (!end || strcmp(skip_blanks(end), "GMT") != 0)
		return -1;
	at = (int64_t)timegm(&tm);
	return at > now ? at - now : 0;
}

/* Digits up to a stop character: the number, or -1. Moves *s behind the stop. */
static int64_t number_take(const char **s, const char *stops)
{
	size_t n = strspn(*s, "0123456789");
	auto_free char *digits = xstrndup(*s, n);
	int64_t value;

	if (!n || !str_i64(digits, &value) || !strchr(stops, (*s)[n]))
		return -1;
	*s += n + ((*s)[n] != '\0');
	return value;
}

bool content_range_parse(const char *value, int64_t *first, int64_t *last, int64_t *total)
{
	const char *s = value;

	if (!str_starts(s, "bytes "))
		return false;
	s += strlen("bytes ");
	*first = number_take(&s, "-");
	if (*first < 0 || s[-1] != '-')
		return false;
	*last = number_take(&s, "/");
	if (*last < *first || s[-1] != '/')
		return false;
	if (strcmp(s, "*") == 0) {
		*total = -1;
		return true;
	}
	*total = number_take(&s, "");
	return *total > *last && !*s;
}

int64_t upload_range_parse(const char *value)
{
	const char *s = str_starts(value, "bytes=") ? value + 6 : value;
	int64_t first = number_take(&s, "-"), last;

	if (first != 0 || s[-1] != '-')
		return -1;
	last = number_take(&s, "");
	/* "0-0" stands for nothing received and for one byte; servers mean the former */
	return last <= 0 ? last : last + 1;
}

char *link_next(const char *value)
{
	const char *s = value;

	while ((s = strchr(s, '<'))) {
		const char *end = strchr(s, '>'), *p;
		bool next = false;

		if (!end)
			return NULL;
		for (p = end + 1; *p && *p != ',';) {
			auto_free char *text = NULL;
			size_t n;

			p += strspn(p, "; \t");
			n = token_length(p);
			if (!n)
				break;
			if (n == 3 && strncmp(p, "rel", 3) == 0 && p[3] == '=') {
				p += 4;
				if (*p == '"') {
					text = quoted_take(&p);
				} else {
					n = token_length(p);
					text = xstrndup(p, n);
					p += n;
				}
				next |= str_eq(text, "next");
				if (!text)
					return NULL;
			} else {
				p += n;
				if (*p == '=' && p[1] == '"') {
					p++;
					text = quoted_take(&p);
					if (!text)
						return NULL;
				} else {
					p += strcspn(p, ";,");
				}
			}
		}
		if (next)
			return xstrndup(s + 1, (size_t)(end - s - 1));
		s = p;
	}
	return NULL;
}

bool token_is_valid(const char *token)
{
	size_t n = 0;

	while (isalnum((unsigned char)token[n]) || (token[n] && strchr("-._~+/", token[n])))
		n++;
	return n && !token[n + strspn(token + n, "=")];
}
