/*
 * registries_conf.c - registries.conf of podman, skopeo and their like, as settings of ours.
 *
 * Theory of operation: one file of the main name counts, the user's before the system's; then the
 * files of the folders beside both, by their names, of which the last one counts for a prefix. So
 * they are read from the last to the first: of two settings for one prefix the first one is taken.
 * Our own settings stand before all of them.
 * Not read: the short names and the search list, because a name without a host is docker.io's here.
 * Spec   containers-registries.conf(5), version 2.
 */
#include "util/settings.h"

#include "util/fd.h"
#include "util/fields.h"
#include "util/home.h"
#include "util/toml.h"

#define SYSTEM_FILE   "/etc/containers/registries.conf"
#define SYSTEM_FOLDER "/etc/containers/registries.conf.d"

struct conf_mirror {
	char *location, *pull;
	int insecure;
};
struct conf_registry {
	char *prefix, *location;
	int insecure, blocked, by_digest_only;
	VEC(struct conf_mirror) mirrors;
};
struct conf {
	VEC(struct conf_registry) registries;
};
static const struct field mirror_fields[] = {
	F_STR_(struct conf_mirror, location, "location", FIELD_REQUIRED),
	F_STR(struct conf_mirror, pull, "pull-from-mirror"),
	F_TRI(struct conf_mirror, insecure, "insecure"),
	F_END,
};
static const struct field registry_fields[] = {
	F_STR(struct conf_registry, prefix, "prefix"),
	F_STR(struct conf_registry, location, "location"),
	F_TRI(struct conf_registry, insecure, "insecure"),
	F_TRI(struct conf_registry, blocked, "blocked"),
	F_TRI(struct conf_registry, by_digest_only, "mirror-by-digest-only"),
	F_VEC(struct conf_registry, mirrors, "mirror", mirror_fields),
	F_END,
};
static const struct field conf_fields[] = {
	F_VEC(struct conf, registries, "registry", registry_fields),
	F_END,
};

/* A mirror's own setting: only that its certificate is not asked for. */
static void insecure_add(struct settings *s, const char *location)
{
	struct registry_setting *r = vec_add(&s->registries);

	r->prefix = xstrndup(location, strcspn(location, "/"));
	r->insecure = 1;
	r->blocked = -1;
}

static int mirror_add(struct registry_setting *to, const struct conf_registry *from,
		      const struct conf_mirror *m, struct error *err)
{
	bool digests = from->by_digest_only == 1 || str_eq(m->pull, "digest-only");

	if (m->pull && !str_eq(m->pull, "all") && !str_eq(m->pull, "digest-only") &&
	    !str_eq(m->pull, "tag-only"))
		return error_set(err, ERR_INVALID,
				 "pull-from-mirror: '%.100s' is not all, digest-only or tag-only",
				 m->pull);
	if (digests)
		strv_add(&to->digest_mirrors, m->location);
	else if (str_eq(m->pull, "tag-only"))
		strv_add(&to->tag_mirrors, m->location);
	else
		strv_add(&to->mirrors, m->location);
	return 0;
}

static int registry_add(struct settings *s, const struct conf_registry *from, struct error *err)
{
	const char *prefix = str_empty(from->prefix) ? from->location : from->prefix;
	struct registry_setting *to;

	if (str_empty(prefix))
		return error_set(err, ERR_INVALID, "a registry with neither prefix nor location");
	to = vec_add(&s->registries);
	to->prefix = xstrdup(prefix);
	to->location = str_empty(from->location) ? NULL : xstrdup(from->location);
	to->insecure = from->insecure;
	to->blocked = from->blocked;
	vec_each (&from->mirrors, m)
		if (mirror_add(to, from, m, err) < 0)
			return error_add(err, "%s", prefix);
	vec_each (&from->mirrors, m)
		if (m->insecure == 1)
			insecure_add(s, m->location);
	if (from->insecure == 1 && !str_empty(from->location))
		insecure_add(s, from->location);
	return 0;
}

int registries_conf_parse(const char *text, size_t n, struct settings *s, struct error *err)
{
	auto_done(json) json_t *j = toml_parse(text, n, err);
	struct conf c;
	int r = 0;

	if (!j)
		return -1;
	if (json_object_get(j, "registries"))
		return error_set(err, ERR_INVALID,
				 "[registries] is of version 1, which no tool reads any more");
	fields_init(conf_fields, &c);
	if (fields_load(conf_fields, j, &c, FIELDS_LENIENT, err) < 0)
		return -1;
	for (size_t i = 0; r == 0 && i < c.registries.n; i++)
		r = registry_add(s, &c.registries.v[i], err);
	fields_done(conf_fields, &c);
	return r;
}

/* ---- files ---- */

/* 1, 0 it is not there, -1 */
static int file_load(int dir, const char *name, struct settings *s, struct error *err)
{
	auto_done(str) struct str text = { 0 };

	if (file_read(dir, name, &text, TOML_MAX, err) < 0) {
		if (err->kind != ERR_NOTFOUND)
			return -1;
		error_clear(err);
		return 0;
	}
	return registries_conf_parse(str_get(&text), text.len, s, err) < 0 ? -1 : 1;
}

static int folder_load(const char *folder, struct settings *s, struct error *err)
{
	auto_close int dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_done(strv) struct strv names = { 0 };

	if (dir < 0)
		return 0;
	if (dir_list(dir, &names, err) < 0)
		return -1;
	strv_sort(&names);
	for (size_t i = names.n; i-- > 0;)
		if (str_ends(names.v[i], ".conf") && file_load(dir, names.v[i], s, err) < 0)
			return error_add(err, "%s/%s", folder, names.v[i]);
	return 0;
}

int registries_conf_load(struct settings *s, struct error *err)
{
	const char *named = getenv("CONTAINERS_REGISTRIES_CONF");
	auto_free char *home = home_path(), *folder = NULL, *own = NULL;
	const char *path = named;
	int r = 0;

	if (home) {
		folder = xasprintf("%s/.config/containers/registries.conf.d", home);
		own = xasprintf("%s/.config/containers/registries.conf", home);
	}
	if ((folder && folder_load(folder, s, err) < 0) || folder_load(SYSTEM_FOLDER, s, err) < 0)
		return error_add(err, "settings");
	if (str_empty(named)) {
		path = own;
		r = own ? file_load(AT_FDCWD, own, s, err) : 0;
		if (r == 0)
			path = SYSTEM_FILE;
	}
	if (r == 0)
		r = file_load(AT_FDCWD, path, s, err);
	return r < 0 ? error_add(err, "settings: %s", path) : 0;
}
