/*
 * lex.c - a Dockerfile's bytes to lines: parser directives, continuation, comments, heredocs.
 *
 * Owns   struct lexed. Knows of instructions only which ones take heredocs.
 * Never  looks at a byte twice: the time is linear in the text.
 * Spec   Dockerfile reference, "Parser directives", "Here-Documents"; FEATURES B1-B4, B26.
 */
#include "dockerfile.h"

#include <ctype.h>
#include <stdio.h>
#include <strings.h>

struct reader {
	const char *p, *end;
	unsigned line; /* number of the line last returned */
};

bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

/* The next line, without its "\n" or "\r\n". */
static bool next_line(struct reader *r, const char **s, size_t *n)
{
	const char *nl;

	if (r->p >= r->end)
		return false;
	nl = memchr(r->p, '\n', (size_t)(r->end - r->p));
	*s = r->p;
	*n = (size_t)((nl ? nl : r->end) - r->p);
	r->p = nl ? nl + 1 : r->end;
	r->line++;
	while (*n && (*s)[*n - 1] == '\r')
		(*n)--;
	return true;
}

static size_t leading_blanks(const char *s, size_t n)
{
	size_t i = 0;

	while (i < n && is_blank(s[i]))
		i++;
	return i;
}

static bool is_comment(const char *s, size_t n)
{
	size_t i = leading_blanks(s, n);

	return i < n && s[i] == '#';
}

/*
 * Does the line end in the escape character, blanks behind it allowed? Two of them are no
 * continuation. *n becomes the length of what is in front.
 */
static bool continues(const char *s, size_t *n, char escape)
{
	size_t end = *n;

	while (end && is_blank(s[end - 1]))
		end--;
	if (!end || s[end - 1] != escape || (end > 1 && s[end - 2] == escape))
		return false;
	*n = end - 1;
	return true;
}

void lint_add(struct lexed *l, unsigned line, const char *rule, const char *fmt, ...)
{
	struct lint *lint = vec_add(&l->lints);
	va_list ap;

	va_start(ap, fmt);
	*lint = (struct lint){ line, rule, xvasprintf(fmt, ap) };
	va_end(ap);
}

/* "# name = value" as parts of the line; false when it is no directive in form. */
static bool directive_split(const char *s, size_t n, char **name, char **value)
{
	size_t i = 1, start, stop;

	if (!n || s[0] != '#')
		return false;
	i += leading_blanks(s + 1, n - 1);
	start = i;
	while (i < n && isalnum((unsigned char)s[i]))
		i++;
	stop = i;
	if (start == stop || !isalpha((unsigned char)s[start]))
		return false;
	i += leading_blanks(s + i, n - i);
	if (i >= n || s[i] != '=')
		return false;
	i++;
	i += leading_blanks(s + i, n - i);
	while (n > i && is_blank(s[n - 1]))
		n--;
	if (i >= n)
		return false;
	*name = xstrndup(s + start, stop - start);
	*value = xstrndup(s + i, n - i);
	return true;
}

static int directive_set(struct lexed *out, const char *name, char **value, bool *escape_seen,
			 bool *known, struct error *err)
{
	bool twice = false;

	*known = true;
	if (strcasecmp(name, "escape") == 0) {
		if (strcmp(*value, "\\") != 0 && strcmp(*value, "`") != 0)
			return error_set(err, ERR_INVALID, "escape must be \\ or `, not '%s'",
					 *value);
		twice = *escape_seen;
		*escape_seen = true;
		out->escape = (*value)[0];
	} else if (strcasecmp(name, "syntax") == 0) {
		twice = out->syntax;
		free(out->syntax);
		out->syntax = take_ptr(value);
	} else if (strcasecmp(name, "check") == 0) {
		twice = out->check;
		free(out->check);
		out->check = take_ptr(value);
	} else {
		*known = false;
	}
	if (twice)
		return error_set(err, ERR_INVALID, "parser directive '%s' is given twice", name);
	return 0;
}

