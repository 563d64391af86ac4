/*
 * run_mount.c - RUN --mount=...: the grammar, and which key goes with which type.
 *
 * Pure: what the values mean on this host is for step_mounts.c.
 */
#include "run_mount.h"
#include "expand.h"
#include "util/path.h"
#include "util/text.h"

#include <strings.h>

static const char *const type_names[] = {
	[MOUNT_BIND] = "bind",	   [MOUNT_CACHE] = "cache", [MOUNT_TMPFS] = "tmpfs",
	[MOUNT_SECRET] = "secret", [MOUNT_SSH] = "ssh",
};
static const char *const sharing_names[] = {
	[SHARING_SHARED] = "shared",
	[SHARING_PRIVATE] = "private",
	[SHARING_LOCKED] = "locked",
};

const char *run_mount_type_name(const struct run_mount *m)
{
	return type_names[m->type];
}

void run_mount_done(struct run_mount *m)
{
	free(m->from);
	free(m->source);
	free(m->target);
	free(m->id);
	free(m->env);
	*m = (struct run_mount){ 0 };
}

void run_mounts_done(run_mounts *v)
{
	vec_each (v, m)
		run_mount_done(m);
	vec_done(v);
}

/* ---- values ---- */

#define OF(type)   (1u << (type))
#define OF_FILES   (OF(MOUNT_CACHE) | OF(MOUNT_SECRET) | OF(MOUNT_SSH))
#define OF_ALL	   (OF_FILES | OF(MOUNT_BIND) | OF(MOUNT_TMPFS))
#define OF_TREES   (OF(MOUNT_BIND) | OF(MOUNT_CACHE))
#define OF_CLIENTS (OF(MOUNT_SECRET) | OF(MOUNT_SSH))
#define OF_SOURCES (OF_TREES | OF(MOUNT_SECRET))

struct parsing {
	struct run_mount *m;
	int readonly; /* -1: not said */
	bool partial; /* a value with variables that nobody has replaced yet */
};
/* value NULL: the key stands alone. False: the value is bad. */
typedef bool set_fn(struct parsing *p, const char *value);

static bool set_text(char **to, const char *value)
{
	if (str_empty(value))
		return false;
	free(*to);
	*to = xstrdup(value);
	return true;
}

static bool set_type(struct parsing *p, const char *value)
{
	(void)p; /* it was looked for first */
	return value != NULL;
}

static bool set_from(struct parsing *p, const char *value)
{
	return set_text(&p->m->from, value);
}

static bool set_source(struct parsing *p, const char *value)
{
	return set_text(&p->m->source, value);
}

static bool set_target(struct parsing *p, const char *value)
{
	return set_text(&p->m->target, value);
}

static bool set_id(struct parsing *p, const char *value)
{
	return set_text(&p->m->id, value);
}

static bool set_env(struct parsing *p, const char *value)
{
	return set_text(&p->m->env, value) && !strchr(value, '=');
}

static bool to_bool(const char *value, bool *b)
{
	static const char *const words[] = { "true", "1", "t", "false", "0", "f" };

	if (!value) {
		*b = true;
		return true;
	}
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strcasecmp(words[i], value) == 0) {
			*b = i < 3;
			return true;
		}
	return false;
}

static bool set_readonly(struct parsing *p, const char *value)
{
	bool b;

	if (!to_bool(value, &b))
		return false;
	p->readonly = b;
	return true;
}

static bool set_readwrite(struct parsing *p, const char *value)
{
	bool b;

	if (!to_bool(value, &b))
		return false;
	p->readonly = !b;
	return true;
}

static bool set_required(struct parsing *p, const char *value)
{
	return to_bool(value, &p->m->required);
}

static bool set_sharing(struct parsing *p, const char *value)
{
	for (size_t i = 0; value && i < ARRAY_SIZE(sharing_names); i++)
		if (strcasecmp(sharing_names[i], value) == 0) {
			p->m->sharing = (enum mount_sharing)i;
			return true;
		}
	return false;
}

