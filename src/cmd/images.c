/*
 * images.c - `hod images`: images as a list, one row for each name.
 */
#include "commands.h"

#include "filters.h"
#include "listing.h"
#include "operands.h"
#include "util/text.h"

#include <fnmatch.h>

struct images_args {
	bool all, digests, no_trunc, quiet;
	char *format;
	struct strv filter;
};
static const struct opt opts[] = {
	OPT_FLAG('a', "all", images_args, all,
		 "intermediate images too: hod keeps none, so this is always so"),
	OPT_FLAG(0, "digests", images_args, digests, "with the digest of the manifest"),
	OPT_LIST('f', "filter", images_args, filter, "KEY=VALUE",
		 "only those that match: dangling, label, before, since, reference, until"),
	OPT_STRING(0, "format", images_args, format, "FORMAT",
		   "table, json, json-array or a template"),
	OPT_FLAG(0, "no-trunc", images_args, no_trunc, "cut nothing short"),
	OPT_FLAG('q', "quiet", images_args, quiet, "only the IDs"),
	OPT_END,
};

/* One row: a name, and the image that it points to. */
struct row {
	const char *name; /* canonical, or "<none>@..." */
	struct image image;
	int64_t created_ns;
	bool shown;
};
struct images_ctx {
	struct app *app;
	bool no_trunc;
};

#define COLUMN(name)                                                                               \
	static json_t *make_##name(const void *item, const void *arg)                              \
	{                                                                                          \
		const struct row *r = item;                                                        \
		const struct images_ctx *ctx = arg;                                                \
		return column_##name(r, ctx);                                                      \
	}

static json_t *column_repository(const struct row *r, const struct images_ctx *ctx)
{
	return json_take(str_starts(r->name, "<none>") ? xstrdup("<none>")
						       : reference_familiar_repository(r->name));
}
COLUMN(repository)

static json_t *column_tag(const struct row *r, const struct images_ctx *ctx)
{
	return json_take(str_starts(r->name, "<none>") ? xstrdup("<none>") : reference_tag(r->name));
}
COLUMN(tag)

static json_t *column_id(const struct row *r, const struct images_ctx *ctx)
{
	return json_take(ctx->no_trunc ? xasprintf("sha256:%s", r->image.id.hex)
				       : xstrndup(r->image.id.hex, 12));
}
COLUMN(id)

static json_t *column_digest(const struct row *r, const struct images_ctx *ctx)
{
	char buf[DIGEST_TEXT_MAX];

	return json_text(digest_format(&r->image.manifest_digest, buf));
}
COLUMN(digest)

static json_t *column_created_at(const struct row *r, const struct images_ctx *ctx)
{
	return time_created(r->created_ns);
}
COLUMN(created_at)

static json_t *column_created_since(const struct row *r, const struct images_ctx *ctx)
{
	return time_since(r->created_ns);
}
COLUMN(created_since)

static json_t *column_size(const struct row *r, const struct images_ctx *ctx)
{
	struct error ignored = { 0 }; /* an image that is just being removed has no size */
	int64_t size = 0;
	char buf[TEXT_TIME_MAX];

	image_size(&ctx->app->store, &r->image, &size, &ignored);
	return json_text(text_size(size, buf, sizeof(buf)));
}
COLUMN(size)

static json_t *column_containers(const struct row *r, const struct images_ctx *ctx)
{
	struct error ignored = { 0 };
	auto_done(strv) struct strv users = { 0 };

	image_users(&ctx->app->store, &r->image.id, &users, &ignored);
	return json_take(xasprintf("%zu", users.n));
}
COLUMN(containers)

static const struct column columns[] = {
	{ "Containers", "CONTAINERS", make_containers, SHAPE_AUTO },
	{ "CreatedAt", "CREATED AT", make_created_at, SHAPE_AUTO },
	{ "CreatedSince", "CREATED", make_created_since, SHAPE_AUTO },
	{ "Digest", "DIGEST", make_digest, SHAPE_AUTO },
	{ "ID", "IMAGE ID", make_id, SHAPE_AUTO },
	{ "Repository", "REPOSITORY", make_repository, SHAPE_AUTO },
	{ "Size", "SIZE", make_size, SHAPE_AUTO },
	{ "Tag", "TAG", make_tag, SHAPE_AUTO },
	{ NULL, NULL, NULL, SHAPE_AUTO },
};
static const struct list_view view = {
	columns, "{{.Repository}}\t{{.Tag}}\t{{.ID}}\t{{.CreatedSince}}\t{{.Size}}", "{{.ID}}"
};
static const struct list_view view_digests = {
	columns, "{{.Repository}}\t{{.Tag}}\t{{.Digest}}\t{{.ID}}\t{{.CreatedSince}}\t{{.Size}}",
	"{{.ID}}"
};

/* ---- filters ---- */

static const char *const filter_keys[] = { "before", "dangling", "label", "reference",
					   "since",  "until",	 NULL };

static bool dangling_met(const char *value, const void *arg)
{
	bool dangling = str_starts(((const struct row *)arg)->name, "<none>");

	return str_eq(value, "true") || str_eq(value, "1") ? dangling : !dangling;
}

