/*
 * oci_lend.c - what an engine lends to a process, and what it is told of it: its terminal's socket,
 * descriptors to keep, its number in a file, its pidfd over a socket.
 */
#include "oci.h"

#include "util/fd.h"
#include "util/socket.h"

#include <errno.h>
#include <stdio.h>

int oci_lend(const struct oci_stdio *io, struct oci_lent *l, struct runtime_options *o,
	     struct error *err)
{
	*l = (struct oci_lent){ .console = -1 };
	if (io->preserve_fds != UNSET && (io->preserve_fds < 0 || io->preserve_fds > 1024))
		return error_set(err, ERR_USAGE, "--preserve-fds: must be from 0 to 1024");
	l->n_preserve = io->preserve_fds == UNSET ? 0 : (size_t)io->preserve_fds;
	l->preserve = xcalloc(l->n_preserve + 1, sizeof(*l->preserve));
	for (size_t i = 0; i < l->n_preserve; i++) {
		l->preserve[i] = (int)(3 + i);
		if (fcntl(l->preserve[i], F_GETFD) < 0)
			return error_sys(err, "--preserve-fds: descriptor %d", l->preserve[i]);
	}
	if (io->console_socket) {
		l->console = socket_connect(io->console_socket, err);
		if (l->console < 0)
			return error_add(err, "--console-socket");
	}
	o->console_socket = l->console;
	o->preserve = l->preserve;
	o->n_preserve = l->n_preserve;
	o->owned_binary = oci_owned_binary();
	return 0;
}

void oci_lent_done(struct oci_lent *l)
{
	auto_close_fd(&l->console);
	free(l->preserve);
	*l = (struct oci_lent){ .console = -1 };
}

bool oci_owned_binary(void)
{
	struct stat st;

	return geteuid() == 0 || stat("/proc/self/exe", &st) < 0 || st.st_uid == geteuid();
}

static int send_pidfd(const char *path, int pidfd, struct error *err)
{
	auto_close int sock = socket_connect(path, err);
	char byte = 0;
	struct iovec iov = { &byte, 1 };

	if (sock < 0)
		return error_add(err, "--pidfd-socket");
	return socket_send(sock, &iov, 1, pidfd) < 0 ? error_sys(err, "--pidfd-socket '%s'", path)
						     : 0;
}

int oci_announce(const struct oci_stdio *io, const struct runtime_process *p, struct error *err)
{
	char text[32];
	int n = snprintf(text, sizeof(text), "%d", (int)p->pid);

	if (io->pid_file && file_write(AT_FDCWD, io->pid_file, text, (size_t)n, 0644, false, err) < 0)
		return error_add(err, "--pid-file");
	return io->pidfd_socket ? send_pidfd(io->pidfd_socket, p->pidfd, err) : 0;
}
