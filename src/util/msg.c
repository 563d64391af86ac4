/*
 * msg.c - one datagram of type, length, payload and at most one descriptor.
 *
 * Never  allocates: the init side of a container talks through it between clone and exec.
 * Both ends are the same program on the same machine, so structs travel as they are; still the
 * lengths are checked, because the other end may be a process that a container has subverted.
 */
#include "util/msg.h"

#include "util/mem.h"
#include "util/socket.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

struct header {
	uint32_t type, size;
};
_Static_assert(sizeof(struct error) <= MSG_PAYLOAD_MAX, "an error must fit one message");

int msg_pair(int socks[2], struct error *err)
{
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, socks) < 0)
		return error_sys(err, "socketpair");
	return 0;
}

static int send_datagram(int sock, enum msg_type type, const void *payload, size_t n, int fd)
{
	struct header head = { type, (uint32_t)n };
	struct iovec iov[2] = { { &head, sizeof(head) }, { NULL, n } };

	/* struct iovec has no const; sendmsg only reads */
	memcpy(&iov[1].iov_base, &payload, sizeof(payload));
	return socket_send(sock, iov, n ? 2 : 1, fd) < 0 ? -1 : 0;
}

int msg_send(int sock, enum msg_type type, const void *payload, size_t n, int fd, struct error *err)
{
	if (n > MSG_PAYLOAD_MAX)
		return error_set(err, ERR_BUG, "message of %zu bytes", n);
	if (send_datagram(sock, type, payload, n, fd) < 0)
		return error_sys(err, "send a message");
	return 0;
}

int msg_send_error(int sock, const struct error *what)
{
	return send_datagram(sock, MSG_ERROR, what, sizeof(*what), -1);
}

int msg_recv(int sock, struct msg *msg, struct error *err)
{
	struct header head = { 0 };
	struct iovec iov[2] = { { &head, sizeof(head) }, { msg->payload, sizeof(msg->payload) } };
	ssize_t r;

	msg->size = 0;
	/* a peer that ended with a message of ours unread resets the connection, which is told once
	 * and before what it had sent: that is read next, and then its end */
	do
		r = socket_receive(sock, iov, 2, 0, &msg->fd);
	while (r < 0 && errno == ECONNRESET);
	if (r == 0)
		return 0;
	if (r < 0 && errno == EMSGSIZE)
		return error_set(err, ERR_BUG, "a message of more than %d bytes", MSG_PAYLOAD_MAX);
	if (r < 0)
		return error_sys(err, "receive a message");
	if (r < (ssize_t)sizeof(head) || head.size != (size_t)r - sizeof(head)) {
		auto_close_fd(&msg->fd);
		return error_set(err, ERR_BUG, "malformed message of %zd bytes", r);
	}
	msg->type = head.type;
	msg->size = head.size;
	return 1;
}

/* The peer is gone: what became of it, as far as its pidfd tells. */
static int peer_gone(const struct peer *p, struct error *err)
{
	siginfo_t info = { 0 };
	struct pollfd poll_end = { .fd = p->pidfd, .events = POLLIN };
	int r = -1;

	if (p->pidfd >= 0) {
		/* it closed its socket by dying, so its end is near; an exec closes it as well */
		poll(&poll_end, 1, 1000);
		r = waitid((idtype_t)P_PIDFD, (id_t)p->pidfd, &info, WEXITED | WNOWAIT | WNOHANG);
	}
	if (r < 0 || info.si_pid == 0)
		return error_set(err, ERR_SYSTEM, "%s closed its socket", p->name);
	if (info.si_code == CLD_EXITED)
		return error_set(err, ERR_SYSTEM, "%s ended with status %d", p->name, info.si_status);
	return error_set(err, ERR_SYSTEM, "%s was killed by signal %d", p->name, info.si_status);
}

/* The error that a message carries, made sound: its end is where we put it. */
static int received_error(const struct peer *p, const struct msg *m, struct error *err)
{
	if (m->size != sizeof(*err))
		return error_set(err, ERR_BUG, "%s sent an error of %u bytes", p->name, m->size);
	memcpy(err, m->payload, sizeof(*err));
	err->text[sizeof(err->text) - 1] = '\0';
	err->hint[sizeof(err->hint) - 1] = '\0';
	err->used = (unsigned short)strlen(err->text);
	if (err->kind <= ERR_NONE || err->kind > ERR_BUG)
		err->kind = ERR_BUG;
	return -1;
}

int msg_expect(const struct peer *p, enum msg_type type, struct msg *m, struct error *err)
{
	int r = msg_recv(p->sock, m, err);

	if (r < 0)
		return error_add(err, "%s", p->name);
	if (r == 0)
		return peer_gone(p, err);
	if (m->type == type)
		return 0;
	auto_close_fd(&m->fd);
	if (m->type == MSG_ERROR)
		return received_error(p, m, err);
	return error_set(err, ERR_BUG, "%s sent message %d instead of %d", p->name, (int)m->type,
			 (int)type);
}
