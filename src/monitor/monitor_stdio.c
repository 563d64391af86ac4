/*
 * monitor_stdio.c - which descriptors a container gets, and what is at their other ends.
 *
 *				stdin			stdout, stderr
 *	terminal		the slave of a pseudo terminal, whose master is ours (pty.c)
 *	foreground		the caller's own	a pipe; with driver none the caller's own
 *	passthrough		the caller's own	the caller's own
 *	detached, attached	a pipe (-i), or none	a pipe
 *
 * The caller's own descriptor is lent only where the container cannot do more with it than read or
 * write a stream: pipes, sockets, /dev/null. A file could be opened again for writing through
 * /proc/self/fd, and a terminal can be typed into (TIOCSTI); so those are pumped, except with
 * driver passthrough, which says so.
 */
#include "monitor_private.h"
#include "util/fd.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static bool harmless(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && (S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode) ||
				       (S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3)));
}

static bool may_lend(const struct monitor *m, int fd, bool pumped)
{
	if (!m->foreground || fd < 0)
		return false;
	return m->job->log.driver == LOG_PASSTHROUGH || (!pumped && harmless(fd));
}

static void lend(struct monitor *m, int i, int fd)
{
	m->ends[i] = fd;
	m->lent[i] = true;
}

void monitor_ends_close(struct monitor *m)
{
	for (int i = 0; i < 3; i++) {
		if (!m->lent[i])
			auto_close_fd(&m->ends[i]);
		m->ends[i] = -1;
	}
}

static int stdin_open(struct monitor *m, struct error *err)
{
	int in = m->foreground ? m->job->in : -1, fds[2];

	if (may_lend(m, in, false)) {
		lend(m, 0, in);
		return 0;
	}
	if (in < 0 && !m->c->record.open_stdin)
		return 0; /* /dev/null */
	if (fd_pipe(fds, err) < 0)
		return -1;
	m->ends[0] = fds[0];
	input_open(&m->io, in, fds[1], NULL);
	m->io.input.close_eof = in >= 0;
	return fd_nonblock(fds[1], true, err);
}

static int output_open(struct monitor *m, int number, int to, struct error *err)
{
	bool pumped = m->job->log.driver != LOG_NONE;
	int fds[2];

	if (may_lend(m, to, pumped)) {
		lend(m, number, to);
		return 0;
	}
	if (fd_pipe(fds, err) < 0)
		return -1;
	m->ends[number] = fds[1];
	outflow_open(&m->io, number, fds[0], to);
	return fd_nonblock(fds[0], true, err);
}

static int streams_open(struct monitor *m, struct error *err)
{
	const struct monitor_job *job = m->job;

	log_writer_init(&m->log, &job->log, m->c->fd);
	stdio_init(&m->io, &m->loop, &m->buffers);
	m->io.log = &m->log;
	if (m->tty)
		return 0; /* pty.c, when the container has it */
	if (stdin_open(m, err) < 0 || output_open(m, 1, m->foreground ? job->out : -1, err) < 0)
		return -1;
	return output_open(m, 2, m->foreground ? job->err_ : -1, err);
}

int monitor_stdio_again(struct monitor *m, struct error *err)
{
	memset(m->lent, 0, sizeof(m->lent));
	stdio_done(&m->io);
	if (streams_open(m, err) < 0)
		return -1;
	if (m->serving)
		m->io.server = &m->server;
	return 0;
}

int monitor_stdio_open(struct monitor *m, struct error *err)
{
	bool direct;

	if (streams_open(m, err) < 0)
		return -1;
	direct = !m->tty && m->lent[1] && m->lent[2];
	if (direct && m->session < 0)
		return 0; /* there is nothing to attach to */
	if (attach_server_open(&m->server, &m->io, m->c->fd, err) < 0)
		return -1;
	m->serving = true;
	m->server.tty = m->tty;
	m->io.server = &m->server;
	if (m->session >= 0) {
		attach_server_session(&m->server, m->session);
		m->session = -1;
	}
	return 0;
}
