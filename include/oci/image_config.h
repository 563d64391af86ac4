/*
 * image_config.h - the image configuration: what a container made from the image starts with.
 *
 * Spec   image-spec 1.1 config.md, with docker's extensions (Healthcheck, Shell, OnBuild,
 *        ArgsEscaped is read and kept) in both formats.
 */
#ifndef OCI_IMAGE_CONFIG_H
#define OCI_IMAGE_CONFIG_H

#include "oci/digest.h"
#include "oci/platform.h"
#include "util/fields.h"
#include "util/str.h"

#define IMAGE_CONFIG_MAX (8 << 20) /* bytes */

struct healthcheck {
	struct strv test; /* {"NONE"}, {"CMD", ...}, {"CMD-SHELL", text} */
	int64_t interval, timeout, start_period, start_interval; /* nanoseconds; UNSET */
	int64_t retries;
};
struct image_settings { /* "config" */
	char *user, *working_dir, *stop_signal;
	struct strv env, entrypoint, cmd, shell, onbuild;
	bool has_entrypoint, has_cmd; /* [] was given, as against not given */
	bool args_escaped;
	struct strv exposed_ports, volumes; /* sets: "80/tcp", "/data" */
	struct strmap labels;
	struct healthcheck *healthcheck;
};
struct history {
	char *created, *created_by, *author, *comment;
	bool empty_layer;
};
struct image_config {
	char *created, *author;
	struct platform platform; /* architecture, os, variant are members of the top object */
	char *os_version;
	struct image_settings config;
	char *rootfs_type;    /* always "layers"; image_config_format writes it by itself */
	struct strv diff_ids; /* "sha256:..." ; checked by image_config_parse */
	VEC(struct history) history;
};
void image_config_init(struct image_config *c);
void image_config_done(struct image_config *c);
/* ERR_INVALID when rootfs.type is not "layers", a diffID is no digest, ...; ERR_LIMIT */
int image_config_parse(const char *text, size_t n, struct image_config *c, struct error *err);
void image_config_format(const struct image_config *c, struct str *out); /* deterministic */
/* Fills *to, whatever it holds: not freed before. */
void image_config_copy(struct image_config *to, const struct image_config *from);
extern const struct field image_settings_fields[]; /* for `inspect` */
extern const struct field healthcheck_fields[];

#endif
