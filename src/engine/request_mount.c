/*
 * request_mount.c - what is asked for by -v, --tmpfs and --mount.
 *
 * Pure: no host, no store. Relative sources stay as typed until mounts.c resolves them.
 */
#include "request_mount.h"

#include "util/path.h"
#include "util/text.h"

#include <ctype.h>

static const char *const propagations[] = { "private", "rprivate", "shared",
					    "rshared", "slave",	   "rslave" };
/* options of -v that are handed to the kernel as they are */
static const char *const plain_options[] = { "exec", "noexec", "suid", "nosuid", "dev", "nodev" };

/* Absolute and not the root itself; the result is cleaned and yours. */
static char *destination_check(const char *text, struct error *err)
{
	auto_free char *clean = NULL;

	if (text[0] != '/') {
		error_set(err, ERR_USAGE, "the path in the container must be absolute: '%s'", text);
		return NULL;
	}
	clean = path_clean(text);
	if (strcmp(clean, "/") == 0) {
		error_set(err, ERR_USAGE, "the path in the container must not be '/'");
		return NULL;
	}
	return take_ptr(&clean);
}

/* Two mounts on one place would hide each other: docker refuses it too. */
static int mount_keep(struct run_request *r, struct request_mount *m, struct error *err)
{
	vec_each (&r->mounts, other)
		if (strcmp(other->destination, m->destination) == 0)
			return error_set(err, ERR_USAGE, "duplicate mount point: %s", m->destination);
	vec_push(&r->mounts, *m);
	memset(m, 0, sizeof(*m));
	return 0;
}

static bool is_path(const char *source)
{
	return source[0] == '/' || source[0] == '.' || source[0] == '~';
}

/* Named volumes share docker's grammar of names. */
static bool volume_name_valid(const char *s)
{
	if (!isalnum((unsigned char)s[0]))
		return false;
	for (; *s; s++)
		if (!isalnum((unsigned char)*s) && !strchr("_.-", *s))
			return false;
	return true;
}

static int volume_option(struct request_mount *m, const char *o, struct error *err)
{
	if (strcmp(o, "ro") == 0)
		m->readonly = true;
	else if (strcmp(o, "rw") == 0)
		m->readonly = false;
	else if (strcmp(o, "nocopy") == 0)
		m->nocopy = true;
	else if (strcmp(o, "bind") == 0)
		m->nonrecursive = true;
	else if (str_is_one_of(o, plain_options, ARRAY_SIZE(plain_options)))
		strv_add(&m->options, o);
	else if (str_is_one_of(o, propagations, ARRAY_SIZE(propagations))) {
		free(m->propagation);
		m->propagation = xstrdup(o);
	} else if (strcmp(o, "z") != 0 && strcmp(o, "Z") != 0 && strcmp(o, "copy") != 0 &&
		   strcmp(o, "rbind") != 0 && strcmp(o, "consistent") != 0 &&
		   strcmp(o, "cached") != 0 && strcmp(o, "delegated") != 0)
		/* z and Z relabel for SELinux, which spec.c asks for only where it is on */
		return error_set(err, ERR_USAGE, "volume option '%s' is not known", o);
	return 0;
}

int request_add_volume(struct run_request *r, const char *text, struct error *err)
{
	auto_done(strv) struct strv parts = { 0 };
	auto_done(request_mount) struct request_mount m = { 0 };

	strv_split(&parts, text, ':');
	if (parts.n > 3)
		return error_set(err, ERR_USAGE, "'%s' has too many colons", text);
	if (str_empty(parts.v[0]) || (parts.n > 1 && str_empty(parts.v[1])))
		return error_set(err, ERR_USAGE, "'%s': expected [SOURCE:]DESTINATION[:OPTIONS]",
				 text);
	/* "NAME:ro" does not exist: two parts are source and destination */
	m.destination = destination_check(parts.n == 1 ? parts.v[0] : parts.v[1], err);
	if (!m.destination)
		return -1;
	if (parts.n == 3) {
		auto_done(strv) struct strv opts = { 0 };

		strv_split(&opts, parts.v[2], ',');
		strv_each (&opts, i)
			if (volume_option(&m, opts.v[i], err) < 0)
				return -1;
	}
	m.type = xstrdup("volume");
	if (parts.n > 1) {
		m.source = xstrdup(parts.v[0]);
		if (is_path(m.source)) {
			m.by_volume = true;
			free(m.type);
			m.type = xstrdup("bind");
		} else if (!volume_name_valid(m.source)) {
			return error_set(
				err, ERR_USAGE,
				"'%s' is neither a volume name ([a-zA-Z0-9][a-zA-Z0-9_.-]*) "
				"nor an absolute or ./ path",
				m.source);
		}
	}
	return mount_keep(r, &m, err);
}

