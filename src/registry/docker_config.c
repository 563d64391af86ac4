/*
 * docker_config.c - the proxies that docker's config.json has for containers and builds.
 *
 * Never  puts a byte of the file into the text of an error: there are logins in it.
 */
#include "registry/docker_config.h"

#include "authfile.h"

#include "util/fd.h"
#include "util/home.h"
#include "util/log.h"

#include <ctype.h>

static bool has_name(const struct strv *l, const char *name)
{
	size_t n = strlen(name);

	for (size_t i = 0; l && i < l->n; i++)
		if (strncmp(l->v[i], name, n) == 0 && (!l->v[i][n] || l->v[i][n] == '='))
			return true;
	return false;
}

static void add(struct strv *env, const struct strv *given, const char *name, const char *value)
{
	if (!has_name(env, name) && !has_name(given, name))
		strv_addf(env, "%s=%s", name, value);
}

int docker_config_proxies_parse(const char *text, size_t n, struct strv *env,
				const struct strv *given, struct error *err)
{
	static const struct {
		const char *key, *name;
	} rows[] = {
		{ "httpProxy", "HTTP_PROXY" }, { "httpsProxy", "HTTPS_PROXY" },
		{ "ftpProxy", "FTP_PROXY" },   { "noProxy", "NO_PROXY" },
		{ "allProxy", "ALL_PROXY" },
	};
	auto_done(json) json_t *j = authfile_json(text, n, err);
	json_t *of;

	if (!j)
		return -1;
	of = json_object_get(json_object_get(j, "proxies"), "default");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *value = json_string_value(json_object_get(of, rows[i].key));
		auto_free char *lower = xstrdup(rows[i].name);

		if (str_empty(value))
			continue;
		for (char *c = lower; *c; c++)
			*c = (char)tolower((unsigned char)*c);
		add(env, given, rows[i].name, value);
		add(env, given, lower, value);
	}
	return 0;
}

void docker_config_proxies(struct strv *env, const struct strv *given)
{
	const char *docker = getenv("DOCKER_CONFIG");
	auto_free char *home = home_path(), *path = NULL;
	struct str text = { 0 };
	struct error err = { 0 };
	char line[ERROR_LINE_MAX];

	if (!str_empty(docker))
		path = xasprintf("%s/config.json", docker);
	else if (home)
		path = xasprintf("%s/.docker/config.json", home);
	if (path &&
	    (file_read(AT_FDCWD, path, &text, AUTHFILE_MAX, &err) < 0 ||
	     docker_config_proxies_parse(str_get(&text), text.len, env, given, &err) < 0) &&
	    err.kind != ERR_NOTFOUND)
		log_warn("no proxies are read from %s: %s", path,
			 error_text(&err, line, sizeof(line)));
	if (text.s)
		explicit_bzero(text.s, text.cap);
	str_done(&text);
}
