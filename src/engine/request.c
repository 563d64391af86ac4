/*
 * request.c - struct run_request: its JSON form, and the values of the options that fill it.
 *
 * Pure: no host, no store. Relative sources stay as typed until mounts.c resolves them.
 */
#include "engine/request.h"

#include "util/path.h"
#include "util/text.h"

#include <ctype.h>

static const struct field mount_fields[] = {
	F_STR(struct request_mount, type, "type"),
	F_STR(struct request_mount, source, "source"),
	F_STR(struct request_mount, destination, "destination"),
	F_BOOL(struct request_mount, readonly, "readonly"),
	F_BOOL(struct request_mount, nocopy, "nocopy"),
	F_BOOL(struct request_mount, create_source, "createSource"),
	F_BOOL(struct request_mount, nonrecursive, "nonrecursive"),
	F_STR(struct request_mount, propagation, "propagation"),
	F_STRV(struct request_mount, options, "options"),
	F_END,
};

static const struct field ulimit_fields[] = {
	F_STR(struct request_ulimit, name, "name"),
	F_INT(struct request_ulimit, soft, "soft"),
	F_INT(struct request_ulimit, hard, "hard"),
	F_END,
};

/* detach, replace, cidfile and the like concern the command that was given, not the container */
const struct field run_request_fields[] = {
	F_STR(struct run_request, image, "image"),
	F_STR(struct run_request, rootfs, "rootfs"),
	F_STRV(struct run_request, args, "args"),
	F_STRV(struct run_request, entrypoint, "entrypoint"),
	F_BOOL(struct run_request, has_entrypoint, "hasEntrypoint"),
	F_STR(struct run_request, platform, "platform"),
	F_STRV(struct run_request, env, "env"),
	F_STR(struct run_request, user, "user"),
	F_STR(struct run_request, workdir, "workdir"),
	F_BOOL(struct run_request, tty, "tty"),
	F_BOOL(struct run_request, interactive, "interactive"),
	F_BOOL(struct run_request, init, "init"),
	F_STRV(struct run_request, group_add, "groupAdd"),
	F_VEC(struct run_request, ulimits, "ulimits", ulimit_fields),
	F_INT(struct run_request, oom_score_adj, "oomScoreAdj"),
	F_STR(struct run_request, umask, "umask"),
	F_STR(struct run_request, name, "name"),
	F_STR(struct run_request, hostname, "hostname"),
	F_STR(struct run_request, domainname, "domainname"),
	F_MAP(struct run_request, labels, "labels"),
	F_MAP(struct run_request, annotations, "annotations"),
	/* mounts are kept resolved, in the record itself */
	F_STRV(struct run_request, volumes_from, "volumesFrom"),
	F_BOOL(struct run_request, read_only, "readOnly"),
	F_TRI(struct run_request, read_only_tmpfs, "readOnlyTmpfs"),
	F_INT(struct run_request, shm_size, "shmSize"),
	F_STRV(struct run_request, add_host, "addHost"),
	F_STRV(struct run_request, dns, "dns"),
	F_STRV(struct run_request, dns_option, "dnsOption"),
	F_STRV(struct run_request, dns_search, "dnsSearch"),
	F_STR(struct run_request, network, "network"),
	F_VEC(struct run_request, publish, "publish", port_fields),
	F_BOOL(struct run_request, publish_all, "publishAll"),
	F_STR(struct run_request, publish_group, "publishGroup"),
	F_INT(struct run_request, drain_time, "drainTime"),
	F_STRV(struct run_request, expose, "expose"),
	F_STR(struct run_request, ip, "ip"),
	F_STR(struct run_request, ip6, "ip6"),
	F_STR(struct run_request, mac_address, "macAddress"),
	F_STRV(struct run_request, network_alias, "networkAlias"),
	F_VEC(struct run_request, more_networks, "moreNetworks", request_network_fields),
	F_STR(struct run_request, pid, "pid"),
	F_STR(struct run_request, ipc, "ipc"),
	F_STR(struct run_request, uts, "uts"),
	F_STR(struct run_request, userns, "userns"),
	F_STR(struct run_request, cgroupns, "cgroupns"),
	F_BOOL(struct run_request, privileged, "privileged"),
	F_STRV(struct run_request, cap_add, "capAdd"),
	F_STRV(struct run_request, cap_drop, "capDrop"),
	F_STRV(struct run_request, security_opt, "securityOpt"),
	F_MAP(struct run_request, sysctl, "sysctl"),
	F_OBJ(struct run_request, limits, "limits", request_limits_fields),
	F_STR(struct run_request, cgroup_parent, "cgroupParent"),
	F_STR(struct run_request, cgroups, "cgroups"),
	F_STRV(struct run_request, devices, "devices"),
	F_STRV(struct run_request, device_cgroup_rules, "deviceCgroupRules"),
	F_BOOL(struct run_request, auto_remove, "autoRemove"),
	F_STR(struct run_request, restart, "restart"),
	F_STR(struct run_request, stop_signal, "stopSignal"),
	F_INT(struct run_request, stop_timeout, "stopTimeout"),
	F_INT(struct run_request, timeout, "timeout"),
	F_STR(struct run_request, health_cmd, "healthCmd"),
	F_STR(struct run_request, health_on_failure, "healthOnFailure"),
	F_INT(struct run_request, health_interval, "healthInterval"),
	F_INT(struct run_request, health_timeout, "healthTimeout"),
	F_INT(struct run_request, health_start_period, "healthStartPeriod"),
	F_INT(struct run_request, health_start_interval, "healthStartInterval"),
	F_INT(struct run_request, health_retries, "healthRetries"),
	F_BOOL(struct run_request, no_healthcheck, "noHealthcheck"),
	F_STR(struct run_request, log_driver, "logDriver"),
	F_STRV(struct run_request, log_opts, "logOpts"),
	F_STR(struct run_request, sdnotify, "sdnotify"),
	F_STR(struct run_request, detach_keys, "detachKeys"),
	F_TRI(struct run_request, sig_proxy, "sigProxy"),
	F_STRV(struct run_request, layers, "layers"),
	F_BOOL(struct run_request, build_step, "buildStep"),
	F_END,
};

