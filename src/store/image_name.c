/*
 * image_name.c - names of images, one small file each.
 *
 * Owns   <root>/images. A file is named by the SHA-256 of the name, because names hold slashes and
 *        come from registries. Beside the name and its target it holds what `images` shows (ID,
 *        time, size), worked out when the name is set: the target never changes, so it stays true.
 * Never  points a name at something that is not whole.
 */
#include "store/image.h"

#include "store/blob.h"
#include "store_private.h"
#include "util/fd.h"
#include "util/log.h"
#include "util/text.h"

#include <errno.h>

static const char none_prefix[] = "<none>@sha256:";

struct name_file {
	char *name, *media_type, *digest, *id, *platform;
	int64_t target_size, created_ns, image_created_ns, image_size;
};
static const struct field name_fields[] = {
	F_STR_(struct name_file, name, "name", FIELD_REQUIRED),
	F_STR_(struct name_file, media_type, "mediaType", FIELD_REQUIRED),
	F_STR_(struct name_file, digest, "digest", FIELD_REQUIRED),
	F_INT_(struct name_file, target_size, "size", FIELD_REQUIRED),
	F_INT_(struct name_file, created_ns, "named", FIELD_REQUIRED),
	F_STR(struct name_file, id, "imageId"),
	F_STR(struct name_file, platform, "platform"),
	F_INT(struct name_file, image_created_ns, "imageCreated"),
	F_INT(struct name_file, image_size, "imageSize"),
	F_END,
};

void image_name_init(struct image_name *n)
{
	*n = (struct image_name){ 0 };
}

void image_name_done(struct image_name *n)
{
	free(n->name);
	free(n->platform);
	descriptor_done(&n->target);
	image_name_init(n);
}

void image_names_done(image_names *l)
{
	vec_each (l, n)
		image_name_done(n);
	vec_done(l);
}

int image_name_parse(const char *text, size_t n, struct image_name *out, struct error *err)
{
	struct name_file f;
	struct digest target;
	int r;

	image_name_init(out);
	fields_init(name_fields, &f);
	if (fields_parse(name_fields, text, n, &store_limits, FIELDS_LENIENT, &f, err) < 0)
		return -1;
	r = digest_parse(f.digest, &target, err);
	if (r == 0 && f.id)
		r = digest_parse(f.id, &out->id, err);
	if (r == 0 && f.target_size < 0)
		r = error_set(err, ERR_INVALID, "size: a negative number");
	if (r == 0) {
		descriptor_set(&out->target, f.media_type, &target, f.target_size);
		out->name = take_ptr(&f.name);
		out->platform = take_ptr(&f.platform);
		out->created_ns = f.created_ns;
		out->image_created_ns = f.image_created_ns == UNSET ? 0 : f.image_created_ns;
		out->size = f.image_size == UNSET ? 0 : f.image_size;
	}
	fields_done(name_fields, &f);
	if (r < 0)
		*out = (struct image_name){ 0 };
	return r;
}

static void name_format(const struct image_name *n, struct str *out)
{
	char target[DIGEST_TEXT_MAX], id[DIGEST_TEXT_MAX];
	struct name_file f = { .name = n->name,
			       .media_type = n->target.media_type,
			       .platform = n->platform,
			       .target_size = n->target.size,
			       .created_ns = n->created_ns,
			       .image_created_ns = n->image_created_ns,
			       .image_size = n->size };

	digest_format(&n->target.digest, target);
	f.digest = target;
	if (digest_is_set(&n->id)) {
		digest_format(&n->id, id);
		f.id = id;
	}
	fields_format(name_fields, &f, false, out);
	str_addc(out, '\n');
}

/* images/FILE: 1 read, 0 absent, -1 damaged */
static int name_read(int dir, const char *file, struct image_name *n, struct error *err)
{
	char buf[8192], hex[SHA256_HEX];
	size_t len;
	int r = small_read(dir, file, buf, sizeof(buf), &len, err);

	image_name_init(n);
	if (r == 0)
		return 0;
	if (r == 1 && image_name_parse(buf, len, n, err) == 0) {
		sha256_bytes(n->name, strlen(n->name), hex);
		if (strcmp(hex, file) == 0)
			return 1;
		image_name_done(n);
		error_set(err, ERR_INVALID, "it is the file of another name");
	}
	return error_add(err, "images/%s", file);
}

int image_name_find(struct store *st, const char *name, struct image_name *out, struct error *err)
{
	int dir, r = store_dir_find(st, STORE_IMAGES, &dir, err);
	char hex[SHA256_HEX];

	image_name_init(out);
	if (r <= 0)
		return r;
	sha256_bytes(name, strlen(name), hex);
	r = name_read(dir, hex, out, err);
	return r < 0 ? error_add(err, "image '%s'", name) : r;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct image_name *)a)->name, ((const struct image_name *)b)->name);
}

bool image_name_is_none(const char *name)
{
	return str_starts(name, none_prefix);
}

/* A "<none>" whose image got another name in a moment that was cut short says nothing. */
static void drop_shadowed(image_names *l)
{
	for (size_t i = l->n; i-- > 0;) {
		bool named = false;

		if (!image_name_is_none(l->v[i].name))
			continue;
		vec_each (l, other)
			named |= !image_name_is_none(other->name) &&
				 digest_eq(&other->target.digest, &l->v[i].target.digest);
		if (!named)
			continue;
		image_name_done(&l->v[i]);
		vec_remove(l, i);
	}
}

