/*
 * delete.c - `rm`, and the clean-up after what died.
 */
#include "prepare.h"

#include "runtime/runtime.h"
#include "store/volume.h"
#include "util/compat.h"
#include "util/fd.h"
#include "util/text.h"
#include "store/event.h"

#include <errno.h>
#include <signal.h>

#define DEATH_PATIENCE (10 * NSEC_PER_SEC)
#define LOOK_AGAIN     (NSEC_PER_SEC / 10)

/*
 * From inside another user namespace the container's own processes cannot be signalled when they
 * run as subordinate ids; its monitor, which runs as the caller, can, and takes them along.
 */
static int kill_by_monitor(const struct container *c, struct error *err)
{
	auto_close int fd = sys_pidfd_open((pid_t)c->state.monitor_pid, 0);

	if (fd < 0)
		return errno == ESRCH ? 0 : error_sys(err, "pidfd of the monitor");
	if (sys_pidfd_send_signal(fd, SIGKILL, NULL, 0) < 0 && errno != ESRCH)
		return error_sys(err, "kill the monitor");
	return 0;
}

static int kill_now(struct engine *e, struct container *c, struct error *err)
{
	struct error ignored = { 0 }; /* a full disk: then its end is written down as that of others */
	auto_close int pidfd = -1;
	int ended;

	if (container_mark_stopped(c, err) < 0)
		return -1;
	container_mark_leaving(c, &ignored);
	event_container(e->store, c, "kill", "signal", "9", EVENT_END);
	if (c->status == CONTAINER_RESTARTING)
		return container_end_restarts(e, c, err);
	if (c->status == CONTAINER_PAUSED && runtime_pause(c->state.cgroup, false, err) < 0)
		error_clear(err); /* SIGKILL reaches a frozen process of a v2 cgroup all the same */
	pidfd = container_pidfd(c, err);
	if (pidfd < 0 || runtime_kill(pidfd, c->state.cgroup, SIGKILL, true, err) < 0) {
		bool denied = err->kind == ERR_DENIED;
		bool gone = err->kind == ERR_BUSY || err->sys == ESRCH;

		if (!denied && !gone)
			return -1;
		error_clear(err);
		if (denied && kill_by_monitor(c, err) < 0)
			return -1;
	}
	ended = container_wait(e->store, c, DEATH_PATIENCE, err);
	if (ended == 0)
		return error_set(err, ERR_BUSY, "container did not end after SIGKILL");
	return ended < 0 ? -1 : 0;
}

static int remove_volumes(struct engine *e, const struct container *c, struct error *err)
{
	vec_each (&c->record.mounts, m) {
		struct error one = { 0 };

		if (!m->anonymous || !m->name || volume_remove(e->store, m->name, &one) == 0)
			continue;
		/* in use by --volumes-from of another: it goes with that one */
		if (one.kind != ERR_BUSY && one.kind != ERR_NOTFOUND) {
			*err = one;
			return error_add(err, "volume '%s'", m->name);
		}
	}
	return 0;
}

/* One out of a list has no descriptor yet. */
static int delete_listed(struct engine *e, const char *id, bool force, bool with_volumes,
			 struct error *err)
{
	auto_done(container) struct container c;

	container_init(&c);
	if (container_load(e->store, id, &c, err) < 0)
		return -1;
	return container_delete(e, &c, force, with_volumes, err);
}

static int kill_if_alive(struct engine *e, struct container *c, bool force, struct error *err)
{
	if (!container_is_alive(c))
		return 0;
	if (force)
		return kill_now(e, c, err);
	error_set(err, ERR_BUSY, "container is %s",
		  c->status == CONTAINER_PAUSED	      ? "paused"
		  : c->status == CONTAINER_RESTARTING ? "restarting"
						      : "running");
	return error_hint(err, "stop it first, or use rm -f");
}

/*
 * Kills it and takes its lock. Its monitor has written the end down, but may not be gone itself; or
 * it has written nothing yet, as the container is only being started: then it is killed once it is.
 */
static int lock_dead(struct engine *e, struct container *c, bool force, struct error *err)
{
	int64_t end = time_monotonic_ns() + DEATH_PATIENCE;

	for (;;) {
		int lock;

		if (kill_if_alive(e, c, force, err) < 0)
			return -1;
		lock = container_lock_wait(e->store, c, LOOK_AGAIN, err);
		if (lock >= 0 || err->kind != ERR_BUSY || time_monotonic_ns() > end)
			return lock;
		error_clear(err);
		if (container_refresh(e->store, c, err) < 0)
			return -1;
	}
}

int container_delete(struct engine *e, struct container *c, bool force, bool with_volumes,
		     struct error *err)
{
	auto_close int lock = -1;

	if (c->fd < 0)
		return delete_listed(e, c->id, force, with_volumes, err);
	lock = lock_dead(e, c, force, err);
	if (lock < 0 && err->kind == ERR_NOTFOUND) {
		error_clear(err); /* `--rm` was faster: what was wanted is so */
		return 0;
	}
	if (lock < 0 && c->status != CONTAINER_CORRUPT)
		return -1;
	error_clear(err);
	if (c->state.cgroup && runtime_cgroup_remove(c->state.cgroup, err) < 0)
		return -1;
	/* the directory first: a volume that a record names is in use */
	if (container_remove(e->store, c, err) < 0)
		return -1;
	event_container(e->store, c, "destroy", EVENT_END);
	return with_volumes ? remove_volumes(e, c, err) : 0;
}
