/*
 * archive_save.c - images into archives: an OCI layout, and for docker its manifest.json too.
 *
 * Theory of operation: what each image consists of is planned first (names, manifest, layers in the
 * form asked for); then the small files that describe it are written, then the blobs, each once. No
 * time and no order depends on anything but the images: identical input, identical bytes.
 * Manifests and configurations go out as the bytes that they are.
 *
 * Spec   image-spec 1.1, image-layout.md; docker's image-spec v1.2 for manifest.json, repositories.
 */
#include "image/archive.h"

#include "archive_out.h"
#include "image_names.h"
#include "layer_blob.h"
#include "store/blob.h"
#include "util/fd.h"

#define ANNOTATION_NAME "io.containerd.image.name"
#define ANNOTATION_REF	"org.opencontainers.image.ref.name"

static const char layout_text[] = "{\"imageLayoutVersion\":\"1.0.0\"}";

struct saved {
	struct image image;
	struct strv names;   /* canonical, as asked for */
	struct str manifest; /* its bytes */
	struct descriptor target;
	bool listed; /* in index.json: not only a part of an index that is */
};
struct saving {
	struct store *st;
	enum archive_format format;
	enum compression compression;
	const struct progress *progress;
	VEC(struct saved) images;
	struct saved index; /* of all images, when its manifest is not empty */
	struct archive_out out;
	struct strv written; /* digests */
};

static void saving_done(struct saving *s)
{
	vec_each (&s->images, i) {
		image_done(&i->image);
		strv_done(&i->names);
		str_done(&i->manifest);
		descriptor_done(&i->target);
	}
	vec_done(&s->images);
	strv_done(&s->index.names);
	str_done(&s->index.manifest);
	descriptor_done(&s->index.target);
	strv_done(&s->written);
}

/* ---- the plan ---- */

/* The layers in another form: then the manifest is a new one. */
static int layers_compress(struct saving *s, struct saved *i, struct error *err)
{
	struct manifest *m = &i->image.manifest;
	bool changed = false;

	for (size_t n = 0; n < m->layers.n; n++) {
		struct descriptor *d = &m->layers.v[n], made = { 0 };

		if (!digest_eq(&d->digest, &i->image.diff_ids.v[n]))
			continue; /* it is compressed, and goes as it came */
		if (layer_blob_compress(s->st, &i->image.diff_ids.v[n], s->compression, &made, err) <
		    0)
			return -1;
		descriptor_done(d);
		*d = made;
		changed = true;
	}
	if (changed) {
		str_clear(&i->manifest);
		manifest_format(m, &i->manifest);
	}
	return 0;
}

static int image_plan(struct saving *s, struct saved *i, struct error *err)
{
	struct digest d;
	const char *type = i->image.manifest.media_type;

	if (blob_read(s->st, &i->image.manifest_digest, MANIFEST_MAX, &i->manifest, err) < 0)
		return -1;
	if (s->compression != COMPRESSION_NONE && layers_compress(s, i, err) < 0)
		return -1;
	if (!type)
		type = str_eq(i->image.manifest.config.media_type, MEDIA_DOCKER_CONFIG)
			       ? MEDIA_DOCKER_MANIFEST
			       : MEDIA_OCI_MANIFEST;
	sha256_bytes(str_get(&i->manifest), i->manifest.len, d.hex);
	descriptor_set(&i->target, type, &d, (int64_t)i->manifest.len);
	return 0;
}

static int image_add(struct saving *s, const char *text, struct error *err)
{
	struct image image = { 0 };
	struct saved *at = NULL;
	char *name;
	int r = image_find(s->st, text, NULL, &image, err);

	if (r < 0)
		return -1;
	if (r == 0)
		return error_set(err, ERR_NOTFOUND, "no image '%s'", text);
	name = image_name_typed(text, &image);
	vec_each (&s->images, i)
		if (digest_eq(&i->image.manifest_digest, &image.manifest_digest))
			at = i;
	if (at) {
		image_done(&image);
	} else {
		at = vec_add(&s->images);
		at->image = image;
		at->listed = true;
		if (image_plan(s, at, err) < 0) {
			free(name);
			return error_add(err, "image '%s'", text);
		}
	}
	if (name && !strv_has(&at->names, name))
		strv_add(&at->names, name);
	free(name);
	return 0;
}

/* ---- the small files ---- */

/* Two images of one tag are told apart by their full names. */
static bool tag_is_single(const struct saving *s, const char *tag)
{
	size_t n = 0;

	vec_each (&s->images, i)
		strv_each (&i->names, k) {
			auto_free char *other = reference_tag(i->names.v[k]);

			n += strcmp(other, tag) == 0;
		}
	return n <= 1;
}

static void index_add(const struct saving *s, const struct saved *i, const char *name,
		      struct manifest *index)
{
	struct descriptor *d = vec_add(&index->manifests);
	auto_free char *tag = name ? reference_tag(name) : NULL;

