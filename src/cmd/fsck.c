/*
 * fsck.c - `hod fsck`: is everything in the store as it should be?
 */
#include "commands.h"

#include "image/layer_tar.h"
#include "output.h"

struct fsck_args {
	bool deep, repair, quiet;
};
static const struct opt opts[] = {
	OPT_FLAG(0, "deep", fsck_args, deep, "read every blob and layer and compare its digest"),
	OPT_FLAG('q', "quiet", fsck_args, quiet, "no summary when nothing was found"),
	OPT_FLAG(0, "repair", fsck_args, repair, "take away what cannot be used any more"),
	OPT_END,
};

enum fsck_exit { FSCK_CLEAN = 0, FSCK_FOUND = 1, FSCK_REPAIRED = 2 };

static int print_findings(const fsck_findings *found, bool quiet, struct error *err)
{
	size_t left = 0;

	vec_each (found, f) {
		left += !f->repaired;
		if (output_line(err, "%s%s", f->what, f->repaired ? " (repaired)" : "") < 0)
			return -1;
	}
	if (found->n == 0)
		return quiet || output_line(err, "The store is clean.") == 0 ? FSCK_CLEAN : -1;
	return left ? FSCK_FOUND : FSCK_REPAIRED;
}

static int fsck_run(struct app *app, void *arg, struct strv *operands, struct error *err)
{
	const struct fsck_args *args = arg;
	unsigned flags = (args->deep ? FSCK_DEEP : 0U) | (args->repair ? FSCK_REPAIR : 0U);
	fsck_findings found = { 0 };
	int r = store_fsck(&app->store, flags, layer_is_canonical, &found, err);

	if (r == 0)
		r = print_findings(&found, args->quiet, err);
	vec_each (&found, f)
		free(f->what);
	vec_done(&found);
	return r;
}

const struct command cmd_fsck = {
	.name = "fsck",
	.summary = "check the store, and repair it",
	.description =
		"The exit code is 0 when nothing was found, 1 when something was, 2 when all of "
		"it was repaired.",
	.opts = opts,
	.args_size = sizeof(struct fsck_args),
	.needs = NEED_STORE_READ | NEED_NAMESPACE,
	.run = fsck_run,
	.failure = EXIT_OURS,
};
