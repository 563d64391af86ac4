/*
 * prune.c - `hod container prune`, `image prune`, `volume prune`, `system prune`.
 */
#include "commands.h"

#include "build/prune.h"
#include "engine/network.h"
#include "operands.h"
#include "output.h"
#include "removals.h"
#include "store/volume.h"
#include "util/fd.h"
#include "util/text.h"

#define FORCE_ROW	 OPT_FLAG('f', "force", prune_args, force, "do not ask")
#define FILTER_ROW(says) OPT_LIST(0, "filter", prune_args, filter, "KEY=VALUE", says)

static const struct opt container_opts[] = { FORCE_ROW,
					     FILTER_ROW("only those that match: until, label"),
					     OPT_END };
static const struct opt image_opts[] = {
	OPT_FLAG('a', "all", prune_args, all, "all that no container uses, not only nameless ones"),
	FORCE_ROW, FILTER_ROW("only those that match: until, label, dangling"), OPT_END
};
static const struct opt network_opts[] = { FORCE_ROW, FILTER_ROW("only those that match: label"),
					   OPT_END };
static const struct opt volume_opts[] = {
	OPT_FLAG('a', "all", prune_args, all, "those with names, too"), FORCE_ROW,
	FILTER_ROW("only those that match: label, all"), OPT_END
};
static const struct opt system_opts[] = {
	OPT_FLAG('a', "all", prune_args, all, "all images that no container uses"), FORCE_ROW,
	FILTER_ROW("only those that match: until, label"),
	OPT_FLAG(0, "volumes", prune_args, volumes, "anonymous volumes, too"), OPT_END
};

int reclaimed_print(uint64_t bytes, struct error *err)
{
	char size[TEXT_TIME_MAX];

	return output_line(err, "Total reclaimed space: %s",
			   text_size((int64_t)bytes, size, sizeof(size)));
}

/* ---- containers ---- */

static int prune_container(struct app *app, struct container *c, uint64_t *bytes, struct error *err)
{
	struct error ignored = { 0 }; /* it is told for people's interest only */
	uint64_t size = 0;
	char id[CONTAINER_ID_MAX];

	container_usage(&app->store, c, &size, &ignored);
	memcpy(id, c->id, sizeof(id));
	if (container_delete(&app->engine, c, false, true, err) < 0) {
		if (err->kind != ERR_BUSY && err->kind != ERR_NOTFOUND)
			return error_add(err, "cannot remove '%s'", id);
		error_clear(err); /* it was started or removed meanwhile */
		return 0;
	}
	*bytes += size;
	return output_line(err, "%s", id);
}

int prune_containers(struct app *app, const struct strv *filter, uint64_t *bytes, struct error *err)
{
	static const char *const keys[] = { "label", "until", NULL };
	struct filters f = { 0 };
	containers all = { 0 };
	int r = filters_parse(filter, keys, &f, err);

	if (r == 0)
		r = container_list(&app->store, &all, err);
	vec_each (&all, c) {
		bool old = false;

		if (r < 0)
			break;
		if (container_is_alive(c) || !filters_match_labels(&f, &c->record.labels))
			continue;
		r = filters_match_until(&f, c->record.created_ns, &old, err);
		if (r == 0 && old)
			r = prune_container(app, c, bytes, err);
	}
	containers_done(&all);
	filters_done(&f);
	return r;
}

/* ---- images ---- */

struct keep {
	struct filters f;
	struct error *err;
	bool failed;
};

/* Asked by image_prune of each candidate: true saves it. */
static bool keep_image(const struct image *i, void *arg)
{
	struct keep *k = arg;
	int64_t created = 0;
	bool old = false;

	if (i->config.created)
		text_parse_time(i->config.created, 0, &created);
	if (!k->failed && filters_match_until(&k->f, created, &old, k->err) < 0)
		k->failed = true;
	return k->failed || !old || !filters_match_labels(&k->f, &i->config.config.labels);
}

