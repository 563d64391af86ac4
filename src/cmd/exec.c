/*
 * exec.c - `hod exec`: a further process in a running container.
 */
#include "commands.h"

#include "env_file.h"
#include "operands.h"

#include <unistd.h>

struct exec_args {
	struct strv env, env_files;
	char *user, *workdir, *detach_keys;
	bool tty, interactive, detach, privileged;
};
static const struct opt opts[] = {
	OPT_FLAG('d', "detach", exec_args, detach, "do not wait for it"),
	OPT_STRING(0, "detach-keys", exec_args, detach_keys, "KEYS",
		   "keys that leave the process running (default ctrl-p,ctrl-q)"),
	{ OPT_('e', "env", &opt_env, exec_args, env, struct strv, "set a variable") },
	OPT_LIST(0, "env-file", exec_args, env_files, "FILE", "read variables from a file"),
	OPT_FLAG('i', "interactive", exec_args, interactive, "pass our stdin on"),
	OPT_FLAG(0, "privileged", exec_args, privileged, "with all capabilities"),
	OPT_FLAG('t', "tty", exec_args, tty, "with a terminal"),
	OPT_STRING('u', "user", exec_args, user, "USER[:GROUP]", "as this user"),
	OPT_STRING('w', "workdir", exec_args, workdir, "DIR", "in this directory"),
	OPT_END,
};

static int fill(const struct exec_args *args, const struct strv *operands, struct exec_request *x,
		struct error *err)
{
	*x = (struct exec_request){ .user = args->user,
				    .workdir = args->workdir,
				    .tty = args->tty,
				    .interactive = args->interactive,
				    .detach = args->detach,
				    .privileged = args->privileged,
				    .detach_keys = args->detach_keys };
	for (size_t i = 1; i < operands->n; i++)
		strv_add(&x->args, operands->v[i]);
	return env_files_read(&args->env_files, &args->env, &x->env, err);
}

static int exec_run(struct app *app, void *arg, struct strv *operands, struct error *err)
{
	const struct exec_args *args = arg;
	const char *name = operands->v[0];
	struct exec_request x;
	auto_done(container) struct container c;
	int code = 0, r;

	container_init(&c);
	if (args->tty && args->interactive && !args->detach && !isatty(STDIN_FILENO))
		return error_set(err, ERR_INVALID, "the input device is not a TTY");
	if (args->detach_keys && !detach_keys_valid(args->detach_keys))
		return error_set(err, ERR_USAGE, "--detach-keys '%s': not a list of keys",
				 args->detach_keys);
	if (need_container(app, name, &c, err) < 0)
		return -1;
	r = fill(args, operands, &x, err);
	if (r == 0 && container_is_up(&c))
		r = app_join(app, &c, err);
	if (r == 0)
		r = container_exec(&app->engine, &c, &x, &code, err);
	strv_done(&x.args);
	strv_done(&x.env);
	return r < 0 ? error_add(err, "exec in '%s'", name) : code;
}

const struct command cmd_exec = {
	.name = "exec",
	.operands = "CONTAINER COMMAND [ARG...]",
	.summary = "run a command in a running container",
	.opts = opts,
	.args_size = sizeof(struct exec_args),
	.needs = NEED_STORE_READ | NEED_ENGINE,
	.order = OPT_FIRST,
	.min = 2,
	.max = -1,
	.run = exec_run,
	.failure = EXIT_OURS,
};
