/*
 * attach_server.c - those who are attached to a running container: the monitor's side.
 */
#include "attach_server.h"
#include "util/fd.h"
#include "util/msg.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define STDIO_MAX (MSG_PAYLOAD_MAX - 1) /* bytes of output in one message */

#define each_attacher(s, a)                                                                           \
	for (__typeof__(&(s)->attacher[0]) a = (s)->attacher; a < (s)->attacher + ATTACHERS_MAX; a++) \
		if (a->w.fd >= 0)

static void attacher_close(struct attacher *a)
{
	bool paced = a->paced;
	struct attach_server *s = a->server;

	loop_close(s->loop, &a->w);
	a->paced = false;
	a->flags = 0;
	s->io->resume |= paced; /* nobody waits for it now */
}

/* 1 sent, 0 full, -1 gone */
static int attacher_send(const struct attacher *a, enum msg_type type, const void *payload, size_t n)
{
	struct error e = { 0 };

	if (msg_send(a->w.fd, type, payload, n, -1, &e) == 0)
		return 1;
	return e.sys == EAGAIN ? 0 : -1;
}

static int send_piece(struct attacher *a, int stream, const char *bytes, size_t n)
{
	char packet[MSG_PAYLOAD_MAX];

	packet[0] = (char)stream;
	memcpy(packet + 1, bytes, n);
	return attacher_send(a, MSG_STDIO, packet, n + 1);
}

static int send_missed(struct attacher *a)
{
	char packet[1 + sizeof(a->missed)] = { ATTACH_MISSED };
	int r;

	if (!a->missed)
		return 1;
	memcpy(packet + 1, &a->missed, sizeof(a->missed));
	r = attacher_send(a, MSG_STDIO, packet, sizeof(packet));
	if (r > 0)
		a->missed = 0;
	return r;
}

static bool attacher_wants(const struct attacher *a, int stream)
{
	return a->w.fd >= 0 && (a->flags & (stream == 1 ? ATTACH_STDOUT : ATTACH_STDERR));
}

/* From *done on; false when it is full. */
static bool attacher_output(struct attacher *a, int stream, const char *bytes, size_t n, size_t *done)
{
	while (*done < n) {
		size_t piece = MIN(n - *done, (size_t)STDIO_MAX);
		int r = send_missed(a);

		if (r > 0)
			r = send_piece(a, stream, bytes + *done, piece);
		if (r < 0) {
			attacher_close(a);
			*done = n;
		}
		if (r == 0)
			return false;
		if (r > 0)
			*done += piece;
	}
	return true;
}

bool attach_server_output(struct attach_server *s, int stream, const char *bytes, size_t n,
			  bool new_, size_t *paced)
{
	bool all = true;

	each_attacher(s, a)
	{
		size_t done = 0;

		if (!attacher_wants(a, stream))
			continue;
		if (a->paced) {
			all = attacher_output(a, stream, bytes, n, paced);
			if (!all)
				loop_watch(s->loop, &a->w, a->w.events | EPOLLOUT);
		} else if (new_ && !attacher_output(a, stream, bytes, n, &done)) {
			a->missed += n - done;
		}
	}
	return all;
}

bool attach_server_wants(const struct attach_server *s)
{
	each_attacher(s, a) if (a->flags & (ATTACH_STDOUT | ATTACH_STDERR)) return true;
	return false;
}

bool attach_server_paces(const struct attach_server *s)
{
	each_attacher(s, a) if (a->paced) return true;
	return false;
}

void attach_server_drop_paced(struct attach_server *s)
{
	each_attacher(s, a) if (a->paced) attacher_close(a);
}

/* ---- what attachers say ---- */

static void on_hello(struct attacher *a, const struct msg *m)
{
	struct attach_hello hello;

	if (m->size != sizeof(hello))
		return;
	memcpy(&hello, m->payload, sizeof(hello));
	a->flags = hello.flags & (ATTACH_STDIN | ATTACH_STDOUT | ATTACH_STDERR);
	if (hello.size.ws_row)
		a->server->resize(a->server, &hello.size);
	hello = (struct attach_hello){ .flags = a->flags | (a->server->tty ? ATTACH_TTY : 0) };
	attacher_send(a, MSG_ATTACH, &hello, sizeof(hello));
}

static void on_stdio(struct attacher *a, const struct msg *m)
{
	struct input *in = &a->server->io->input;

	if (m->size < 1 || m->payload[0] != ATTACH_IN || !(a->flags & ATTACH_STDIN))
		return;
	if (m->size > 1) {
		input_give(in, m->payload + 1, m->size - 1);
		return;
	}
	if (a->ends_input && !a->server->tty) {
		in->ended = in->close_eof = true;
		if (!input_busy(in))
			input_close(in);
	}
}

static void on_resize(struct attacher *a, const struct msg *m)
{
	struct winsize size;

	if (m->size != sizeof(size))
		return;
	memcpy(&size, m->payload, sizeof(size));
	a->server->resize(a->server, &size);
}

static void on_signal(struct attacher *a, const struct msg *m)
{
	int32_t sig;

	if (m->size != sizeof(sig))
		return;
	memcpy(&sig, m->payload, sizeof(sig));
	if (sig > 0 && sig <= 64)
		a->server->signal(a->server, sig);
}

static const struct {
	enum msg_type type;
	void (*handle)(struct attacher *a, const struct msg *m);
} handlers[] = {
	{ MSG_ATTACH, on_hello },
	{ MSG_STDIO, on_stdio },
	{ MSG_RESIZE, on_resize },
	{ MSG_SIGNAL, on_signal },
};

