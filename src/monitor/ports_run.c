/*
 * ports_run.c - the published ports of a container that runs: what carries them is started again.
 *
 * The forwarder is a child of ours, and the process of a group nobody's: when one of them ends
 * while the container runs, it is started again: at once after a run of ten seconds, else with the
 * pauses of a restart policy. Joining a group takes a lock and memory, so a child does it.
 */
#include "ports_run.h"

#include "monitor/restart.h"
#include "monitor_private.h"
#include "util/compat.h"
#include "util/log.h"
#include "util/text.h"

#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define LONG_RUN (10 * NSEC_PER_SEC)

static void schedule(struct ports_watch *p)
{
	int64_t now = time_monotonic_ns(), ran = now - p->begun_ns;

	p->pause_ns = restart_pause(p->pause_ns, ran);
	p->due_ns = now + (ran < LONG_RUN ? p->pause_ns : 0);
}

/* ---- joining ---- */

static int joiner_reap(struct monitor *m)
{
	siginfo_t info = { 0 };

	while (waitid((idtype_t)P_PIDFD, (id_t)m->ports.joiner.fd, &info, WEXITED) < 0 &&
	       errno == EINTR)
		;
	loop_close(&m->loop, &m->ports.joiner);
	return info.si_code == CLD_EXITED ? info.si_status : 1;
}

static void joiner_end(struct monitor *m)
{
	if (m->ports.joiner.fd < 0)
		return;
	sys_pidfd_send_signal(m->ports.joiner.fd, SIGKILL, NULL, 0);
	joiner_reap(m);
}

static void joiner_ready(struct watch *w, uint32_t events)
{
	struct monitor *m = watch_owner(w, struct monitor, ports.joiner);

	if (joiner_reap(m) == 0 || m->ports.down)
		return;
	m->ports.alone = true;
	schedule(&m->ports);
}

static int join(struct monitor *m)
{
	struct error err = { 0 };
	char text[ERROR_LINE_MAX];

	if (net_ports_join(&m->net, &err) == 0)
		return 0;
	log_warn("group '%s': %s", m->job->net->lease.group, error_text(&err, text, sizeof(text)));
	return 1;
}

static void joiner_start(struct monitor *m)
{
	struct ports_watch *p = &m->ports;
	pid_t monitor = getpid(), pid = fork();

	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		_exit(getppid() == monitor ? join(m) : 1);
	}
	p->begun_ns = time_monotonic_ns();
	if (pid > 0)
		p->joiner.fd = sys_pidfd_open(pid, 0);
	if (pid < 0 || p->joiner.fd < 0) { /* for want of processes: later */
		if (pid > 0) {
			kill(pid, SIGKILL);
			waitpid(pid, NULL, 0);
		}
		p->alone = true;
		schedule(p);
		return;
	}
	p->joiner.ready = joiner_ready;
	loop_watch(&m->loop, &p->joiner, EPOLLIN);
}

/* ---- called by the loop ---- */

static void control_ready(struct watch *w, uint32_t events)
{
	struct monitor *m = watch_owner(w, struct monitor, ports.control);
	struct ports_watch *p = &m->ports;

	switch (net_ports_hear(&m->net)) {
	case NET_PORTS_UP:
		return;
	case NET_PORTS_ALONE:
		p->alone = true;
		break;
	case NET_PORTS_DOWN:
		loop_watch(&m->loop, w, 0);
		p->down = true;
		joiner_end(m); /* whom would it serve? */
		break;
	}
	if (!p->due_ns)
		schedule(p);
}

/* ---- called by the monitor ---- */

void ports_begin(struct monitor *m)
{
	struct watch *w = &m->ports.control;

	if (w->events || net_ports_watch(&m->net) < 0)
		return;
	m->ports.begun_ns = time_monotonic_ns();
	w->fd = net_ports_watch(&m->net);
	w->ready = control_ready;
	loop_watch(&m->loop, w, EPOLLIN);
}

void ports_end(struct monitor *m)
{
	joiner_end(m);
	loop_watch(&m->loop, &m->ports.control, 0);
	m->ports.down = m->ports.alone = false;
	m->ports.due_ns = 0;
}

int64_t ports_due(const struct ports_watch *p)
{
	return p->due_ns;
}

void ports_turn(struct monitor *m)
{
	struct ports_watch *p = &m->ports;
	struct error err = { 0 };
	char text[ERROR_LINE_MAX];
	enum net_ports how = p->alone ? NET_PORTS_ALONE : NET_PORTS_UP;

	if (!p->due_ns || time_monotonic_ns() < p->due_ns)
		return;
	p->due_ns = 0;
	if (p->down)
		how = net_ports_start(&m->net, &err);
	p->down = how == NET_PORTS_DOWN;
	p->alone = false;
	if (p->down) {
		log_warn("published ports: %s", error_text(&err, text, sizeof(text)));
		schedule(p);
		return;
	}
	ports_begin(m);
	if (how == NET_PORTS_ALONE && p->joiner.fd < 0)
		joiner_start(m);
}
