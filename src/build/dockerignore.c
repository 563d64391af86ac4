/*
 * dockerignore.c - the rules of .dockerignore, the last that matches decides.
 *
 * Spec   docker's .dockerignore; FEATURES D2. A rule that matches a directory matches all below it.
 */
#include "dockerignore.h"
#include "util/path.h"

#include <ctype.h>

static char *trim(const char *s, size_t n)
{
	while (n && isspace((unsigned char)*s))
		s++, n--;
	while (n && isspace((unsigned char)s[n - 1]))
		n--;
	return xstrndup(s, n);
}

int ignore_add(struct ignore *ig, const char *pattern, struct error *err)
{
	auto_free char *text = NULL, *clean = NULL;
	struct ignore_rule rule = { 0 };

	rule.negate = *pattern == '!';
	text = trim(pattern + rule.negate, strlen(pattern + rule.negate));
	if (!*text && !rule.negate)
		return 0;
	if (!*text)
		return error_set(err, ERR_INVALID, "'!' without a pattern");
	if (ig->rules.n >= IGNORE_RULES_MAX)
		return error_set(err, ERR_LIMIT, "more than %d patterns", IGNORE_RULES_MAX);
	clean = path_clean(text);
	if (glob_parse(clean[0] == '/' && clean[1] ? clean + 1 : clean, GLOB_IGNORE, &rule.glob,
		       err) < 0)
		return -1;
	vec_push(&ig->rules, rule);
	return 0;
}

int ignore_parse(const char *text, size_t n, struct ignore *ig, struct error *err)
{
	const char *p = text, *end = text + n;

	if (n > IGNORE_MAX)
		return error_set(err, ERR_LIMIT, "more than %d bytes", IGNORE_MAX);
	if (n >= 3 && memcmp(p, "\xef\xbb\xbf", 3) == 0)
		p += 3;
	for (unsigned line = 1; p < end; line++) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));
		auto_free char *pattern = NULL;

		if (!nl)
			nl = end;
		pattern = *p == '#' ? xstrdup("") : trim(p, (size_t)(nl - p));
		if (ignore_add(ig, pattern, err) < 0)
			return error_add(err, "line %u", line);
		p = nl + 1;
	}
	return 0;
}

void ignore_done(struct ignore *ig)
{
	vec_each (&ig->rules, r)
		glob_done(&r->glob);
	vec_done(&ig->rules);
}

bool ignore_step(const struct ignore *ig, const char *path, const bool *above, bool *here)
{
	bool out = false;

	for (size_t i = 0; i < ig->rules.n; i++) {
		const struct ignore_rule *r = &ig->rules.v[i];
		bool matched = above && above[i];

		/* a rule that could not change the answer is only asked for its flag */
		if (!matched && (here || r->negate == out))
			matched = glob_match(&r->glob, path);
		if (here)
			here[i] = matched;
		if (matched)
			out = !r->negate;
	}
	return out;
}

bool ignore_path(const struct ignore *ig, const char *path)
{
	bool *flags = xcalloc(ig->rules.n + 1, sizeof(*flags)), out = false;
	auto_free char *part = xstrdup(path);

	for (char *p = part; p; p = strchr(p, '/')) {
		char saved;

		p += *p == '/';
		p += strcspn(p, "/");
		saved = *p;
		*p = '\0';
		out = ignore_step(ig, part, flags, flags);
		*p = saved;
		if (!saved)
			break;
	}
	free(flags);
	return out;
}

bool *ignore_above(const struct ignore *ig, const char *path)
{
	auto_free char *part = xstrdup(path);
	bool *flags = NULL;

	for (char *p = strchr(part, '/'); p; p = strchr(p + 1, '/')) {
		bool *above = flags;

		flags = xcalloc(ig->rules.n + 1, sizeof(*flags));
		*p = '\0';
		ignore_step(ig, part, above, flags);
		*p = '/';
		free(above);
	}
	return flags;
}

bool ignore_may_return(const struct ignore *ig, const char *dir)
{
	vec_each (&ig->rules, r)
		if (r->negate && glob_may_match_below(&r->glob, dir))
			return true;
	return false;
}