int prune_images(struct app *app, bool all, const struct strv *filter, uint64_t *bytes,
		 struct error *err)
{
	static const char *const keys[] = { "dangling", "label", "until", NULL };
	auto_done(image_removal) struct image_removal done = { 0 };
	struct error failure = { 0 };
	struct keep k = { .err = &failure };
	const char *dangling;
	uint64_t reclaimed = 0;
	int r = filters_parse(filter, keys, &k.f, err);

	dangling = filters_first(&k.f, "dangling");
	if (dangling)
		all = str_eq(dangling, "false") || str_eq(dangling, "0");
	if (r == 0)
		r = image_prune(&app->store, all, keep_image, &k, &done, &reclaimed, err);
	if (r == 0 && k.failed) {
		*err = failure;
		r = -1;
	}
	filters_done(&k.f);
	*bytes += reclaimed;
	return r < 0 ? -1 : removals_print(&done, err);
}

/* ---- volumes ---- */

static int prune_volume(struct app *app, const struct volume *v, uint64_t *bytes, struct error *err)
{
	struct error ignored = { 0 }; /* it is told for people's interest only */
	auto_close int data = volume_open_data(&app->store, v->name, &ignored);
	uint64_t size = 0, entries;

	if (data >= 0)
		tree_usage(data, ".", &size, &entries, &ignored);
	if (volume_remove(&app->store, v->name, err) < 0) {
		if (err->kind != ERR_BUSY && err->kind != ERR_NOTFOUND)
			return error_add(err, "cannot remove volume '%s'", v->name);
		error_clear(err);
		return 0;
	}
	*bytes += size;
	return output_line(err, "%s", v->name);
}

int prune_volumes(struct app *app, bool all, const struct strv *filter, uint64_t *bytes,
		  struct error *err)
{
	static const char *const keys[] = { "all", "label", NULL };
	struct filters f = { 0 };
	volumes list = { 0 };
	int r = filters_parse(filter, keys, &f, err);

	if (r == 0)
		r = volume_list(&app->store, &list, err);
	if (filters_first(&f, "all"))
		all = !str_eq(filters_first(&f, "all"), "false");
	vec_each (&list, v) {
		if (r < 0)
			break;
		if ((all || v->anonymous) && filters_match_labels(&f, &v->labels))
			r = prune_volume(app, v, bytes, err);
	}
	volumes_done(&list);
	filters_done(&f);
	return r;
}

/* ---- networks ---- */

int prune_networks(struct app *app, const struct strv *filter, struct error *err)
{
	static const char *const keys[] = { "label", "until", NULL };
	struct netdir d = { .fd = -1 };
	struct filters f = { 0 };
	networks list = { 0 };
	int r = filters_parse(filter, keys, &f, err);

	if (filters_have(&f, "until"))
		r = error_set(err, ERR_USAGE, "networks have no filter until");
	if (r == 0)
		r = network_list(&app->store, &list, err);
	vec_each (&list, n) {
		if (r < 0 || str_eq(n->name, NETWORK_DEFAULT) ||
		    !filters_match_labels(&f, &n->labels))
			continue;
		if (network_delete(&app->store, &app->userns, n, err) == 0)
			r = output_line(err, "%s", n->name);
		else if (err->kind == ERR_BUSY || err->kind == ERR_NOTFOUND)
			error_clear(err);
		else
			r = -1;
	}
	networks_done(&list);
	if (r == 0 && !filter->n) { /* the default one's bridge and the table, when idle */
		r = netdir_open(app->userns.caller_uid, app->userns.caller_uid != 0, false, &d, err);
		if (r > 0)
			r = network_idle(&d, err);
		netdir_close(&d);
	}
	filters_done(&f);
	return r < 0 ? -1 : 0;
}

/* ---- the commands ---- */

static bool agreed(const struct prune_args *args, const char *question)
{
	if (args->force || confirm(question))
		return true;
	report_note("Nothing was removed.");
	return false;
}

static int container_prune(struct app *app, void *arg, struct strv *operands, struct error *err)
{
	const struct prune_args *args = arg;
	uint64_t bytes = 0;

	if (!agreed(args, "WARNING! This will remove all stopped containers."))
		return 0;
	if (prune_containers(app, &args->filter, &bytes, err) < 0)
		return -1;
	return reclaimed_print(bytes, err);
}

