/*
 * reset.c - `hod system reset`: the store as it was before its first use.
 *
 * Everything is removed by the ways of rm and prune, so that what somebody uses at this moment is
 * told and stays, and nothing of a running container is left behind.
 */
#include "commands.h"

#include "build/prune.h"
#include "output.h"
#include "removals.h"

static const struct opt opts[] = {
	OPT_FLAG('f', "force", prune_args, force, "do not ask"),
	OPT_END,
};

static int reset_containers(struct app *app, struct error *err)
{
	containers all = { 0 };
	int r = container_list(&app->store, &all, err);

	vec_each (&all, c) {
		char id[CONTAINER_ID_MAX];

		memcpy(id, c->id, sizeof(id));
		if (r == 0 && container_delete(&app->engine, c, true, true, err) < 0 &&
		    err->kind != ERR_NOTFOUND)
			r = error_add(err, "cannot remove '%s'", id);
		else if (r == 0)
			r = output_line(err, "%s", id);
	}
	containers_done(&all);
	return r;
}

static int reset_run(struct app *app, void *arg, struct strv *operands, struct error *err)
{
	const struct prune_args *args = arg;
	const struct cache_prune cache = { .all = true, .keep_bytes = UNSET, .free_bytes = UNSET };
	const struct strv no_filter = { 0 };
	struct gc_result gc = { 0 };
	uint64_t bytes = 0;
	int r;

	if (!args->force &&
	    !confirm("WARNING! This will remove all containers, also those that "
		     "run, all images, volumes and networks, and the build cache.")) {
		report_note("Nothing was removed.");
		return 0;
	}
	if (reset_containers(app, err) < 0 || prune_volumes(app, true, &no_filter, &bytes, err) < 0 ||
	    prune_networks(app, &no_filter, err) < 0 ||
	    prune_images(app, true, &no_filter, &bytes, err) < 0 ||
	    build_cache_prune(&app->store, &cache, &bytes, err) < 0)
		return -1;
	r = store_gc(&app->store, &gc, err);
	strv_done(&gc.removed);
	return r < 0 ? -1 : reclaimed_print(bytes + gc.bytes, err);
}

const struct command cmd_system_reset = {
	.name = "system reset",
	.summary = "remove everything: containers, images, volumes, networks, caches",
	.opts = opts,
	.args_size = sizeof(struct prune_args),
	.needs = NEED_STORE_READ | NEED_NAMESPACE | NEED_ENGINE,
	.run = reset_run,
	.failure = 1,
};
