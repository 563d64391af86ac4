/*
 * pty.c - a container with a terminal: one stream both ways, through the master of a pseudo terminal.
 */
#include "monitor_private.h"
#include "util/fd.h"

#include <sys/ioctl.h>

void monitor_resize_own(struct monitor *m)
{
	const int fds[] = { m->job->in, m->job->out, m->job->err_ };
	struct winsize size;

	if (m->foreground && terminal_size(fds, 3, &size))
		ioctl(m->master, TIOCSWINSZ, &size);
}

int monitor_pty_open(struct monitor *m, struct error *err)
{
	const struct monitor_job *job = m->job;
	int in = m->foreground ? job->in : -1, to;
	struct detach_keys none = { .n = 0 };

	if (fd_nonblock(m->master, true, err) < 0)
		return -1;
	to = dup_cloexec(m->master); /* reading and writing are waited for one by one */
	if (to < 0)
		return error_sys(err, "duplicate the terminal");
	monitor_resize_own(m);
	terminal_init(&m->terminal, in);
	outflow_open(&m->io, 1, m->master, m->foreground ? job->out : -1);
	input_open(&m->io, in, to, &none);
	return 0;
}
