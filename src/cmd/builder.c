/*
 * builder.c - `hod builder prune`: the build cache made smaller.
 */
#include "commands.h"

#include "build/prune.h"
#include "filters.h"
#include "operands.h"
#include "output.h"
#include "removals.h"
#include "util/text.h"

struct builder_prune_args {
	struct strv filter;
	int64_t keep, max_used, reserved, min_free;
	bool all, force;
};
static const struct opt opts[] = {
	OPT_FLAG('a', "all", builder_prune_args, all, "results that an image shares, too"),
	OPT_LIST(0, "filter", builder_prune_args, filter, "KEY=VALUE",
		 "only those that match: until, type"),
	OPT_FLAG('f', "force", builder_prune_args, force, "do not ask"),
	OPT_BYTES(0, "keep-storage", builder_prune_args, keep,
		  "let so much stay, of what was used last"),
	OPT_BYTES(0, "max-used-space", builder_prune_args, max_used, "the same"),
	OPT_BYTES(0, "min-free-space", builder_prune_args, min_free,
		  "stop when so much is free on the disk"),
	OPT_BYTES(0, "reserved-space", builder_prune_args, reserved, "the same as --keep-storage"),
	OPT_END,
};

struct keep {
	struct filters f;
	struct error *err;
	bool failed;
};

static bool type_is(const char *value, const void *arg)
{
	const struct cache_item *i = arg;

	return str_eq(value, i->mount ? "exec.cachemount" : "regular");
}

static bool keep_item(const struct cache_item *i, void *arg)
{
	struct keep *k = arg;
	bool old = false;

	if (!k->failed && filters_match_until(&k->f, i->used_s * NSEC_PER_SEC, &old, k->err) < 0)
		k->failed = true;
	return k->failed || !old || !filters_match(&k->f, "type", type_is, i);
}

static int prune_build_cache(struct app *app, const struct strv *filter, struct cache_prune *p,
			     uint64_t *bytes, struct error *err)
{
	static const char *const keys[] = { "type", "until", NULL };
	struct error failure = { 0 };
	struct keep k = { .err = &failure };
	int r = filters_parse(filter, keys, &k.f, err);

	p->keep = keep_item;
	p->arg = &k;
	if (r == 0)
		r = build_cache_prune(&app->store, p, bytes, err);
	filters_done(&k.f);
	if (r == 0 && k.failed) {
		*err = failure;
		r = -1;
	}
	return r;
}

static int builder_prune(struct app *app, void *arg, struct strv *operands, struct error *err)
{
	const struct builder_prune_args *args = arg;
	struct cache_prune p = { .all = args->all, .free_bytes = args->min_free };
	uint64_t bytes = 0;

	p.keep_bytes = args->max_used != UNSET ? args->max_used
		       : args->keep != UNSET   ? args->keep
					       : args->reserved;
	if (!args->force &&
	    !confirm(args->all
			     ? "WARNING! This will remove all build cache."
			     : "WARNING! This will remove all build cache that no image shares.")) {
		report_note("Nothing was removed.");
		return 0;
	}
	if (prune_build_cache(app, &args->filter, &p, &bytes, err) < 0)
		return -1;
	return reclaimed_print(bytes, err);
}

const struct command cmd_builder_prune = {
	.name = "builder prune",
	.summary = "remove what builds keep to be faster",
	.opts = opts,
	.args_size = sizeof(struct builder_prune_args),
	.needs = NEED_STORE_READ | NEED_NAMESPACE,
	.run = builder_prune,
	.failure = 1,
};
