/*
 * ps.c - `hod ps`: containers as a list. Reads nothing that no column and no filter asks for.
 */
#include "ps.h"

#include "engine/lost.h"

struct ps_args {
	bool all, latest, no_trunc, quiet, size;
	int64_t last;
	char *format;
	struct strv filter;
};
static const struct opt opts[] = {
	OPT_FLAG('a', "all", ps_args, all, "those that do not run, too"),
	OPT_LIST('f', "filter", ps_args, filter, "KEY=VALUE", "only those that match"),
	OPT_STRING(0, "format", ps_args, format, "FORMAT", "table, json, json-array or a template"),
	OPT_INT('n', "last", ps_args, last, "the N newest, in whatever state"),
	OPT_FLAG('l', "latest", ps_args, latest, "the newest, in whatever state"),
	OPT_FLAG(0, "no-trunc", ps_args, no_trunc, "cut nothing short"),
	OPT_FLAG('q', "quiet", ps_args, quiet, "only the IDs"),
	OPT_FLAG('s', "size", ps_args, size, "with the size of what they have written"),
	OPT_END,
};

static int list(struct app *app, const struct ps_args *args, const struct ps_filters *f,
		struct listing *l, struct error *err)
{
	containers all = { 0 };
	int64_t left = args->latest ? 1 : args->last != UNSET ? args->last : INT64_MAX;
	bool every = args->all || args->latest || args->last != UNSET ||
		     filters_have(&f->f, "status") || filters_have(&f->f, "exited");
	int r = container_list(&app->store, &all, err);

	vec_each (&all, c) {
		if (r < 0 || left <= 0)
			break;
		if (str_eq(c->state.reason, "monitor-lost"))
			lost_cgroup_remove(&app->store, c);
		if ((!every && !container_is_alive(c)) || !ps_filters_match(f, c))
			continue;
		left--;
		r = listing_add(l, c, err);
	}
	containers_done(&all);
	return r;
}

static int ps_run(struct app *app, void *arg, struct strv *operands, struct error *err)
{
	const struct ps_args *args = arg;
	struct ps_ctx ctx = { .app = app, .no_trunc = args->no_trunc };
	auto_done(ps_filters) struct ps_filters f = { .app = app };
	auto_done(listing) struct listing l = { 0 };
	int r;

	r = ps_filters_parse(&f, &args->filter, err);
	if (r == 0)
		r = listing_begin(&l, args->size ? &ps_view_sized : &ps_view, args->format,
				  args->quiet, &ctx, err);
	if (r == 0 && listing_wants(&l, "Size")) /* files of other ids are measured from within */
		r = app_prepare(app, NEED_NAMESPACE, err);
	if (r == 0)
		r = ps_filters_resolve(&f, err);
	if (r == 0)
		r = list(app, args, &f, &l, err);
	return r < 0 ? -1 : listing_end(&l, err);
}

const struct command cmd_ps = {
	.name = "ps",
	.summary = "list containers",
	.opts = opts,
	.args_size = sizeof(struct ps_args),
	.needs = NEED_STORE_READ,
	.run = ps_run,
	.failure = 1,
};
