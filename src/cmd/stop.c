/*
 * stop.c - `hod stop`: signal, wait, kill; several containers at once.
 */
#include "commands.h"

#include "operands.h"

struct stop_args {
	int64_t time;
	bool ignore;
};
static const struct opt opts[] = {
	OPT_SECS('t', "time", stop_args, time, "seconds to wait before it is killed; -1: for ever"),
	OPT_FLAG('i', "ignore", stop_args, ignore, "do not mind names that are not there"),
	OPT_END,
};

static int stop_one(struct app *app, const char *name, const void *arg, struct error *err)
{
	const struct stop_args *args = arg;
	auto_done(container) struct container c;
	int found;

	container_init(&c);
	found = args->ignore ? container_find(&app->store, name, &c, err)
			     : need_container(app, name, &c, err);
	if (found < 0)
		return -1;
	if (c.fd < 0)
		return 0;
	if (container_stop(&app->engine, &c, args->time, err) < 0)
		return error_add(err, "cannot stop '%s'", name);
	return 0;
}

static int stop_run(struct app *app, void *args, struct strv *operands, struct error *err)
{
	return operands_parallel(app, operands, stop_one, args, err);
}

const struct command cmd_stop = {
	.name = "stop",
	.operands = "CONTAINER...",
	.summary = "stop running containers",
	.description = "Sends the stop signal, waits, and kills what is still there.",
	.opts = opts,
	.args_size = sizeof(struct stop_args),
	.needs = NEED_STORE_READ | NEED_ENGINE,
	.min = 1,
	.max = -1,
	.run = stop_run,
	.failure = 1,
};