static bool set_size(struct parsing *p, const char *value)
{
	return value && text_parse_bytes(value, &p->m->size) && p->m->size >= 0;
}

static bool set_mode(struct parsing *p, const char *value)
{
	size_t n = value ? strlen(value) : 0;

	if (!n || n > 5 || strspn(value, "01234567") != n)
		return false;
	p->m->mode = strtol(value, NULL, 8);
	return p->m->mode <= 07777;
}

static bool to_id(const char *value, int64_t *id)
{
	uint64_t n;

	if (!value || !str_u64(value, &n) || n >= UINT32_MAX)
		return false;
	*id = (int64_t)n;
	return true;
}

static bool set_uid(struct parsing *p, const char *value)
{
	return to_id(value, &p->m->uid);
}

static bool set_gid(struct parsing *p, const char *value)
{
	return to_id(value, &p->m->gid);
}

static const struct mount_key {
	const char *name;
	set_fn *set;
	unsigned types; /* that know it */
	const char *wants;
} keys[] = {
	{ "type", set_type, OF_ALL, "a type" },
	{ "from", set_from, OF_TREES, "a stage, an image or a context" },
	{ "source", set_source, OF_SOURCES, "a path" },
	{ "src", set_source, OF_SOURCES, "a path" },
	{ "target", set_target, OF_ALL, "a path" },
	{ "dst", set_target, OF_ALL, "a path" },
	{ "destination", set_target, OF_ALL, "a path" },
	{ "id", set_id, OF_FILES, "a name" },
	{ "env", set_env, OF(MOUNT_SECRET), "the name of a variable" },
	{ "readonly", set_readonly, OF_TREES | OF(MOUNT_TMPFS), "true or false" },
	{ "ro", set_readonly, OF_TREES | OF(MOUNT_TMPFS), "true or false" },
	{ "readwrite", set_readwrite, OF_TREES | OF(MOUNT_TMPFS), "true or false" },
	{ "rw", set_readwrite, OF_TREES | OF(MOUNT_TMPFS), "true or false" },
	{ "required", set_required, OF_CLIENTS, "true or false" },
	{ "sharing", set_sharing, OF(MOUNT_CACHE), "shared, private or locked" },
	{ "size", set_size, OF(MOUNT_TMPFS), "a size such as 64m" },
	{ "mode", set_mode, OF_FILES, "octal digits up to 7777" },
	{ "uid", set_uid, OF_FILES, "a number" },
	{ "gid", set_gid, OF_FILES, "a number" },
};

/* ---- the text ---- */

/* One record of comma-separated fields: one in double quotes may hold commas, "" is a quote. */
static int split_csv(const char *text, struct strv *fields, struct error *err)
{
	auto_done(str) struct str field = { 0 };
	bool quoted = false;

	for (const char *p = text;; p++) {
		if (quoted) {
			if (!*p)
				return error_set(err, ERR_INVALID, "a double quote has no end");
			if (*p == '"' && p[1] != '"') {
				quoted = false;
				if (p[1] && p[1] != ',')
					return error_set(err, ERR_INVALID,
							 "text behind the closing quote");
				continue;
			}
			p += *p == '"';
			str_addc(&field, *p);
			continue;
		}
		if (*p == '"' && !field.len) {
			quoted = true;
			continue;
		}
		if (*p && *p != ',') {
			str_addc(&field, *p);
			continue;
		}
		strv_add(fields, str_get(&field));
		str_clear(&field);
		if (!*p)
			return 0;
	}
}

static const struct mount_key *find_key(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (strcasecmp(keys[i].name, name) == 0)
			return &keys[i];
	return NULL;
}

static int unknown_key(const char *name, struct error *err)
{
	const char *names[ARRAY_SIZE(keys)], *near;

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		names[i] = keys[i].name;
	near = str_nearest(name, names, ARRAY_SIZE(keys));
	return error_set(err, ERR_INVALID, "unknown key '%s'%s%s%s", name,
			 near ? " (did you mean " : "", near ? near : "", near ? "?)" : "");
}

