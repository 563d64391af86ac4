/*
 * socket.c - unix(7) sockets: connected to by path, descriptors handed over (SCM_RIGHTS).
 *
 * Owns   control data: nothing else in the program builds or reads any.
 * Never  allocates: the init side of a container sends between clone and exec.
 */
#include "util/socket.h"

#include "util/mem.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

union control {
	struct cmsghdr align;
	char buf[CMSG_SPACE(sizeof(int))];
};

int socket_connect(const char *path, struct error *err)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	auto_close int fd = -1;

	if (strlen(path) >= sizeof(to.sun_path))
		return error_set(err, ERR_LIMIT, "'%s' is too long for a socket", path);
	memcpy(to.sun_path, path, strlen(path));
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0)
		return error_sys(err, "connect to '%s'", path);
	return take_fd(&fd);
}

ssize_t socket_send(int sock, struct iovec *iov, size_t n, int fd)
{
	union control control = { 0 };
	struct msghdr m = { .msg_iov = iov, .msg_iovlen = n };
	ssize_t r;

	if (fd >= 0) {
		m.msg_control = control.buf;
		m.msg_controllen = sizeof(control.buf);
		CMSG_FIRSTHDR(&m)->cmsg_level = SOL_SOCKET;
		CMSG_FIRSTHDR(&m)->cmsg_type = SCM_RIGHTS;
		CMSG_FIRSTHDR(&m)->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(CMSG_FIRSTHDR(&m)), &fd, sizeof(fd));
	}
	do
		r = sendmsg(sock, &m, MSG_NOSIGNAL);
	while (r < 0 && errno == EINTR);
	return r;
}

ssize_t socket_receive(int sock, struct iovec *iov, size_t n, int flags, int *fd)
{
	union control control = { 0 };
	struct msghdr m = { .msg_iov = iov,
			    .msg_iovlen = n,
			    .msg_control = control.buf,
			    .msg_controllen = sizeof(control.buf) };
	struct cmsghdr *c;
	ssize_t r;

	*fd = -1;
	do
		r = recvmsg(sock, &m, flags | MSG_CMSG_CLOEXEC);
	while (r < 0 && errno == EINTR);
	if (r < 0)
		return -1;
	c = CMSG_FIRSTHDR(&m);
	/* more than one cannot fit the buffer */
	if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS &&
	    c->cmsg_len == CMSG_LEN(sizeof(int)))
		memcpy(fd, CMSG_DATA(c), sizeof(*fd));
	if (m.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) {
		auto_close_fd(fd);
		errno = EMSGSIZE;
		return -1;
	}
	return r;
}
