/*
 * start.c - `hod start`: start containers that were created or have ended.
 */
#include "commands.h"

#include "operands.h"
#include "output.h"

struct start_args {
	bool attach, interactive;
	int sig_proxy;
	char *detach_keys;
};
static const struct opt opts[] = {
	OPT_FLAG('a', "attach", start_args, attach, "show its output and return its exit code"),
	OPT_FLAG('i', "interactive", start_args, interactive, "pass our stdin on; implies --attach"),
	OPT_TRI(0, "sig-proxy", start_args, sig_proxy, "pass signals on (default true)"),
	OPT_STRING(0, "detach-keys", start_args, detach_keys, "KEYS",
		   "keys that leave the container running (default ctrl-p,ctrl-q)"),
	OPT_END,
};

static int start_one(struct app *app, const char *name, const void *args, struct error *err)
{
	struct start_options o = { .mode = START_DETACHED, .notify_socket = getenv("NOTIFY_SOCKET") };
	struct start_result result = { 0 };
	auto_done(container) struct container c;

	container_init(&c);
	if (need_container(app, name, &c, err) < 0)
		return -1;
	if (container_is_up(&c))
		return 0;
	if (container_start(&app->engine, &c, &o, &result, err) < 0)
		return error_add(err, "cannot start '%s'", name);
	return 0;
}

static int start_attached(struct app *app, const struct start_args *args, const char *name,
			  struct error *err)
{
	struct start_options o = { .out = true,
				   .err_ = true,
				   .sig_proxy = args->sig_proxy != 0,
				   .detach_keys = args->detach_keys,
				   .notify_socket = getenv("NOTIFY_SOCKET") };
	struct start_result result = { 0 };
	auto_done(container) struct container c;

	container_init(&c);
	if (need_container(app, name, &c, err) < 0)
		return -1;
	if (container_is_up(&c))
		return error_set(err, ERR_BUSY, "'%s' is running already", name),
		       error_hint(err, "'hod attach %s' connects to it", name);
	o.in = args->interactive && c.record.open_stdin;
	o.mode = c.record.tty ? START_ATTACHED : START_FOREGROUND;
	if (container_start(&app->engine, &c, &o, &result, err) < 0)
		return error_add(err, "cannot start '%s'", name);
	return result.detached ? 0 : result.exit_code;
}

static int start_run(struct app *app, void *arg, struct strv *operands, struct error *err)
{
	const struct start_args *args = arg;

	if (!args->attach && !args->interactive)
		return operands_each(app, operands, start_one, args, true, err);
	if (operands->n > 1)
		return error_set(err, ERR_USAGE, "only one container can be attached to");
	return start_attached(app, args, operands->v[0], err);
}

const struct command cmd_start = {
	.name = "start",
	.operands = "CONTAINER...",
	.summary = "start containers that do not run",
	.opts = opts,
	.args_size = sizeof(struct start_args),
	.needs = NEED_STORE | NEED_NAMESPACE | NEED_ENGINE,
	.min = 1,
	.max = -1,
	.run = start_run,
	.failure = 1,
};