/* Against the familiar name with and without its tag; '*' does not cross a '/'. */
static bool reference_met(const char *value, const void *arg)
{
	const struct row *r = arg;
	auto_free char *familiar = NULL, *repository = NULL;

	if (str_starts(r->name, "<none>"))
		return false;
	familiar = reference_familiar(r->name);
	repository = reference_familiar_repository(r->name);
	return fnmatch(value, familiar, FNM_PATHNAME) == 0 ||
	       fnmatch(value, repository, FNM_PATHNAME) == 0 ||
	       fnmatch(value, r->name, FNM_PATHNAME) == 0;
}

static int64_t created_ns(const struct image *i)
{
	int64_t ns = 0;

	if (i->config.created)
		text_parse_time(i->config.created, 0, &ns);
	return ns;
}

struct images_filters {
	struct filters f;
	int64_t after_ns, before_ns;
};

static int resolve_filters(struct app *app, struct images_filters *f, struct error *err)
{
	f->after_ns = INT64_MIN;
	f->before_ns = INT64_MAX;
	vec_each (&f->f.v, x) {
		auto_done(image) struct image image = { 0 };
		bool since = str_eq(x->key, "since");

		image_init(&image);
		if (!since && !str_eq(x->key, "before"))
			continue;
		if (need_image(app, x->value, &image, err) < 0)
			return error_add(err, "--filter");
		*(since ? &f->after_ns : &f->before_ns) = created_ns(&image);
	}
	return 0;
}

static int matches(const struct images_filters *f, const struct row *r, bool *match, struct error *err)
{
	if (filters_match_until(&f->f, r->created_ns, match, err) < 0)
		return -1;
	*match = *match && filters_match(&f->f, "dangling", dangling_met, r) &&
		 filters_match(&f->f, "reference", reference_met, r) &&
		 filters_match_labels(&f->f, &r->image.config.config.labels) &&
		 r->created_ns > f->after_ns && r->created_ns < f->before_ns;
	return 0;
}

/* The operand: a repository with or without a tag, patterns allowed. */
static bool operand_met(const struct strv *operands, const struct row *r)
{
	return operands->n == 0 || reference_met(operands->v[0], r);
}

/* ---- the command ---- */

typedef VEC(struct row) rows;

/* Newest first; of one time by name. */
static int compare_rows(const void *a, const void *b)
{
	const struct row *x = a, *y = b;

	if (x->created_ns != y->created_ns)
		return x->created_ns < y->created_ns ? 1 : -1;
	return strcmp(x->name, y->name);
}

static int load_rows(struct app *app, const image_names *names, rows *out, struct error *err)
{
	vec_each (names, n) {
		struct error broken = { 0 };
		struct row *r = vec_add(out);

		r->name = n->name;
		image_init(&r->image);
		if (image_load(&app->store, &n->target, NULL, &r->image, &broken) < 0) {
			/* one broken image must not hide the others; fsck tells all of it */
			if (broken.kind != ERR_NOTFOUND && broken.kind != ERR_INVALID) {
				*err = broken;
				return error_add(err, "image '%s'", n->name);
			}
			digest_parse(n->target.digest_text, &r->image.manifest_digest, &broken);
		}
		r->created_ns = created_ns(&r->image);
	}
	if (out->n)
		qsort(out->v, out->n, sizeof(*out->v), compare_rows);
	return 0;
}

/* -q names an image once, however many names it has. */
static bool seen(const rows *list, const struct row *r)
{
	for (const struct row *x = list->v; x < r; x++)
		if (x->shown && digest_eq(&x->image.id, &r->image.id))
			return true;
	return false;
}

static int show(struct app *app, const struct images_args *args, const struct strv *operands,
		const struct images_filters *f, struct listing *l, struct error *err)
{
	image_names names = { 0 };
	rows list = { 0 };
	int r = image_name_list(&app->store, &names, err);

	if (r == 0)
		r = load_rows(app, &names, &list, err);
	vec_each (&list, row) {
		bool match = false;

		if (r == 0)
			r = matches(f, row, &match, err);
		if (r == 0 && match && operand_met(operands, row) &&
		    !(args->quiet && seen(&list, row))) {
			row->shown = true;
			r = listing_add(l, row, err);
		} else if (r < 0) {
			break;
		}
	}
	vec_each (&list, row)
		image_done(&row->image);
	vec_done(&list);
	image_names_done(&names);
	return r;
}

static int images_run(struct app *app, void *arg, struct strv *operands, struct error *err)
{
	const struct images_args *args = arg;
	struct images_ctx ctx = { .app = app, .no_trunc = args->no_trunc };
	struct images_filters f = { 0 };
	auto_done(listing) struct listing l = { 0 };
	int r = filters_parse(&args->filter, filter_keys, &f.f, err);

	if (r == 0)
		r = resolve_filters(app, &f, err);
	if (r == 0)
		r = listing_begin(&l, args->digests ? &view_digests : &view, args->format,
				  args->quiet, &ctx, err);
	if (r == 0)
		r = show(app, args, operands, &f, &l, err);
	filters_done(&f.f);
	return r < 0 ? -1 : listing_end(&l, err);
}

const struct command cmd_images = {
	.name = "images",
	.operands = "[REPOSITORY[:TAG]]",
	.summary = "list images",
	.opts = opts,
	.args_size = sizeof(struct images_args),
	.needs = NEED_STORE_READ,
	.max = 1,
	.run = images_run,
	.failure = 1,
};
