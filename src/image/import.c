/*
 * import.c - a file system in a tar becomes an image of one layer.
 *
 * The layer is the canonical tar of what was unpacked, not the tar that came: the same tree gives
 * the same layer, whoever packed it.
 */
#include "image/archive.h"

#include "util/fd.h"
#include "util/text.h"

static int import_layer(struct store *st, const char *path, struct staging *s, struct error *err)
{
	auto_done(owners) struct owners owners = { 0 };
	struct layer_apply_options o = {
		.form = LAYER_OVERLAY, .owners = &owners, .single = st->single, .uid = -1, .gid = -1
	};
	bool in = strcmp(path, "-") == 0;
	auto_close int fd = in ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0)
			       : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY); /* path: the user's */
	auto_close int diff = -1;
	struct stream *stream;
	int r = -1;

	if (fd < 0)
		return error_sys(err, "open '%s'", in ? "standard input" : path);
	if (staging_begin(st, s, err) < 0)
		return -1;
	diff = dir_make_open(s->fd, "diff", 0700, err);
	if (diff < 0)
		return -1;
	stream = stream_open(fd, -1, err);
	if (stream) {
		stream_no_digests(stream);
		r = layer_apply(stream, diff, &o, NULL, err);
	}
	stream_close(stream);
	if (r < 0)
		return error_add(err, "'%s'", in ? "standard input" : path);
	return owners.v.n ? owners_save(s->fd, &owners, err) : 0;
}

static void config_fill(const char *path, const struct import_options *o,
			const struct digest *diff_id, struct image_config *c)
{
	char now[TEXT_TIME_MAX], text[DIGEST_TEXT_MAX];
	struct history *h = vec_add(&c->history);

	text_rfc3339nano(time_now_ns(), now, sizeof(now));
	c->created = xstrdup(now);
	h->created = xstrdup(now);
	h->comment = o->message ? xstrdup(o->message) : xasprintf("Imported from %s", path);
	strv_add(&c->diff_ids, digest_format(diff_id, text));
	if (!o->platform) {
		platform_host(&c->platform);
		return;
	}
	c->platform.os = xstrdup_or_null(o->platform->os);
	c->platform.architecture = xstrdup_or_null(o->platform->architecture);
	c->platform.variant = xstrdup_or_null(o->platform->variant);
}

static int import_image(struct store *st, const char *path, const struct import_options *o,
			const char *name, const struct digest *diff_id, struct image *result,
			struct error *err)
{
	struct image_config c;
	int r;

	image_config_init(&c);
	config_fill(path, o, diff_id, &c);
	if (o->settings)
		fields_copy(image_settings_fields, &c.config, o->settings);
	r = image_commit(st, &c, &name, name ? 1 : 0, result, err);
	image_config_done(&c);
	return r;
}

static int name_parse(const char *text, char **name, struct error *err)
{
	struct reference r = { 0 };
	int ok;

	if (!text)
		return 0;
	if (reference_parse(text, &r, err) < 0)
		return -1;
	ok = r.transport == TRANSPORT_NONE && !digest_is_set(&r.digest);
	if (ok)
		*name = reference_name(&r);
	reference_done(&r);
	return ok ? 0 : error_set(err, ERR_INVALID, "'%.300s' cannot be given as a name", text);
}

int archive_import(struct store *st, const char *path, const struct import_options *o,
		   struct image *result, struct error *err)
{
	struct staging session = STAGING_NONE, layer = STAGING_NONE;
	auto_free char *name = NULL;
	struct digest diff_id;
	auto_close int lock = -1;
	int r = -1;

	/* the lock is taken when nothing is waited for any more; the session keeps what is new */
	if (name_parse(o->name, &name, err) == 0 && staging_begin(st, &session, err) == 0 &&
	    import_layer(st, path, &layer, err) == 0)
		lock = store_lock(st, LOCK_SHARED, err);
	if (lock >= 0 && layer_commit(st, &layer, -1, &diff_id, err) == 0)
		r = import_image(st, path, o, name, &diff_id, result, err);
	staging_end(st, &layer);
	staging_end(st, &session);
	return r;
}
