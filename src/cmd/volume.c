/*
 * volume.c - `hod volume create|ls|rm`; inspect, exists and prune are with those of other nouns.
 */
#include "commands.h"

#include "filters.h"
#include "listing.h"
#include "operands.h"
#include "output.h"

/* ---- create ---- */

struct create_args {
	char *driver, *name;
	struct strmap labels;
};
static const struct opt create_opts[] = {
	OPT_ENUM('d', "driver", create_args, driver, "local", "the driver; there is one"),
	OPT_MAP('l', "label", create_args, labels, "KEY[=VALUE]", "a label"),
	OPT_STRING(0, "name", create_args, name, "NAME", "the name, as the operand"),
	OPT_END,
};

static int create_run(struct app *app, void *arg, struct strv *operands, struct error *err)
{
	const struct create_args *args = arg;
	const char *name = operands->n ? operands->v[0] : args->name;
	auto_done(volume) struct volume v;

	volume_init(&v);
	if (volume_create(&app->store, name, &args->labels, NULL, &v, err) < 0) {
		/* docker's create of what is there succeeds, and so does ours */
		if (err->kind != ERR_EXISTS)
			return -1;
		error_clear(err);
		return output_line(err, "%s", name);
	}
	return output_line(err, "%s", v.name);
}

const struct command cmd_volume_create = {
	.name = "volume create",
	.operands = "[NAME]",
	.summary = "make a volume",
	.description = "A volume that is there already is left as it is.",
	.opts = create_opts,
	.args_size = sizeof(struct create_args),
	.needs = NEED_STORE | NEED_NAMESPACE,
	.max = 1,
	.run = create_run,
	.failure = 1,
};

/* ---- ls ---- */

struct ls_args {
	bool quiet;
	char *format;
	struct strv filter;
};
static const struct opt ls_opts[] = {
	OPT_LIST('f', "filter", ls_args, filter, "KEY=VALUE",
		 "only those that match: name, label, dangling, driver"),
	OPT_STRING(0, "format", ls_args, format, "FORMAT", "table, json, json-array or a template"),
	OPT_FLAG('q', "quiet", ls_args, quiet, "only the names"),
	OPT_END,
};

static json_t *make_driver(const void *item, const void *ctx)
{
	return json_text("local");
}

static json_t *make_label(const void *item, const void *ctx)
{
	return labels_object(&((const struct volume *)item)->labels);
}

static json_t *make_labels(const void *item, const void *ctx)
{
	return labels_text(&((const struct volume *)item)->labels);
}

static json_t *make_mountpoint(const void *item, const void *ctx)
{
	const struct app *app = ctx;

	return json_take(xasprintf("%s/volumes/%s/_data", app->store.path,
				   ((const struct volume *)item)->name));
}

static json_t *make_name(const void *item, const void *ctx)
{
	return json_text(((const struct volume *)item)->name);
}

static const struct column columns[] = {
	{ "Driver", "DRIVER", make_driver, SHAPE_AUTO },
	{ "Label", NULL, make_label, SHAPE_METHOD },
	{ "Labels", "LABELS", make_labels, SHAPE_AUTO },
	{ "Mountpoint", "MOUNTPOINT", make_mountpoint, SHAPE_AUTO },
	{ "Name", "VOLUME NAME", make_name, SHAPE_AUTO },
	{ "Scope", "SCOPE", make_driver, SHAPE_AUTO },
	{ NULL, NULL, NULL, SHAPE_AUTO },
};
static const struct list_view view = { columns, "{{.Driver}}\t{{.Name}}", "{{.Name}}" };

static bool name_met(const char *value, const void *arg)
{
	return strstr(((const struct volume *)arg)->name, value) != NULL;
}

static bool driver_met(const char *value, const void *arg)
{
	return str_eq(value, "local");
}

/* 1, 0, -1 */
static int matches(struct app *app, const struct filters *f, const struct volume *v, struct error *err)
{
	const char *dangling = filters_first(f, "dangling");
	auto_done(strv) struct strv users = { 0 };

	if (!filters_match(f, "name", name_met, v) || !filters_match(f, "driver", driver_met, v) ||
	    !filters_match_labels(f, &v->labels))
		return 0;
	if (!dangling)
		return 1;
	if (volume_users(&app->store, v->name, &users, err) < 0)
		return -1;
	return (users.n == 0) == (str_eq(dangling, "true") || str_eq(dangling, "1"));
}

static int list(struct app *app, const struct filters *f, struct listing *l, struct error *err)
{
	volumes all = { 0 };
	int r = volume_list(&app->store, &all, err);

	vec_each (&all, v) {
		if (r < 0)
			break;
		r = matches(app, f, v, err);
		if (r > 0)
			r = listing_add(l, v, err);
	}
	volumes_done(&all);
	return r < 0 ? -1 : 0;
}

static int ls_run(struct app *app, void *arg, struct strv *operands, struct error *err)
{
	static const char *const keys[] = { "dangling", "driver", "label", "name", NULL };
	const struct ls_args *args = arg;
	auto_done(listing) struct listing l = { 0 };
	struct filters f = { 0 };
	int r = filters_parse(&args->filter, keys, &f, err);

	if (r == 0)
		r = listing_begin(&l, &view, args->format, args->quiet, app, err);
	if (r == 0)
		r = list(app, &f, &l, err);
	filters_done(&f);
	return r < 0 ? -1 : listing_end(&l, err);
}

const struct command cmd_volume_ls = {
	.name = "volume ls",
	.summary = "list volumes",
	.opts = ls_opts,
	.args_size = sizeof(struct ls_args),
	.needs = NEED_STORE_READ,
	.run = ls_run,
	.failure = 1,
};

/* ---- rm ---- */

struct rm_args {
	bool force;
};
static const struct opt rm_opts[] = {
	OPT_FLAG('f', "force", rm_args, force, "do not mind names that are not there"),
	OPT_END,
};

static int rm_one(struct app *app, const char *name, const void *arg, struct error *err)
{
	const struct rm_args *args = arg;

	if (volume_remove(&app->store, name, err) == 0)
		return 0;
	if (args->force && err->kind == ERR_NOTFOUND) {
		error_clear(err);
		return 0;
	}
	return error_add(err, "cannot remove volume '%s'", name);
}

static int rm_run(struct app *app, void *args, struct strv *operands, struct error *err)
{
	return operands_each(app, operands, rm_one, args, true, err);
}

const struct command cmd_volume_rm = {
	.name = "volume rm",
	.operands = "VOLUME...",
	.summary = "remove volumes",
	.opts = rm_opts,
	.args_size = sizeof(struct rm_args),
	.needs = NEED_STORE_READ | NEED_NAMESPACE,
	.min = 1,
	.max = -1,
	.run = rm_run,
	.failure = 1,
};
