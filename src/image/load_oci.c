/*
 * load_oci.c - images of an OCI layout: index.json and blobs, in an archive or a directory.
 *
 * Manifests and configurations are kept as the bytes that came. Of an index, the image for this
 * machine is loaded, and the name points to the index.
 *
 * Spec   image-spec 1.1, image-layout.md; the annotation io.containerd.image.name holds a full
 * name, org.opencontainers.image.ref.name a tag (umoci, docker) or a full name (podman).
 */
#include "archive_load.h"

#include "store/blob.h"

#define ANNOTATION_NAME "io.containerd.image.name"
#define ANNOTATION_REF	"org.opencontainers.image.ref.name"

static bool is_image_config(const char *media_type)
{
	return str_eq(media_type, MEDIA_OCI_CONFIG) || str_eq(media_type, MEDIA_DOCKER_CONFIG);
}

static int manifest_of(struct loading *l, const struct descriptor *d, struct str *text,
		       struct manifest *m, struct error *err)
{
	if (load_blob_text(l, d, MANIFEST_MAX, text, err) < 0 ||
	    manifest_parse(str_get(text), text->len, d->media_type, m, err) < 0)
		return error_add(err, "manifest sha256:%s", d->digest.hex);
	return 0;
}

static int layers_load(struct loading *l, const struct manifest *m,
		       const struct image_config *config, struct error *err)
{
	layer_jobs jobs = { 0 };
	int r = 0;

	if (m->layers.n != config->diff_ids.n)
		return error_set(err, ERR_INVALID,
				 "the manifest has %zu layers, the configuration %zu diff_ids",
				 m->layers.n, config->diff_ids.n);
	for (size_t i = 0; r == 0 && i < m->layers.n; i++) {
		struct layer_job *j = vec_add(&jobs);

		j->file = xasprintf("blobs/sha256/%s", m->layers.v[i].digest.hex);
		j->size = m->layers.v[i].size;
		j->blob = &m->layers.v[i].digest;
		r = digest_parse(config->diff_ids.v[i], &j->diff_id, err);
	}
	if (r == 0)
		r = layer_jobs_run(l, &jobs, err);
	layer_jobs_done(&jobs);
	return r;
}

/* The image of a manifest: layers, configuration, and the manifest itself. */
static int image_take(struct loading *l, const struct manifest *m, const struct str *text,
		      struct error *err)
{
	auto_done(image_config) struct image_config config;
	auto_done(str) struct str config_text = { 0 };
	struct digest d;

	image_config_init(&config);
	if (load_blob_text(l, &m->config, IMAGE_CONFIG_MAX, &config_text, err) < 0 ||
	    image_config_parse(str_get(&config_text), config_text.len, &config, err) < 0)
		return error_add(err, "configuration sha256:%s", m->config.digest.hex);
	if (layers_load(l, m, &config, err) < 0 ||
	    blob_put(l->st, str_get(&config_text), config_text.len, &d, err) < 0)
		return -1;
	return blob_put(l->st, str_get(text), text->len, &d, err);
}

/*
 * What a descriptor of index.json calls its image; *ref is the bare annotation. A tool that copies
 * descriptors (umoci) leaves the full name and changes the tag: the tag counts. A tag without a
 * full name is taken for a name, as podman does, but for "latest", which names nothing.
 */
static void names_of(const struct descriptor *d, struct strv *names, const char **ref)
{
	const char *full = strmap_get(&d->annotations, ANNOTATION_NAME);
	struct reference r = { 0 };
	struct error no_name = { 0 }; /* then the image has none */
	bool tag;

	*ref = strmap_get(&d->annotations, ANNOTATION_REF);
	tag = *ref && !(*ref)[strcspn(*ref, "/:@")];
	if (!full && *ref && strcmp(*ref, "latest") != 0)
		full = *ref;
	if (!full || reference_parse(full, &r, &no_name) < 0)
		return;
	if (full != *ref && tag && r.tag && strcmp(r.tag, *ref) != 0) {
		auto_free char *other = xasprintf("%s/%s:%s", r.host, r.repository, *ref);

		reference_done(&r);
		r = (struct reference){ 0 };
		if (reference_parse(other, &r, &no_name) < 0)
			return;
	}
	if (r.transport == TRANSPORT_NONE)
		strv_take(names, reference_name(&r));
	reference_done(&r);
}

static int index_take(struct loading *l, const struct manifest *index, const struct str *text,
		      struct manifest *m, struct error *err)
{
	auto_done(str) struct str chosen_text = { 0 };
	const struct descriptor *chosen;
	struct platform host;
	struct digest d;

	platform_host(&host);
	chosen = manifest_choose(index, &host, err);
	platform_done(&host);
	if (!chosen || manifest_of(l, chosen, &chosen_text, m, err) < 0)
		return -1;
	if (m->is_index)
		return error_set(err, ERR_UNSUPPORTED, "an index within an index");
	if (image_take(l, m, &chosen_text, err) < 0)
		return -1;
	return blob_put(l->st, str_get(text), text->len, &d, err);
}

/* One entry of index.json. */
static int entry_load(struct loading *l, const struct descriptor *d, struct error *err)
{
	auto_done(strv) struct strv names = { 0 };
	auto_done(str) struct str text = { 0 };
	auto_done(manifest) struct manifest m = { 0 }, chosen = { 0 };
	auto_done(descriptor) struct descriptor target = { 0 };
	const char *ref;

	names_of(d, &names, &ref);
	if (!load_wanted(l, &names, ref))
		return 0;
	if (manifest_of(l, d, &text, &m, err) < 0)
		return -1;
	if (!m.is_index && !is_image_config(m.config.media_type)) {
		progress_note(l->progress, "sha256:%s is no container image: left out",
			      d->digest.hex);
		return 0;
	}
	if ((m.is_index ? index_take(l, &m, &text, &chosen, err) : image_take(l, &m, &text, err)) < 0)
		return error_add(err, "image %s%s",
				 names.n ? names.v[0] : "sha256:", names.n ? "" : d->digest.hex);
	descriptor_set(&target, d->media_type, &d->digest, d->size);
	return load_names(l, &target, m.is_index ? &chosen.config.digest : &m.config.digest, &names,
			  err);
}

static int layout_check(struct loading *l, struct error *err)
{
	static const struct fields_limits limits = { .max_bytes = 4096, .max_depth = 8 };
	auto_done(str) struct str text = { 0 };
	auto_done(json) json_t *json = NULL;
	const char *version;

	if (archive_source_text(l->source, "oci-layout", 4096, &text, err) < 0)
		return -1;
	json = json_parse(str_get(&text), text.len, &limits, err);
	if (!json)
		return error_add(err, "oci-layout");
	version = json_string_value(json_object_get(json, "imageLayoutVersion"));
	if (!version || !str_starts(version, "1."))
		return error_set(err, ERR_UNSUPPORTED, "oci-layout: version '%.40s'",
				 version ? version : "");
	return 0;
}

int load_oci(struct loading *l, struct error *err)
{
	auto_done(str) struct str text = { 0 };
	auto_done(manifest) struct manifest index = { 0 };

	if (layout_check(l, err) < 0 ||
	    archive_source_text(l->source, "index.json", MANIFEST_MAX, &text, err) < 0)
		return -1;
	if (manifest_parse(str_get(&text), text.len, MEDIA_OCI_INDEX, &index, err) < 0)
		return error_add(err, "index.json");
	vec_each (&index.manifests, d)
		if (entry_load(l, d, err) < 0)
			return -1;
	return 0;
}
