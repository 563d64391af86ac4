/*
 * terminal.c - the pty of a container: made in its own devpts, its master handed out.
 *
 * Never  opens a slave by its name: TIOCGPTPEER gives it from the master (CVE-2025-52565).
 */
#include "init.h"

#include "util/compat.h"
#include "util/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#ifndef TIOCGPTPEER
#define TIOCGPTPEER _IO('T', 0x41)
#endif

/* What runc's callers expect: the descriptor, with the name as payload. */
static int send_master(int sock, int master, struct error *err)
{
	char name[] = "/dev/ptmx";
	struct iovec iov = { name, sizeof(name) - 1 };

	if (socket_send(sock, &iov, 1, master) < 0)
		return error_sys(err, "hand the terminal out");
	return 0;
}

int terminal_take(const struct plan_process *p, int ptmx, int *slave, struct error *err)
{
	struct winsize size = { .ws_row = p->rows, .ws_col = p->columns };
	int unlocked = 0;

	if (ioctl(ptmx, TIOCSPTLCK, &unlocked) < 0)
		return error_sys(err, "unlock the pty");
	*slave = ioctl(ptmx, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (*slave < 0)
		return error_sys(err, "open the pty's other side");
	if (size.ws_row && ioctl(ptmx, TIOCSWINSZ, &size) < 0)
		return error_sys(err, "size of the pty");
	if (ioctl(*slave, TIOCSCTTY, 0) < 0)
		return error_sys(err, "make it the controlling terminal");
	if (p->uid && fchown(*slave, p->uid, (gid_t)-1) < 0 && errno != EPERM && errno != EINVAL)
		return error_sys(err, "owner of the pty");
	return send_master(p->console, ptmx, err);
}

/* /dev/console: the pty's slave, bound by descriptor onto a file of our own making. */
static int console_bind(struct init *in, struct error *err)
{
	auto_close int tree =
		sys_open_tree(in->slave, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH);
	auto_close int file = -1;

	if (tree < 0)
		return error_sys(err, "clone the pty");
	file = openat(in->dev, "console", O_CREAT | O_WRONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK,
		      0600);
	if (file < 0)
		return error_sys(err, "make /dev/console");
	if (sys_move_mount(tree, "", in->dev, "console", MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return error_sys(err, "attach /dev/console");
	return 0;
}

int step_terminal(struct init *in, struct error *err)
{
	auto_close int ptmx = -1;

	if (!in->plan->process.terminal)
		return 0;
	if (in->pts < 0)
		return error_set(err, ERR_INVALID, "a terminal needs a devpts at /dev/pts");
	ptmx = openat(in->pts, "ptmx", O_RDWR | O_NOCTTY | O_NOFOLLOW | O_CLOEXEC);
	if (ptmx < 0)
		return error_sys(err, "open ptmx");
	if (terminal_take(&in->plan->process, ptmx, &in->slave, err) < 0)
		return -1;
	if (!in->plan->own_dev)
		return 0;
	return console_bind(in, err);
}
