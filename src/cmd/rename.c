/*
 * rename.c - `hod rename`: another name for a container; its ID stays.
 */
#include "commands.h"

#include "operands.h"

static int rename_run(struct app *app, void *args, struct strv *operands, struct error *err)
{
	auto_done(container) struct container c;

	container_init(&c);
	if (need_container(app, operands->v[0], &c, err) < 0)
		return -1;
	if (!container_name_valid(operands->v[1]))
		return error_set(err, ERR_USAGE,
				 "'%s' is no container name ([a-zA-Z0-9][a-zA-Z0-9_.-]+)",
				 operands->v[1]);
	if (container_rename(&app->store, &c, operands->v[1], err) < 0)
		return error_add(err, "cannot rename '%s'", operands->v[0]);
	return 0;
}

const struct command cmd_rename = {
	.name = "rename",
	.operands = "CONTAINER NAME",
	.summary = "give a container another name",
	.needs = NEED_STORE_READ,
	.min = 2,
	.max = 2,
	.run = rename_run,
	.failure = 1,
};
