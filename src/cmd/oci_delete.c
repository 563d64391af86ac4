/*
 * oci_delete.c - `hod oci delete`, and the hooks of a container that belong to nobody who is there
 * all the time: poststart and poststop.
 */
#include "oci.h"

#include "commands.h"
#include "runtime/hooks.h"
#include "util/fd.h"
#include "util/log.h"

#include <signal.h>

void oci_late_hooks(const struct oci_state *s, const struct spec *spec, enum hook_kind kind)
{
	struct hook_state state = { s->id, s->bundle, kind == HOOK_POSTSTOP ? 0 : (pid_t)s->pid,
				    &s->annotations };
	struct error ignored = { 0 }; /* they have warned */

	hooks_run(spec, kind, &state, &ignored);
}

void oci_late_hooks_load(const struct oci_state *s, struct spec *spec)
{
	struct error unreadable = { 0 };
	char text[ERROR_LINE_MAX];

	if (oci_state_spec(s, spec, &unreadable) < 0)
		log_warn("hooks: %s", error_text(&unreadable, text, sizeof(text)));
}

int oci_delete(const struct app *app, struct oci_state *s, const struct spec *known, struct error *err)
{
	struct error gone = { 0 };
	auto_close int pidfd = oci_state_pidfd(s, &gone);
	struct spec spec;
	int status;

	if (pidfd >= 0)
		runtime_kill(pidfd, s->cgroup, SIGKILL, true, &gone);
	if (s->cgroup && runtime_cgroup_remove(s->cgroup, err) < 0)
		return -1;
	spec_init(&spec);
	if (!known) {
		oci_late_hooks_load(s, &spec); /* while it is there */
		known = &spec;
	}
	runtime_rdt_remove(known, s->id);
	status = oci_state_remove(app, s, err);
	if (status == 0)
		oci_late_hooks(s, known, HOOK_POSTSTOP);
	spec_done(&spec);
	return status;
}

struct delete_args {
	bool force;
};
static const struct opt delete_opts[] = {
	OPT_FLAG('f', "force", delete_args, force, "kill it first; do not mind when it is not there"),
	OPT_END,
};

static int delete_one(struct app *app, const char *id, bool force, struct error *err)
{
	struct oci_state s;
	int status;

	oci_state_init(&s);
	status = oci_state_load(app, id, &s, err);
	if (status < 0 && force && err->kind == ERR_NOTFOUND) {
		error_clear(err);
		status = 0;
	} else if (status == 0 && !force && (s.status == OCI_RUNNING || s.status == OCI_PAUSED)) {
		status = error_set(err, ERR_BUSY,
				   "cannot delete container %s that is not stopped: %s", id,
				   oci_status_name(s.status));
	} else if (status == 0) {
		status = oci_delete(app, &s, NULL, err);
	}
	oci_state_done(&s);
	return status;
}

static int delete_run(struct app *app, void *arg, struct strv *operands, struct error *err)
{
	const struct delete_args *args = arg;

	return delete_one(app, operands->v[0], args->force, err);
}

const struct command cmd_oci_delete = {
	.name = "oci delete",
	.operands = "ID",
	.summary = "remove what is left of a container",
	.opts = delete_opts,
	.args_size = sizeof(struct delete_args),
	.min = 1,
	.max = 1,
	.run = delete_run,
	.failure = 1,
};
