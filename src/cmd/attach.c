/*
 * attach.c - `hod attach`: our terminal for a running container.
 */
#include "commands.h"

#include "operands.h"
#include "store/event.h"

#include <unistd.h>

struct attach_args {
	bool no_stdin;
	int sig_proxy;
	char *detach_keys;
};
static const struct opt opts[] = {
	OPT_FLAG(0, "no-stdin", attach_args, no_stdin, "do not pass our stdin on"),
	OPT_TRI(0, "sig-proxy", attach_args, sig_proxy, "pass signals on (default true)"),
	OPT_STRING(0, "detach-keys", attach_args, detach_keys, "KEYS",
		   "keys that leave the container running (default ctrl-p,ctrl-q)"),
	OPT_END,
};

static int attach_run(struct app *app, void *arg, struct strv *operands, struct error *err)
{
	const struct attach_args *args = arg;
	struct attach_options o = { .out = STDOUT_FILENO, .err_ = STDERR_FILENO, .sock = -1 };
	struct attach_result result = { 0 };
	auto_done(container) struct container c;

	container_init(&c);
	if (need_container(app, operands->v[0], &c, err) < 0)
		return -1;
	if (!container_is_up(&c))
		return error_set(err, ERR_BUSY, "cannot attach to '%s': it is not running",
				 operands->v[0]);
	if (args->detach_keys && !detach_keys_valid(args->detach_keys))
		return error_set(err, ERR_USAGE, "--detach-keys '%s': not a list of keys",
				 args->detach_keys);
	o.in = args->no_stdin || !c.record.open_stdin ? -1 : STDIN_FILENO;
	o.tty = c.record.tty;
	o.sig_proxy = args->sig_proxy != 0;
	o.detach_keys = args->detach_keys;
	event_container(&app->store, &c, "attach", EVENT_END);
	if (monitor_attach(&app->store, &c, &o, &result, err) < 0)
		return error_add(err, "cannot attach to '%s'", operands->v[0]);
	if (result.detached)
		event_container(&app->store, &c, "detach", EVENT_END);
	return result.detached ? 0 : result.exit_code;
}

const struct command cmd_attach = {
	.name = "attach",
	.operands = "CONTAINER",
	.summary = "connect to a running container",
	.opts = opts,
	.args_size = sizeof(struct attach_args),
	.needs = NEED_STORE_READ,
	.min = 1,
	.max = 1,
	.run = attach_run,
	.failure = 1,
};
