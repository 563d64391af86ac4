/*
 * exec_stdio.c - stdio of `exec`: the caller's streams <-> those of a process in a container.
 *
 * A process whose caller leaves by the detach keys keeps its streams: a forked holder reads them
 * until it ends.
 */
#include "exit_record.h"
#include "monitor/monitor.h"
#include "signals.h"
#include "streams.h"
#include "terminal.h"
#include "util/compat.h"
#include "util/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

struct session {
	const struct exec_stdio *x;
	struct loop loop;
	struct stdio io;
	struct stdio_buffers buffers;
	struct signals signals;
	struct terminal terminal;
	struct watch child;
	bool exited;
};

static void resize(struct session *s)
{
	const int fds[] = { s->x->in, s->x->out, s->x->err_ };
	struct winsize size;

	/* a terminal that has no size has nothing to say about it */
	if (s->x->tty && terminal_size(fds, 3, &size) && size.ws_row)
		ioctl(s->x->pty_master, TIOCSWINSZ, &size);
}

static void on_signal(struct signals *sig, int number)
{
	struct session *s = watch_owner(sig, struct session, signals);

	if (number == SIGWINCH && s->x->tty)
		resize(s);
	else
		sys_pidfd_send_signal(s->x->pidfd, number, NULL, 0);
}

static void child_ready(struct watch *w, uint32_t events)
{
	watch_owner(w, struct session, child)->exited = true;
}

static int session_open(struct session *s, struct error *err)
{
	const struct exec_stdio *x = s->x;
	int to = x->tty ? dup_cloexec(x->pty_master) : x->pipes[0];
	struct detach_keys keys;

	if (!detach_keys_parse(x->detach_keys, &keys))
		return error_set(err, ERR_INVALID, "'%s' are no detach keys", x->detach_keys);
	signals_hold(&s->signals);
	if (loop_init(&s->loop, err) < 0 || signals_open(&s->signals, &s->loop, on_signal, err) < 0)
		return -1;
	stdio_init(&s->io, &s->loop, &s->buffers);
	for (int i = 1; i <= 2; i++) {
		int from = x->tty ? (i == 1 ? x->pty_master : -1) : x->pipes[i];

		if (from >= 0 && fd_nonblock(from, true, err) < 0)
			return -1;
		if (from >= 0)
			outflow_open(&s->io, i, from, i == 1 ? x->out : x->err_);
	}
	if (to >= 0 && fd_nonblock(to, true, err) < 0)
		return -1;
	if (x->tty)
		terminal_init(&s->terminal, x->in);
	resize(s);
	if (to >= 0)
		input_open(&s->io, x->in, to, x->tty ? &keys : NULL);
	s->io.input.close_eof = !x->tty;
	s->child = (struct watch){ .fd = x->pidfd, .ready = child_ready };
	loop_watch(&s->loop, &s->child, EPOLLIN);
	return 0;
}

static void session_close(struct session *s)
{
	terminal_done(&s->terminal);
	stdio_done(&s->io);
	signals_close(&s->signals);
	loop_done(&s->loop);
}

static void serve(struct session *s)
{
	while (!s->exited && !s->io.detached)
		stdio_turn(&s->io, -1);
	while (s->exited && !stdio_drain(&s->io))
		stdio_turn(&s->io, -1);
}

/* The caller has gone; the process has not. */
static void hold(const struct exec_stdio *x)
{
	const int keep[] = { x->pty_master, x->pipes[0], x->pipes[1], x->pipes[2], x->pidfd };
	struct session *s;
	struct exec_stdio alone = *x;
	struct error ignored = { 0 }; /* nobody is there to be told */

	if (fork() != 0)
		return;
	setsid();
	fd_close_others(keep, ARRAY_SIZE(keep));
	for (int fd = 0; fd < 3; fd++)
		close(fd);
	alone.in = alone.out = alone.err_ = -1;
	s = xcalloc(1, sizeof(*s));
	s->x = &alone;
	if (session_open(s, &ignored) == 0)
		serve(s);
	_exit(0);
}

int exec_serve(const struct exec_stdio *x, struct attach_result *result, struct error *err)
{
	struct session *s = xcalloc(1, sizeof(*s));
	siginfo_t info = { 0 };
	int status;

	*result = (struct attach_result){ 0 };
	s->x = x;
	s->loop.epoll = -1;
	s->signals = (struct signals)SIGNALS_NONE;
	status = session_open(s, err);
	if (status == 0)
		serve(s);
	if (status == 0 && s->io.detached) {
		result->detached = true;
		terminal_done(&s->terminal);
		hold(x);
	} else if (status == 0) {
		waitid((idtype_t)P_PIDFD, (id_t)x->pidfd, &info, WEXITED);
		result->exit_code = exit_code_of(&info);
		if (stdio_failed(&s->io)) {
			errno = stdio_failed(&s->io);
			status = error_sys(err, "write the output");
		}
	}
	session_close(s);
	free(s);
	return status;
}
