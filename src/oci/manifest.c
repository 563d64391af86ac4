/*
 * manifest.c - image manifests and indexes.
 *
 * Owns   what a manifest may say, so that one text has one meaning: a document that could be read
 *        as an image and as an index is neither (CVE-2021-41190).
 * Never  writes back what it received; only new manifests are formatted.
 * Spec   image-spec 1.1, manifest.md, image-index.md, descriptor.md; docker's schema 2.
 */
#include "oci/manifest.h"

#define MANIFEST_DEPTH	  16
#define INDEX_ENTRIES_MAX 1000

static const struct field descriptor_fields[] = {
	F_STR_(struct descriptor, media_type, "mediaType", FIELD_REQUIRED),
	F_STR_(struct descriptor, digest_text, "digest", FIELD_REQUIRED),
	F_INT_(struct descriptor, size, "size", FIELD_REQUIRED),
	F_PTR(struct descriptor, platform, "platform", platform_fields),
	F_STR(struct descriptor, artifact_type, "artifactType"),
	F_MAP(struct descriptor, annotations, "annotations"),
	F_END,
};

static const struct field image_fields[] = {
	F_INT(struct manifest, schema_version, "schemaVersion"),
	F_STR(struct manifest, media_type, "mediaType"),
	F_OBJ_(struct manifest, config, "config", descriptor_fields, FIELD_REQUIRED),
	F_VEC_(struct manifest, layers, "layers", descriptor_fields, FIELD_KEEP),
	F_MAP(struct manifest, annotations, "annotations"),
	F_END,
};

static const struct field index_fields[] = {
	F_INT(struct manifest, schema_version, "schemaVersion"),
	F_STR(struct manifest, media_type, "mediaType"),
	F_VEC_(struct manifest, manifests, "manifests", descriptor_fields, FIELD_KEEP),
	F_MAP(struct manifest, annotations, "annotations"),
	F_END,
};

static const struct fields_limits limits = { MANIFEST_MAX, MANIFEST_DEPTH };

void descriptor_done(struct descriptor *d)
{
	fields_done(descriptor_fields, d);
	*d = (struct descriptor){ 0 };
}

void descriptor_copy(struct descriptor *to, const struct descriptor *from)
{
	fields_init(descriptor_fields, to);
	fields_copy(descriptor_fields, to, from);
	to->digest = from->digest;
}

void descriptor_set(struct descriptor *d, const char *media_type, const struct digest *digest,
		    int64_t size)
{
	char text[DIGEST_TEXT_MAX];

	*d = (struct descriptor){
		.media_type = xstrdup(media_type),
		.digest_text = xstrdup(digest_format(digest, text)),
		.size = size,
		.digest = *digest,
	};
}

void manifest_done(struct manifest *m)
{
	/* both, because a caller may have filled what the kind does not have */
	fields_done(image_fields, m);
	fields_done(index_fields, m);
	*m = (struct manifest){ 0 };
}

/* ---- parsing ---- */

enum media_kind { MEDIA_OTHER, MEDIA_IMAGE, MEDIA_INDEX };

static enum media_kind media_kind(const char *type)
{
	static const struct {
		const char *type;
		enum media_kind kind;
	} types[] = {
		{ MEDIA_OCI_MANIFEST, MEDIA_IMAGE },
		{ MEDIA_DOCKER_MANIFEST, MEDIA_IMAGE },
		{ MEDIA_OCI_INDEX, MEDIA_INDEX },
		{ MEDIA_DOCKER_LIST, MEDIA_INDEX },
	};
	size_t n = type ? strcspn(type, "; ") : 0; /* servers add "; charset=utf-8" */

	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (n == strlen(types[i].type) && strncmp(type, types[i].type, n) == 0)
			return types[i].kind;
	return MEDIA_OTHER;
}

static int descriptor_check(struct descriptor *d, struct error *err)
{
	if (digest_parse(d->digest_text, &d->digest, err) < 0)
		return -1;
	if (d->size < 0)
		return error_set(err, ERR_INVALID, "size %lld is negative", (long long)d->size);
	return 0;
}

static int manifest_check(struct manifest *m, struct error *err)
{
	if (!m->is_index && descriptor_check(&m->config, err) < 0)
		return error_add(err, "config");
	if (m->layers.n > MANIFEST_LAYERS_MAX)
		return error_set(err, ERR_LIMIT, "%zu layers, the limit is %d", m->layers.n,
				 MANIFEST_LAYERS_MAX);
	if (m->manifests.n > INDEX_ENTRIES_MAX)
		return error_set(err, ERR_LIMIT, "%zu entries, the limit is %d", m->manifests.n,
				 INDEX_ENTRIES_MAX);
	vec_each (&m->layers, d)
		if (descriptor_check(d, err) < 0)
			return error_add(err, "layers: [%zu]", (size_t)(d - m->layers.v));
	vec_each (&m->manifests, d)
		if (descriptor_check(d, err) < 0)
			return error_add(err, "manifests: [%zu]", (size_t)(d - m->manifests.v));
	return 0;
}

