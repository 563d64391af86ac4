/*
 * healthcheck.c - `hod healthcheck run`: the health check of a container, once and now.
 */
#include "commands.h"

#include "operands.h"
#include "output.h"

static int healthcheck_run(struct app *app, void *arg, struct strv *operands, struct error *err)
{
	const char *name = operands->v[0];
	auto_done(str) struct str text = { 0 };
	struct probe_result *result;
	auto_done(container) struct container c;
	int r;

	container_init(&c);
	if (need_container(app, name, &c, err) < 0)
		return -1;
	if (container_is_up(&c) && app_join(app, &c, err) < 0)
		return -1;
	result = xcalloc(1, sizeof(*result));
	r = container_probe(&app->engine, &c, result, err);
	if (r < 0)
		error_add(err, "health check of '%s'", name);
	else if (result->exit_code != 0)
		str_addn(&text, result->output, result->n);
	if (r == 0)
		r = result->exit_code != 0;
	free(result);
	while (text.len && text.s[text.len - 1] == '\n')
		text.s[--text.len] = '\0';
	if (text.len && output_line(err, "%s", text.s) < 0)
		return -1;
	return r;
}

const struct command cmd_healthcheck_run = {
	.name = "healthcheck run",
	.operands = "CONTAINER",
	.summary = "run the health check of a container once, now",
	.description = "Exit code 0: healthy; 1: it failed, and what it printed is shown; 125: it "
		       "could not "
		       "be asked. What inspect and ps show is not changed by it.",
	.needs = NEED_STORE_READ | NEED_ENGINE,
	.min = 1,
	.max = 1,
	.run = healthcheck_run,
	.failure = EXIT_OURS,
};
