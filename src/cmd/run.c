/*
 * run.c - `hod run` and `hod create`.
 */
#include "commands.h"

#include "notes.h"
#include "operands.h"
#include "output.h"
#include "run_opts.h"
#include "transfer_display.h"

#include <unistd.h>

#include <fcntl.h>
#include <unistd.h>

/*
 * --replace: what runs under the name is killed from outside of our user namespace, where every
 * process of the user can be signalled; the engine then removes it.
 */
static void kill_replaced(struct app *app, const struct run_request *r)
{
	struct error ignored = { 0 }; /* the engine meets it again and tells */
	auto_done(container) struct container old;

	container_init(&old);
	if (r->replace && r->name && container_find(&app->store, r->name, &old, &ignored) > 0 &&
	    str_eq(old.record.name, r->name) && container_is_alive(&old))
		container_stop(&app->engine, &old, 0, &ignored);
}

/* "container:NAME" -> NAME, or NULL */
static const char *shares_with(const struct run_request *r)
{
	const char *const modes[] = { r->network, r->pid, r->ipc, r->uts };

	for (size_t i = 0; i < ARRAY_SIZE(modes); i++)
		if (modes[i] && str_starts(modes[i], "container:"))
			return modes[i] + strlen("container:");
	return NULL;
}

/* What is not there, or does not run, is the engine's to refuse. */
static int join_other(struct app *app, const char *name, struct error *err)
{
	auto_done(container) struct container c;
	int found;

	container_init(&c);
	if (app_prepare(app, NEED_STORE, err) < 0)
		return -1;
	found = container_find(&app->store, name, &c, err);
	if (found > 0 && container_is_up(&c))
		return app_join(app, &c, err);
	return found < 0 ? -1 : 0;
}

static int prepare(struct app *app, struct run_args *args, const struct strv *operands,
		   bool attached, struct error *err)
{
	if (run_args_finish(args, operands, attached, err) < 0)
		return -1;
	if (args->request.replace) {
		if (app_prepare(app, NEED_STORE | NEED_ENGINE, err) < 0)
			return -1;
		kill_replaced(app, &args->request);
	}
	if (shares_with(&args->request) && join_other(app, shares_with(&args->request), err) < 0)
		return -1;
	if (app_join_network(app, args->request.network, err) < 0)
		return -1;
	if (app_prepare(app, NEED_NAMESPACE | NEED_STORE | NEED_ENGINE, err) < 0)
		return -1;
	args->request.make_sources = str_eq(app->called_as, "docker");
	if (args->quiet)
		return 0;
	app->engine.progress = notes_progress;
	if (isatty(STDERR_FILENO)) { /* somebody watches the pull */
		args->display = transfer_begin(TRANSFER_TTY);
		app->engine.progress = transfer_progress(args->display);
	}
	return 0;
}

/* 0: none was asked for. Before anything else: a file that cannot be written is no late surprise. */
static int report_open(const struct run_args *args, int *fd, struct error *err)
{
	*fd = 0;
	if (!args->report)
		return 0;
	if (str_eq(args->report, "-") && args->request.detach)
		return error_set(err, ERR_USAGE, "--report -: with --detach it needs a file");
	if (str_eq(args->report, "-"))
		*fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
	else /* path: of the caller's */
		*fd = open(args->report, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	return *fd < 0 ? error_sys(err, "--report '%s'", args->report) : 0;
}

static int run_container(struct app *app, struct run_args *args, struct container *c, int report,
			 struct error *err)
{
	struct run_request *r = &args->request;
	struct start_result result = { 0 };
	struct start_options o = {
		.mode = r->detach ? START_DETACHED
			: r->tty  ? START_ATTACHED
				  : START_FOREGROUND,
		.in = !r->detach && r->interactive && run_args_attaches(args, "stdin"),
		.out = !r->detach && run_args_attaches(args, "stdout"),
		.err_ = !r->detach && run_args_attaches(args, "stderr"),
		.sig_proxy = r->sig_proxy != 0,
		.report = report,
		.detach_keys = r->detach_keys,
		.notify_socket = getenv("NOTIFY_SOCKET"),
	};

	if (container_run(&app->engine, r, c, &o, &result, err) < 0)
		return -1;
	if (r->detach)
		return output_line(err, "%s", c->id);
	note_oom(app, c, &result);
	return result.detached ? 0 : result.exit_code;
}

/* Before an error is printed, which the bars of a pull that failed would run over. */
static void display_close(struct run_args *args)
{
	if (args->display)
		transfer_end(args->display);
	args->display = NULL;
}

static int run_run(struct app *app, void *arg, struct strv *operands, struct error *err)
{
	struct run_args *args = arg;
	auto_done(container) struct container c;

	int report, status = -1;

	container_init(&c);
	if (report_open(args, &report, err) < 0)
		return -1;
	if (prepare(app, args, operands, !args->request.detach, err) == 0)
		status = run_container(app, args, &c, report, err);
	if (report > 0)
		close(report);
	display_close(args);
	return status;
}

static int create_run(struct app *app, void *arg, struct strv *operands, struct error *err)
{
	struct run_args *args = arg;
	auto_done(container) struct container c;

	int status;

	container_init(&c);
	status = prepare(app, args, operands, false, err);
	if (status == 0)
		status = container_create(&app->engine, &args->request, &c, err);
	display_close(args);
	return status < 0 ? -1 : output_line(err, "%s", c.id);
}

/* create, which starts nothing, has no such row */
static const struct opt run_only[] = {
	OPT_FLAG('d', "detach", run_args, request.detach, "leave it running and print its ID"),
	OPT_STRING(0, "report", run_args, report, "FILE",
		   "write how it ended and what it used, as JSON; -: to stdout"),
	OPT_END,
};

const struct command cmd_run = {
	.name = "run",
	.operands = "IMAGE [COMMAND [ARG...]]",
	.summary = "make a container from an image and run it",
	.description =
		"Options stand before IMAGE; what stands behind it is the container's command.",
	.opts = run_only,
	.more_opts = run_opts,
	.args_size = sizeof(struct run_args),
	.init = run_args_init,
	.done = run_args_done,
	.order = OPT_FIRST,
	.min = 1,
	.max = -1,
	.run = run_run,
	.failure = EXIT_OURS,
};
const struct command cmd_create = {
	.name = "create",
	.operands = "IMAGE [COMMAND [ARG...]]",
	.summary = "make a container from an image, to be started later",
	.description = "Takes the options of run, except --detach.",
	.more_opts = run_opts,
	.args_size = sizeof(struct run_args),
	.init = run_args_init,
	.done = run_args_done,
	.order = OPT_FIRST,
	.min = 1,
	.max = -1,
	.run = create_run,
	.failure = EXIT_OURS,
};
