/*
 * layer.c - unpacked layers on disk, named by their diffID.
 *
 * Owns   <root>/layers. A layer is a staged directory, synced as a whole and renamed into place.
 * Never  changes a published tree; only meta.json, which tells about it, is ever replaced.
 */
#include "store/layer.h"

#include "store_private.h"
#include "util/fd.h"
#include "util/owner_mark.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/xattr.h>

static const struct field layer_blob_fields[] = {
	F_STR_(struct layer_blob, media_type, "mediaType", FIELD_REQUIRED),
	F_STR_(struct layer_blob, digest, "digest", FIELD_REQUIRED),
	F_INT_(struct layer_blob, size, "size", FIELD_REQUIRED),
	F_END,
};
static const struct field layer_meta_fields[] = {
	F_INT_(struct layer_meta, size, "size", FIELD_REQUIRED),
	F_INT(struct layer_meta, tar_size, "tarSize"),
	F_INT_(struct layer_meta, entries, "entries", FIELD_REQUIRED),
	F_BOOL(struct layer_meta, canonical, "canonical"),
	F_VEC(struct layer_meta, blobs, "blobs", layer_blob_fields),
	F_END,
};

void layer_meta_init(struct layer_meta *m)
{
	fields_init(layer_meta_fields, m);
	m->size = m->entries = 0;
}

void layer_meta_done(struct layer_meta *m)
{
	fields_done(layer_meta_fields, m);
}

