/*
 * expand.c - variables and quotes of a Dockerfile word.
 *
 * Owns   the syntax of ${...}. Patterns are pattern.c's.
 * Never  fails to end: output, depth and work are limited (expand.h).
 * Spec   Dockerfile reference, "Environment replacement"; FEATURES B7.
 */
#include "expand.h"

#include <ctype.h>

struct expander {
	const char *p;
	char escape;
	bool quotes; /* are quotes special? */
	const struct strv *env;
	unsigned depth;
	long work;
	/* splitting, at the top level only; NULL: not asked for */
	struct strv *words;
	struct str word;
	bool in_word;
	struct strv *unset; /* names that are not in env; NULL: not asked for */
};

static int add(struct expander *x, struct str *out, const char *s, size_t n, struct error *err)
{
	x->work -= (long)n;
	if (out->len + n > EXPAND_MAX)
		return error_set(err, ERR_LIMIT, "a value of more than %d bytes", EXPAND_MAX);
	if (x->work < 0)
		return error_set(err, ERR_LIMIT, "too much work in one word");
	str_addn(out, s, n);
	return 0;
}

static void end_word(struct expander *x)
{
	if (x->in_word)
		strv_add(x->words, str_get(&x->word));
	str_clear(&x->word);
	x->in_word = false;
}

/* Adds to the word being split off; plain text is split at blanks, quoted text is not. */
static void split(struct expander *x, const char *s, size_t n, bool quoted)
{
	if (!x->words || x->depth)
		return;
	if (quoted)
		x->in_word = true;
	for (size_t i = 0; i < n; i++) {
		if (!quoted && isspace((unsigned char)s[i])) {
			end_word(x);
			continue;
		}
		str_addc(&x->word, s[i]);
		x->in_word = true;
	}
}

static int dollar(struct expander *x, bool raw, struct str *out, struct error *err);

/* The value, or NULL when unset. Searching a huge environment counts as work. */
static const char *lookup(struct expander *x, const char *name)
{
	x->work -= (long)x->env->n;
	return strv_env_get(x->env, name);
}

/* One that has neither value nor default. */
static void note_unset(struct expander *x, const char *name, const char *value)
{
	if (x->unset && !value && !strv_has(x->unset, name))
		strv_add(x->unset, name);
}

static int single_quote(struct expander *x, struct str *out, struct error *err)
{
	const char *start = ++x->p;

	while (*x->p && *x->p != '\'')
		x->p++;
	if (!*x->p)
		return error_set(err, ERR_INVALID, "a single quote has no end");
	return add(x, out, start, (size_t)(x->p++ - start), err);
}

static int double_quote(struct expander *x, bool raw, struct str *out, struct error *err)
{
	x->p++;
	while (*x->p && *x->p != '"') {
		if (*x->p == '$') {
			if (dollar(x, raw, out, err) < 0)
				return -1;
			continue;
		}
		if (*x->p == x->escape) {
			char next = x->p[1];
			bool special = next == '"' || next == '$' || next == x->escape;

			if (raw && special && add(x, out, x->p, 1, err) < 0)
				return -1;
			if (!next || special)
				x->p++;
			if (!next)
				break;
		}
		if (add(x, out, x->p, 1, err) < 0)
			return -1;
		x->p++;
	}
	if (!*x->p)
		return error_set(err, ERR_INVALID, "a double quote has no end");
	x->p++;
	return 0;
}

static int escaped(struct expander *x, bool raw, struct str *out, struct error *err)
{
	if (raw && add(x, out, x->p, 1, err) < 0)
		return -1;
	x->p++;
	if (!*x->p)
		return 0;
	split(x, x->p, 1, true);
	return add(x, out, x->p++, 1, err);
}

/*
 * Up to stop (0: the end), which is skipped. raw keeps the escape characters, for patterns.
 * Returns 1 when the text ended before stop.
 */
static int process(struct expander *x, char stop, bool raw, struct str *out, struct error *err)
{
	while (*x->p) {
		size_t before = out->len;
		char c = *x->p;
		int r;

		if (stop && c == stop) {
			x->p++;
			return 0;
		}
		if (c == x->escape) {
			r = escaped(x, raw, out, err);
		} else if (c == '$') {
			r = dollar(x, raw, out, err);
			split(x, str_get(out) + before, out->len - before, false);
		} else if (x->quotes && (c == '\'' || c == '"')) {
			r = c == '"' ? double_quote(x, raw, out, err) : single_quote(x, out, err);
			split(x, str_get(out) + before, out->len - before, true);
		} else {
			split(x, x->p, 1, false);
			r = add(x, out, x->p++, 1, err);
		}
		if (r < 0)
			return -1;
	}
	return stop ? 1 : 0;
}

static int nested(struct expander *x, char stop, bool raw, struct str *out, struct error *err)
{
	int r;

	if (x->depth >= EXPAND_DEPTH_MAX)
		return error_set(err, ERR_LIMIT, "${...} nested more than %d deep", EXPAND_DEPTH_MAX);
	x->depth++;
	r = process(x, stop, raw, out, err);
	x->depth--;
	if (r == 1)
		return error_set(err, ERR_INVALID, "${ without '%c'", stop);
	return r;
}

/* The name at p: letters, digits, _; all digits; or one special character, which is never set. */
static char *read_name(struct expander *x)
{
	const char *start = x->p;

	if (isdigit((unsigned char)*x->p)) {
		while (isdigit((unsigned char)*x->p))
			x->p++;
	} else if (*x->p && strchr("@*#?-$!", *x->p)) {
		x->p++;
	} else {
		while (isalnum((unsigned char)*x->p) || *x->p == '_' || (*x->p & 0x80))
			x->p++;
	}
	return xstrndup(start, (size_t)(x->p - start));
}