/* Which of the two forms is it? Sets is_index. */
static int form_find(json_t *j, const char *media_type, bool *is_index, struct error *err)
{
	const char *own = json_string_value(json_object_get(j, "mediaType"));
	json_int_t version = json_integer_value(json_object_get(j, "schemaVersion"));
	const char *const claims[] = { media_type, own };

	if (!json_is_object(j))
		return error_set(err, ERR_INVALID, "expected an object");
	if (version == 1)
		return error_set(err, ERR_INVALID, "docker's schema 1 is not supported");
	if (version != 2)
		return error_set(err, ERR_INVALID, "schemaVersion is not 2");
	*is_index = json_object_get(j, "manifests") != NULL;
	if (*is_index && (json_object_get(j, "layers") || json_object_get(j, "config")))
		return error_set(err, ERR_INVALID, "both an image and an index");
	if (!*is_index && !json_object_get(j, "layers"))
		return error_set(err, ERR_INVALID, "neither layers nor manifests");
	for (size_t i = 0; i < ARRAY_SIZE(claims); i++) {
		enum media_kind kind = media_kind(claims[i]);

		if (kind == (*is_index ? MEDIA_IMAGE : MEDIA_INDEX))
			return error_set(err, ERR_INVALID, "media type %.100s, but the text is %s",
					 claims[i], *is_index ? "an index" : "an image manifest");
	}
	if (own && media_kind(media_type) != MEDIA_OTHER && media_kind(own) == MEDIA_OTHER)
		return error_set(err, ERR_INVALID, "media type %.100s, but the text says %.100s",
				 media_type, own);
	return 0;
}

/*
 * Nearly all that is read on the road of a start is a plain image manifest: without jansson's tree,
 * which takes 1 ms for a hundred layers. Of what is in any way unusual (an escape, the word
 * manifests, no layers, anything wrong) it says false, and the long way judges.
 */
static bool image_parse(const char *text, size_t n, const char *media_type, struct manifest *m)
{
	struct error ignored = { 0 }; /* the long way words it */
	enum media_kind told = media_kind(media_type), own;

	if (memchr(text, '\\', n) || memmem(text, n, "\"manifests\"", 11))
		return false;
	fields_init(image_fields, m);
	if (fields_parse(image_fields, text, n, &limits, FIELDS_LENIENT, m, &ignored) < 0)
		return false;
	own = media_kind(m->media_type);
	if (m->schema_version == 2 && m->layers.n && told != MEDIA_INDEX && own != MEDIA_INDEX &&
	    !(m->media_type && told != MEDIA_OTHER && own == MEDIA_OTHER) &&
	    manifest_check(m, &ignored) == 0)
		return true;
	manifest_done(m);
	return false;
}

int manifest_parse(const char *text, size_t n, const char *media_type, struct manifest *m,
		   struct error *err)
{
	auto_done(json) json_t *j = NULL;
	const struct field *table;
	int status;

	*m = (struct manifest){ 0 };
	if (image_parse(text, n, media_type, m))
		return 0;
	*m = (struct manifest){ 0 };
	j = json_parse(text, n, &limits, err);
	if (!j || form_find(j, media_type, &m->is_index, err) < 0)
		return error_add(err, "manifest");
	table = m->is_index ? index_fields : image_fields;
	fields_init(table, m);
	status = fields_load(table, j, m, FIELDS_LENIENT, err);
	if (status == 0)
		status = manifest_check(m, err);
	if (status < 0) {
		manifest_done(m);
		return error_add(err, "manifest");
	}
	return 0;
}

/* ---- writing ---- */

void manifest_format(const struct manifest *m, struct str *out)
{
	struct manifest copy = *m;

	copy.schema_version = 2;
	fields_format(m->is_index ? index_fields : image_fields, &copy, false, out);
}

/* ---- choosing ---- */

static int not_for(const struct manifest *index, const struct platform *wanted, struct error *err)
{
	auto_done(strv) struct strv have = { 0 };
	auto_free char *list = NULL, *want = platform_format(wanted);

	vec_each (&index->manifests, d)
		/* unknown/unknown is how builders mark what is no image (attestations) */
		if (d->platform && !str_eq(d->platform->os, "unknown"))
			strv_take(&have, platform_format(d->platform));
	if (!have.n)
		return error_set(err, ERR_NOTFOUND, "the index has no image for %s", want);
	list = strv_join(&have, ", ");
	return error_set(err, ERR_NOTFOUND, "no image for %s, only for %.600s", want, list);
}

const struct descriptor *manifest_choose(const struct manifest *index,
					 const struct platform *wanted, struct error *err)
{
	const struct descriptor *best = NULL;
	int best_score = 0;

	vec_each (&index->manifests, d) {
		/* without a platform only its configuration will tell: better than nothing */
		int score = d->platform ? 2 * platform_match(wanted, d->platform) : 1;

		if (media_kind(d->media_type) == MEDIA_OTHER)
			continue;
		if (score > best_score) {
			best = d;
			best_score = score;
		}
	}
	if (!best)
		not_for(index, wanted, err);
	return best;
}
