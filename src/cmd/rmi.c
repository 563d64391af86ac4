/*
 * rmi.c - `hod rmi`: remove names of images, and images that nothing names any more.
 */
#include "commands.h"

#include "image/remove.h"
#include "operands.h"
#include "output.h"
#include "removals.h"

struct rmi_args {
	bool force, ignore;
};
static const struct opt opts[] = {
	OPT_FLAG('f', "force", rmi_args, force,
		 "by ID with all its names, and though a stopped container uses it"),
	OPT_FLAG('i', "ignore", rmi_args, ignore, "do not mind names that are not there"),
	OPT_END,
};

int removals_print(const struct image_removal *r, struct error *err)
{
	strv_each (&r->untag, i) {
		auto_free char *familiar = reference_familiar(r->untag.v[i]);

		if (output_line(err, "Untagged: %s", familiar) < 0)
			return -1;
	}
	strv_each (&r->delete, i)
		if (output_line(err, "Deleted: %s", r->delete.v[i]) < 0)
			return -1;
	return 0;
}

static int rmi_one(struct app *app, const char *name, const void *arg, struct error *err)
{
	const struct rmi_args *args = arg;
	auto_done(image_removal) struct image_removal done = { 0 };

	if (image_remove(&app->store, name, args->force, &done, err) < 0) {
		if (args->ignore && err->kind == ERR_NOTFOUND) {
			error_clear(err);
			return 0;
		}
		return error_add(err, "cannot remove '%s'", name);
	}
	return removals_print(&done, err);
}

static int rmi_run(struct app *app, void *args, struct strv *operands, struct error *err)
{
	return operands_each(app, operands, rmi_one, args, false, err);
}

const struct command cmd_rmi = {
	.name = "rmi",
	.operands = "IMAGE...",
	.summary = "remove images",
	.opts = opts,
	.args_size = sizeof(struct rmi_args),
	.needs = NEED_STORE_READ | NEED_NAMESPACE,
	.min = 1,
	.max = -1,
	.run = rmi_run,
	.failure = 1,
};
