/*
 * output.c - writing to the caller's own descriptors without ever waiting in write(2).
 *
 * Their open descriptions are shared with the caller's other processes, so O_NONBLOCK must not be
 * set on them. Sockets have MSG_DONTWAIT; terminals are opened again; a pipe that poll(2) calls
 * writable takes PIPE_BUF bytes at once.
 */
#include "streams.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static enum output_kind kind_of(int fd)
{
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return OUTPUT_NONE;
	if (S_ISFIFO(st.st_mode))
		return OUTPUT_PIPE;
	if (S_ISSOCK(st.st_mode))
		return OUTPUT_SOCKET;
	return S_ISCHR(st.st_mode) && isatty(fd) ? OUTPUT_TTY : OUTPUT_FILE;
}

void output_init(struct output *o, int fd)
{
	char path[32];
	int again;

	o->kind = kind_of(fd);
	o->w.fd = o->kind == OUTPUT_NONE ? -1 : fd;
	o->w.events = 0;
	o->ours = false;
	o->failed = 0;
	if (o->kind != OUTPUT_TTY)
		return;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	again = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (again >= 0) {
		o->w.fd = again;
		o->ours = true;
	} else {
		o->kind = OUTPUT_PIPE; /* another user's terminal: in small pieces */
	}
}

void output_done(struct output *o, struct loop *l)
{
	loop_watch(l, &o->w, 0);
	if (o->ours)
		auto_close_fd(&o->w.fd);
	o->w.fd = -1;
	o->kind = OUTPUT_NONE;
}

static ssize_t write_some(const struct output *o, const char *bytes, size_t n)
{
	struct pollfd p = { .fd = o->w.fd, .events = POLLOUT };

	if (o->kind == OUTPUT_SOCKET)
		return send(o->w.fd, bytes, n, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (o->kind == OUTPUT_PIPE) {
		if (poll(&p, 1, 0) == 0) {
			errno = EAGAIN;
			return -1;
		}
		n = MIN(n, (size_t)PIPE_BUF);
	}
	return write(o->w.fd, bytes, n);
}

ssize_t output_write(struct output *o, const char *bytes, size_t n)
{
	size_t done = 0;

	while (done < n) {
		ssize_t r = write_some(o, bytes + done, n - done);

		if (r >= 0) {
			done += (size_t)r;
			continue;
		}
		if (errno == EINTR)
			continue;
		if (errno == EAGAIN)
			break;
		o->failed = errno;
		return -1;
	}
	return (ssize_t)done;
}
