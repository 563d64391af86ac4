/*
 * pause.c - `hod pause` and `hod unpause`: freeze all processes of containers, let them go on.
 */
#include "commands.h"

#include "operands.h"

static int pause_one(struct app *app, const char *name, const void *arg, struct error *err)
{
	const bool *pause = arg;
	auto_done(container) struct container c;

	container_init(&c);
	if (need_container(app, name, &c, err) < 0)
		return -1;
	if (container_pause(&app->engine, &c, *pause, err) < 0)
		return error_add(err, "cannot %spause '%s'", *pause ? "" : "un", name);
	return 0;
}

static int pause_run(struct app *app, void *args, struct strv *operands, struct error *err)
{
	static const bool pause = true;

	return operands_each(app, operands, pause_one, &pause, true, err);
}

static int unpause_run(struct app *app, void *args, struct strv *operands, struct error *err)
{
	static const bool pause = false;

	return operands_each(app, operands, pause_one, &pause, true, err);
}

const struct command cmd_pause = {
	.name = "pause",
	.operands = "CONTAINER...",
	.summary = "freeze all processes of containers",
	.needs = NEED_STORE_READ | NEED_ENGINE,
	.min = 1,
	.max = -1,
	.run = pause_run,
	.failure = 1,
};
const struct command cmd_unpause = {
	.name = "unpause",
	.operands = "CONTAINER...",
	.summary = "let frozen containers go on",
	.needs = NEED_STORE_READ | NEED_ENGINE,
	.min = 1,
	.max = -1,
	.run = unpause_run,
	.failure = 1,
};
