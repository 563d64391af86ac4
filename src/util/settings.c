/*
 * settings.c - the settings files, merged.
 *
 * Owns   the names of the files and of their keys. A list in a later file takes the place of the
 *        earlier one; of registries, both hold, and the later one is looked at first.
 */
#include "util/settings.h"

#include "util/fd.h"
#include "util/fields.h"
#include "util/home.h"

#define SYSTEM_FILE  "/etc/hod/config.json"
#define SETTINGS_MAX ((size_t)1 << 20)

static const struct field registry_fields[] = {
	F_STR_(struct registry_setting, prefix, "prefix", FIELD_REQUIRED),
	F_STR(struct registry_setting, location, "location"),
	F_STRV(struct registry_setting, mirrors, "mirrors"),
	F_STRV(struct registry_setting, tag_mirrors, "tag-mirrors"),
	F_STRV(struct registry_setting, digest_mirrors, "digest-mirrors"),
	F_TRI(struct registry_setting, insecure, "insecure"),
	F_TRI(struct registry_setting, blocked, "blocked"),
	F_END,
};
static const struct field proxies_fields[] = {
	F_STR(struct settings_proxies, http, "http-proxy"),
	F_STR(struct settings_proxies, https, "https-proxy"),
	F_STR(struct settings_proxies, none, "no-proxy"),
	F_END,
};
static const struct field settings_fields[] = {
	F_STRV(struct settings, registry_mirrors, "registry-mirrors"),
	F_STRV(struct settings, insecure_registries, "insecure-registries"),
	F_STRV(struct settings, blocked_registries, "blocked-registries"),
	F_VEC(struct settings, registries, "registries", registry_fields),
	F_INT(struct settings, registry_stall_s, "registry-stall-seconds"),
	F_STR(struct settings, auth_realm, "auth-realm"),
	F_OBJ(struct settings, proxies, "proxies", proxies_fields),
	F_END,
};
static const struct fields_limits limits = { SETTINGS_MAX, 8 };

void settings_done(struct settings *s)
{
	fields_done(settings_fields, s);
}

int settings_parse(const char *text, size_t n, struct settings *s, struct error *err)
{
	fields_init(settings_fields, s);
	if (fields_parse(settings_fields, text, n, &limits, FIELDS_STRICT, s, err) < 0)
		return -1;
	if (s->auth_realm && !str_eq(s->auth_realm, "any") && !str_eq(s->auth_realm, "same-host")) {
		error_set(err, ERR_INVALID, "auth-realm: '%.100s' is neither any nor same-host",
			  s->auth_realm);
		settings_done(s);
		return -1;
	}
	return 0;
}

static void list_replace(struct strv *list, struct strv *by)
{
	if (!by->n)
		return;
	strv_done(list);
	*list = *by;
	*by = (struct strv){ 0 };
}

static void text_replace(char **text, char **by)
{
	if (!*by)
		return;
	free(*text);
	*text = take_ptr(by);
}

/* Moves what later says into s. */
static void settings_merge(struct settings *s, struct settings *later)
{
	list_replace(&s->registry_mirrors, &later->registry_mirrors);
	list_replace(&s->insecure_registries, &later->insecure_registries);
	list_replace(&s->blocked_registries, &later->blocked_registries);
	if (later->registry_stall_s != UNSET)
		s->registry_stall_s = later->registry_stall_s;
	text_replace(&s->auth_realm, &later->auth_realm);
	text_replace(&s->proxies.http, &later->proxies.http);
	text_replace(&s->proxies.https, &later->proxies.https);
	text_replace(&s->proxies.none, &later->proxies.none);
	vec_each (&s->registries, r)
		vec_push(&later->registries, *r);
	vec_done(&s->registries);
	vec_each (&later->registries, r)
		vec_push(&s->registries, *r);
	vec_done(&later->registries);
}

static int file_merge(struct settings *s, const char *path, bool must, struct error *err)
{
	auto_done(str) struct str text = { 0 };
	struct settings one;

	if (file_read(AT_FDCWD, path, &text, SETTINGS_MAX, err) < 0) {
		if (must || err->kind != ERR_NOTFOUND)
			return error_add(err, "settings");
		error_clear(err);
		return 0;
	}
	if (settings_parse(str_get(&text), text.len, &one, err) < 0)
		return error_add(err, "settings: %s", path);
	settings_merge(s, &one);
	settings_done(&one);
	return 0;
}

static void env_replace(struct strv *list, const char *name)
{
	auto_done(strv) struct strv given = { 0 };
	const char *value = getenv(name);

	if (str_empty(value))
		return;
	strv_split(&given, value, ',');
	list_replace(list, &given);
}

int settings_load(struct settings *s, struct error *err)
{
	auto_free char *home = home_path(), *own = NULL;
	const char *only = getenv("HOD_CONFIG");
	int r;

	fields_init(settings_fields, s);
	if (!str_empty(only)) {
		r = file_merge(s, only, true, err);
	} else {
		r = file_merge(s, SYSTEM_FILE, false, err);
		if (home)
			own = xasprintf("%s/.config/hod/config.json", home);
		if (r == 0 && own)
			r = file_merge(s, own, false, err);
		if (r == 0)
			r = registries_conf_load(s, err);
	}
	if (r < 0) {
		settings_done(s);
		return -1;
	}
	env_replace(&s->registry_mirrors, "HOD_REGISTRY_MIRRORS");
	env_replace(&s->insecure_registries, "HOD_INSECURE_REGISTRIES");
	return 0;
}
