/*
 * replace.c - `hod replace`: a container exchanged for one of another image.
 *
 * The new one is made and started by a child, which enters a user namespace for it; what runs is
 * signalled from outside of that, where every process of the user can be. Until the new one is
 * healthy and has joined its group, the old one is not touched.
 */
#include "commands.h"

#include "engine/network.h"
#include "net/group.h"
#include "operands.h"
#include "output.h"
#include "replace.h"
#include "store/health.h"
#include "util/text.h"

#include <signal.h>
#include <time.h>

#define WAIT_HEALTHY 60	       /* seconds */
#define WAIT_UP	     2	       /* seconds: it must not have ended by then, without a health check */
#define WAIT_JOINED  500       /* looks */
#define LOOK_AGAIN   20000000L /* ns */

struct replace_args {
	char *image, *pull;
	int64_t wait_ns;
};
static const struct opt opts[] = {
	OPT_STRING(0, "image", replace_args, image, "IMAGE",
		   "what the new one is made from (default: what its image's name is now)"),
	OPT_ENUM(0, "pull", replace_args, pull, "always|missing|never|newer",
		 "when to fetch the image"),
	OPT_DURATION(0, "wait-healthy", replace_args, wait_ns,
		     "time for it to become healthy (default 60s)"),
	OPT_END,
};

/* ---- interrupted ---- */

static volatile sig_atomic_t interrupted;

static void interrupt(int sig)
{
	interrupted = sig;
}

/* What waits for the new one is woken; that is then taken back, which is not interrupted in its turn. */
static void interrupts(void (*handler)(int))
{
	struct sigaction act = { .sa_handler = handler };

	sigaction(SIGINT, &act, NULL);
	sigaction(SIGTERM, &act, NULL);
	sigaction(SIGHUP, &act, NULL);
}

static int not_interrupted(struct error *err)
{
	return interrupted ? error_set(err, ERR_INTERRUPTED, "interrupted") : 0;
}

/* ---- the new one, by a child ---- */

struct new
{
	const char *old_name, *new_name;
	const struct replace_args *args;
};

static int start_new(struct app *app, const void *arg, struct error *err)
{
	const struct new *n = arg;
	struct strv one = { .v = (char *[]){ (char *)(uintptr_t)n->old_name, NULL }, .n = 1 };
	struct start_options o = { .mode = START_DETACHED };
	struct start_result result = { 0 };
	auto_done(container) struct container old, c;
	struct run_request r;
	int status;

	container_init(&old);
	container_init(&c);
	interrupts(SIG_DFL);
	if (join_networks(app, &one, err) < 0 || app_prepare(app, NEED_NAMESPACE, err) < 0 ||
	    need_container(app, n->old_name, &old, err) < 0)
		return -1;
	run_request_init(&r);
	status = container_request_again(&old, &r, err);
	if (status == 0) {
		free(r.name);
		r.name = xstrdup(n->new_name);
		r.replaces = xstrdup(old.id);
		r.detach = true;
		r.pull = xstrdup_or_null(n->args->pull);
		if (n->args->image) {
			free(r.image);
			r.image = xstrdup(n->args->image);
		}
		status = container_run(&app->engine, &r, &c, &o, &result, err);
	}
	run_request_done(&r);
	return status;
}

/* ---- is it well? ---- */

/* 1 healthy, 0 not known yet, -1 it will not be */
static int settled(struct store *st, const struct container *c, const void *arg, struct error *err)
{
	auto_done(health) struct health h = { 0 };
	const char *said = "";

	if (!container_is_up(c))
		return error_set(err, ERR_INVALID, "the new container has ended with exit code %lld",
				 c->state.exit_code == UNSET ? 0LL : (long long)c->state.exit_code);
	if (health_load(st, c, &h, err) < 0)
		return -1;
	if (str_eq(h.status, HEALTH_HEALTHY))
		return 1;
	if (!str_eq(h.status, HEALTH_UNHEALTHY))
		return 0;
	if (h.log.n && h.log.v[h.log.n - 1].output)
		said = h.log.v[h.log.n - 1].output;
	return error_set(err, ERR_INVALID, "the new container is unhealthy: %.*s",
			 (int)strcspn(said, "\n"), said);
}

static int wait_well(struct app *app, struct container *c, const struct replace_args *args,
		     struct error *err)
{
	auto_done(health) struct health h = { 0 };
	bool checked = health_load(&app->store, c, &h, err) > 0;
	int64_t ns = args->wait_ns != UNSET ? args->wait_ns
					    : (checked ? WAIT_HEALTHY : WAIT_UP) * NSEC_PER_SEC;
	char text[32];
	int r = container_wait_until(&app->store, c, settled, NULL, ns, err);