	descriptor_copy(d, &i->target);
	if (!name)
		return;
	strmap_set(&d->annotations, ANNOTATION_NAME, name);
	strmap_set(&d->annotations, ANNOTATION_REF, tag_is_single(s, tag) ? tag : name);
}

static void index_list(const struct saving *s, const struct saved *i, struct manifest *index)
{
	strv_each (&i->names, k)
		index_add(s, i, i->names.v[k], index);
	if (i->names.n == 0)
		index_add(s, i, NULL, index);
}

static int write_index(struct saving *s, struct error *err)
{
	auto_done(manifest) struct manifest index = { .schema_version = 2, .is_index = true };
	auto_done(str) struct str text = { 0 };

	index.media_type = xstrdup(MEDIA_OCI_INDEX);
	vec_each (&s->images, i)
		if (i->listed)
			index_list(s, i, &index);
	if (s->index.listed)
		index_list(s, &s->index, &index);
	manifest_format(&index, &text);
	return archive_out_text(&s->out, "index.json", text.s, text.len, err);
}

static int write_docker_manifest(struct saving *s, struct error *err)
{
	auto_done(str) struct str t = { 0 };

	str_addc(&t, '[');
	vec_each (&s->images, i) {
		str_addf(&t, "%s{\"Config\":\"blobs/sha256/%s\",\"RepoTags\":",
			 i == s->images.v ? "" : ",", i->image.id.hex);
		str_add(&t, i->names.n ? "[" : "null");
		strv_each (&i->names, k) {
			auto_free char *shown = reference_familiar(i->names.v[k]);

			str_add(&t, k ? "," : "");
			str_add_json(&t, shown);
		}
		str_addf(&t, "%s,\"Layers\":[", i->names.n ? "]" : "");
		vec_each (&i->image.manifest.layers, d)
			str_addf(&t, "%s\"blobs/sha256/%s\"",
				 d == i->image.manifest.layers.v ? "" : ",", d->digest.hex);
		str_add(&t, "]}");
	}
	str_add(&t, "]\n");
	return archive_out_text(&s->out, "manifest.json", t.s, t.len, err);
}

/* {"name":{"tag":"id of the top layer"}}: what the oldest readers look for. */
static int write_repositories(struct saving *s, struct error *err)
{
	auto_done(strv) struct strv all = { 0 };
	auto_done(str) struct str t = { 0 };
	auto_free char *last = NULL;

	vec_each (&s->images, i) {
		const struct manifest *m = &i->image.manifest;
		const char *top =
			m->layers.n ? m->layers.v[m->layers.n - 1].digest.hex : i->image.id.hex;

		/* sorted as text: repository, tag, id, none of which holds a blank */
		strv_each (&i->names, k) {
			auto_free char *name = reference_familiar_repository(i->names.v[k]);
			auto_free char *tag = reference_tag(i->names.v[k]);

			strv_addf(&all, "%s %s %s", name, tag, top);
		}
	}
	strv_sort(&all);
	str_addc(&t, '{');
	strv_each (&all, k) {
		auto_done(strv) struct strv part = { 0 };

		strv_split(&part, all.v[k], ' ');
		if (str_eq(last, part.v[0])) {
			str_addc(&t, ',');
		} else {
			str_addf(&t, "%s\"%s\":{", last ? "}," : "", part.v[0]);
			free(last);
			last = xstrdup(part.v[0]);
		}
		str_addf(&t, "\"%s\":\"%s\"", part.v[1], part.v[2]);
	}
	str_add(&t, all.n ? "}}\n" : "}\n");
	return archive_out_text(&s->out, "repositories", t.s, t.len, err);
}

/* ---- the blobs ---- */

/* The name of the blob, when it has not been written yet; NULL when it has. */
static char *blob_name(struct saving *s, const struct digest *d)
{
	if (strv_has(&s->written, d->hex))
		return NULL;
	strv_add(&s->written, d->hex);
	return xasprintf("blobs/sha256/%s", d->hex);
}

static int write_text_blob(struct saving *s, const struct digest *d, const struct str *text,
			   struct error *err)
{
	auto_free char *name = blob_name(s, d);

	return name ? archive_out_text(&s->out, name, str_get(text), text->len, err) : 0;
}

static int write_layer(struct saving *s, const struct digest *diff_id, const struct descriptor *d,
		       struct error *err)
{
	auto_free char *name = blob_name(s, &d->digest);
	struct layer_sink sink = archive_out_sink(&s->out);

	if (!name)
		return 0;
	if (archive_out_begin(&s->out, name, d->size, err) < 0 ||
	    layer_blob_write(s->st, diff_id, d, &sink, err) < 0)
		return -1;
	return archive_out_end(&s->out, d->size, err);
}

