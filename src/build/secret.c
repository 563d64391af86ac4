/*
 * secret.c - what --secret gave, read when it is wanted.
 *
 * Never  puts a value into an error, a key or a log.
 * Spec   Dockerfile reference, "RUN --mount=type=secret"; FEATURES B23, B24, B30; docker's
 *        "Build secrets", "Git authentication for remote contexts".
 */
#include "secret.h"
#include "util/base64.h"
#include "util/fd.h"
#include "util/http.h"

#include <fcntl.h>
#include <stdlib.h>

#define SECRET_MAX (500 << 10) /* bytes, as docker has it */

void secret_done(struct str *value)
{
	if (value->s)
		explicit_bzero(value->s, value->cap);
	str_done(value);
}

int secret_read(const struct build_request *r, const char *id, struct str *value, struct error *err)
{
	const struct build_secret *secret = NULL;
	const char *text;

	vec_each (&r->secrets, s)
		if (strcmp(s->id, id) == 0)
			secret = s;
	if (!secret)
		return 0;
	if (secret->file) {
		if (file_read(AT_FDCWD, secret->file, value, SECRET_MAX, err) < 0)
			return error_add(err, "secret '%s'", id);
		return 1;
	}
	text = getenv(secret->env);
	if (!text)
		return 0;
	if (strlen(text) > SECRET_MAX)
		return error_set(err, ERR_LIMIT, "secret '%s': more than %d bytes", id, SECRET_MAX);
	str_add(value, text);
	return 1;
}

/* The name of the server alone: no user, no port. */
static char *host_of(const char *url)
{
	const char *at = strstr(url, "://"), *start = at ? at + 3 : url, *end;

	end = start + strcspn(start, "/?#");
	for (const char *p = start; p < end; p++)
		if (*p == '@')
			start = p + 1;
	if (*start == '[') /* an IPv6 address */
		return xstrndup(start + 1, strcspn(start + 1, "]/?#"));
	return xstrndup(start, strcspn(start, ":/?#"));
}

/* One line of text, without blanks behind: 1, 0, -1. */
static int read_line(const struct build_request *r, const char *id, struct str *value,
		     struct error *err)
{
	int found = secret_read(r, id, value, err);

	while (value->len && strchr(" \t\r\n", value->s[value->len - 1]))
		value->s[--value->len] = '\0';
	if (found == 1 && (!value->len || strlen(value->s) != value->len || strpbrk(value->s, "\r\n")))
		return error_set(err, ERR_INVALID, "secret '%s' is not one line of text", id);
	return found;
}

int secret_authorization(const struct build_request *r, const char *url, struct str *header,
			 struct error *err)
{
	static const struct {
		const char *prefix, *before;
	} kinds[] = { { "HTTP_AUTH_HEADER_", "" }, { "HTTP_AUTH_TOKEN_", "Bearer " } };
	auto_free char *host = host_of(url);
	int found = 0;

	for (size_t i = 0; found == 0 && i < ARRAY_SIZE(kinds); i++) {
		auto_free char *id = xasprintf("%s%s", kinds[i].prefix, host);
		struct str value = { 0 };

		found = read_line(r, id, &value, err);
		if (found == 1) {
			str_reserve(header, value.len + 64);
			str_addf(header, "Authorization: %s%s", kinds[i].before, value.s);
		}
		secret_done(&value);
	}
	return found;
}

/* The user's name says nothing to who takes tokens, and is the one that docker sends. */
static void add_token(struct str *header, const struct str *token)
{
	struct str plain = { 0 };

	str_reserve(&plain, token->len + 64);
	str_addf(&plain, "x-access-token:%s", token->s);
	str_reserve(header, 2 * plain.len + 64);
	str_add(header, "Authorization: basic ");
	base64_encode(plain.s, plain.len, header);
	secret_done(&plain);
}

int secret_git_authorization(const struct build_request *r, const char *url, struct str *header,
			     struct error *err)
{
	static const struct {
		const char *name;
		bool token, of_host;
	} kinds[] = { { "GIT_AUTH_HEADER", false, true },
		      { "GIT_AUTH_TOKEN", true, true },
		      { "GIT_AUTH_HEADER", false, false },
		      { "GIT_AUTH_TOKEN", true, false } };
	auto_free char *host = host_of(url);
	int found = 0;

	if (!http_is_url(url))
		return 0;
	for (size_t i = 0; found == 0 && i < ARRAY_SIZE(kinds); i++) {
		auto_free char *id = kinds[i].of_host ? xasprintf("%s.%s", kinds[i].name, host)
						      : xstrdup(kinds[i].name);
		struct str value = { 0 };

		found = read_line(r, id, &value, err);
		if (found == 1 && kinds[i].token) {
			add_token(header, &value);
		} else if (found == 1) {
			str_reserve(header, value.len + 64);
			str_addf(header, "Authorization: %s", value.s);
		}
		secret_done(&value);
	}
	return found;
}
