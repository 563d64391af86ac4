/*
 * group_run.c - whether a member of a publish group is to get new connections, told as it changes.
 *
 * One child tells at a time, so that what was last is not overtaken by what was before.
 */
#include "group_run.h"

#include "monitor_private.h"
#include "net/group.h"
#include "util/compat.h"
#include "util/log.h"

#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static bool in_group(const struct monitor *m)
{
	return m->job->net && m->job->net->lease.group && m->net.dir.fd >= 0;
}

static void tell(struct monitor *m, bool ready)
{
	struct error err = { 0 };
	char text[ERROR_LINE_MAX];

	if (group_set(&m->net.dir, m->c->id, ready ? GROUP_READY : GROUP_NOT_READY, &err) < 0)
		log_warn("group '%s': %s", m->job->net->lease.group,
			 error_text(&err, text, sizeof(text)));
}

static void updater_reap(struct monitor *m)
{
	siginfo_t info;

	while (waitid((idtype_t)P_PIDFD, (id_t)m->group.updater.fd, &info, WEXITED) < 0 &&
	       errno == EINTR)
		;
	loop_close(&m->loop, &m->group.updater);
}

static void updater_start(struct monitor *m);

static void updater_ready(struct watch *w, uint32_t events)
{
	struct monitor *m = watch_owner(w, struct monitor, group.updater);

	updater_reap(m);
	if (m->group.wanted != m->group.told)
		updater_start(m);
}

static void updater_start(struct monitor *m)
{
	struct group_watch *g = &m->group;
	pid_t monitor = getpid(), pid = fork();

	g->told = g->wanted;
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() == monitor)
			tell(m, g->wanted);
		_exit(0);
	}
	if (pid > 0)
		g->updater.fd = sys_pidfd_open(pid, 0);
	if (pid < 0 || g->updater.fd < 0) { /* for want of processes: it is told all the same */
		if (pid > 0)
			waitpid(pid, NULL, 0);
		else
			tell(m, g->wanted);
		return;
	}
	g->updater.ready = updater_ready;
	loop_watch(&m->loop, &g->updater, EPOLLIN);
}

void group_want(struct monitor *m, bool ready)
{
	if (!in_group(m))
		return;
	m->group.wanted = ready;
	if (m->group.updater.fd < 0 && m->group.told != ready)
		updater_start(m);
}

void group_settle(struct monitor *m, bool ready)
{
	if (m->group.updater.fd >= 0)
		updater_reap(m);
	if (!in_group(m) || m->group.told == ready)
		return;
	m->group.wanted = m->group.told = ready;
	tell(m, ready);
}
