/*
 * operands.c - what many commands do alike with the names they were given.
 *
 * Owns   the words for what was not found, and going on after one operand failed.
 */
#include "operands.h"

#include "engine/lost.h"
#include "engine/network.h"

#include "output.h"

#include <errno.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

int operands_each(struct app *app, const struct strv *operands, operand_fn *fn, const void *args,
		  bool echo, struct error *err)
{
	int code = 0;

	strv_each (operands, i) {
		struct error failure = { 0 };

		if (fn(app, operands->v[i], args, &failure) < 0) {
			report_error(&failure);
			code = 1;
		} else if (echo && output_line(err, "%s", operands->v[i]) < 0) {
			return -1;
		}
	}
	return code;
}

static void run_child(struct app *app, const char *name, operand_fn *fn, const void *args)
{
	struct error failure = { 0 };
	int r = fn(app, name, args, &failure);

	if (r < 0)
		report_error(&failure);
	_exit(r < 0);
}

/* fork(2) failed: then it is done here, one after the other. */
static int do_here(struct app *app, const char *name, operand_fn *fn, const void *args)
{
	struct error failure = { 0 };

	if (fn(app, name, args, &failure) == 0)
		return 0;
	report_error(&failure);
	return 1;
}

static int child_code(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return 1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

int operands_parallel(struct app *app, const struct strv *operands, operand_fn *fn,
		      const void *args, struct error *err)
{
	VEC(pid_t) pids = { 0 };
	int code = 0, failed = 0;

	if (operands->n == 1)
		return operands_each(app, operands, fn, args, true, err);
	strv_each (operands, i) {
		pid_t pid = fork();

		if (pid == 0)
			run_child(app, operands->v[i], fn, args);
		vec_push(&pids, pid);
	}
	strv_each (operands, i) {
		int r = pids.v[i] < 0 ? do_here(app, operands->v[i], fn, args)
				      : child_code(pids.v[i]);

		code |= r != 0;
		if (r == 0 && !failed)
			failed = output_line(err, "%s", operands->v[i]);
	}
	vec_done(&pids);
	return failed ? -1 : code;
}

int look_for_container(struct app *app, const char *name, struct container *c, struct error *err)
{
	int found = container_find(&app->store, name, c, err);

	if (found == 1 && str_eq(c->state.reason, "monitor-lost"))
		lost_cgroup_remove(&app->store, c);
	return found;
}

int need_container(struct app *app, const char *name, struct container *c, struct error *err)
{
	int found = look_for_container(app, name, c, err);

	if (found == 0)
		return error_set(err, ERR_NOTFOUND, "no such container: %s", name);
	return found < 0 ? -1 : 0;
}

int need_image(struct app *app, const char *name, struct image *i, struct error *err)
{
	int found = image_find(&app->store, name, NULL, i, err);

	if (found == 0)
		return error_set(err, ERR_NOTFOUND, "no such image: %s", name);
	return found < 0 ? -1 : 0;
}

int need_volume(struct app *app, const char *name, struct volume *v, struct error *err)
{
	int found = volume_find(&app->store, name, v, err);

	if (found == 0)
		return error_set(err, ERR_NOTFOUND, "no such volume: %s", name);
	return found < 0 ? -1 : 0;
}

const char *container_status_name(const struct container *c)
{
	static const char *const names[] = {
		[CONTAINER_CREATED] = "created", [CONTAINER_RUNNING] = "running",
		[CONTAINER_PAUSED] = "paused",	 [CONTAINER_EXITED] = "exited",
		[CONTAINER_CORRUPT] = "dead",	 [CONTAINER_RESTARTING] = "restarting",
	};

	return names[c->status];
}

bool container_is_up(const struct container *c)
{
	return c->status == CONTAINER_RUNNING || c->status == CONTAINER_PAUSED;
}

void short_id(const char *hex, char buf[13])
{
	snprintf(buf, 13, "%.12s", hex ? hex : "");
}

int join_networks(struct app *app, const struct strv *names, struct error *err)
{
	struct error ignored = { 0 }; /* what is not there is refused later */

	if (app->userns.caller_uid == 0)
		return 0;
	strv_each (names, i) {
		auto_done(container) struct container c;
		json_t *request;
		auto_free char *mode = NULL;

		container_init(&c);
		if (container_find(&app->store, names->v[i], &c, &ignored) <= 0 || !c.record.request)
			continue;
		request = json_loads(c.record.request, 0, NULL);
		mode = xstrdup_or_null(json_string_value(json_object_get(request, "network")));
		json_decref(request);
		if (network_mode_is_bridge(mode))
			return app_join_network(app, mode, err);
	}
	return 0;
}
