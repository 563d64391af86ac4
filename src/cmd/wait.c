/*
 * wait.c - `hod wait`: until containers have ended; prints their exit codes.
 */
#include "commands.h"

#include "operands.h"
#include "output.h"

static int wait_one(struct app *app, const char *name, const void *args, struct error *err)
{
	auto_done(container) struct container c;
	int64_t code;

	container_init(&c);
	if (need_container(app, name, &c, err) < 0)
		return -1;
	if (container_wait(&app->store, &c, -1, err) < 0)
		return error_add(err, "cannot wait for '%s'", name);
	code = c.state.exit_code;
	return output_line(err, "%lld", code == UNSET ? 0LL : (long long)code);
}

static int wait_run(struct app *app, void *args, struct strv *operands, struct error *err)
{
	return operands_each(app, operands, wait_one, NULL, false, err);
}

const struct command cmd_wait = {
	.name = "wait",
	.operands = "CONTAINER...",
	.summary = "wait until containers have ended, and print their exit codes",
	.needs = NEED_STORE_READ,
	.min = 1,
	.max = -1,
	.run = wait_run,
	.failure = 1,
};