int layer_find(struct store *st, const struct digest *diff_id, struct error *err)
{
	int layers, r = store_dir_find(st, STORE_LAYERS, &layers, err);

	if (r <= 0)
		return r;
	if (faccessat(layers, diff_id->hex, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return 1;
	return errno == ENOENT ? 0 : error_sys(err, "look for layer sha256:%s", diff_id->hex);
}

int layer_keep(struct store *st, const struct digest *diff_id, struct error *err)
{
	int layers, r = store_dir_find(st, STORE_LAYERS, &layers, err);

	if (r <= 0)
		return r;
	if (utimensat(layers, diff_id->hex, NULL, AT_SYMLINK_NOFOLLOW) == 0)
		return 1;
	return errno == ENOENT ? 0 : error_sys(err, "touch layer sha256:%s", diff_id->hex);
}

static int layer_open_path(struct store *st, const struct digest *diff_id, const char *below,
			   struct error *err)
{
	int layers, fd, r = store_dir_find(st, STORE_LAYERS, &layers, err);
	auto_free char *path = xasprintf("%s%s", diff_id->hex, below);

	if (r < 0)
		return -1;
	if (r == 0)
		return error_set(err, ERR_NOTFOUND, "no layer sha256:%s", diff_id->hex);
	fd = openat(layers, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return error_sys(err, "open layer sha256:%s", diff_id->hex);
	return fd;
}

int layer_open(struct store *st, const struct digest *diff_id, struct error *err)
{
	return layer_open_path(st, diff_id, "", err);
}

int layer_open_diff(struct store *st, const struct digest *diff_id, struct error *err)
{
	return layer_open_path(st, diff_id, "/diff", err);
}

static int meta_read(int layer, struct layer_meta *m, struct error *err)
{
	auto_done(str) struct str text = { 0 };

	if (file_read(layer, "meta.json", &text, META_MAX, err) < 0)
		return -1;
	if (fields_parse(layer_meta_fields, text.s, text.len, &store_limits, FIELDS_LENIENT, m,
			 err) < 0)
		return error_add(err, "meta.json");
	if (m->size < 0 || m->entries < 0) {
		layer_meta_done(m);
		return error_set(err, ERR_INVALID, "meta.json: a negative size");
	}
	return 0;
}

int layer_meta_load(struct store *st, const struct digest *diff_id, struct layer_meta *m,
		    struct error *err)
{
	auto_close int layer = layer_open(st, diff_id, err);

	layer_meta_init(m);
	if (layer < 0)
		return -1;
	if (meta_read(layer, m, err) < 0)
		return error_add(err, "layer sha256:%s", diff_id->hex);
	return 0;
}

static int meta_write(struct store *st, int layer, const struct layer_meta *m, bool sync,
		      struct error *err)
{
	auto_done(str) struct str text = { 0 };

	fields_format(layer_meta_fields, m, false, &text);
	str_addc(&text, '\n');
	return file_write(layer, "meta.json", text.s, text.len, 0600, sync && st->durable, err);
}

int layer_meta_save(struct store *st, const struct digest *diff_id, const struct layer_meta *m,
		    struct error *err)
{
	auto_close int layer = layer_open(st, diff_id, err);

	if (layer < 0 || meta_write(st, layer, m, true, err) < 0)
		return error_add(err, "layer sha256:%s", diff_id->hex);
	return 0;
}

static void layer_blob_copy(struct layer_blob *to, const struct layer_blob *from)
{
	to->media_type = xstrdup(from->media_type);
	to->digest = xstrdup(from->digest);
	to->size = from->size;
}

int layer_add_blob(struct store *st, const struct digest *diff_id, const struct layer_blob *b,
		   struct error *err)
{
	auto_close int layer = layer_open(st, diff_id, err);
	auto_done(layer_meta) struct layer_meta m;

	layer_meta_init(&m);
	if (layer < 0)
		return -1;
	if (meta_read(layer, &m, err) < 0)
		return error_add(err, "layer sha256:%s", diff_id->hex);
	vec_each (&m.blobs, known)
		if (strcmp(known->digest, b->digest) == 0)
			return 0;
	layer_blob_copy(vec_add(&m.blobs), b);
	if (meta_write(st, layer, &m, true, err) < 0)
		return error_add(err, "layer sha256:%s", diff_id->hex);
	return 0;
}

/* Does the layer say nothing of "/" itself: neither owner nor mode, nor that it hides what is below? */
static bool root_is_plain(struct store *st, int layer)
{
	struct owner_mark mark;
	char path[48], value[2];
	struct stat s;

	snprintf(path, sizeof(path), "/proc/self/fd/%d/diff", layer);
	return fstatat(layer, "diff", &s, AT_SYMLINK_NOFOLLOW) == 0 && s.st_uid == 0 &&
	       s.st_gid == 0 && (s.st_mode & 07777) == 0755 &&
	       lgetxattr(path, "user.overlay.opaque", value, sizeof(value)) < 0 &&
	       errno == ENODATA && !(st->single && owner_mark_get_at(layer, "diff", &mark));
}

int layer_stage(struct store *st, const struct staging *s, const struct layer_meta *m,
		struct error *err)
{
	if (fchmod(s->fd, root_is_plain(st, s->fd) ? 0700 | LAYER_PLAIN : 0700) < 0)
		return error_sys(err, "set the mode of a layer");
	return meta_write(st, s->fd, m, false, err);
}

int layer_publish_synced(struct store *st, struct staging *s, const struct digest *diff_id,
			 struct error *err)
{
	int layers = store_dir(st, STORE_LAYERS, err), tmp = st->dirs[STORE_TMP];

	if (layers < 0)
		return -1;
	if (renameat(tmp, s->name, layers, diff_id->hex) < 0) {
		if (errno != EEXIST && errno != ENOTEMPTY)
			return error_sys(err, "publish layer sha256:%s", diff_id->hex);
		/* made by another meanwhile; the equal diffID says that it is equal */
		if (layer_keep(st, diff_id, err) < 0)
			return -1;
	}
	staging_end(st, s);
	return 0;
}

int layer_publish(struct store *st, struct staging *s, const struct digest *diff_id,
		  const struct layer_meta *m, struct error *err)
{
	if (layer_stage(st, s, m, err) < 0 || store_sync_fs(st, s->fd, err) < 0)
		return error_add(err, "publish layer sha256:%s", diff_id->hex);
	if (layer_publish_synced(st, s, diff_id, err) < 0)
		return -1;
	if (store_sync(st, st->dirs[STORE_LAYERS], err) < 0)
		return error_add(err, "publish layer sha256:%s", diff_id->hex);
	return 0;
}

int layer_list(struct store *st, struct strv *hexes, struct error *err)
{
	auto_done(strv) struct strv names = { 0 };
	int layers, r = store_dir_find(st, STORE_LAYERS, &layers, err);

	if (r <= 0)
		return r;
	if (dir_list(layers, &names, err) < 0)
		return error_add(err, "list layers");
	strv_each (&names, i)
		if (digest_is_hex(names.v[i]))
			strv_add(hexes, names.v[i]);
	return 0;
}