static void attacher_read(struct attacher *a)
{
	struct error e = { 0 };
	struct msg m;
	int r;

	if (input_busy(&a->server->io->input)) {
		/* nothing of it is read, so that its own socket fills and it waits */
		a->waiting = true;
		loop_watch(a->server->loop, &a->w, a->w.events & ~(uint32_t)EPOLLIN);
		return;
	}
	r = msg_recv(a->w.fd, &m, &e);
	if (r < 0 && e.sys == EAGAIN)
		return;
	if (r <= 0) {
		attacher_close(a);
		return;
	}
	auto_close_fd(&m.fd); /* nobody sends us descriptors here */
	for (size_t i = 0; i < ARRAY_SIZE(handlers); i++)
		if (handlers[i].type == m.type)
			handlers[i].handle(a, &m);
}

static void attacher_ready(struct watch *w, uint32_t events)
{
	struct attacher *a = watch_owner(w, struct attacher, w);

	if (events & EPOLLOUT) {
		loop_watch(a->server->loop, w, w->events & ~(uint32_t)EPOLLOUT);
		a->server->io->resume = true;
	}
	if (w->fd >= 0 && (events & EPOLLHUP) && (a->waiting || !(events & EPOLLIN)))
		attacher_close(a);
	else if (w->fd >= 0 && (events & EPOLLIN))
		attacher_read(a);
}

void attach_server_resume_input(struct attach_server *s)
{
	each_attacher(s, a)
	{
		if (a->waiting)
			loop_watch(s->loop, &a->w, a->w.events | EPOLLIN);
		a->waiting = false;
	}
}

/* ---- who may come ---- */

static struct attacher *attacher_add(struct attach_server *s, int sock)
{
	for (struct attacher *a = s->attacher; a < s->attacher + ATTACHERS_MAX; a++) {
		if (a->w.fd >= 0)
			continue;
		*a = (struct attacher){ .w = { .fd = sock, .ready = attacher_ready }, .server = s };
		loop_watch(s->loop, &a->w, EPOLLIN);
		return a;
	}
	return NULL;
}

/*
 * Same user: in our user namespace, a caller from outside without root is seen as our root, and the
 * machine's root as nobody.
 */
static bool peer_allowed(int sock)
{
	struct ucred who;
	socklen_t n = sizeof(who);

	return getsockopt(sock, SOL_SOCKET, SO_PEERCRED, &who, &n) == 0 && who.uid == geteuid();
}

static void refuse(int sock, enum error_kind kind, const char *why)
{
	struct error e = { 0 };

	error_set(&e, kind, "%s", why);
	msg_send_error(sock, &e);
	close(sock);
}

static void listen_ready(struct watch *w, uint32_t events)
{
	struct attach_server *s = watch_owner(w, struct attach_server, listen);
	int sock = accept4(w->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (sock < 0)
		return;
	if (!peer_allowed(sock))
		refuse(sock, ERR_DENIED, "the container belongs to another user");
	else if (!attacher_add(s, sock))
		refuse(sock, ERR_LIMIT, "16 are attached already");
}

void attach_address(int dir, struct sockaddr_un *to)
{
	/* through the descriptor: a store's path may be longer than an address */
	*to = (struct sockaddr_un){ .sun_family = AF_UNIX };
	snprintf(to->sun_path, sizeof(to->sun_path), "/proc/self/fd/%d/" ATTACH_SOCKET, dir);
}

int attach_server_open(struct attach_server *s, struct stdio *io, int dir, struct error *err)
{
	auto_close int sock = -1;
	struct sockaddr_un at;

	s->loop = io->loop;
	s->io = io;
	s->listen = (struct watch){ .fd = -1, .ready = listen_ready };
	for (int i = 0; i < ATTACHERS_MAX; i++)
		s->attacher[i].w = (struct watch){ .fd = -1 };
	sock = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (sock < 0)
		return error_sys(err, "make the attach socket");
	attach_address(dir, &at);
	if (bind(sock, (struct sockaddr *)&at, sizeof(at)) < 0 && errno == EADDRINUSE) {
		unlinkat(dir, ATTACH_SOCKET, 0); /* of a monitor that was killed: we hold the lock */
		if (bind(sock, (struct sockaddr *)&at, sizeof(at)) < 0)
			return error_sys(err, "bind the attach socket");
	}
	if (listen(sock, ATTACHERS_MAX) < 0)
		return error_sys(err, "listen at the attach socket");
	s->listen.fd = take_fd(&sock);
	loop_watch(s->loop, &s->listen, EPOLLIN);
	return 0;
}

void attach_server_session(struct attach_server *s, int sock)
{
	struct error ignored = { 0 }; /* a socket that stays blocking is still a socket */
	struct attacher *a;

	fd_nonblock(sock, true, &ignored);
	a = attacher_add(s, sock);
	a->flags = ATTACH_STDIN | ATTACH_STDOUT | ATTACH_STDERR;
	a->paced = a->ends_input = true;
}

void attach_server_shut(struct attach_server *s, int dir)
{
	if (s->listen.fd >= 0)
		unlinkat(dir, ATTACH_SOCKET, 0);
	loop_close(s->loop, &s->listen);
}

void attach_server_end(struct attach_server *s, int exit_code)
{
	int32_t code = exit_code;

	each_attacher(s, a)
	{
		if (code >= 0) {
			send_missed(a);
			attacher_send(a, MSG_EXIT, &code, sizeof(code));
		}
		attacher_close(a);
	}
}
