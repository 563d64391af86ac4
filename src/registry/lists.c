/*
 * lists.c - tags, what refers to a manifest, and whether we are let in at all.
 *
 * Spec   distribution-spec 1.1, "Listing tags", "Listing referrers" and its fallback tag.
 */
#include "client.h"

#include "util/fields.h"

#define PAGES_MAX 1000

static const struct fields_limits limits = { REGISTRY_LIST_MAX, 8 };

static int tags_take(const struct answer *a, struct strv *tags, struct error *err)
{
	auto_done(json) json_t *j = json_parse(str_get(&a->text), a->text.len, &limits, err);
	json_t *value;
	size_t i;

	if (!j)
		return error_add(err, "list of tags");
	json_array_foreach (json_object_get(j, "tags"), i, value)
		if (json_is_string(value))
			strv_add(tags, json_string_value(value));
	return 0;
}

int tags_list(struct connection *c, const char *repository, struct strv *tags, struct error *err)
{
	auto_free char *path = xasprintf("/v2/%s/tags/list?n=1000", repository);
	auto_free char *scope = scope_of(repository, "pull");
	int r = 0;

	for (int page = 0; r == 0 && path && page < PAGES_MAX; page++) {
		struct call k = CALL("GET", path);
		struct answer a = { 0 };
		struct url base = c->r->base;
		char *next = NULL, *whole = NULL;
		struct url to;

		k.repository = repository;
		k.scope = scope;
		k.text_max = REGISTRY_LIST_MAX;
		r = call_make(c, &k, NULL, &a, err);
		if (r == 0)
			r = tags_take(&a, tags, err);
		if (r == 0 && answer_header(&a, "link"))
			next = link_next(answer_header(&a, "link"));
		if (next) {
			base.path = *path == '/' ? path : base.path;
			whole = url_resolve(&base, next, err);
			r = whole ? url_parse(whole, &to, err) : -1;
		}
		free(path);
		path = NULL;
		if (next && r == 0) { /* of the same registry, whatever host the link has */
			path = xstrdup(to.path);
			url_done(&to);
		}
		free(next);
		free(whole);
		answer_done(&a);
	}
	return r;
}

/* What does not fit the artifact type is dropped, unless the server did so. */
static void index_filter(struct manifest *index, const char *type)
{
	for (size_t i = index->manifests.n; i-- > 0;) {
		if (str_eq(index->manifests.v[i].artifact_type, type))
			continue;
		descriptor_done(&index->manifests.v[i]);
		vec_remove(&index->manifests, i);
	}
}

int referrers_get(struct connection *c, const char *repository, const struct digest *d,
		  const char *artifact_type, struct manifest *index, struct error *err)
{
	static const int absent[] = { 404, 0 };
	auto_free char *scope = scope_of(repository, "pull");
	auto_done(str) struct str path = { 0 };
	struct call k = CALL("GET", NULL);
	struct answer a = { 0 };
	int r;

	*index = (struct manifest){ .is_index = true };
	str_addf(&path, "/v2/%s/referrers/sha256:%s", repository, d->hex);
	if (artifact_type) {
		str_add(&path, "?artifactType=");
		url_add_encoded(&path, artifact_type);
	}
	k.path = path.s;
	k.repository = repository;
	k.scope = scope;
	k.accept = MEDIA_OCI_INDEX;
	k.text_max = MANIFEST_MAX;
	r = call_make(c, &k, absent, &a, err);
	if (r == 0 && a.status == 404) { /* an older registry: a tag stands for the API */
		str_clear(&path);
		str_addf(&path, "/v2/%s/manifests/sha256-%s", repository, d->hex);
		k.path = path.s;
		r = call_make(c, &k, absent, &a, err);
	}
	if (r == 0 && a.status != 404)
		r = manifest_parse(str_get(&a.text), a.text.len, MEDIA_OCI_INDEX, index, err);
	if (r == 0 && artifact_type)
		index_filter(index, artifact_type);
	answer_done(&a);
	return r;
}

int registry_check(struct connection *c, struct error *err)
{
	struct call k = CALL("GET", "/v2/");
	struct answer a = { 0 };
	int r = call_make(c, &k, NULL, &a, err);

	answer_done(&a);
	return r;
}
