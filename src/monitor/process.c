/*
 * process.c - a monitor in a process of its own: forked, never executed again.
 *
 *	caller			monitor
 *	  |- fork ------------->|  own session, no descriptor but the listed
 *	  |			|  prepare, start
 *	  |<--------- RUNNING --|  the command was executed
 *	  |			|  serve ...
 *
 * Or ERROR instead of RUNNING, carrying what went wrong.
 */
#include "monitor_private.h"
#include "util/fd.h"
#include "util/msg.h"
#include "util/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Standard streams are nobody's: a pipe that somebody reads to its end must not be held open. */
static int streams_forget(struct error *err)
{
	auto_close int null = fd_devnull(O_RDWR, err);

	if (null < 0)
		return -1;
	for (int fd = 0; fd < 3; fd++)
		if (dup2(null, fd) < 0)
			return error_sys(err, "let go of the standard streams");
	return 0;
}

static int become(const struct monitor_job *job, int caller, int session, struct error *err)
{
	const struct store *st = job->store;
	int keep[STORE_DIRS + 9];
	size_t n = 0;

	keep[n++] = caller;
	keep[n++] = session;
	keep[n++] = job->lock;
	keep[n++] = job->rootfs;
	keep[n++] = job->container->fd;
	keep[n++] = job->report;
	keep[n++] = st->root;
	for (int i = 0; i < STORE_DIRS; i++)
		keep[n++] = st->dirs[i];
	if (setsid() < 0)
		return error_sys(err, "make a session");
	if (chdir("/") < 0)
		return error_sys(err, "enter /");
	signal(SIGCHLD, SIG_DFL); /* an ignored one would take the exit code away */
	fd_close_others(keep, n);
	return streams_forget(err);
}

static void __attribute__((noreturn))
monitor_main(const struct monitor_job *job, int caller, int session)
{
	struct monitor *m;
	struct error err = { 0 };

	if (become(job, caller, session, &err) < 0) {
		msg_send_error(caller, &err);
		_exit(125);
	}
	m = monitor_new(job, NULL);
	m->session = session;
	if (monitor_start(m, &err) < 0) {
		msg_send_error(caller, &err);
		_exit(125);
	}
	msg_send(caller, MSG_RUNNING, NULL, 0, -1, &err); /* gone: the container runs all the same */
	close(caller);
	process_title("hod-monitor", "hod: %.12s", job->container->id);
	error_clear(&err);
	_exit(monitor_serve(m, &err) < 0 ? 125 : 0);
}

/* Not part of its caller: the monitor keeps that frame, and has no use for a message in it. */
static int __attribute__((noinline)) expect_running(int sock, struct error *err)
{
	struct peer monitor = { .sock = sock, .pidfd = -1, .name = "monitor" };
	struct msg m;

	return msg_expect(&monitor, MSG_RUNNING, &m, err);
}

int monitor_spawn(const struct monitor_job *job, int *client, struct error *err)
{
	auto_close int ours = -1, theirs = -1, session_ours = -1, session_theirs = -1;
	int socks[2];
	pid_t pid;

	if (msg_pair(socks, err) < 0)
		return -1;
	ours = socks[0];
	theirs = socks[1];
	if (client) {
		if (msg_pair(socks, err) < 0)
			return -1;
		session_ours = socks[0];
		session_theirs = socks[1];
	}
	pid = fork();
	if (pid < 0)
		return error_sys(err, "fork the monitor");
	if (pid == 0)
		monitor_main(job, theirs, session_theirs);
	auto_close_fd(&theirs);
	theirs = -1;
	if (expect_running(ours, err) < 0) {
		waitpid(pid, NULL, 0);
		return -1;
	}
	if (client)
		*client = take_fd(&session_ours);
	return 0;
}