void run_request_init(struct run_request *r)
{
	memset(r, 0, sizeof(*r));
	fields_init(run_request_fields, r);
}

static void mount_done(struct request_mount *m)
{
	fields_done(mount_fields, m);
}

void run_request_done(struct run_request *r)
{
	free(r->pull);
	free(r->cidfile);
	free(r->replaces);
	vec_each (&r->mounts, m)
		mount_done(m);
	vec_done(&r->mounts);
	fields_done(run_request_fields, r);
	r->pull = r->cidfile = NULL;
}

static const char *const propagations[] = { "private", "rprivate", "shared",
					    "rshared", "slave",	   "rslave" };
/* options of -v that are handed to the kernel as they are */
static const char *const plain_options[] = { "exec", "noexec", "suid", "nosuid", "dev", "nodev" };

static bool is_one_of(const char *s, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(s, list[i]) == 0)
			return true;
	return false;
}

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
	else if (is_one_of(o, plain_options, ARRAY_SIZE(plain_options)))
		strv_add(&m->options, o);
	else if (is_one_of(o, propagations, ARRAY_SIZE(propagations))) {
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
	auto_done(mount) struct request_mount m = { 0 };

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
	auto_done(mount) struct request_mount m = { 0 };
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
			else if (str_starts(o, "mode=") || str_starts(o, "uid=") ||
				 str_starts(o, "gid=") || str_starts(o, "nr_inodes=") ||
				 str_starts(o, "nr_blocks=") || strcmp(o, "noatime") == 0 ||
				 strcmp(o, "huge=never") == 0 ||
				 is_one_of(o, plain_options, ARRAY_SIZE(plain_options)))
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

	*on = !value || is_one_of(value, yes, ARRAY_SIZE(yes));
	return *on || is_one_of(value, no, ARRAY_SIZE(no));
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
	if (!value || !is_one_of(value, propagations, ARRAY_SIZE(propagations)))
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
	auto_done(mount) struct request_mount m = { 0 };
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

/* ---- --ulimit, --entrypoint ---- */

static const char *const ulimit_names[] = { "as",     "core",	    "cpu",     "data",
					    "fsize",  "locks",	    "memlock", "msgqueue",
					    "nice",   "nofile",	    "nproc",   "rss",
					    "rtprio", "sigpending", "stack",   "rttime" };

static bool parse_limit(const char *s, int64_t *value)
{
	if (strcmp(s, "-1") == 0 || strcmp(s, "unlimited") == 0) {
		*value = -1;
		return true;
	}
	return str_i64(s, value) && *value >= 0;
}

int request_add_ulimit(struct run_request *r, const char *text, struct error *err)
{
	auto_free char *name = xstrdup(text);
	char *soft = strchr(name, '='), *hard;
	struct request_ulimit u = { 0 };

	if (!soft)
		return error_set(err, ERR_USAGE, "expected NAME=SOFT[:HARD]");
	*soft++ = '\0';
	if (!is_one_of(name, ulimit_names, ARRAY_SIZE(ulimit_names)))
		return error_set(err, ERR_USAGE, "limit '%s' is not known", name);
	hard = strchr(soft, ':');
	if (hard)
		*hard++ = '\0';
	if (!parse_limit(soft, &u.soft) || !parse_limit(hard ? hard : soft, &u.hard))
		return error_set(err, ERR_USAGE, "'%s' has no valid numbers", text);
	if (u.hard >= 0 && (u.soft < 0 || u.soft > u.hard))
		return error_set(err, ERR_USAGE, "%s: soft limit is above the hard limit", name);
	vec_each (&r->ulimits, other)
		if (strcmp(other->name, name) == 0) {
			other->soft = u.soft;
			other->hard = u.hard;
			return 0;
		}
	u.name = take_ptr(&name);
	vec_push(&r->ulimits, u);
	return 0;
}

int request_set_entrypoint(struct run_request *r, const char *text, struct error *err)
{
	struct fields_limits limits = { .max_bytes = 1 << 17, .max_depth = 4 };

	strv_done(&r->entrypoint);
	r->has_entrypoint = true;
	if (text[0] == '[') {
		struct error ignored = { 0 }; /* no JSON: then it is a word that starts with '[' */
		auto_done(json) json_t *list = json_parse(text, strlen(text), &limits, &ignored);
		json_t *item;
		size_t i;

		if (json_is_array(list)) {
			json_array_foreach (list, i, item) {
				if (!json_is_string(item))
					return error_set(err, ERR_USAGE, "must be a list of strings");
				strv_add(&r->entrypoint, json_string_value(item));
			}
			return 0;
		}
	}
	if (*text)
		strv_add(&r->entrypoint, text);
	return 0;
}
