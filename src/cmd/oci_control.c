/*
 * oci_control.c - `hod oci state|kill|pause|resume`.
 */
#include "oci.h"

#include "commands.h"
#include "output.h"
#include "runtime/defaults.h"
#include "util/text.h"

#include <jansson.h>
#include <signal.h>

typedef int state_fn(struct app *app, struct oci_state *s, const void *args, struct strv *operands,
		     struct error *err);

static int with_state(struct app *app, struct strv *operands, state_fn *fn, const void *args,
		      struct error *err)
{
	struct oci_state s;
	int status;

	oci_state_init(&s);
	status = oci_state_load(app, operands->v[0], &s, err);
	if (status == 0)
		status = fn(app, &s, args, operands, err);
	oci_state_done(&s);
	return status;
}

/* ---- state ---- */

static int print_state(struct app *app, struct oci_state *s, const void *args,
		       struct strv *operands, struct error *err)
{
	char created[TEXT_TIME_MAX];
	json_t *o = json_object(), *annotations;
	char *text;
	int status;

	text_rfc3339nano(s->created_ns, created, sizeof(created));
	json_object_set_new(o, "ociVersion", json_string_nocheck(s->oci_version));
	json_object_set_new(o, "id", json_string_nocheck(s->id));
	json_object_set_new(o, "pid", json_integer(s->status == OCI_STOPPED ? 0 : s->pid));
	json_object_set_new(o, "status", json_string_nocheck(oci_status_name(s->status)));
	json_object_set_new(o, "bundle", json_string_nocheck(s->bundle));
	json_object_set_new(o, "rootfs", json_string_nocheck(s->rootfs ? s->rootfs : ""));
	json_object_set_new(o, "created", json_string_nocheck(created));
	if (s->annotations.n) {
		annotations = json_object();
		for (size_t i = 0; i < s->annotations.n; i++)
			json_object_set_new(annotations, s->annotations.v[i].key,
					    json_string_nocheck(s->annotations.v[i].value));
		json_object_set_new(o, "annotations", annotations);
	}
	json_object_set_new(o, "owner", json_string(""));
	text = json_dumps(o, JSON_INDENT(2));
	status = output_line(err, "%s", text);
	free(text);
	json_decref(o);
	return status;
}

static int state_run(struct app *app, void *args, struct strv *operands, struct error *err)
{
	return with_state(app, operands, print_state, args, err);
}

/* ---- kill ---- */

struct kill_args {
	bool all;
};
static const struct opt kill_opts[] = {
	OPT_FLAG('a', "all", kill_args, all, "signal all its processes"),
	OPT_END,
};

static int kill_one(struct app *app, struct oci_state *s, const void *arg, struct strv *operands,
		    struct error *err)
{
	const struct kill_args *args = arg;
	const char *name = operands->n > 1 ? operands->v[1] : "TERM";
	int sig = signal_parse(name);
	auto_close int pidfd = -1;

	if (sig <= 0 && !str_eq(name, "0"))
		return error_set(err, ERR_USAGE, "unknown signal '%s'", name);
	if (s->status == OCI_STOPPED)
		return error_set(err, ERR_BUSY, "container not running");
	pidfd = oci_state_pidfd(s, err);
	if (pidfd < 0)
		return -1;
	return runtime_kill(pidfd, s->cgroup, MAX(sig, 0), args->all, err);
}

static int kill_run(struct app *app, void *args, struct strv *operands, struct error *err)
{
	return with_state(app, operands, kill_one, args, err);
}

/* ---- pause, resume ---- */

static int pause_one(struct app *app, struct oci_state *s, const void *arg, struct strv *operands,
		     struct error *err)
{
	const bool *pause = arg;

	if (s->status == OCI_STOPPED)
		return error_set(err, ERR_BUSY, "container not running");
	if (*pause && s->status == OCI_PAUSED)
		return error_set(err, ERR_BUSY, "container is paused already");
	if (!*pause && s->status != OCI_PAUSED)
		return error_set(err, ERR_BUSY, "container not paused");
	return runtime_pause(s->cgroup, *pause, err);
}

static int pause_run(struct app *app, void *args, struct strv *operands, struct error *err)
{
	static const bool pause = true;

	return with_state(app, operands, pause_one, &pause, err);
}

static int resume_run(struct app *app, void *args, struct strv *operands, struct error *err)
{
	static const bool pause = false;

	return with_state(app, operands, pause_one, &pause, err);
}

const struct command cmd_oci_state = {
	.name = "oci state",
	.operands = "ID",
	.summary = "print the state of a container as JSON",
	.min = 1,
	.max = 1,
	.run = state_run,
	.failure = 1,
};
const struct command cmd_oci_kill = {
	.name = "oci kill",
	.operands = "ID [SIGNAL]",
	.summary = "send a signal (TERM) to a container",
	.opts = kill_opts,
	.args_size = sizeof(struct kill_args),
	.min = 1,
	.max = 2,
	.run = kill_run,
	.failure = 1,
};
const struct command cmd_oci_pause = {
	.name = "oci pause",
	.operands = "ID",
	.summary = "freeze the processes of a container",
	.min = 1,
	.max = 1,
	.run = pause_run,
	.failure = 1,
};
const struct command cmd_oci_resume = {
	.name = "oci resume",
	.operands = "ID",
	.summary = "thaw the processes of a container",
	.min = 1,
	.max = 1,
	.run = resume_run,
	.failure = 1,
};
