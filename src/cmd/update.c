/*
 * update.c - `hod update`: other limits for containers, running or not.
 */
#include "commands.h"

#include "limit_opts.h"
#include "operands.h"

struct update_args {
	struct request_limits limits;
};
static const struct opt opts[] = {
	LIMIT_ROWS(update_args, limits),
	OPT_END,
};

static int update_one(struct app *app, const char *name, const void *arg, struct error *err)
{
	const struct update_args *args = arg;
	auto_done(container) struct container c;

	container_init(&c);
	if (need_container(app, name, &c, err) < 0)
		return -1;
	if (container_update(&app->engine, &c, &args->limits, err) < 0)
		return error_add(err, "cannot update '%s'", name);
	return 0;
}

static int update_run(struct app *app, void *arg, struct strv *operands, struct error *err)
{
	const struct update_args *args = arg;

	if (!request_limits_any(&args->limits))
		return error_set(err, ERR_USAGE, "no limit is given that is to be changed");
	return operands_each(app, operands, update_one, args, true, err);
}

static void update_init(void *arg)
{
	fields_init(request_limits_fields, &((struct update_args *)arg)->limits);
}

static void update_done(void *arg)
{
	fields_done(request_limits_fields, &((struct update_args *)arg)->limits);
}

const struct command cmd_update = {
	.name = "update",
	.operands = "CONTAINER...",
	.summary = "change the limits of containers",
	.description =
		"What is not given stays as it is. A container that runs has the new limits at "
		"once, and keeps them when it is started again.",
	.opts = opts,
	.args_size = sizeof(struct update_args),
	.init = update_init,
	.done = update_done,
	.needs = NEED_STORE_READ | NEED_ENGINE,
	.min = 1,
	.max = -1,
	.run = update_run,
	.failure = 1,
};