static int use_default(struct expander *x, const char *name, const char *value, char op, bool colon,
		       struct str *out, struct error *err)
{
	auto_done(str) struct str word = { 0 };
	bool missing = !value || (colon && !*value);

	if (nested(x, '}', false, &word, err) < 0)
		return -1;
	if (op == '?' && missing)
		return error_set(err, ERR_INVALID, "%s: %s", name,
				 word.len ? word.s
				 : value  ? "is not allowed to be empty"
					  : "is not allowed to be unset");
	if (op == '+')
		return missing ? 0 : add(x, out, str_get(&word), word.len, err);
	if (missing)
		return add(x, out, str_get(&word), word.len, err);
	return add(x, out, value, strlen(value), err);
}

static int trim(struct expander *x, const char *value, char op, struct str *out, struct error *err)
{
	auto_done(str) struct str pattern = { 0 }, result = { 0 };
	bool longest;

	if (nested(x, '}', true, &pattern, err) < 0)
		return -1;
	longest = pattern.len && pattern.s[0] == op;
	if (pattern_apply(op == '#' ? PATTERN_PREFIX : PATTERN_SUFFIX, longest,
			  str_get(&pattern) + longest, value ? value : "", NULL, &x->work, &result,
			  err) < 0)
		return -1;
	return add(x, out, str_get(&result), result.len, err);
}

static int replace(struct expander *x, const char *value, struct str *out, struct error *err)
{
	auto_done(str) struct str pattern = { 0 }, with = { 0 }, result = { 0 };
	bool all = *x->p == '/';

	x->p += all;
	if (nested(x, '/', true, &pattern, err) < 0 || nested(x, '}', true, &with, err) < 0)
		return -1;
	if (pattern_apply(all ? PATTERN_REPLACE_ALL : PATTERN_REPLACE, true, str_get(&pattern),
			  value ? value : "", str_get(&with), &x->work, &result, err) < 0)
		return -1;
	return add(x, out, str_get(&result), result.len, err);
}

static int braces(struct expander *x, struct str *out, struct error *err)
{
	auto_free char *name = NULL;
	const char *value;
	bool colon = false;
	char op;

	x->p++;
	if (!*x->p)
		return error_set(err, ERR_INVALID, "${ without '}'");
	name = read_name(x);
	if (!*name)
		return error_set(err, ERR_INVALID, "bad substitution: no name behind ${");
	value = lookup(x, name);
	op = *x->p;
	if (!op)
		return error_set(err, ERR_INVALID, "${%s without '}'", name);
	x->p++;
	if (op == '}')
		note_unset(x, name, value);
	if (op == '}')
		return value ? add(x, out, value, strlen(value), err) : 0;
	if (op == ':') {
		colon = true;
		op = *x->p;
		if (op)
			x->p++;
	}
	if (op == '-' || op == '+' || op == '?')
		return use_default(x, name, value, op, colon, out, err);
	note_unset(x, name, value);
	if (!colon && (op == '#' || op == '%'))
		return trim(x, value, op, out, err);
	if (!colon && op == '/')
		return replace(x, value, out, err);
	return error_set(err, ERR_INVALID, "bad substitution: ${%s%s%.1s is not known", name,
			 colon ? ":" : "", &op);
}

static int dollar(struct expander *x, bool raw, struct str *out, struct error *err)
{
	auto_free char *name = NULL;
	const char *value;

	(void)raw;
	x->p++;
	if (*x->p == '{')
		return braces(x, out, err);
	name = read_name(x);
	if (!*name)
		return add(x, out, "$", 1, err);
	value = lookup(x, name);
	note_unset(x, name, value);
	return value ? add(x, out, value, strlen(value), err) : 0;
}

void expand_unset(const char *word, char escape, bool quotes, const struct strv *env,
		  struct strv *unset)
{
	struct error ignored = { 0 }; /* the build tells it, with its line */
	struct strv names = { 0 };
	struct expander x = {
		.p = word,
		.escape = escape,
		.quotes = quotes,
		.env = env,
		.work = EXPAND_WORK_MAX,
		.unset = &names,
	};
	struct str text = { 0 };

	if (process(&x, 0, false, &text, &ignored) == 0)
		strv_each (&names, i)
			if (!strv_has(unset, names.v[i]))
				strv_add(unset, names.v[i]);
	str_done(&text);
	strv_done(&names);
}

static int expand(const char *word, char escape, bool quotes, const struct strv *env, char **out,
		  struct strv *words, struct error *err)
{
	struct expander x = {
		.p = word,
		.escape = escape,
		.quotes = quotes,
		.env = env,
		.work = EXPAND_WORK_MAX,
		.words = words,
	};
	struct str text = { 0 };

	if (process(&x, 0, false, &text, err) < 0) {
		str_done(&text);
		str_done(&x.word);
		return error_add(err, "'%.80s%s'", word, strlen(word) > 80 ? "..." : "");
	}
	if (words)
		end_word(&x);
	str_done(&x.word);
	if (out)
		*out = str_take(&text);
	else
		str_done(&text);
	return 0;
}

int expand_word(const char *word, char escape, const struct strv *env, char **out, struct error *err)
{
	return expand(word, escape, true, env, out, NULL, err);
}

int expand_words(const char *word, char escape, const struct strv *env, struct strv *out,
		 struct error *err)
{
	return expand(word, escape, true, env, NULL, out, err);
}

int expand_text(const char *text, char escape, const struct strv *env, char **out, struct error *err)
{
	return expand(text, escape, false, env, out, NULL, err);
}