int image_name_list(struct store *st, image_names *l, struct error *err)
{
	auto_done(strv) struct strv files = { 0 };
	int dir, r = store_dir_find(st, STORE_IMAGES, &dir, err);
	char line[ERROR_LINE_MAX];
	struct error damaged = { 0 };
	struct image_name n;

	if (r <= 0)
		return r;
	if (dir_list(dir, &files, err) < 0)
		return error_add(err, "list images");
	strv_each (&files, i) {
		if (!digest_is_hex(files.v[i]))
			continue;
		r = name_read(dir, files.v[i], &n, &damaged);
		if (r == 1)
			vec_push(l, n);
		else if (r < 0 && error_may_pass(&damaged))
			return (*err = damaged, -1);
		else if (r < 0)
			log_warn("%s (see fsck)", error_text(&damaged, line, sizeof(line)));
	}
	if (l->n > 1)
		qsort(l->v, l->n, sizeof(*l->v), by_name);
	drop_shadowed(l);
	return 0;
}

/* Fills what `images` shows, and makes sure that the image is whole. */
static int name_examine(struct store *st, struct image_name *n, struct error *err)
{
	struct image i;
	int r;

	image_init(&i);
	if (image_load(st, &n->target, NULL, &i, err) < 0) {
		/* an index without an entry for this machine can still be saved and copied */
		r = err->kind == ERR_NOTFOUND && blob_find(st, &n->target.digest, NULL, err) == 1
			    ? 0
			    : -1;
		if (r == 0)
			error_clear(err);
		image_done(&i);
		return r;
	}
	n->id = i.id;
	n->platform = platform_format(&i.config.platform);
	if (i.config.created)
		text_parse_time(i.config.created, 0, &n->image_created_ns);
	r = image_size(st, &i, &n->size, err); /* reads every layer's meta: all are there */
	image_done(&i);
	return r;
}

static int name_write(struct store *st, const struct image_name *n, struct error *err)
{
	auto_done(str) struct str text = { 0 };
	int dir = store_dir(st, STORE_IMAGES, err);
	char hex[SHA256_HEX];

	if (dir < 0)
		return -1;
	name_format(n, &text);
	sha256_bytes(n->name, strlen(n->name), hex);
	return file_write(dir, hex, text.s, text.len, 0600, st->durable, err);
}

static int name_unlink(struct store *st, const char *name, struct error *err)
{
	int dir = store_dir(st, STORE_IMAGES, err);
	char hex[SHA256_HEX];

	if (dir < 0)
		return -1;
	sha256_bytes(name, strlen(name), hex);
	if (unlinkat(dir, hex, 0) < 0) {
		if (errno == ENOENT)
			return error_set(err, ERR_NOTFOUND, "no image is named '%s'", name);
		return error_sys(err, "remove the name '%s'", name);
	}
	return store_sync(st, dir, err);
}

/* Keeps the image that is about to lose this name, unless it has another one. */
static int keep_as_none(struct store *st, const struct image_name *old, struct error *err)
{
	struct image_name none = *old;
	auto_free char *name = xasprintf("%s%s", none_prefix, old->target.digest.hex);
	image_names all = { 0 };
	bool other = false;
	int r = image_name_list(st, &all, err);

	vec_each (&all, n)
		other |= strcmp(n->name, old->name) != 0 &&
			 digest_eq(&n->target.digest, &old->target.digest);
	image_names_done(&all);
	if (r < 0 || other)
		return r;
	none.name = name;
	return name_write(st, &none, err);
}

int image_name_set(struct store *st, const char *name, const struct descriptor *target,
		   struct error *err)
{
	auto_free char *none = xasprintf("%s%s", none_prefix, target->digest.hex);
	struct image_name n = { 0 }, old;
	int r;

	n.name = xstrdup(name);
	n.created_ns = time_now_ns();
	descriptor_copy(&n.target, target);
	r = image_name_find(st, name, &old, err);
	if (r < 0 && err->kind == ERR_INVALID) { /* damaged: the new one heals it */
		error_clear(err);
		r = 0;
	}
	if (r >= 0 && name_examine(st, &n, err) < 0)
		r = -1;
	if (r == 1 && !digest_eq(&old.target.digest, &target->digest))
		r = keep_as_none(st, &old, err);
	if (r >= 0)
		r = name_write(st, &n, err);
	if (r >= 0 && strcmp(name, none) != 0 && name_unlink(st, none, err) < 0) {
		r = err->kind == ERR_NOTFOUND ? 0 : -1;
		if (r == 0)
			error_clear(err); /* there was none, as mostly */
	}
	image_name_done(&old);
	image_name_done(&n);
	return r < 0 ? error_add(err, "name '%s'", name) : 0;
}

int image_name_set_none(struct store *st, const struct descriptor *target, struct error *err)
{
	auto_free char *none = xasprintf("%s%s", none_prefix, target->digest.hex);
	image_names all = { 0 };
	bool named = false;
	int r = image_name_list(st, &all, err);

	vec_each (&all, n)
		named |= digest_eq(&n->target.digest, &target->digest);
	image_names_done(&all);
	return r < 0 || named ? r : image_name_set(st, none, target, err);
}

int image_name_remove(struct store *st, const char *name, struct error *err)
{
	return name_unlink(st, name, err);
}
