/*
 * helper.c - docker's credential helpers: docker-credential-NAME get, store, erase.
 *
 * Never  through a shell; the name is one word of a file name. A secret goes by a pipe only, and no
 *        text of an error holds what a helper printed on its stdout.
 */
#include "credential.h"

#include "util/fields.h"
#include "util/program.h"

static const struct fields_limits limits = { 64 << 10, 8 };

static int helper_run(const char *helper, const char *verb, const char *input, struct str *out,
		      struct error *err)
{
	auto_done(strv) struct strv argv = { 0 };

	if (strchr(helper, '/') || !*helper)
		return error_set(err, ERR_INVALID,
				 "'%.100s' is not the name of a credential helper", helper);
	strv_addf(&argv, "docker-credential-%s", helper);
	strv_add(&argv, verb);
	return program_feed(&argv, input, strlen(input), out, err);
}

static void wipe(struct str *s)
{
	if (s->s)
		explicit_bzero(s->s, s->cap);
	str_done(s);
}

int helper_parse(const char *text, size_t n, struct credential *c, struct error *err)
{
	struct error hidden = { 0 }; /* its text may quote what it could not read */
	auto_done(json) json_t *j = json_parse(text, n, &limits, &hidden);
	const char *user = json_string_value(json_object_get(j, "Username"));
	const char *secret = json_string_value(json_object_get(j, "Secret"));

	if (!user || !secret)
		return error_set(err, ERR_INVALID, "its answer has no Username and Secret");
	c->identity = strcmp(user, "<token>") == 0;
	c->user = c->identity ? NULL : xstrdup(user);
	c->secret = xstrdup(secret);
	return 0;
}

int helper_get(const char *helper, const char *key, struct credential *c, struct error *err)
{
	struct str out = { 0 };
	int r = helper_run(helper, "get", key, &out, err);

	if (r == 0) {
		r = helper_parse(str_get(&out), out.len, c, err) < 0 ? -1 : 1;
		if (r < 0)
			error_add(err, "credential helper %s", helper);
		c->source = xasprintf("docker-credential-%s", helper);
		c->helper = true;
	} else if (strstr(str_get(&out), "credentials not found")) {
		error_clear(err);
		r = 0;
	} else if (out.len && err->kind == ERR_FAILED && !strchr(str_get(&out), '{')) {
		error_clear(err); /* helpers say on stdout what went wrong */
		error_set(err, ERR_FAILED, "docker-credential-%s: %.*s", helper,
			  (int)MIN(strcspn(out.s, "\r\n"), (size_t)300), out.s);
	}
	wipe(&out);
	return r;
}

int helper_store(const char *helper, const char *key, const char *user, const char *secret,
		 struct error *err)
{
	struct str in = { 0 };
	auto_done(str) struct str out = { 0 };
	int r;

	str_add(&in, "{\"ServerURL\":");
	str_add_json(&in, key);
	str_add(&in, ",\"Username\":");
	str_add_json(&in, user ? user : "<token>");
	str_add(&in, ",\"Secret\":");
	str_add_json(&in, secret);
	str_add(&in, "}");
	r = helper_run(helper, "store", in.s, &out, err);
	wipe(&in);
	return r;
}

int helper_erase(const char *helper, const char *key, struct error *err)
{
	auto_done(str) struct str out = { 0 };

	return helper_run(helper, "erase", key, &out, err);
}
