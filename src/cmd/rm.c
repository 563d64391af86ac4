/*
 * rm.c - `hod rm`: remove containers.
 */
#include "commands.h"

#include "operands.h"

struct rm_args {
	bool force, volumes;
};
static const struct opt opts[] = {
	OPT_FLAG('f', "force", rm_args, force, "kill what runs; do not mind what is not there"),
	OPT_FLAG('v', "volumes", rm_args, volumes, "remove the container's anonymous volumes too"),
	OPT_END,
};

static int rm_one(struct app *app, const char *name, const void *arg, struct error *err)
{
	const struct rm_args *args = arg;
	auto_done(container) struct container c;
	int found;

	container_init(&c);
	found = container_find(&app->store, name, &c, err);
	if (found == 0 && args->force)
		return 0;
	if (found == 0)
		return error_set(err, ERR_NOTFOUND, "no such container: %s", name);
	if (found < 0)
		return -1;
	if (container_delete(&app->engine, &c, args->force, args->volumes, err) == 0)
		return 0;
	if (args->force && err->kind == ERR_NOTFOUND) { /* another was faster */
		error_clear(err);
		return 0;
	}
	return error_add(err, "cannot remove '%s'", name);
}

/*
 * A process of another of the user's ids can be signalled from outside of our user namespace only:
 * seen from within it belongs to a stranger.
 */
static int kill_one(struct app *app, const char *name, const void *arg, struct error *err)
{
	struct error ignored = { 0 }, unmarked = { 0 }; /* rm_one meets it again and tells */
	auto_done(container) struct container c;

	container_init(&c);
	if (container_find(&app->store, name, &c, &ignored) > 0 && container_is_alive(&c)) {
		container_mark_leaving(&c, &unmarked);
		container_stop(&app->engine, &c, 0, &ignored);
	}
	return 0;
}

static int rm_run(struct app *app, void *arg, struct strv *operands, struct error *err)
{
	const struct rm_args *args = arg;

	if (args->force)
		operands_each(app, operands, kill_one, NULL, false, err);
	if (app_prepare(app, NEED_NAMESPACE, err) < 0)
		return -1;
	return operands_each(app, operands, rm_one, args, true, err);
}

const struct command cmd_rm = {
	.name = "rm",
	.operands = "CONTAINER...",
	.summary = "remove containers",
	.opts = opts,
	.args_size = sizeof(struct rm_args),
	.needs = NEED_STORE_READ | NEED_ENGINE,
	.min = 1,
	.max = -1,
	.run = rm_run,
	.failure = 1,
};