/* Directives are the first lines only; anything else, an unknown one too, ends them. */
static int read_directives(struct reader *r, struct lexed *out, struct error *err)
{
	bool escape_seen = false, known = true;

	while (known) {
		struct reader before = *r;
		auto_free char *name = NULL, *value = NULL;
		const char *s;
		size_t n;

		if (!next_line(r, &s, &n) || !directive_split(s, n, &name, &value)) {
			*r = before;
			return 0;
		}
		if (directive_set(out, name, &value, &escape_seen, &known, err) < 0)
			return -1;
		if (!known)
			*r = before;
	}
	return 0;
}

void heredocs_done(heredocs *h)
{
	vec_each (h, d) {
		free(d->word);
		free(d->body);
	}
	vec_done(h);
}

void heredocs_copy(heredocs *to, const heredocs *from)
{
	vec_each (from, d) {
		struct heredoc *copy = vec_add(to);

		*copy = *d;
		copy->word = xstrdup(d->word);
		copy->body = xstrdup(d->body);
	}
}

char *heredoc_text(const struct heredoc *h)
{
	struct str s = { 0 };
	bool start = true;

	if (!h->chomp)
		return xstrdup(h->body);
	for (const char *p = h->body; *p; p++) {
		if (start && *p == '\t')
			continue;
		start = *p == '\n';
		str_addc(&s, *p);
	}
	return str_take(&s);
}

bool heredoc_word(const char *word, struct heredoc *h)
{
	struct str bare = { 0 };
	const char *p = word;
	char quote = 0;

	while (isdigit((unsigned char)*p))
		p++;
	if (p[0] != '<' || p[1] != '<')
		return false;
	p += 2;
	h->chomp = *p == '-';
	p += h->chomp;
	if (!*p || strchr(p, '<'))
		return false;
	h->expand = !strpbrk(p, "'\"\\");
	for (; *p; p++) {
		if (quote && *p == quote)
			quote = 0;
		else if (!quote && (*p == '"' || *p == '\''))
			quote = *p;
		else if (*p == '\\' && quote != '\'' && p[1])
			str_addc(&bare, *++p);
		else
			str_addc(&bare, *p);
	}
	h->word = str_take(&bare);
	if (quote || !*h->word) {
		free(h->word);
		h->word = NULL;
		return false;
	}
	return true;
}

/* RUN, COPY, ADD, and ONBUILD of these. */
static bool takes_heredocs(const char *text)
{
	static const char *const names[] = { "RUN", "COPY", "ADD" };

	if (strncasecmp(text, "ONBUILD", 7) == 0 && is_blank(text[7])) {
		text += 7;
		while (is_blank(*text))
			text++;
	}
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		size_t n = strlen(names[i]);

		if (strncasecmp(text, names[i], n) == 0 && is_blank(text[n]))
			return true;
	}
	return false;
}

static int read_body(struct reader *r, struct heredoc *h, struct error *err)
{
	struct str body = { 0 };
	size_t word = strlen(h->word), n, skip;
	const char *s;

	h->line = r->line;
	for (;;) {
		const char *start = r->p;

		if (!next_line(r, &s, &n)) {
			str_done(&body);
			return error_set(err, ERR_INVALID, "heredoc '%s' has no end", h->word);
		}
		skip = 0;
		while (h->chomp && skip < n && s[skip] == '\t')
			skip++;
		if (n - skip == word && memcmp(s + skip, h->word, word) == 0)
			break;
		str_addn(&body, start, (size_t)(r->p - start));
	}
	h->body = str_take(&body);
	return 0;
}

static int read_heredocs(struct reader *r, struct line *l, char escape, struct error *err)
{
	auto_done(strv) struct strv words = { 0 };

	if (!takes_heredocs(l->text) || !strstr(l->text, "<<"))
		return 0;
	words_split(l->text, escape, &words);
	strv_each (&words, i) {
		struct heredoc h = { 0 };

		if (!heredoc_word(words.v[i], &h))
			continue;
		vec_push(&l->docs, h);
		if (read_body(r, &l->docs.v[l->docs.n - 1], err) < 0)
			return -1;
	}
	return 0;
}

