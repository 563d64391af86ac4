/*
 * template_lex.c - template text to tokens.
 *
 * Owns   delimiters, trim markers and comments; the parser never sees them.
 * Never  looks at what a word means, and copies nothing: tokens are spans of the source.
 */
#include "template_node.h"

#include <ctype.h>
#include <stdio.h>

int template_error(struct error *err, size_t at, const char *fmt, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return error_set(err, ERR_INVALID, "template: column %zu: %s", at + 1, text);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_' || (unsigned char)c >= 0x80;
}

static bool looking_at(const struct lexer *lex, size_t at, const char *what)
{
	size_t n = strlen(what);

	return lex->n - at >= n && memcmp(lex->s + at, what, n) == 0;
}

static void token_set(struct token *t, const struct lexer *lex, enum token_type type, size_t from,
		      size_t to)
{
	t->type = type;
	t->at = from;
	t->s = lex->s + from;
	t->n = to - from;
}

/* Behind "{{": swallows a comment with its closing delimiter. 1: it was one, 0, -1. */
static int lex_comment(struct lexer *lex, struct error *err)
{
	size_t from = lex->at;
	const char *end;

	if (!looking_at(lex, from, "/*"))
		return 0;
	end = strstr(lex->s + from + 2, "*/");
	if (!end)
		return template_error(err, from, "unclosed comment");
	lex->at = (size_t)(end - lex->s) + 2;
	lex->trim = lex->n > lex->at && is_blank(lex->s[lex->at]) &&
		    looking_at(lex, lex->at + 1, "-}}");
	if (lex->trim)
		lex->at += 2;
	if (!looking_at(lex, lex->at, "}}"))
		return template_error(err, lex->at, "a comment must end right before }}");
	lex->at += 2;
	return 1;
}

/* Outside of actions: a piece of text, or "{{". Empty text is skipped. */
static int lex_outside(struct lexer *lex, struct token *t, struct error *err)
{
	for (;;) {
		const char *open = strstr(lex->s + lex->at, "{{");
		size_t from = lex->at, to = open ? (size_t)(open - lex->s) : lex->n, next = to;
		bool dash = open && looking_at(lex, to + 2, "-") && to + 3 < lex->n &&
			    is_blank(lex->s[to + 3]);
		int r;

		while (lex->trim && from < to && is_blank(lex->s[from]))
			from++;
		while (dash && to > from && is_blank(lex->s[to - 1]))
			to--;
		if (from < to) {
			lex->trim = false;
			lex->at = next;
			token_set(t, lex, TOK_TEXT, from, to);
			return 0;
		}
		if (!open) {
			lex->at = lex->n;
			token_set(t, lex, TOK_END, lex->n, lex->n);
			return 0;
		}
		lex->trim = false;
		lex->at = next + (dash ? 4 : 2);
		r = lex_comment(lex, err);
		if (r < 0)
			return -1;
		if (r == 0) {
			lex->inside = true;
			token_set(t, lex, TOK_OPEN, next, lex->at);
			return 0;
		}
	}
}

static int lex_quoted(struct lexer *lex, struct token *t, enum token_type type, struct error *err)
{
	size_t from = lex->at, at = from + 1;
	char quote = lex->s[from];

	for (; at < lex->n && lex->s[at] != quote; at++)
		if (lex->s[at] == '\\' && type != TOK_RAW)
			at++;
	if (at >= lex->n)
		return template_error(err, from, "unterminated quoted string");
	lex->at = at + 1;
	token_set(t, lex, type, from, lex->at);
	return 0;
}

static size_t word_end(const struct lexer *lex, size_t at)
{
	while (at < lex->n && is_word(lex->s[at]))
		at++;
	return at;
}

static int lex_number(struct lexer *lex, struct token *t)
{
	size_t at = lex->at;

	for (at++; at < lex->n; at++) {
		char c = lex->s[at], before = lex->s[at - 1];

		if (!is_word(c) && c != '.' &&
		    !((c == '-' || c == '+') && (before == 'e' || before == 'E')))
			break;
	}
	token_set(t, lex, TOK_NUMBER, lex->at, at);
	lex->at = at;
	return 0;
}

static const struct {
	const char *text;
	enum token_type type;
} marks[] = {
	{ "}}", TOK_CLOSE }, { ":=", TOK_DECLARE }, { "=", TOK_ASSIGN }, { "|", TOK_PIPE },
	{ "(", TOK_LPAREN }, { ")", TOK_RPAREN },   { ",", TOK_COMMA },
};

/* One of the marks, if there is one. */
static bool lex_mark(struct lexer *lex, struct token *t)
{
	size_t from = lex->at;

	for (size_t i = 0; i < ARRAY_SIZE(marks); i++) {
		if (!looking_at(lex, from, marks[i].text))
			continue;
		lex->at = from + strlen(marks[i].text);
		token_set(t, lex, marks[i].type, from, lex->at);
		if (t->type == TOK_CLOSE)
			lex->inside = false;
		return true;
	}
	return false;
}

/* Behind "." or "$": a field, a variable, or the sign alone. */
static int lex_named(struct lexer *lex, struct token *t)
{
	size_t from = lex->at, end = word_end(lex, from + 1);

	token_set(t, lex,
		  lex->s[from] == '$' ? TOK_VAR
		  : end > from + 1    ? TOK_FIELD
				      : TOK_DOT,
		  from + 1, end);
	t->at = from;
	lex->at = end;
	return 0;
}

static bool begins_number(char c, char after)
{
	bool sign = c == '-' || c == '+';

	return isdigit((unsigned char)c) || ((sign || c == '.') && isdigit((unsigned char)after)) ||
	       (sign && after == '.');
}

static int lex_inside(struct lexer *lex, struct token *t, struct error *err)
{
	size_t from = lex->at, end;
	char c;

	while (lex->at < lex->n && is_blank(lex->s[lex->at]))
		lex->at++;
	t->spaced = lex->at > from;
	if (t->spaced && looking_at(lex, lex->at, "-}}")) {
		lex->at++;
		lex->trim = true;
	}
	from = lex->at;
	if (from >= lex->n)
		return template_error(err, from, "unclosed action");
	if (lex_mark(lex, t))
		return 0;
	c = lex->s[from];
	if (c == '"')
		return lex_quoted(lex, t, TOK_STRING, err);
	if (c == '`')
		return lex_quoted(lex, t, TOK_RAW, err);
	if (c == '\'')
		return lex_quoted(lex, t, TOK_CHAR, err);
	if (begins_number(c, from + 1 < lex->n ? lex->s[from + 1] : '\0'))
		return lex_number(lex, t);
	if (c == '.' || c == '$')
		return lex_named(lex, t);
	end = word_end(lex, from);
	if (end == from)
		return template_error(err, from, "unexpected character '%c'",
				      isprint((unsigned char)c) ? c : '?');
	token_set(t, lex, TOK_WORD, from, end);
	lex->at = end;
	return 0;
}

int lex_next(struct lexer *lex, struct token *t, struct error *err)
{
	*t = (struct token){ 0 };
	return lex->inside ? lex_inside(lex, t, err) : lex_outside(lex, t, err);
}