	if (r == 0 && checked)
		return error_set(err, ERR_INVALID, "the new container is not healthy after %s",
				 text_duration(ns, text, sizeof(text)));
	if (r < 0 && err->kind == ERR_NOTFOUND)
		return error_set(err, ERR_INVALID, "the new container has ended");
	return r < 0 ? -1 : 0;
}

/* Its monitor makes it a member as soon as it is healthy: until that is done, nobody leaves. */
static int wait_joined(struct app *app, const struct container *c, struct error *err)
{
	const struct timespec pause = { .tv_nsec = LOOK_AGAIN };
	const uid_t user = app->userns.caller_uid;
	struct netdir d = { .fd = -1 };
	int r = netdir_open(user, user != 0, false, &d, err);

	for (int i = 0; r > 0 && i < WAIT_JOINED; i++) {
		r = group_is_member(&d, c->id, err);
		if (r != 0)
			break;
		nanosleep(&pause, NULL);
		r = 1;
	}
	netdir_close(&d);
	return r < 0 ? -1 : 0;
}

/* ---- the exchange ---- */

/* Nothing is left of it; the error that brought us here is the one to tell. */
static int take_back(struct app *app, const char *new_name, const char *name, struct error *err)
{
	interrupts(SIG_IGN);
	replace_remove(app, new_name);
	return error_add(err, "cannot replace '%s', which goes on as it was", name);
}

static int exchange(struct app *app, struct container *old, struct container *new,
		    const char *new_name, const char *name, struct error *err)
{
	interrupts(SIG_IGN); /* from here it is done to its end, by whomever */
	new->record.replacing = true;
	if (replace_lock(new, name, err) < 0 || container_record_save(&app->store, new, err) < 0 ||
	    replace_finish(app, old, new_name, name, err) < 0)
		return -1;
	return output_line(err, "%s", new->id);
}

/* What was left by one before; *name is what the container is called. */
static int put_right(struct app *app, const char *operand, char **name, char **new_name,
		     struct error *err)
{
	auto_done(container) struct container c;
	int found;

	container_init(&c);
	found = container_find(&app->store, operand, &c, err);
	if (found < 0)
		return -1;
	*name = xstrdup(found ? c.record.name : operand);
	*new_name = xasprintf("%s.new", *name);
	if (found && replace_lock(&c, *name, err) < 0)
		return -1;
	return replace_left(app, *name, *new_name, err);
}

static int old_find(struct app *app, const char *operand, struct container *old, char **name,
		    char **new_name, struct error *err)
{
	if (put_right(app, operand, name, new_name, err) < 0)
		return *name ? error_add(err, "cannot replace '%s'", *name) : -1;
	if (need_container(app, *name, old, err) < 0)
		return -1;
	if (old->status != CONTAINER_RUNNING)
		return error_set(err, ERR_BUSY, "cannot replace '%s': container is not running",
				 operand);
	return replace_lock(old, *name, err);
}

static int replace_run(struct app *app, void *arg, struct strv *operands, struct error *err)
{
	const struct replace_args *args = arg;
	auto_done(container) struct container old, c;
	auto_free char *name = NULL, *new_name = NULL;

	container_init(&old);
	container_init(&c);
	if (old_find(app, operands->v[0], &old, &name, &new_name, err) < 0)
		return -1;
	interrupts(interrupt);
	if (replace_by_child(app, start_new, &(struct new){ name, new_name, args }, err) < 0) {
		bool taken = err->kind == ERR_BUSY;

		/* the exit code is ours, not one of a container */
		if (err->kind == ERR_NOCOMMAND || err->kind == ERR_NOEXEC)
			err->kind = ERR_INVALID;
		if (taken)
			error_hint(err, "containers of one --publish-group share their ports");
		return take_back(app, new_name, name, err);
	}
	if (need_container(app, new_name, &c, err) < 0 || not_interrupted(err) < 0 ||
	    wait_well(app, &c, args, err) < 0 || wait_joined(app, &c, err) < 0 ||
	    not_interrupted(err) < 0)
		return take_back(app, new_name, name, err);
	if (exchange(app, &old, &c, new_name, name, err) < 0)
		return error_add(err, "cannot replace '%s'", name);
	return 0;
}

const struct command cmd_replace = {
	.name = "replace",
	.operands = "CONTAINER",
	.summary = "exchange a container for one of another image, without a pause",
	.description =
		"Starts a new container as the old one was started, waits until it is healthy, and "
		"only then stops the old one. If the new one fails, the old one goes on.",
	.opts = opts,
	.args_size = sizeof(struct replace_args),
	.needs = NEED_STORE | NEED_ENGINE,
	.min = 1,
	.max = 1,
	.run = replace_run,
	.failure = 1,
};