int request_add_tmpfs(struct run_request *r, const char *text, struct error *err)
{
	auto_done(request_mount) struct request_mount m = { 0 };
	auto_free char *path = xstrdup(text);
	char *colon = strchr(path, ':');

	if (colon)
		*colon++ = '\0';
	m.destination = destination_check(path, err);
	if (!m.destination)
		return -1;
	m.type = xstrdup("tmpfs");
	if (colon && *colon) {
		auto_done(strv) struct strv opts = { 0 };

		strv_split(&opts, colon, ',');
		strv_each (&opts, i) {
			const char *o = opts.v[i];
			int64_t ignored_size;

			if (strcmp(o, "ro") == 0)
				m.readonly = true;
			else if (strcmp(o, "rw") == 0)
				m.readonly = false;
			else if (str_starts(o, "size=") && text_parse_bytes(o + 5, &ignored_size))
				strv_addf(&m.options, "size=%lld", (long long)ignored_size);
			else if (str_starts(o, "size="))
				return error_set(err, ERR_USAGE, "'%s' is no size like 64m or 1.5g",
						 o + 5);
			else if (str_starts(o, "mode=") || str_starts(o, "uid=") ||
				 str_starts(o, "gid=") || str_starts(o, "nr_inodes=") ||
				 str_starts(o, "nr_blocks=") || strcmp(o, "noatime") == 0 ||
				 strcmp(o, "huge=never") == 0 ||
				 str_is_one_of(o, plain_options, ARRAY_SIZE(plain_options)))
				strv_add(&m.options, o);
			else if (strcmp(o, "notmpcopyup") != 0)
				return error_set(err, ERR_USAGE, "tmpfs option '%s' is not known", o);
		}
	}
	return mount_keep(r, &m, err);
}

/* ---- --mount type=...,key=value,... ---- */

static bool parse_switch(const char *value, bool *on)
{
	static const char *const yes[] = { "1", "t", "T", "true", "TRUE", "True" };
	static const char *const no[] = { "0", "f", "F", "false", "FALSE", "False" };

	*on = !value || str_is_one_of(value, yes, ARRAY_SIZE(yes));
	return *on || str_is_one_of(value, no, ARRAY_SIZE(no));
}

enum mount_types { FOR_BIND = 1, FOR_VOLUME = 2, FOR_TMPFS = 4, FOR_ALL = 7 };

struct mount_key {
	const char *name;
	unsigned types;
	int (*set)(struct request_mount *m, const char *value, struct error *err);
};

static int key_source(struct request_mount *m, const char *value, struct error *err)
{
	free(m->source);
	m->source = xstrdup(value ? value : "");
	return 0;
}

static int key_destination(struct request_mount *m, const char *value, struct error *err)
{
	free(m->destination);
	m->destination = destination_check(value ? value : "", err);
	return m->destination ? 0 : -1;
}

static int key_switch(const char *value, bool *on, struct error *err)
{
	if (!parse_switch(value, on))
		return error_set(err, ERR_USAGE, "must be true or false, not '%s'", value);
	return 0;
}

static int key_readonly(struct request_mount *m, const char *value, struct error *err)
{
	return key_switch(value, &m->readonly, err);
}

static int key_nocopy(struct request_mount *m, const char *value, struct error *err)
{
	return key_switch(value, &m->nocopy, err);
}

static int key_create(struct request_mount *m, const char *value, struct error *err)
{
	return key_switch(value, &m->create_source, err);
}

static int key_nonrecursive(struct request_mount *m, const char *value, struct error *err)
{
	return key_switch(value, &m->nonrecursive, err);
}

static int key_propagation(struct request_mount *m, const char *value, struct error *err)
{
	if (!value || !str_is_one_of(value, propagations, ARRAY_SIZE(propagations)))
		return error_set(err, ERR_USAGE,
				 "'%s' is none of private, rprivate, shared, "
				 "rshared, slave, rslave",
				 value ? value : "");
	free(m->propagation);
	m->propagation = xstrdup(value);
	return 0;
}

static int key_size(struct request_mount *m, const char *value, struct error *err)
{
	int64_t n;

	if (!value || !text_parse_bytes(value, &n) || n < 0)
		return error_set(err, ERR_USAGE, "'%s' is no size", value ? value : "");
	strv_addf(&m->options, "size=%lld", (long long)n);
	return 0;
}

static int key_mode(struct request_mount *m, const char *value, struct error *err)
{
	if (str_empty(value) || strspn(value, "01234567") != strlen(value) || strlen(value) > 5)
		return error_set(err, ERR_USAGE, "'%s' is no octal mode", value ? value : "");
	strv_addf(&m->options, "mode=%s", value);
	return 0;
}

