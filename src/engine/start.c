/*
 * start.c - `start`, and the second half of `run`: the monitor is forked or become.
 */
#include "prepare.h"

#include "engine/lost.h"
#include "monitor/restart.h"
#include "runtime/defaults.h"
#include "runtime/runtime.h"
#include "store/rootfs.h"
#include "util/fd.h"
#include "util/path.h"
#include "util/text.h"

#include <errno.h>

#define DETACH_KEYS   "ctrl-p,ctrl-q"
#define LOCK_PATIENCE (10 * NSEC_PER_SEC)

int engine_init(struct engine *e, struct store *st, const struct userns *u, struct error *err)
{
	memset(e, 0, sizeof(*e));
	e->store = st;
	return host_facts_find(u, &e->facts, err);
}

void engine_done(struct engine *e)
{
	host_facts_done(&e->facts);
}

/* What the monitor needs to mount the tree again; all of it outlives the monitor's call. */
struct remount {
	struct engine *e;
	const struct container *c;
	const struct run_request *r;
};

static int remount(void *arg, struct error *err)
{
	const struct remount *m = arg;

	return container_mount_rootfs(m->e, m->c, m->r, err);
}

static int job_make(struct engine *e, struct container *c, const struct run_request *r,
		    const struct start_options *o, const struct prepared *p,
		    struct monitor_job *job, struct error *err)
{
	memset(job, 0, sizeof(*job));
	job->store = e->store;
	job->container = c;
	job->spec = &p->spec;
	job->rootfs = p->rootfs;
	job->owned_binary = prepare_owned_binary(e);
	job->net = p->net;
	job->stop_signal = signal_parse(c->record.stop_signal);
	job->timeout_ns = r->timeout == UNSET ? 0 : r->timeout * NSEC_PER_SEC;
	job->in = o->mode == START_FOREGROUND && o->in ? STDIN_FILENO : -1;
	job->out = o->mode == START_FOREGROUND && o->out ? STDOUT_FILENO : -1;
	job->err_ = o->mode == START_FOREGROUND && o->err_ ? STDERR_FILENO : -1;
	job->report = o->report > 0 ? o->report : -1;
	job->sig_proxy = o->sig_proxy;
	job->detach_keys = o->detach_keys ? o->detach_keys : DETACH_KEYS;
	job->notify_healthy = str_eq(r->sdnotify, "healthy");
	if (job->notify_healthy || str_eq(r->sdnotify, "conmon"))
		job->notify_socket = o->notify_socket;
	job->health = &p->health;
	job->grace_ns = stop_grace(c, UNSET) * NSEC_PER_SEC;
	if (restart_policy_parse(r->restart, &job->restart, err) < 0)
		return -1;
	return log_options_parse(r->log_driver, &r->log_opts, &job->log, err);
}

/* -it: a forked monitor, and we are its first client, connected before the command starts. */
static int start_attached(struct engine *e, struct container *c, struct monitor_job *job,
			  struct prepared *p, int *lock, const struct start_options *o,
			  struct start_result *result, struct error *err)
{
	struct attach_options a = {
		.in = o->in ? STDIN_FILENO : -1,
		.out = o->out ? STDOUT_FILENO : -1,
		.err_ = o->err_ ? STDERR_FILENO : -1,
		.tty = c->record.tty,
		.sig_proxy = o->sig_proxy,
		.detach_keys = job->detach_keys,
		.sock = -1,
	};
	struct attach_result attached = { 0 };

	if (monitor_spawn(job, &a.sock, err) < 0)
		return -1;
	/* the monitor has its own: ours would pin the overlay, and the lock would seem held */
	auto_close_fd(&p->rootfs);
	auto_close_fd(lock);
	if (monitor_attach(e->store, c, &a, &attached, err) < 0)
		return -1;
	result->exit_code = attached.exit_code;
	result->detached = attached.detached;
	return 0;
}

/* A monitor that has written the end down may not be gone itself yet: `stop` and `start` in a row. */
static int lock_take_for_start(struct engine *e, struct container *c, struct error *err)
{
	if (container_is_alive(c))
		return container_lock(e->store, c, err);
	return container_lock_wait(e->store, c, LOCK_PATIENCE, err);
}

int start_with(struct engine *e, struct container *c, const struct start_input *in,
	       const struct start_options *o, struct start_result *result, struct error *err)
{
	struct remount again = { e, c, in->request };
	struct prepared p;
	struct monitor_job job;
	struct monitor_result ended = { 0 };
	auto_close int lock = lock_take_for_start(e, c, err);
	int status = -1;

	if (lock < 0)
		return -1;
	if (c->record.restart)
		unlinkat(c->fd, RESTART_STOPPED, 0);
	container_stays(c);
	lost_cgroups_sweep(e->store);
	/* the cgroup of a run whose monitor was killed: nobody has removed it */
	if (c->state.cgroup && runtime_cgroup_remove(c->state.cgroup, err) < 0)
		return -1;
	prepared_init(&p);
	memset(result, 0, sizeof(*result));
	if (health_plan_make(in->request, in->image, &p.health, err) == 0 &&
	    container_prepare(e, c, in, &p, err) == 0 &&
	    job_make(e, c, in->request, o, &p, &job, err) == 0) {
		job.lock = lock;
		job.remount = remount;
		job.remount_arg = &again;
		if (o->mode == START_FOREGROUND) {
			status = monitor_run(&job, &ended, err);
			result->exit_code = ended.exit_code;
			result->oom_killed = ended.oom_killed;
		} else if (o->mode == START_ATTACHED) {
			status = start_attached(e, c, &job, &p, &lock, o, result, err);
		} else {
			status = monitor_spawn(&job, NULL, err);
		}
	}
	prepared_done(&p);
	return status;
}

int container_request(const struct container *c, struct run_request *r,
		      struct image_settings *image, struct error *err)
{
	const struct fields_limits limits = { .max_bytes = SPEC_MAX, .max_depth = 64 };
	const char *settings = c->record.image_settings;

	if (!c->record.request)
		return error_set(err, ERR_INVALID, "the record has no request");
	if (fields_parse(run_request_fields, c->record.request, strlen(c->record.request), &limits,
			 FIELDS_LENIENT, r, err) < 0)
		return -1;
	if (image && settings &&
	    fields_parse(image_settings_fields, settings, strlen(settings), &limits, FIELDS_LENIENT,
			 image, err) < 0)
		return -1;
	return 0;
}

int container_start(struct engine *e, struct container *c, const struct start_options *o,
		    struct start_result *result, struct error *err)
{
	struct image_settings image = { 0 };
	struct run_request r;
	struct start_input in = { .request = &r };
	int status;

	if (c->status == CONTAINER_CORRUPT)
		return error_set(err, ERR_INVALID, "container is corrupt: %s", c->why);
	run_request_init(&r);
	fields_init(image_settings_fields, &image);
	status = container_request(c, &r, &image, err);
	if (status == 0) {
		in.image = c->record.image_settings ? &image : NULL;
		status = start_with(e, c, &in, o, result, err);
	}
	fields_done(image_settings_fields, &image);
	run_request_done(&r);
	return status;
}
