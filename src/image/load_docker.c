/*
 * load_docker.c - images of a docker archive: manifest.json, configurations, layers.
 *
 * There is no OCI manifest in it, so one is made: the same archive gives the same manifest.
 *
 * Spec   docker's image-spec v1.2, "Combined Image JSON + Filesystem Changeset Format".
 */
#include "archive_load.h"

#include "store/blob.h"
#include "util/path.h"

#define MANIFEST_JSON_MAX (4 << 20)

struct docker_item {
	char *config;
	struct strv tags, layers;
};
static const struct field docker_fields[] = {
	F_STR_(struct docker_item, config, "Config", FIELD_REQUIRED),
	F_STRV(struct docker_item, tags, "RepoTags"),
	F_STRV(struct docker_item, layers, "Layers"),
	F_END,
};

/* The configuration's bytes; where its file is named by a digest, that must be right. */
static int config_load(struct loading *l, const struct docker_item *item, struct str *text,
		       struct image_config *config, struct digest *id, struct error *err)
{
	auto_free char *name = xstrdup(path_base(item->config));
	char *dot = strchr(name, '.');

	if (archive_source_text(l->source, item->config, IMAGE_CONFIG_MAX, text, err) < 0)
		return -1;
	sha256_bytes(str_get(text), text->len, id->hex);
	if (dot)
		*dot = '\0';
	if (digest_is_hex(name) && strcmp(name, id->hex) != 0)
		return error_set(err, ERR_INVALID, "configuration '%.200s' has digest sha256:%s",
				 item->config, id->hex);
	if (image_config_parse(str_get(text), text->len, config, err) < 0)
		return error_add(err, "configuration '%.200s'", item->config);
	return 0;
}

static int jobs_make(const struct docker_item *item, const struct image_config *config,
		     layer_jobs *jobs, struct error *err)
{
	if (item->layers.n != config->diff_ids.n)
		return error_set(err, ERR_INVALID,
				 "manifest.json has %zu layers, the configuration %zu diff_ids",
				 item->layers.n, config->diff_ids.n);
	if (item->layers.n > MANIFEST_LAYERS_MAX)
		return error_set(err, ERR_LIMIT, "more than %d layers", MANIFEST_LAYERS_MAX);
	strv_each (&item->layers, i) {
		struct layer_job *j = vec_add(jobs);

		j->file = xstrdup(item->layers.v[i]);
		j->size = -1;
		if (digest_parse(config->diff_ids.v[i], &j->diff_id, err) < 0)
			return -1;
	}
	return 0;
}

static int manifest_put(struct loading *l, const struct digest *id, size_t config_size,
			const layer_jobs *jobs, struct descriptor *target, struct error *err)
{
	auto_done(manifest) struct manifest m = { .schema_version = 2 };
	auto_done(str) struct str text = { 0 };
	struct digest d;

	m.media_type = xstrdup(MEDIA_OCI_MANIFEST);
	descriptor_set(&m.config, MEDIA_OCI_CONFIG, id, (int64_t)config_size);
	vec_each (jobs, j)
		descriptor_set(vec_add(&m.layers), j->imported.media_type, &j->imported.blob,
			       j->imported.size);
	manifest_format(&m, &text);
	if (blob_put(l->st, str_get(&text), text.len, &d, err) < 0)
		return -1;
	descriptor_set(target, MEDIA_OCI_MANIFEST, &d, (int64_t)text.len);
	return 0;
}

static int tags_parse(const struct docker_item *item, struct strv *names, struct error *err)
{
	strv_each (&item->tags, i) {
		struct reference r = { 0 };

		if (reference_parse(item->tags.v[i], &r, err) < 0)
			return -1;
		if (r.transport == TRANSPORT_NONE)
			strv_take(names, reference_name(&r));
		reference_done(&r);
	}
	return 0;
}

static int item_load(struct loading *l, const struct docker_item *item, struct error *err)
{
	auto_done(strv) struct strv names = { 0 };
	auto_done(str) struct str text = { 0 };
	auto_done(image_config) struct image_config config;
	auto_done(descriptor) struct descriptor target = { 0 };
	layer_jobs jobs = { 0 };
	struct digest id, d;
	int r;

	image_config_init(&config);
	if (tags_parse(item, &names, err) < 0)
		return -1;
	if (!load_wanted(l, &names, NULL))
		return 0;
	r = config_load(l, item, &text, &config, &id, err);
	if (r == 0)
		r = jobs_make(item, &config, &jobs, err);
	if (r == 0)
		r = layer_jobs_run(l, &jobs, err);
	if (r == 0)
		r = blob_put(l->st, str_get(&text), text.len, &d, err);
	if (r == 0)
		r = manifest_put(l, &id, text.len, &jobs, &target, err);
	if (r == 0)
		r = load_names(l, &target, &id, &names, err);
	layer_jobs_done(&jobs);
	return r < 0 ? error_add(err, "image '%.200s'", names.n ? names.v[0] : item->config) : 0;
}

int load_docker(struct loading *l, struct error *err)
{
	static const struct fields_limits limits = { .max_bytes = MANIFEST_JSON_MAX, .max_depth = 16 };
	auto_done(str) struct str text = { 0 };
	auto_done(json) json_t *json = NULL;
	json_t *value;
	size_t i;

	if (archive_source_text(l->source, "manifest.json", MANIFEST_JSON_MAX, &text, err) < 0)
		return -1;
	json = json_parse(str_get(&text), text.len, &limits, err);
	if (!json)
		return error_add(err, "manifest.json");
	if (!json_is_array(json))
		return error_set(err, ERR_INVALID, "manifest.json: expected an array");
	json_array_foreach (json, i, value) {
		struct docker_item item;
		int r;

		fields_init(docker_fields, &item);
		r = fields_load(docker_fields, value, &item, FIELDS_LENIENT, err);
		if (r < 0)
			error_add(err, "manifest.json");
		else
			r = item_load(l, &item, err);
		fields_done(docker_fields, &item);
		if (r < 0)
			return -1;
	}
	return 0;
}
