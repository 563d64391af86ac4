/*
 * stop.c - what is done to a running container from outside: signal, stop, pause.
 *
 * No lock is held while waiting. A process is named by pidfd, checked against the start time that
 * its monitor recorded, so that a reused number is never hit.
 */
#include "prepare.h"

#include "monitor/restart.h"
#include "runtime/defaults.h"
#include "runtime/runtime.h"
#include "util/compat.h"
#include "util/fd.h"
#include "util/log.h"
#include "util/proc.h"
#include "util/text.h"
#include "store/event.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>

#define STOP_TIMEOUT  10		  /* seconds, as docker's */
#define KILL_PATIENCE (10 * NSEC_PER_SEC) /* for the monitor to write its record after a SIGKILL */

int container_pidfd(const struct container *c, struct error *err)
{
	auto_close int fd = -1;

	if (c->status != CONTAINER_RUNNING && c->status != CONTAINER_PAUSED)
		return error_set(err, ERR_BUSY, "container is not running");
	fd = sys_pidfd_open((pid_t)c->state.pid, 0);
	if (fd < 0 && errno != ESRCH)
		return error_sys(err, "pidfd of process %lld", (long long)c->state.pid);
	/* asked behind the open: if it matches now, the descriptor is that process */
	if (fd < 0 || process_start_time((pid_t)c->state.pid, NULL) != c->state.pid_start)
		return error_set(err, ERR_BUSY, "container is not running");
	return take_fd(&fd);
}

int container_mark_stopped(const struct container *c, struct error *err)
{
	auto_close int fd = -1;

	if (!c->record.restart)
		return 0;
	fd = openat(c->fd, RESTART_STOPPED, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	return fd < 0 ? error_sys(err, "note that the container is to stay stopped") : 0;
}

bool container_is_left_stopped(const struct container *c)
{
	return file_exists(c->fd, RESTART_STOPPED);
}

int container_end_restarts(struct engine *e, struct container *c, struct error *err)
{
	auto_close int pidfd = sys_pidfd_open((pid_t)c->state.monitor_pid, 0);
	int ended;

	/* asked behind the open: while the lock is held, the number is the monitor's */
	if (container_refresh(e->store, c, err) < 0)
		return -1;
	if (c->status == CONTAINER_RESTARTING && pidfd >= 0 &&
	    sys_pidfd_send_signal(pidfd, SIGTERM, NULL, 0) < 0 && errno != ESRCH)
		return error_sys(err, "signal the monitor");
	ended = container_wait(e->store, c, KILL_PATIENCE, err);
	if (ended == 0)
		return error_set(err, ERR_BUSY, "container is started again and again");
	return ended < 0 ? -1 : 0;
}

static bool is_gone(const struct error *err)
{
	return err->kind == ERR_BUSY || err->sys == ESRCH;
}

static int stop_signal(const struct container *c)
{
	return c->record.stop_signal ? signal_parse(c->record.stop_signal) : SIGTERM;
}

static void event_kill(struct engine *e, const struct container *c, int sig)
{
	char number[16];

	snprintf(number, sizeof(number), "%d", sig);
	event_container(e->store, c, "kill", "signal", number, EVENT_END);
}

int container_kill(struct engine *e, struct container *c, int sig, struct error *err)
{
	auto_close int pidfd = container_pidfd(c, err);

	if (pidfd < 0)
		return -1;
	if ((sig == SIGKILL || sig == stop_signal(c)) && container_mark_stopped(c, err) < 0)
		return -1;
	if (runtime_kill(pidfd, c->state.cgroup, sig, false, err) < 0)
		return -1;
	event_kill(e, c, sig);
	return 0;
}

int container_pause(struct engine *e, struct container *c, bool pause, struct error *err)
{
	if (c->status != CONTAINER_RUNNING && c->status != CONTAINER_PAUSED)
		return error_set(err, ERR_BUSY, "container is not running");
	if (pause == (c->status == CONTAINER_PAUSED))
		return error_set(err, ERR_BUSY,
				 pause ? "container is paused already" : "container is not paused");
	if (runtime_pause(c->state.cgroup, pause, err) < 0)
		return -1;
	event_container(e->store, c, pause ? "pause" : "unpause", EVENT_END);
	return 0;
}

/* 1 ended, 0 not within the time */
static int ended_within(struct engine *e, struct container *c, int64_t ns, struct error *err)
{
	return container_wait(e->store, c, ns, err);
}

int64_t stop_grace(const struct container *c, int64_t asked_s)
{
	if (asked_s != UNSET)
		return asked_s;
	return c->record.stop_timeout != UNSET ? c->record.stop_timeout : STOP_TIMEOUT;
}

static int stop_running(struct engine *e, struct container *c, int64_t timeout_s, struct error *err)
{
	int64_t wait_s = stop_grace(c, timeout_s);
	int sig = stop_signal(c);
	auto_close int pidfd = -1;
	struct error why = { 0 };
	char text[ERROR_LINE_MAX];
	int ended;

	if (container_mark_stopped(c, err) < 0)
		return -1;
	if (c->status == CONTAINER_RESTARTING)
		return container_end_restarts(e, c, err);
	pidfd = container_pidfd(c, err);
	if (pidfd < 0 && is_gone(err)) {
		error_clear(err);
		return ended_within(e, c, KILL_PATIENCE, err) < 0 ? -1 : 0;
	}
	if (pidfd < 0)
		return -1;
	if (container_leave_group(e, c, wait_s != 0 && c->status == CONTAINER_RUNNING, &why) < 0)
		log_warn("its connections are not waited for: %s",
			 error_text(&why, text, sizeof(text)));
	event_kill(e, c, wait_s != 0 ? sig : SIGKILL);
	if (wait_s != 0 && runtime_kill(pidfd, c->state.cgroup, sig, false, err) < 0 && !is_gone(err))
		return -1;
	error_clear(err);
	/* a frozen process takes its signal when it is thawed */
	if (c->status == CONTAINER_PAUSED && runtime_pause(c->state.cgroup, false, err) < 0)
		return -1;
	ended = wait_s == 0 ? 0 : ended_within(e, c, wait_s < 0 ? -1 : wait_s * NSEC_PER_SEC, err);
	if (ended != 0)
		return ended < 0 ? -1 : 0;
	if (wait_s != 0)
		event_kill(e, c, SIGKILL);
	if (runtime_kill(pidfd, c->state.cgroup, SIGKILL, true, err) < 0 && !is_gone(err))
		return -1;
	error_clear(err);
	ended = ended_within(e, c, KILL_PATIENCE, err);
	if (ended == 0)
		return error_set(err, ERR_BUSY, "container did not end after SIGKILL");
	return ended < 0 ? -1 : 0;
}

int container_stop(struct engine *e, struct container *c, int64_t timeout_s, struct error *err)
{
	if (!container_is_alive(c))
		return 0;
	if (stop_running(e, c, timeout_s, err) < 0)
		return -1;
	event_container(e->store, c, "stop", EVENT_END);
	return 0;
}