static int set_field(struct parsing *p, const char *field, char escape, const struct strv *env,
		     struct error *err)
{
	const char *eq = strchr(field, '=');
	auto_free char *name = eq ? xstrndup(field, (size_t)(eq - field)) : xstrdup(field);
	auto_free char *value = NULL;
	const struct mount_key *k = find_key(name);

	if (!k)
		return unknown_key(name, err);
	if (!(k->types & OF(p->m->type)))
		return error_set(err, ERR_INVALID, "%s is not for type=%s", k->name,
				 type_names[p->m->type]);
	if (eq && k->set == set_from && strchr(eq, '$'))
		return error_set(err, ERR_INVALID,
				 "%s: no variables here; name a stage FROM $... AS name", field);
	if (eq && !env && strchr(eq, '$')) {
		p->partial = true;
		return 0;
	}
	if (eq && env && k->set != set_from) {
		if (expand_word(eq + 1, escape, env, &value, err) < 0)
			return -1;
	} else if (eq) {
		value = xstrdup(eq + 1);
	}
	if (!k->set(p, value))
		return error_set(err, ERR_INVALID, "%s: must be %s", field, k->wants);
	return 0;
}

/* The type decides about all the others, wherever it stands. */
static int find_type(const struct strv *fields, struct run_mount *m, struct error *err)
{
	strv_each (fields, i) {
		const char *value = fields->v[i] + 5, *near;

		if (strncasecmp(fields->v[i], "type=", 5) != 0)
			continue;
		for (size_t k = 0; k < ARRAY_SIZE(type_names); k++)
			if (strcasecmp(type_names[k], value) == 0) {
				m->type = (enum run_mount_type)k;
				return 0;
			}
		near = str_nearest(value, type_names, ARRAY_SIZE(type_names));
		return error_set(err, ERR_INVALID, "unknown type '%s'%s%s%s", value,
				 near ? " (did you mean " : "", near ? near : "", near ? "?)" : "");
	}
	return 0;
}

static int check(const struct run_mount *m, struct error *err)
{
	bool client = OF_CLIENTS & OF(m->type);

	if (m->type == MOUNT_SECRET && m->source && m->id)
		return error_set(err, ERR_INVALID, "source and id of a secret are the same thing");
	if (m->type == MOUNT_SECRET && !m->source && !m->id && !m->target)
		return error_set(err, ERR_INVALID, "a secret needs an id or a target");
	if (!client && !m->target)
		return error_set(err, ERR_INVALID, "type=%s needs a target", type_names[m->type]);
	return 0;
}

/* "../a" and "a" are both "/a": nothing is above the top of the tree. */
static void clean_source(struct run_mount *m)
{
	auto_free char *rooted = m->source ? xasprintf("/%s", m->source) : NULL;

	if (!rooted || m->type == MOUNT_SECRET)
		return;
	free(m->source);
	m->source = path_clean(rooted);
}

int run_mount_parse(const char *text, char escape, const struct strv *env, struct run_mount *m,
		    struct error *err)
{
	struct parsing p = { .m = m, .readonly = -1 };
	auto_done(strv) struct strv fields = { 0 };
	int r = split_csv(text, &fields, err);

	*m = (struct run_mount){ .size = -1, .mode = -1, .uid = -1, .gid = -1 };
	if (r == 0)
		r = find_type(&fields, m, err);
	for (size_t i = 0; r == 0 && i < fields.n; i++)
		r = set_field(&p, fields.v[i], escape, env, err);
	if (r == 0 && !p.partial)
		r = check(m, err);
	if (r < 0) {
		run_mount_done(m);
		return error_add(err, "--mount=%s", text);
	}
	m->readonly = p.readonly < 0 ? m->type == MOUNT_BIND : p.readonly;
	clean_source(m);
	return 0;
}
