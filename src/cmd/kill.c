/*
 * kill.c - `hod kill`: a signal for the first process of containers.
 */
#include "commands.h"

#include "operands.h"
#include "runtime/defaults.h"

struct kill_args {
	char *signal;
	int number;
};
static const struct opt opts[] = {
	OPT_STRING('s', "signal", kill_args, signal, "SIGNAL", "name or number; KILL by default"),
	OPT_END,
};

static int kill_one(struct app *app, const char *name, const void *arg, struct error *err)
{
	const struct kill_args *args = arg;
	auto_done(container) struct container c;

	container_init(&c);
	if (need_container(app, name, &c, err) < 0)
		return -1;
	if (container_kill(&app->engine, &c, args->number, err) < 0)
		return error_add(err, "cannot kill '%s'", name);
	return 0;
}

static int kill_run(struct app *app, void *arg, struct strv *operands, struct error *err)
{
	struct kill_args *args = arg;

	args->number = signal_parse(args->signal ? args->signal : "KILL");
	if (args->number <= 0)
		return error_set(err, ERR_USAGE, "--signal '%s': there is no such signal",
				 args->signal);
	return operands_each(app, operands, kill_one, args, true, err);
}

const struct command cmd_kill = {
	.name = "kill",
	.operands = "CONTAINER...",
	.summary = "send a signal to running containers",
	.opts = opts,
	.args_size = sizeof(struct kill_args),
	.needs = NEED_STORE_READ | NEED_ENGINE,
	.min = 1,
	.max = -1,
	.run = kill_run,
	.failure = 1,
};
