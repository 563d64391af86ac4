/*
 * import.c - the file system of a machine, as a tar, becomes an image of one layer.
 */
#include "image/archive.h"
#include "util/fd.h"
#include "util/text.h"

static void describe(const struct import_options *o, const struct digest *diff_id,
		    struct image_config *config)
{
	char now[TEXT_TIME_MAX], text[DIGEST_TEXT_MAX];
	struct history *h;

	text_rfc3339nano(time_now_ns(), now, sizeof(now));
	config->created = xstrdup(now);
	if (o->platform) {
		config->platform.os = xstrdup(o->platform->os);
		config->platform.architecture = xstrdup(o->platform->architecture);
		config->platform.variant = xstrdup_or_null(o->platform->variant);
	} else {
		platform_host(&config->platform);
	}
	if (o->settings)
		fields_copy(image_settings_fields, &config->config, o->settings);
	strv_add(&config->diff_ids, digest_format(diff_id, text));
	h = vec_add(&config->history);
	h->created = xstrdup(now);
	h->comment = xstrdup(o->message ? o->message : "imported from a tar");
}

static int import_fd(struct store *st, int fd, const struct import_options *o, struct image *result,
		     struct error *err)
{
	const struct layer_import_options any = { .blob = NULL };
	struct layer_imported layer;
	struct image_config config;
	int status;

	if (layer_import(st, fd, -1, &any, &layer, err) < 0)
		return -1;
	image_config_init(&config);
	describe(o, &layer.diff_id, &config);
	status = image_commit(st, &config, &o->name, o->name ? 1 : 0, result, err);
	image_config_done(&config);
	return status;
}

int archive_import(struct store *st, const char *path, const struct import_options *o,
		   struct image *result, struct error *err)
{
	auto_close int lock = store_lock(st, LOCK_SHARED, err);
	auto_close int file = -1;
	struct staging s;
	int fd = STDIN_FILENO, status;

	if (lock < 0)
		return -1;
	if (strcmp(path, "-") != 0) {
		fd = file = open(path, O_RDONLY | O_NOCTTY | O_CLOEXEC);
		if (fd < 0)
			return error_sys(err, "open '%s'", path);
	}
	/* its age protects the layer from collection until the image names it */
	if (staging_begin(st, &s, err) < 0)
		return -1;
	status = import_fd(st, fd, o, result, err);
	staging_end(st, &s);
	return status;
}
