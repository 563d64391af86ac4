/*
 * view_image.c - images and volumes as `inspect` shows them.
 */
#include "view.h"

#include "util/text.h"

/* RepoTags: familiar names; RepoDigests: the same repositories with the digest of the manifest. */
static int view_names_of(struct app *app, const struct image *i, json_t *o, struct error *err)
{
	auto_done(strv) struct strv names = { 0 }, tags = { 0 }, digests = { 0 };
	char digest[DIGEST_TEXT_MAX];

	if (image_names_of(&app->store, &i->id, &names, err) < 0)
		return -1;
	digest_format(&i->manifest_digest, digest);
	strv_each (&names, n) {
		auto_free char *repository = NULL, *at = NULL;

		if (str_starts(names.v[n], "<none>"))
			continue;
		strv_take(&tags, reference_familiar(names.v[n]));
		repository = reference_familiar_repository(names.v[n]);
		at = xasprintf("%s@%s", repository, digest);
		if (!strv_has(&digests, at))
			strv_take(&digests, take_ptr(&at));
	}
	view_list(o, "RepoTags", &tags);
	view_list(o, "RepoDigests", &digests);
	return 0;
}

static json_t *view_rootfs(const struct image *i)
{
	json_t *o = json_object();

	view_str(o, "Type", "layers");
	view_list(o, "Layers", &i->config.diff_ids);
	return o;
}

static json_t *view_metadata(struct app *app, const struct image *i)
{
	json_t *o = json_object();
	struct error ignored = { 0 }; /* a name that is just being removed has no time */
	struct image_name name = { 0 };

	if (i->name && image_name_find(&app->store, i->name, &name, &ignored) > 0)
		view_time(o, "LastTagTime", name.created_ns);
	else
		view_time(o, "LastTagTime", 0);
	image_name_done(&name);
	return o;
}

static json_t *view_graph_driver(const struct store *st, const struct image *i)
{
	json_t *o = json_object(), *data = json_object();

	if (i->diff_ids.n)
		view_take(data, "UpperDir",
			  xasprintf("%s/layers/%s/diff", st->path,
				    i->diff_ids.v[i->diff_ids.n - 1].hex));
	view_json(o, "Data", data);
	view_str(o, "Name", "overlay");
	return o;
}

int view_image(struct app *app, const struct image *i, json_t **out, struct error *err)
{
	json_t *o = json_object();
	int64_t size = 0;

	view_take(o, "Id", xasprintf("sha256:%s", i->id.hex));
	if (view_names_of(app, i, o, err) < 0 || image_size(&app->store, i, &size, err) < 0) {
		json_decref(o);
		return -1;
	}
	view_str(o, "Parent", "");
	view_str(o, "Comment",
		 i->config.history.n ? i->config.history.v[i->config.history.n - 1].comment : "");
	view_str(o, "Created", i->config.created ? i->config.created : "0001-01-01T00:00:00Z");
	view_str(o, "DockerVersion", "");
	view_str(o, "Author", i->config.author);
	view_json(o, "Config", view_settings(&i->config.config));
	view_str(o, "Architecture", i->config.platform.architecture);
	view_str(o, "Variant", i->config.platform.variant);
	view_str(o, "Os", i->config.platform.os);
	view_int(o, "Size", size);
	view_json(o, "GraphDriver", view_graph_driver(&app->store, i));
	view_json(o, "RootFS", view_rootfs(i));
	view_json(o, "Metadata", view_metadata(app, i));
	*out = o;
	return 0;
}

json_t *view_volume(const struct store *st, const struct volume *v)
{
	json_t *o = json_object();
	int64_t seconds = v->created_ns / NSEC_PER_SEC * NSEC_PER_SEC;

	view_time(o, "CreatedAt", seconds);
	view_str(o, "Driver", "local");
	view_map(o, "Labels", &v->labels);
	view_take(o, "Mountpoint", xasprintf("%s/volumes/%s/_data", st->path, v->name));
	view_str(o, "Name", v->name);
	view_map(o, "Options", &v->options);
	view_str(o, "Scope", "local");
	return o;
}
