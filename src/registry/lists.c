/*
 * lists.c - tags, what refers to a manifest, and whether we are let in at all.
 *
 * Spec   distribution-spec 1.1, "Listing tags", "Listing referrers" and its fallback tag.
 */
#include "client.h"

#include "util/fields.h"

#define PAGES_MAX     1000
#define REFERRERS_MAX 10000

static const struct fields_limits limits = { REGISTRY_LIST_MAX, 8 };

static int tags_take(const struct answer *a, void *arg, struct error *err)
{
	struct strv *tags = arg;
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

/* The path of the next page, of the same registry whatever host the link has: 1 (yours), 0, -1 */
static int page_next(const struct connection *c, const struct answer *a, const char *path,
		     char **next, struct error *err)
{
	const char *header = answer_header(a, "link");
	auto_free char *link = header ? link_next(header) : NULL, *whole = NULL;
	struct url base = c->r->base, to;

	*next = NULL;
	if (!link)
		return 0;
	base.path = (char *)(uintptr_t)path;
	whole = url_resolve(&base, link, err);
	if (!whole || url_parse(whole, &to, err) < 0)
		return error_add(err, "link to the next page");
	*next = xstrdup(to.path);
	url_done(&to);
	return 1;
}

/* Every page of a list, from *path on (taken), is asked for and given to take. */
static int pages_get(struct connection *c, struct call *k, char *path, const int *also,
		     int (*take)(const struct answer *a, void *arg, struct error *err), void *arg,
		     struct error *err)
{
	int r = 1;

	for (int page = 0; r > 0 && page < PAGES_MAX; page++) {
		struct answer a = { 0 };
		char *next = NULL;

		k->path = path;
		r = call_make(c, k, also, &a, err);
		if (r == 0)
			r = take(&a, arg, err);
		if (r == 0)
			r = page_next(c, &a, path, &next, err);
		free(path);
		path = next;
		answer_done(&a);
	}
	free(path);
	return r < 0 ? -1 : 0;
}

int tags_list(struct connection *c, const char *repository, struct strv *tags, struct error *err)
{
	auto_free char *scope = scope_of(repository, "pull");
	struct call k = CALL("GET", NULL);

	k.repository = repository;
	k.scope = scope;
	k.text_max = REGISTRY_LIST_MAX;
	return pages_get(c, &k, xasprintf("/v2/%s/tags/list?n=1000", repository), NULL, tags_take,
			 tags, err);
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

struct referring {
	struct manifest *index;
	bool absent; /* the registry does not know the API, or the tag */
};

static int referrers_take(const struct answer *a, void *arg, struct error *err)
{
	struct referring *f = arg;
	struct manifest page;

	f->absent = a->status == 404;
	if (f->absent)
		return 0;
	if (manifest_parse(str_get(&a->text), a->text.len, MEDIA_OCI_INDEX, &page, err) < 0)
		return -1;
	vec_each (&page.manifests, d)
		vec_push(&f->index->manifests, *d);
	vec_done(&page.manifests);
	manifest_done(&page);
	if (f->index->manifests.n <= REFERRERS_MAX)
		return 0;
	return error_set(err, ERR_LIMIT, "more than %d referrers", REFERRERS_MAX);
}

int referrers_get(struct connection *c, const char *repository, const struct digest *d,
		  const char *artifact_type, struct manifest *index, struct error *err)
{
	static const int absent[] = { 404, 0 };
	auto_free char *scope = scope_of(repository, "pull");
	struct referring f = { .index = index };
	struct call k = CALL("GET", NULL);
	struct str path = { 0 };
	int r;

	*index = (struct manifest){ .is_index = true, .schema_version = 2 };
	index->media_type = xstrdup(MEDIA_OCI_INDEX);
	str_addf(&path, "/v2/%s/referrers/sha256:%s", repository, d->hex);
	if (artifact_type) {
		str_add(&path, "?artifactType=");
		url_add_encoded(&path, artifact_type);
	}
	k.repository = repository;
	k.scope = scope;
	k.accept = MEDIA_OCI_INDEX;
	k.text_max = MANIFEST_MAX;
	r = pages_get(c, &k, str_take(&path), absent, referrers_take, &f, err);
	if (r == 0 && f.absent) /* an older registry: a tag stands for the API */
		r = pages_get(c, &k, xasprintf("/v2/%s/manifests/sha256-%s", repository, d->hex),
			      absent, referrers_take, &f, err);
	if (r == 0 && artifact_type)
		index_filter(index, artifact_type);
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
