/*
 * wait.c - `hod wait`: until containers have ended, or something else holds; prints exit codes.
 */
#include "commands.h"

#include "operands.h"
#include "output.h"
#include "store/health.h"

struct wait_args {
	struct strv conditions;
};
static const struct opt opts[] = {
	OPT_LIST(0, "condition", wait_args, conditions, "CONDITION",
		 "created, running, exited, stopped, healthy or unhealthy (default exited)"),
	OPT_END,
};

static bool is_created(const struct container *c, const char *health)
{
	return c->status == CONTAINER_CREATED;
}

static bool is_running(const struct container *c, const char *health)
{
	return c->status == CONTAINER_RUNNING;
}

static bool is_ended(const struct container *c, const char *health)
{
	return !container_is_alive(c) && c->status != CONTAINER_CREATED;
}

static bool is_healthy(const struct container *c, const char *health)
{
	return container_is_up(c) && str_eq(health, HEALTH_HEALTHY);
}

static bool is_unhealthy(const struct container *c, const char *health)
{
	return container_is_up(c) && str_eq(health, HEALTH_UNHEALTHY);
}

static const struct condition {
	const char *name;
	bool (*holds)(const struct container *c, const char *health);
	bool of_health; /* a container without a health check, or that has ended, never comes to it */
} conditions[] = {
	{ "created", is_created, false }, { "running", is_running, false },
	{ "exited", is_ended, false },	  { "stopped", is_ended, false },
	{ "healthy", is_healthy, true },  { "unhealthy", is_unhealthy, true },
};

static const struct condition *condition_find(const char *name, struct error *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(conditions); i++)
		if (str_eq(conditions[i].name, name))
			return &conditions[i];
	error_set(err, ERR_USAGE,
		  "--condition %s: must be created, running, exited, stopped, healthy or unhealthy",
		  name);
	return NULL;
}

/* 1 one of them holds, 0 none, -1 none will */
static int met(struct store *st, const struct container *c, const void *arg, struct error *err)
{
	const struct strv *names = arg;
	auto_done(health) struct health h = { 0 };
	int found = health_load(st, c, &h, err);
	bool hopeless = true;

	if (found < 0)
		return -1;
	strv_each (names, i) {
		const struct condition *x = condition_find(names->v[i], err);

		if (x->holds(c, h.status))
			return 1;
		hopeless &= x->of_health && is_ended(c, NULL);
		if (x->of_health && container_is_up(c) && found == 0)
			return error_set(err, ERR_INVALID, "it has no health check");
	}
	return hopeless ? error_set(err, ERR_BUSY, "container is not running") : 0;
}

static int wait_one(struct app *app, const char *name, const void *arg, struct error *err)
{
	const struct strv *names = arg;
	auto_done(container) struct container c;
	int64_t code;
	int r;

	container_init(&c);
	if (need_container(app, name, &c, err) < 0)
		return -1;
	r = names->n ? container_wait_until(&app->store, &c, met, names, -1, err)
		     : container_wait(&app->store, &c, -1, err);
	if (r < 0)
		return error_add(err, "cannot wait for '%s'", name);
	code = c.state.exit_code == UNSET ? 0 : c.state.exit_code;
	return output_line(err, "%lld", container_is_alive(&c) ? -1LL : (long long)code);
}

static int wait_run(struct app *app, void *arg, struct strv *operands, struct error *err)
{
	const struct wait_args *args = arg;

	strv_each (&args->conditions, i)
		if (!condition_find(args->conditions.v[i], err))
			return -1;
	return operands_each(app, operands, wait_one, &args->conditions, false, err);
}

const struct command cmd_wait = {
	.name = "wait",
	.operands = "CONTAINER...",
	.summary = "wait until containers have ended, and print their exit codes",
	.description =
		"With --condition until it holds; of a container that goes on then, -1 is printed. "
		"Given more than once, one of them is enough.",
	.opts = opts,
	.args_size = sizeof(struct wait_args),
	.needs = NEED_STORE_READ,
	.min = 1,
	.max = -1,
	.run = wait_run,
	.failure = 1,
};
