/*
 * context.c - `hod context show` and `ls`: there is one, this machine's store, and scripts go on.
 */
#include "commands.h"

#include "output.h"

struct context_args {
	bool quiet;
};
#define ONLY "default"

static const struct opt ls_opts[] = {
	OPT_FLAG('q', "quiet", context_args, quiet, "only names"),
	OPT_END,
};

static int context_show(struct app *app, void *arg, struct strv *operands, struct error *err)
{
	return output_line(err, ONLY);
}

static int context_ls(struct app *app, void *arg, struct strv *operands, struct error *err)
{
	const struct context_args *args = arg;

	if (args->quiet)
		return output_line(err, ONLY);
	return output_line(err, "NAME        DESCRIPTION                    DOCKER ENDPOINT\n" ONLY
				" *   this machine, without a daemon");
}

const struct command cmd_context_ls = {
	.name = "context ls",
	.summary = "list what commands can work on: this machine",
	.opts = ls_opts,
	.args_size = sizeof(struct context_args),
	.run = context_ls,
	.failure = 1,
};
const struct command cmd_context_show = {
	.name = "context show",
	.summary = "print what commands work on: default",
	.run = context_show,
	.failure = 1,
};
