/*
 * authfile.c - docker's config.json and containers' auth.json, as they are read.
 *
 * Never  puts a byte of a file into the text of an error: it may be a secret.
 */
#include "authfile.h"

#include "endpoint.h"

#include "util/fd.h"
#include "util/fields.h"
#include "util/home.h"

#include <strings.h>

static const struct fields_limits limits = { AUTHFILE_MAX, 16 };

void secret_free(char *s)
{
	if (s)
		explicit_bzero(s, strlen(s));
	free(s);
}

void credential_done(struct credential *c)
{
	free(c->user);
	secret_free(c->secret);
	secret_free(c->bearer);
	free(c->source);
	*c = (struct credential){ 0 };
}

char *authfile_key(const char *host)
{
	return xstrdup(strcmp(host, "docker.io") == 0 ? "https://index.docker.io/v1/" : host);
}

json_t *authfile_json(const char *text, size_t n, struct error *err)
{
	struct error hidden = { 0 };
	json_t *j;

	if (n == 0)
		return json_object();
	j = json_parse(text, n, &limits, &hidden);
	if (json_is_object(j))
		return j;
	json_done(&j);
	error_set(err, hidden.kind == ERR_LIMIT ? ERR_LIMIT : ERR_INVALID,
		  "it is not a JSON object of at most %d bytes", AUTHFILE_MAX);
	return NULL;
}

/*
 * A key as the tools write them: "host", "host/path", "https://host/v1/". Without scheme, and
 * without the version that docker's old keys end in.
 */
static char *key_plain(const char *key)
{
	const char *s = strstr(key, "://");
	char *plain;
	size_t n;

	s = s ? s + 3 : key;
	n = strlen(s);
	if (s != key) {
		if (str_ends(s, "/v1/") || str_ends(s, "/v2/"))
			n -= 4;
		else if (str_ends(s, "/v1") || str_ends(s, "/v2"))
			n -= 3;
	}
	while (n && s[n - 1] == '/')
		n--;
	plain = xstrndup(s, n);
	if (str_eq(plain, "index.docker.io") || str_eq(plain, "registry-1.docker.io")) {
		free(plain);
		plain = xstrdup("docker.io");
	}
	return plain;
}

size_t authfile_match(const char *key, const char *host, const char *repository)
{
	auto_free char *plain = key_plain(key);
	auto_free char *full = repository ? xasprintf("%s/%s", host, repository) : xstrdup(host);
	size_t n = strlen(plain);

	if (strncmp(plain, full, n) != 0 || (full[n] && full[n] != '/') || n < strlen(host))
		return 0;
	return n;
}

const char *authfile_helper(json_t *file, const char *host)
{
	json_t *helpers = json_object_get(file, "credHelpers"), *value;
	const char *key;

	json_object_foreach (helpers, key, value)
		if (authfile_match(key, host, NULL))
			return json_string_value(value);
	return json_string_value(json_object_get(file, "credsStore"));
}

/* "auth" is base64 of "user:password"; some tools write the two beside it. */
static bool entry_read(json_t *e, struct credential *c)
{
	const char *auth = json_string_value(json_object_get(e, "auth"));
	const char *user = json_string_value(json_object_get(e, "username"));
	const char *password = json_string_value(json_object_get(e, "password"));
	const char *identity = json_string_value(json_object_get(e, "identitytoken"));
	const char *bearer = json_string_value(json_object_get(e, "registrytoken"));
	struct str plain = { 0 };
	char *colon;

	if (!str_empty(auth) && base64_decode(auth, &plain) && plain.s &&
	    strlen(plain.s) == plain.len && (colon = strchr(plain.s, ':'))) {
		*colon = '\0';
		c->user = xstrdup(plain.s);
		c->secret = xstrdup(colon + 1);
	} else if (user && password) {
		c->user = xstrdup(user);
		c->secret = xstrdup(password);
	}
	if (plain.s)
		explicit_bzero(plain.s, plain.cap);
	str_done(&plain);
	if (!str_empty(identity)) {
		secret_free(c->secret);
		c->secret = xstrdup(identity);
		c->identity = true;
	}
	if (!str_empty(bearer))
		c->bearer = xstrdup(bearer);
	return c->secret || c->bearer;
}

