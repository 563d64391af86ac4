/*
 * image_config.c - the image configuration.
 *
 * Owns   its JSON form, in which "absent" and "empty" differ for Cmd and Entrypoint.
 * Never  decides what a setting means to a container (engine/spec.c does).
 * Spec   image-spec 1.1, config.md; docker's Healthcheck, OnBuild, Shell, ArgsEscaped.
 */
#include "oci/image_config.h"

#include "oci/manifest.h"

#define CONFIG_DEPTH 32
#define HISTORY_MAX  10000

const struct field healthcheck_fields[] = {
	F_STRV(struct healthcheck, test, "Test"),
	F_INT(struct healthcheck, interval, "Interval"),
	F_INT(struct healthcheck, timeout, "Timeout"),
	F_INT(struct healthcheck, start_period, "StartPeriod"),
	F_INT(struct healthcheck, start_interval, "StartInterval"),
	F_INT(struct healthcheck, retries, "Retries"),
	F_END,
};

#define SETTINGS(entrypoint_flags, cmd_flags)                                                       \
	{                                                                                           \
		F_STR(struct image_settings, user, "User"),                                         \
			F_SET(struct image_settings, exposed_ports, "ExposedPorts"),                \
			F_STRV(struct image_settings, env, "Env"),                                  \
			F_STRV_(struct image_settings, entrypoint, "Entrypoint", entrypoint_flags), \
			F_STRV_(struct image_settings, cmd, "Cmd", cmd_flags),                      \
			F_PTR(struct image_settings, healthcheck, "Healthcheck",                    \
			      healthcheck_fields),                                                  \
			F_BOOL(struct image_settings, args_escaped, "ArgsEscaped"),                 \
			F_SET(struct image_settings, volumes, "Volumes"),                           \
			F_STR(struct image_settings, working_dir, "WorkingDir"),                    \
			F_STRV(struct image_settings, onbuild, "OnBuild"),                          \
			F_MAP(struct image_settings, labels, "Labels"),                             \
			F_STR(struct image_settings, stop_signal, "StopSignal"),                    \
			F_STRV(struct image_settings, shell, "Shell"), F_END,                       \
	}

const struct field image_settings_fields[] = SETTINGS(0, 0);
/* For writing an empty list that was given; indexed by has_entrypoint and has_cmd. */
static const struct field settings_with_cmd[] = SETTINGS(0, FIELD_KEEP);
static const struct field settings_with_entrypoint[] = SETTINGS(FIELD_KEEP, 0);
static const struct field settings_with_both[] = SETTINGS(FIELD_KEEP, FIELD_KEEP);
static const struct field *const settings_tables[2][2] = {
	{ image_settings_fields, settings_with_cmd },
	{ settings_with_entrypoint, settings_with_both },
};

static const struct field history_fields[] = {
	F_STR(struct history, created, "created"),
	F_STR(struct history, created_by, "created_by"),
	F_STR(struct history, author, "author"),
	F_STR(struct history, comment, "comment"),
	F_BOOL(struct history, empty_layer, "empty_layer"),
	F_END,
};

/* A member of the JSON only: its rows are of struct image_config. */
static const struct field rootfs_fields[] = {
	F_STR_(struct image_config, rootfs_type, "type", FIELD_REQUIRED),
	F_STRV_(struct image_config, diff_ids, "diff_ids", FIELD_KEEP),
	F_END,
};

static const struct field config_fields[] = {
	F_STR(struct image_config, created, "created"),
	F_STR(struct image_config, author, "author"),
	F_STR(struct image_config, platform.architecture, "architecture"),
	F_STR(struct image_config, platform.variant, "variant"),
	F_STR(struct image_config, platform.os, "os"),
	F_STR(struct image_config, os_version, "os.version"),
	F_OBJ_(struct image_config, config, "config", image_settings_fields, FIELD_KEEP),
	{ .name = "rootfs",
	  .type = FIELD_OBJ,
	  .flags = FIELD_REQUIRED | FIELD_KEEP,
	  .sub = rootfs_fields },
	F_VEC(struct image_config, history, "history", history_fields),
	F_END,
};

static const struct fields_limits limits = { IMAGE_CONFIG_MAX, CONFIG_DEPTH };

void image_config_init(struct image_config *c)
{
	*c = (struct image_config){ 0 };
	fields_init(config_fields, c);
}

void image_config_done(struct image_config *c)
{
	fields_done(config_fields, c);
	image_config_init(c);
}

/* The lists of which one must know whether they are there, be it empty; as text. */
struct given {
	char *entrypoint, *cmd;
};
static const struct field given_lists[] = {
	F_RAW(struct given, entrypoint, "Entrypoint"),
	F_RAW(struct given, cmd, "Cmd"),
	F_END,
};
static const struct field given_fields[] = {
	{ .name = "config", .type = FIELD_OBJ, .sub = given_lists },
	F_END,
};

static bool is_list(const char *text)
{
	return text && *text == '[';
}

static int config_check(const struct image_config *c, struct error *err)
{
	struct digest ignored;

	if (strcmp(c->rootfs_type, "layers") != 0)
		return error_set(err, ERR_INVALID, "rootfs: type: '%.40s' is not 'layers'",
				 c->rootfs_type);
	if (c->diff_ids.n > MANIFEST_LAYERS_MAX)
		return error_set(err, ERR_LIMIT, "%zu layers, the limit is %d", c->diff_ids.n,
				 MANIFEST_LAYERS_MAX);
	if (c->history.n > HISTORY_MAX)
		return error_set(err, ERR_LIMIT, "history of %zu steps, the limit is %d",
				 c->history.n, HISTORY_MAX);
	strv_each (&c->diff_ids, i)
		if (digest_parse(c->diff_ids.v[i], &ignored, err) < 0)
			return error_add(err, "rootfs: diff_ids: [%zu]", i);
	return 0;
}

int image_config_parse(const char *text, size_t n, struct image_config *c, struct error *err)
{
	struct given given = { 0 };

	image_config_init(c);
	if (fields_parse(config_fields, text, n, &limits, FIELDS_LENIENT, c, err) < 0)
		return error_add(err, "image configuration");
	if (config_check(c, err) < 0 ||
	    fields_parse(given_fields, text, n, &limits, FIELDS_LENIENT, &given, err) < 0) {
		image_config_done(c);
		return error_add(err, "image configuration");
	}
	c->config.has_entrypoint = is_list(given.entrypoint);
	c->config.has_cmd = is_list(given.cmd);
	fields_done(given_fields, &given);
	return 0;
}

void image_config_format(const struct image_config *c, struct str *out)
{
	static char layers[] = "layers";
	struct field table[ARRAY_SIZE(config_fields)];
	struct image_config copy = *c;

	memcpy(table, config_fields, sizeof(table));
	for (struct field *f = table; f->type != FIELD_END; f++)
		if (f->sub == image_settings_fields)
			f->sub = settings_tables[c->config.has_entrypoint][c->config.has_cmd];
	copy.rootfs_type = layers;
	fields_format(table, &copy, false, out);
}

void image_config_copy(struct image_config *to, const struct image_config *from)
{
	image_config_init(to);
	fields_copy(config_fields, to, from);
	to->config.has_entrypoint = from->config.has_entrypoint;
	to->config.has_cmd = from->config.has_cmd;
}