static int write_image(struct saving *s, struct saved *i, struct error *err)
{
	auto_done(str) struct str config = { 0 };

	if (blob_read(s->st, &i->image.id, IMAGE_CONFIG_MAX, &config, err) < 0 ||
	    write_text_blob(s, &i->target.digest, &i->manifest, err) < 0 ||
	    write_text_blob(s, &i->image.id, &config, err) < 0)
		return -1;
	for (size_t n = 0; n < i->image.manifest.layers.n; n++)
		if (write_layer(s, &i->image.diff_ids.v[n], &i->image.manifest.layers.v[n], err) < 0)
			return -1;
	return 0;
}

static int save_write(struct saving *s, struct error *err)
{
	if (archive_out_text(&s->out, "oci-layout", layout_text, sizeof(layout_text) - 1, err) < 0 ||
	    write_index(s, err) < 0)
		return -1;
	if (s->format == ARCHIVE_DOCKER &&
	    (write_docker_manifest(s, err) < 0 || write_repositories(s, err) < 0))
		return -1;
	if (archive_out_folder(&s->out, "blobs", err) < 0 ||
	    archive_out_folder(&s->out, "blobs/sha256", err) < 0)
		return -1;
	vec_each (&s->images, i)
		if (write_image(s, i, err) < 0)
			return -1;
	if (s->index.listed &&
	    write_text_blob(s, &s->index.target.digest, &s->index.manifest, err) < 0)
		return -1;
	return archive_out_finish(&s->out, err);
}

static int save(struct saving *s, int fd, const char *path, struct error *err)
{
	int r = archive_out_open(&s->out, fd, s->format == ARCHIVE_OCI_DIR ? path : NULL, err);

	if (r == 0)
		r = save_write(s, err);
	if (s->out.buf)
		archive_out_done(&s->out);
	return r;
}

/* ---- by what it is ---- */

static int target_add(struct saving *s, const struct descriptor *d, const struct strv *names,
		      struct error *err)
{
	struct saved *at = vec_add(&s->images);

	at->listed = names != NULL;
	if (names)
		strv_copy(&at->names, names);
	if (image_load(s->st, d, d->platform, &at->image, err) < 0)
		return -1;
	return image_plan(s, at, err);
}

/* The images of an index; compressed anew they are others, and so is the index. */
static int index_plan(struct saving *s, const struct archive_image *image, struct error *err)
{
	auto_done(manifest) struct manifest m = { 0 };
	auto_done(str) struct str text = { 0 };
	struct digest digest;

	if (s->format == ARCHIVE_DOCKER)
		return error_set(err, ERR_UNSUPPORTED,
				 "docker's format has no place for several platforms: use oci");
	if (blob_read(s->st, &image->target.digest, MANIFEST_MAX, &text, err) < 0 ||
	    manifest_parse(str_get(&text), text.len, image->target.media_type, &m, err) < 0)
		return -1;
	vec_each (&m.manifests, d) {
		const struct saved *made;

		if (target_add(s, d, NULL, err) < 0)
			return -1;
		made = &s->images.v[s->images.n - 1];
		d->digest = made->target.digest;
		d->size = made->target.size;
		free(d->digest_text);
		d->digest_text = xasprintf("sha256:%s", d->digest.hex);
	}
	manifest_format(&m, &s->index.manifest);
	sha256_bytes(str_get(&s->index.manifest), s->index.manifest.len, digest.hex);
	descriptor_set(&s->index.target, image->target.media_type, &digest,
		       (int64_t)s->index.manifest.len);
	strv_copy(&s->index.names, &image->names);
	s->index.listed = true;
	return 0;
}

int archive_save_target(struct store *st, const struct archive_image *image,
			enum archive_format format, int fd, const char *path,
			enum compression compression, const struct progress *p, struct error *err)
{
	struct saving s = { .st = st, .format = format, .compression = compression, .progress = p };
	bool is_index = str_eq(image->target.media_type, MEDIA_OCI_INDEX) ||
			str_eq(image->target.media_type, MEDIA_DOCKER_LIST);
	int r = is_index ? index_plan(&s, image, err)
			 : target_add(&s, &image->target, &image->names, err);

	if (r == 0)
		r = save(&s, fd, path, err);
	saving_done(&s);
	return r < 0 ? error_add(err, "save") : 0;
}

int archive_save(struct store *st, const struct strv *images, enum archive_format format, int fd,
		 const char *path, enum compression compression, const struct progress *p,
		 struct error *err)
{
	struct saving s = { .st = st, .format = format, .compression = compression, .progress = p };
	struct staging staging = STAGING_NONE;
	int r = 0;

	/* what is made for it (compressed layers) lives until it is written */
	if (compression != COMPRESSION_NONE && staging_begin(st, &staging, err) < 0)
		r = -1;
	strv_each (images, i)
		if (r == 0)
			r = image_add(&s, images->v[i], err);
	if (r == 0)
		r = save(&s, fd, path, err);
	saving_done(&s);
	staging_end(st, &staging);
	return r < 0 ? error_add(err, "save") : 0;
}