static int image_prune_run(struct app *app, void *arg, struct strv *operands, struct error *err)
{
	const struct prune_args *args = arg;
	uint64_t bytes = 0;

	if (!agreed(args, args->all ? "WARNING! This will remove all images that no container uses."
				    : "WARNING! This will remove all dangling images."))
		return 0;
	if (prune_images(app, args->all, &args->filter, &bytes, err) < 0)
		return -1;
	return reclaimed_print(bytes, err);
}

static int volume_prune(struct app *app, void *arg, struct strv *operands, struct error *err)
{
	const struct prune_args *args = arg;
	uint64_t bytes = 0;

	if (!agreed(args, args->all
				  ? "WARNING! This will remove all volumes that no container uses."
				  : "WARNING! This will remove anonymous volumes that no container "
				    "uses."))
		return 0;
	if (prune_volumes(app, args->all, &args->filter, &bytes, err) < 0)
		return -1;
	return reclaimed_print(bytes, err);
}

static int network_prune(struct app *app, void *arg, struct strv *operands, struct error *err)
{
	const struct prune_args *args = arg;

	if (!agreed(args, "WARNING! This will remove all networks that no container uses."))
		return 0;
	return prune_networks(app, &args->filter, err);
}

/* A volume has no age that could be filtered by. */
static int volumes_take(const struct strv *filter, struct error *err)
{
	strv_each (filter, i)
		if (str_starts(filter->v[i], "until="))
			return error_set(err, ERR_USAGE,
					 "--volumes does not go with --filter until=...");
	return 0;
}

static int system_prune(struct app *app, void *arg, struct strv *operands, struct error *err)
{
	const struct prune_args *args = arg;
	const struct cache_prune cache = { .all = true, .keep_bytes = UNSET, .free_bytes = UNSET };
	struct gc_result gc = { 0 };
	uint64_t bytes = 0;
	int r;

	if (args->volumes && volumes_take(&args->filter, err) < 0)
		return -1; /* before anything is asked, or gone */
	if (!agreed(args, args->all ? "WARNING! This will remove stopped containers, unused "
				      "networks, images that no "
				      "container uses, and the build cache."
				    : "WARNING! This will remove stopped containers, unused "
				      "networks, images without a "
				      "name, and the build cache."))
		return 0;
	if (prune_containers(app, &args->filter, &bytes, err) < 0 ||
	    (args->filter.n == 0 && prune_networks(app, &args->filter, err) < 0) ||
	    (args->volumes && prune_volumes(app, false, &args->filter, &bytes, err) < 0) ||
	    prune_images(app, args->all, &args->filter, &bytes, err) < 0 ||
	    (args->filter.n == 0 && build_cache_prune(&app->store, &cache, &bytes, err) < 0))
		return -1;
	r = store_gc(&app->store, &gc, err);
	strv_done(&gc.removed);
	return r < 0 ? -1 : reclaimed_print(bytes + gc.bytes, err);
}

#define PRUNE(words, says, table, fn)                                                              \
	{                                                                                          \
		.name = words, .summary = says, .opts = table,                                     \
		.args_size = sizeof(struct prune_args),                                            \
		.needs = NEED_STORE_READ | NEED_NAMESPACE | NEED_ENGINE, .run = fn, .failure = 1   \
	}

const struct command cmd_container_prune =
	PRUNE("container prune", "remove containers that do not run", container_opts,
	      container_prune);
const struct command cmd_image_prune =
	PRUNE("image prune", "remove images that have no name", image_opts, image_prune_run);
const struct command cmd_network_prune =
	PRUNE("network prune", "remove networks that no container uses", network_opts, network_prune);
const struct command cmd_volume_prune =
	PRUNE("volume prune", "remove volumes that no container uses", volume_opts, volume_prune);
const struct command cmd_system_prune =
	PRUNE("system prune", "remove what is not used", system_opts, system_prune);