static int key_consistency(struct request_mount *m, const char *value, struct error *err)
{
	return 0; /* a hint for other operating systems; there is nothing to do on Linux */
}

static const struct mount_key mount_keys[] = {
	{ "source", FOR_BIND | FOR_VOLUME, key_source },
	{ "src", FOR_BIND | FOR_VOLUME, key_source },
	{ "destination", FOR_ALL, key_destination },
	{ "dst", FOR_ALL, key_destination },
	{ "target", FOR_ALL, key_destination },
	{ "readonly", FOR_ALL, key_readonly },
	{ "ro", FOR_ALL, key_readonly },
	{ "bind-propagation", FOR_BIND, key_propagation },
	{ "bind-nonrecursive", FOR_BIND, key_nonrecursive },
	{ "bind-create-src", FOR_BIND, key_create },
	{ "volume-nocopy", FOR_VOLUME, key_nocopy },
	{ "tmpfs-size", FOR_TMPFS, key_size },
	{ "tmpfs-mode", FOR_TMPFS, key_mode },
	{ "consistency", FOR_BIND | FOR_VOLUME, key_consistency },
};

static int mount_key_unknown(const char *key, struct error *err)
{
	const char *names[ARRAY_SIZE(mount_keys)], *near;

	for (size_t i = 0; i < ARRAY_SIZE(mount_keys); i++)
		names[i] = mount_keys[i].name;
	error_set(err, ERR_USAGE, "key '%s' is not known", key);
	near = str_nearest(key, names, ARRAY_SIZE(names));
	if (near)
		error_hint(err, "did you mean '%s'?", near);
	return -1;
}

static int mount_apply_key(struct request_mount *m, unsigned type, char *pair, struct error *err)
{
	char *value = strchr(pair, '=');

	if (value)
		*value++ = '\0';
	if (strcmp(pair, "type") == 0)
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(mount_keys); i++) {
		const struct mount_key *k = &mount_keys[i];

		if (strcmp(k->name, pair) != 0)
			continue;
		if (!(k->types & type))
			return error_set(err, ERR_USAGE, "key '%s' does not go with type=%s", pair,
					 m->type);
		if (k->set(m, value, err) < 0)
			return error_add(err, "%s", pair);
		return 0;
	}
	return mount_key_unknown(pair, err);
}

/* One CSV record, as --mount has it: fields may be quoted, "" is a quote inside quotes. */
static int split_csv(const char *text, struct strv *out, struct error *err)
{
	auto_done(str) struct str field = { 0 };
	bool quoted = false;

	for (const char *p = text;; p++) {
		if (quoted && *p == '"' && p[1] == '"') {
			str_addc(&field, '"');
			p++;
		} else if (*p == '"' && (quoted || field.len == 0)) {
			quoted = !quoted;
		} else if (*p == '\0' || (*p == ',' && !quoted)) {
			if (quoted)
				return error_set(err, ERR_USAGE, "a quote is not closed");
			strv_add(out, str_get(&field));
			str_clear(&field);
			if (!*p)
				return 0;
		} else {
			str_addc(&field, *p);
		}
	}
}

int request_add_mount(struct run_request *r, const char *text, struct error *err)
{
	static const struct {
		const char *name;
		unsigned bit;
	} types[] = { { "bind", FOR_BIND }, { "volume", FOR_VOLUME }, { "tmpfs", FOR_TMPFS } };
	auto_done(strv) struct strv pairs = { 0 };
	auto_done(request_mount) struct request_mount m = { 0 };
	unsigned type = 0;

	if (split_csv(text, &pairs, err) < 0)
		return -1;
	m.type = xstrdup("volume");
	strv_each (&pairs, i)
		if (str_starts(pairs.v[i], "type=")) {
			free(m.type);
			m.type = xstrdup(pairs.v[i] + 5);
		}
	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (strcmp(types[i].name, m.type) == 0)
			type = types[i].bit;
	if (!type)
		return error_set(err, ERR_USAGE, "type '%s' is none of bind, volume, tmpfs", m.type);
	strv_each (&pairs, i)
		if (mount_apply_key(&m, type, pairs.v[i], err) < 0)
			return -1;
	if (!m.destination)
		return error_set(err, ERR_USAGE, "a target is needed");
	if (type == FOR_BIND && str_empty(m.source))
		return error_set(err, ERR_USAGE, "a source is needed with type=bind");
	if (type == FOR_VOLUME && !str_empty(m.source) && !volume_name_valid(m.source))
		return error_set(err, ERR_USAGE, "source '%s' is no volume name", m.source);
	return mount_keep(r, &m, err);
}
