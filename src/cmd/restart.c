/*
 * restart.c - `hod restart`: stop, then start in the background.
 */
#include "commands.h"

#include "operands.h"
#include "store/event.h"

struct restart_args {
	int64_t time;
};
static const struct opt opts[] = {
	OPT_SECS('t', "time", restart_args, time, "seconds to wait before it is killed; -1: for ever"),
	OPT_END,
};

/* From outside of our user namespace, where every process of the user can be signalled. */
static int stop_one(struct app *app, const char *name, const void *arg, struct error *err)
{
	const struct restart_args *args = arg;
	auto_done(container) struct container c;

	container_init(&c);
	if (need_container(app, name, &c, err) < 0)
		return -1;
	return container_stop(&app->engine, &c, args->time, err);
}

static int start_again(struct app *app, const char *name, struct error *err)
{
	struct start_options o = { .mode = START_DETACHED };
	struct start_result result = { 0 };
	auto_done(container) struct container c;

	container_init(&c);
	if (need_container(app, name, &c, err) < 0)
		return -1;
	if (container_start(&app->engine, &c, &o, &result, err) < 0)
		return -1;
	event_container(&app->store, &c, "restart", EVENT_END);
	return 0;
}

static int restart_one(struct app *app, const char *name, const void *arg, struct error *err)
{
	struct strv one = { .v = (char *[]){ (char *)(uintptr_t)name, NULL }, .n = 1 };

	if (stop_one(app, name, arg, err) < 0 || join_networks(app, &one, err) < 0 ||
	    app_prepare(app, NEED_NAMESPACE, err) < 0 || start_again(app, name, err) < 0)
		return error_add(err, "cannot restart '%s'", name);
	return 0;
}

static int restart_run(struct app *app, void *args, struct strv *operands, struct error *err)
{
	return operands_parallel(app, operands, restart_one, args, err);
}

const struct command cmd_restart = {
	.name = "restart",
	.operands = "CONTAINER...",
	.summary = "stop containers and start them again",
	.opts = opts,
	.args_size = sizeof(struct restart_args),
	.needs = NEED_STORE_READ | NEED_ENGINE,
	.min = 1,
	.max = -1,
	.run = restart_run,
	.failure = 1,
};
