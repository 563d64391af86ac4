/*
 * import.c - the file system of a machine, as a tar, becomes an image of one layer.
 *
 * The tar that came is nobody's layer yet, so it is unpacked and committed like a RUN's result: the
 * layer is the canonical one, and nothing of the tar need be kept to write it out again.
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

/* Unpacks into the staging directory and publishes what came of it. */
static int import_layer(struct store *st, int fd, struct staging *s, struct digest *diff_id,
			struct error *err)
{
	auto_done(owners) struct owners owners = { 0 };
	const struct layer_apply_options o = {
		.form = LAYER_OVERLAY,
		.owners = &owners,
		.single = st->single,
		.uid = -1,
		.gid = -1,
	};
	auto_close int diff = dir_make_open(s->fd, "diff", 0755, err);
	struct digest ignored_blob, ignored_tar;
	struct layer_stats stats = { 0 };
	int64_t size, tar_size;
	struct stream *in;
	int status;

	if (diff < 0)
		return -1;
	in = stream_open(fd, -1, err);
	if (!in)
		return -1;
	status = layer_apply(in, diff, &o, &stats, err);
	if (status == 0)
		status = stream_finish(in, &ignored_blob, &size, &ignored_tar, &tar_size, err);
	stream_close(in);
	if (status == 0 && owners.v.n)
		status = owners_save(s->fd, &owners, err);
	return status < 0 ? -1 : layer_commit(st, s, -1, diff_id, err);
}

static int import_image(struct store *st, const struct digest *diff_id,
			const struct import_options *o, struct image *result, struct error *err)
{
	struct image_config config;
	int status;

	image_config_init(&config);
	describe(o, diff_id, &config);
	status = image_commit(st, &config, &o->name, o->name ? 1 : 0, result, err);
	image_config_done(&config);
	return status;
}

int archive_import(struct store *st, const char *path, const struct import_options *o,
		   struct image *result, struct error *err)
{
	auto_close int lock = store_lock(st, LOCK_SHARED, err);
	auto_close int file = -1;
	struct staging keep, s;
	struct digest diff_id;
	int fd = STDIN_FILENO, status;

	if (lock < 0)
		return -1;
	if (strcmp(path, "-") != 0) {
		fd = file = open(path, O_RDONLY | O_NOCTTY | O_CLOEXEC);
		if (fd < 0)
			return error_sys(err, "open '%s'", path);
	}
	/* its age protects the layer from collection until the image names it */
	if (staging_begin(st, &keep, err) < 0)
		return -1;
	status = staging_begin(st, &s, err);
	if (status == 0) {
		status = import_layer(st, fd, &s, &diff_id, err);
		staging_end(st, &s);
	}
	if (status == 0)
		status = import_image(st, &diff_id, o, result, err);
	staging_end(st, &keep);
	return status;
}