int authfile_find(const char *text, size_t n, const char *host, const char *repository,
		  struct credential *c, char **helper, struct error *err)
{
	auto_done(json) json_t *j = authfile_json(text, n, err);
	json_t *value, *best = NULL;
	const char *key, *name;
	size_t length, best_length = 0;

	if (!j)
		return -1;
	name = authfile_helper(j, host);
	if (helper && name)
		*helper = xstrdup(name);
	json_object_foreach (json_object_get(j, "auths"), key, value) {
		length = authfile_match(key, host, repository);
		if (length > best_length && json_object_size(value)) {
			best_length = length;
			best = value;
		}
	}
	return best && entry_read(best, c);
}

void authfile_paths(const struct registry_options *o, struct strv *paths)
{
	const char *only = o->authfile ? o->authfile : getenv("REGISTRY_AUTH_FILE");
	const char *run = getenv("XDG_RUNTIME_DIR"), *docker = getenv("DOCKER_CONFIG");
	auto_free char *home = home_path();

	if (!str_empty(only)) {
		strv_add(paths, only);
		return;
	}
	if (!str_empty(docker)) /* who says where it is means that one */
		strv_addf(paths, "%s/config.json", docker);
	if (!str_empty(run))
		strv_addf(paths, "%s/containers/auth.json", run);
	if (home)
		strv_addf(paths, "%s/.config/containers/auth.json", home);
	if (home && str_empty(docker))
		strv_addf(paths, "%s/.docker/config.json", home);
}

/* One file: its helper first, because who has one does not want secrets in files. */
static int file_find(const char *path, const char *host, const char *repository,
		     struct credential *c, struct error *err)
{
	auto_free char *helper = NULL, *key = authfile_key(host);
	struct credential stored = { 0 };
	struct str text = { 0 };
	struct stat st;
	int r = file_read(AT_FDCWD, path, &text, AUTHFILE_MAX, err);

	if (r < 0) {
		str_done(&text);
		if (err->kind != ERR_NOTFOUND)
			return error_add(err, "auth file");
		error_clear(err);
		return 0;
	}
	r = authfile_find(str_get(&text), text.len, host, repository, &stored, &helper, err);
	if (text.s)
		explicit_bzero(text.s, text.cap);
	str_done(&text);
	if (r < 0)
		return error_add(err, "auth file %s", path);
	if (helper) {
		int found = helper_get(helper, key, c, err);

		if (found) {
			credential_done(&stored);
			return found;
		}
	}
	*c = stored;
	if (r) {
		c->source = xstrdup(path);
		c->written_s = stat(path, &st) == 0 ? (int64_t)st.st_mtime : 0;
	}
	return r;
}

int credential_find(const char *host, const char *repository, const struct registry_options *o,
		    struct credential *c, struct error *err)
{
	auto_done(strv) struct strv paths = { 0 };
	int r = 0;

	*c = (struct credential){ 0 };
	if (o->creds) {
		size_t n = strcspn(o->creds, ":");

		c->user = xstrndup(o->creds, n);
		c->secret = xstrdup(o->creds[n] ? o->creds + n + 1 : "");
		c->source = xstrdup("--creds");
		return 1;
	}
	authfile_paths(o, &paths);
	for (size_t i = 0; r == 0 && i < paths.n; i++)
		r = file_find(paths.v[i], host, repository, c, err);
	return r;
}

void authfile_headers(const struct registry_options *o, struct strv *headers)
{
	auto_done(strv) struct strv paths = { 0 };

	authfile_paths(o, &paths);
	strv_each (&paths, i) {
		auto_done(str) struct str text = { 0 };
		struct error ignored = { 0 }; /* who needs a credential of it meets it again */
		auto_done(json) json_t *j = NULL;
		const char *key, *value;
		json_t *v;

		if (file_read(AT_FDCWD, paths.v[i], &text, AUTHFILE_MAX, &ignored) < 0)
			continue;
		j = authfile_json(str_get(&text), text.len, &ignored);
		json_object_foreach (json_object_get(j, "HttpHeaders"), key, v) {
			value = json_string_value(v);
			if (strncasecmp(key, "X-Meta-", 7) == 0 && value && !strpbrk(value, "\r\n") &&
			    !key[strspn(key, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
					     "0123456789-")])
				strv_addf(headers, "%s: %s", key, value);
		}
		if (text.s)
			explicit_bzero(text.s, text.cap);
	}
}
