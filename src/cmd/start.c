/*
 * start.c - `hod start`: start containers that were created or have ended.
 */
#include "commands.h"

#include "monitor/restart.h"
#include "notes.h"
#include "operands.h"
#include "output.h"

struct start_args {
	bool attach, interactive, all, by_policy;
	int sig_proxy;
	char *detach_keys;
};
static const struct opt opts[] = {
	OPT_FLAG(0, "all", start_args, all, "all that do not run"),
	OPT_FLAG(0, "restart-policy", start_args, by_policy,
		 "those that their restart policy wants to run: behind a boot"),
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
	if (container_is_alive(&c))
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
	if (container_is_alive(&c))
		return error_set(err, ERR_BUSY, "'%s' is running already", name),
		       error_hint(err, "'hod attach %s' connects to it", name);
	o.in = args->interactive && c.record.open_stdin;
	o.mode = c.record.tty ? START_ATTACHED : START_FOREGROUND;
	if (container_start(&app->engine, &c, &o, &result, err) < 0)
		return error_add(err, "cannot start '%s'", name);
	note_oom(app, &c, &result);
	return result.detached ? 0 : result.exit_code;
}

/*
 * Does it belong to those that run whenever the machine does? One that failed by itself, and not
 * because its machine or monitor ended, has been given up by its policy already.
 */
static bool policy_wants(const struct container *c)
{
	struct restart_policy p;
	struct error ignored = { 0 }; /* it was checked when the container was made */
	bool lost = str_eq(c->state.reason, "reboot") || str_eq(c->state.reason, "monitor-lost");

	restart_policy_parse(c->record.restart, &p, &ignored);
	if (p.when == RESTART_ON_FAILURE)
		return lost;
	if (p.when == RESTART_UNLESS_STOPPED)
		return !container_is_left_stopped(c);
	return p.when == RESTART_ALWAYS;
}

static int find_all(struct app *app, bool by_policy, struct strv *names, struct error *err)
{
	containers all = { 0 };

	if (container_list(&app->store, &all, err) < 0)
		return -1;
	for (size_t i = all.n; i-- > 0;) { /* the oldest first */
		struct container *c = &all.v[i];
		auto_done(container) struct container whole;
		struct error gone = { 0 }; /* removed meanwhile */

		container_init(&whole);
		if (container_is_alive(c) || c->status == CONTAINER_CORRUPT)
			continue;
		if (!by_policy ||
		    (container_load(&app->store, c->id, &whole, &gone) == 0 && policy_wants(&whole)))
			strv_add(names, c->id);
	}
	containers_done(&all);
	return 0;
}

static int start_many(struct app *app, const struct start_args *args, struct error *err)
{
	auto_done(strv) struct strv names = { 0 };

	if (find_all(app, args->by_policy, &names, err) < 0 ||
	    join_networks(app, &names, err) < 0 || app_prepare(app, NEED_NAMESPACE, err) < 0)
		return -1;
	return operands_each(app, &names, start_one, args, true, err);
}

static int start_run(struct app *app, void *arg, struct strv *operands, struct error *err)
{
	const struct start_args *args = arg;

	if (args->all || args->by_policy) {
		if (operands->n || args->attach || args->interactive)
			return error_set(
				err, ERR_USAGE,
				"--all and --restart-policy go with no container and no --attach");
		return start_many(app, args, err);
	}
	if (!operands->n)
		return error_set(err, ERR_USAGE, "no container was named");
	if (join_networks(app, operands, err) < 0 || app_prepare(app, NEED_NAMESPACE, err) < 0)
		return -1;
	if (!args->attach && !args->interactive)
		return operands_each(app, operands, start_one, args, true, err);
	if (operands->n > 1)
		return error_set(err, ERR_USAGE, "only one container can be attached to");
	return start_attached(app, args, operands->v[0], err);
}

const struct command cmd_start = {
	.name = "start",
	.operands = "[CONTAINER...]",
	.summary = "start containers that do not run",
	.opts = opts,
	.args_size = sizeof(struct start_args),
	.needs = NEED_STORE | NEED_ENGINE,
	.max = -1,
	.run = start_run,
	.failure = 1,
};