/* The first line of the next instruction, with the comment that stands right above it. */
static bool find_start(struct reader *r, const char **s, size_t *n, struct str *comment)
{
	while (next_line(r, s, n)) {
		size_t skip = leading_blanks(*s, *n), end = *n;

		if (skip == *n) {
			str_clear(comment);
			continue;
		}
		if ((*s)[skip] != '#')
			return true;
		skip++;
		while (skip < end && is_blank((*s)[skip]))
			skip++;
		while (end > skip && is_blank((*s)[end - 1]))
			end--;
		if (comment->len)
			str_addc(comment, '\n');
		str_addn(comment, *s + skip, end - skip);
	}
	return false;
}

/* Joins the lines of one instruction; false at the end of the text. */
static bool join_lines(struct reader *r, struct lexed *out, struct str *text, struct str *comment,
		       unsigned *no)
{
	const char *s;
	size_t n, skip;
	bool more = false, holes = false;

	str_clear(comment);
	if (!find_start(r, &s, &n, comment))
		return false;
	skip = leading_blanks(s, n);
	*no = r->line;
	s += skip;
	n -= skip;
	more = continues(s, &n, out->escape);
	str_addn(text, s, n);
	while (more && next_line(r, &s, &n)) {
		if (is_comment(s, n))
			continue;
		if (leading_blanks(s, n) == n) {
			holes = true;
			continue;
		}
		more = continues(s, &n, out->escape);
		str_addn(text, s, n);
	}
	if (holes)
		lint_add(out, *no, "NoEmptyContinuation",
			 "an empty line inside a continued instruction");
	return true;
}

static int read_lines(struct reader *r, struct lexed *out, struct error *err)
{
	auto_done(str) struct str text = { 0 }, comment = { 0 };
	unsigned no;

	while (join_lines(r, out, &text, &comment, &no)) {
		struct line *l;
		size_t skip = leading_blanks(str_get(&text), text.len), end = text.len;

		/* an escape at the very end has nothing to continue with */
		do
			while (end > skip && is_blank(text.s[end - 1]))
				end--;
		while (end > skip && continues(text.s, &end, out->escape));
		if (end > skip) {
			if (out->lines.n >= DOCKERFILE_INSTR_MAX)
				return error_set(err, ERR_LIMIT, "more than %d instructions",
						 DOCKERFILE_INSTR_MAX);
			l = vec_add(&out->lines);
			l->no = no;
			l->text = xstrndup(text.s + skip, end - skip);
			l->comment = comment.len ? xstrdup(comment.s) : NULL;
			if (read_heredocs(r, l, out->escape, err) < 0) {
				r->line = no;
				return -1;
			}
		}
		str_clear(&text);
	}
	return 0;
}

int lex_dockerfile(const char *name, const char *text, size_t n, struct lexed *out, struct error *err)
{
	struct reader r = { text, text + n, 0 };
	const char *nul;

	*out = (struct lexed){ .escape = '\\' };
	if (n > DOCKERFILE_MAX)
		return error_set(err, ERR_LIMIT, "%s: more than %d bytes", name, DOCKERFILE_MAX);
	nul = n ? memchr(text, '\0', n) : NULL;
	if (nul) {
		unsigned line = 1;

		for (const char *p = text; p < nul; p++)
			line += *p == '\n';
		return error_set(err, ERR_INVALID, "%s:%u: a NUL byte", name, line);
	}
	if (n >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		r.p += 3;
	if (read_directives(&r, out, err) < 0 || read_lines(&r, out, err) < 0)
		return error_add(err, "%s:%u", name, r.line);
	out->n_lines = r.line;
	return 0;
}

void lexed_done(struct lexed *l)
{
	vec_each (&l->lines, line) {
		free(line->text);
		free(line->comment);
		heredocs_done(&line->docs);
	}
	vec_done(&l->lines);
	vec_each (&l->lints, lint)
		free(lint->text);
	vec_done(&l->lints);
	free(l->syntax);
	free(l->check);
	*l = (struct lexed){ .escape = '\\' };
}
