/*
 * health_run.c - the health check of one container, while its monitor serves it.
 *
 * Theory of operation. When a probe is due the monitor forks a helper, which has all the time and
 * memory it needs (probe_run), puts the result into a place of memory that both share, and ends;
 * its pidfd is one more watch of the loop. So nothing is allocated or waited for here, and a probe
 * that hangs hangs alone. A helper goes with its monitor (PDEATHSIG), and the probe with its helper.
 *
 * Owns   health.json.
 * Never  probes a container that is paused, or lets the time that it was paused count against it.
 */
#include "health_run.h"

#include "monitor_private.h"
#include "sd_notify.h"
#include "util/compat.h"
#include "util/fd.h"
#include "util/log.h"
#include "util/text.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define RING	 (HEALTH_LOG_MAX + 1)
#define PATIENCE (10 * NSEC_PER_SEC) /* for a helper beyond the time of its probe */

/* ---- health.json ---- */

static void save(struct monitor *m)
{
	struct health_watch *h = &m->health;
	struct health_entry entries[HEALTH_LOG_MAX];
	struct error err = { 0 };
	char line[ERROR_LINE_MAX], status[16];
	struct health out = { .status = status, .failing_streak = h->state.streak };

	snprintf(status, sizeof(status), "%s", health_status_name(h->state.status));
	out.log.v = entries;
	for (size_t i = h->n > HEALTH_LOG_MAX ? h->n - HEALTH_LOG_MAX : 0; i < h->n; i++) {
		struct probe_result *r = &h->ring[i % RING];

		entries[out.log.n++] = (struct health_entry){ .start_ns = r->start_ns,
							      .end_ns = r->end_ns,
							      .exit_code = r->exit_code,
							      .output = r->output };
	}
	str_clear(&h->text);
	fields_format(health_fields, &out, false, &h->text);
	str_addc(&h->text, '\n');
	if (file_write_fleeting(m->c->fd, HEALTH_FILE, h->text.s, h->text.len, &err) < 0)
		log_warn("%s", error_text(&err, line, sizeof(line)));
}

/* ---- the helper ---- */

static void __attribute__((noreturn))
helper_main(struct monitor *m, struct probe_result *r, pid_t monitor)
{
	const struct health_watch *h = &m->health;
	const int keep[] = { m->process.pidfd, m->c->fd };
	const struct health_probe p = {
		.spec = m->job->spec,
		.command = &h->plan->command,
		.init = m->process.pid,
		.init_pidfd = m->process.pidfd,
		.dir = m->c->fd,
		.owned_binary = m->job->owned_binary,
		.timeout_ns = h->plan->timeout_ns,
	};
	struct error ignored = { 0 };
	int null;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != monitor)
		_exit(1);
	prctl(PR_SET_NAME, "hod-probe");
	setsid();
	fd_close_others(keep, ARRAY_SIZE(keep));
	null = fd_devnull(O_RDWR, &ignored);
	for (int fd = 0; null >= 0 && fd < 3; fd++)
		dup2(null, fd);
	probe_run(&p, r);
	_exit(0);
}

static void failed(struct probe_result *r, const char *why)
{
	r->start_ns = r->end_ns = time_now_ns();
	r->exit_code = -1;
	r->n = (uint32_t)snprintf(r->output, sizeof(r->output), "%s", why);
	r->done = true;
}

static void result_take(struct monitor *m, struct probe_result *r)
{
	struct health_watch *h = &m->health;
	int64_t now = time_monotonic_ns();
	bool changed;

	/* frozen in the middle of its probe */
	if (r->exit_code < 0 && container_is_frozen(m->process.cgroup)) {
		health_skip(&h->state, h->plan, now);
		return;
	}
	h->n++;
	changed = health_result(&h->state, h->plan, r->exit_code == 0, h->began_ns, now);
	save(m);
	if (!changed)
		return;
	event_health(m, h->state.status, &h->text);
	monitor_health_changed(m, h->state.status);
}

static void helper_reap(struct monitor *m)
{
	siginfo_t info;

	while (waitid((idtype_t)P_PIDFD, (id_t)m->health.helper.fd, &info, WEXITED) < 0 &&
	       errno == EINTR)
		;
	loop_close(&m->loop, &m->health.helper);
}

static void helper_ready(struct watch *w, uint32_t events)
{
	struct monitor *m = watch_owner(w, struct monitor, health.helper);
	struct probe_result *r = &m->health.ring[m->health.n % RING];

	helper_reap(m);
	if (!r->done)
		failed(r, "the probe was killed");
	result_take(m, r);
}

static void probe_begin(struct monitor *m, int64_t now)
{
	struct health_watch *h = &m->health;
	struct probe_result *r = &h->ring[h->n % RING];
	pid_t monitor = getpid(), pid;

	h->began_ns = now;
	h->late_ns = now + h->plan->timeout_ns + PATIENCE;
	r->done = false;
	pid = fork();
	if (pid == 0)
		helper_main(m, r, monitor);
	if (pid > 0)
		h->helper.fd = sys_pidfd_open(pid, 0);
	if (pid < 0 || h->helper.fd < 0) { /* for want of memory, or of processes */
		if (pid > 0) {
			kill(pid, SIGKILL);
			waitpid(pid, NULL, 0);
		}
		failed(r, "no process can be made for the probe");
		result_take(m, r);
		return;
	}
	h->helper.ready = helper_ready;
	loop_watch(&m->loop, &h->helper, EPOLLIN);
}

/* ---- called by the monitor ---- */

int health_open(struct monitor *m, struct error *err)
{
	struct health_watch *h = &m->health;
	void *ring;

	h->helper.fd = -1;
	if (!m->job->health || !m->job->health->command.n)
		return 0;
	ring = mmap(NULL, RING * sizeof(*h->ring), PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (ring == MAP_FAILED)
		return error_sys(err, "memory for the health check");
	h->ring = ring;
	h->plan = m->job->health;
	return 0;
}

void health_start(struct monitor *m)
{
	struct health_watch *h = &m->health;

	if (!h->plan)
		return;
	h->n = 0;
	event_health_reserve(m, &h->text);
	health_begin(&h->state, h->plan, time_monotonic_ns());
	save(m);
}

int64_t health_due(const struct health_watch *h)
{
	if (!h->plan)
		return 0;
	return h->helper.fd >= 0 ? h->late_ns : h->state.due_ns;
}

void health_turn(struct monitor *m)
{
	struct health_watch *h = &m->health;
	int64_t now = time_monotonic_ns();

	if (now < health_due(h))
		return;
	if (h->helper.fd >= 0) {
		sys_pidfd_send_signal(h->helper.fd, SIGKILL, NULL, 0);
		h->late_ns = now + PATIENCE; /* the loop is told when it has ended */
	} else if (container_is_frozen(m->process.cgroup)) {
		health_skip(&h->state, h->plan, now);
	} else {
		probe_begin(m, now);
	}
}

void health_stop(struct monitor *m)
{
	if (m->health.helper.fd < 0)
		return;
	sys_pidfd_send_signal(m->health.helper.fd, SIGKILL, NULL, 0);
	helper_reap(m);
}

void health_close(struct monitor *m)
{
	if (m->health.ring)
		munmap(m->health.ring, RING * sizeof(*m->health.ring));
	str_done(&m->health.text);
}
