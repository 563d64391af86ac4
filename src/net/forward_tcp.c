/*
 * forward_tcp.c - connections: accepted outside, connected inside, spliced both ways.
 *
 * Bytes go from socket to socket through a pipe, without a copy in user space. A pipe is taken from
 * a stock when there is something in flight and goes back when it is empty, so that an idle
 * connection costs two descriptors. The end of one direction is passed on as such (shutdown); what
 * cannot be connected is reset, so that the caller sees a refusal and no silence.
 */
#include "forward.h"

#include "util/fd.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

#define PIPE_SIZE   (1 << 20) /* wanted; less where the user's limit is reached */
#define STOCK_MAX   16
#define ACCEPT_MAX  64 /* in one turn, so that open connections are served, too */
#define SPLICES_MAX 16

struct pipe_pair {
	int out, in; /* read end, write end */
};
struct side {
	struct event event;
	struct connection *c;
	int fd;
	uint32_t watched;
	struct pipe_pair pipe; /* what was read here and is not written to the other side yet */
	size_t held;
	bool eof, shut; /* nothing more comes from here; the other side was told */
};
struct connection {
	struct forward *f;
	struct side side[2]; /* outside, inside */
	bool over;
	struct connection *next; /* of those that are over */
};
struct door {
	struct event event;
	struct forward *f;
	struct listener l;
	bool closed; /* for want of descriptors */
	struct door *next;
};
struct tcp {
	struct pipe_pair stock[STOCK_MAX];
	size_t stocked;
	struct connection *over;
	struct door *doors;
};

/* ---- pipes ---- */

static int pipe_take(struct tcp *t, struct pipe_pair *p)
{
	int fds[2];

	if (t->stocked) {
		*p = t->stock[--t->stocked];
		return 0;
	}
	if (pipe2(fds, O_CLOEXEC | O_NONBLOCK) < 0)
		return -1;
	fcntl(fds[1], F_SETPIPE_SZ, PIPE_SIZE);
	*p = (struct pipe_pair){ fds[0], fds[1] };
	return 0;
}

static void pipe_give(struct tcp *t, struct pipe_pair *p, bool empty)
{
	if (p->out < 0)
		return;
	if (empty && t->stocked < STOCK_MAX) {
		t->stock[t->stocked++] = *p;
	} else {
		close(p->out);
		close(p->in);
	}
	p->out = p->in = -1;
}

/* ---- one connection ---- */

static void doors_open(struct tcp *t)
{
	for (struct door *d = t->doors; d; d = d->next)
		if (d->closed) {
			d->closed = false;
			forward_watch(d->f, d->l.fd, EPOLLIN, &d->event);
		}
}

static void end(struct connection *c, bool reset)
{
	struct linger now = { .l_onoff = 1, .l_linger = 0 };

	if (c->over)
		return;
	for (int i = 0; i < 2; i++) {
		struct side *s = &c->side[i];

		if (reset && s->fd >= 0)
			setsockopt(s->fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
		/* the group's process may still hold it open: closing it here does not end its events */
		if (s->watched)
			forward_watch(c->f, s->fd, 0, &s->event);
		auto_close_fd(&s->fd);
		pipe_give(c->f->tcp, &s->pipe, s->held == 0);
	}
	c->over = true;
	c->next = c->f->tcp->over;
	c->f->tcp->over = c;
	doors_open(c->f->tcp);
}

void tcp_turn_end(struct forward *f)
{
	if (!f->tcp)
		return;
	while (f->tcp->over) {
		struct connection *c = f->tcp->over;

		f->tcp->over = c->next;
		free(c);
	}
}

/* From one side to the other as far as it goes; -1: the connection is broken. */
static int pump(struct side *from, struct side *to)
{
	struct tcp *t = from->c->f->tcp;

	for (int i = 0; i < SPLICES_MAX; i++) {
		ssize_t got = 0, put = 0;

		if (from->pipe.out < 0 && !from->eof && pipe_take(t, &from->pipe) < 0)
			return errno == EMFILE || errno == ENFILE ? 0 : -1;
		if (!from->eof) {
			got = splice(from->fd, NULL, from->pipe.in, NULL, PIPE_SIZE,
				     SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
			if (got < 0 && errno != EAGAIN && errno != EINTR)
				return -1;
			if (got == 0)
				from->eof = true;
			if (got > 0)
				from->held += (size_t)got;
		}
		if (from->held) {
			put = splice(from->pipe.out, NULL, to->fd, NULL, from->held,
				     SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
			if (put < 0 && errno != EAGAIN && errno != EINTR)
				return -1;
			if (put > 0)
				from->held -= (size_t)put;
		}
		if (!from->held)
			pipe_give(t, &from->pipe, true);
		if (from->eof && !from->held && !from->shut) {
			shutdown(to->fd, SHUT_WR);
			from->shut = true;
		}
		if ((got <= 0 && put <= 0) || from->shut)
			break;
	}
	return 0;
}

/* Reads are wanted unless bytes wait to be written; writes only then. */
static void rewatch(struct connection *c)
{
	for (int i = 0; i < 2; i++) {
		struct side *s = &c->side[i], *other = &c->side[!i];
		uint32_t want = 0;

		if (!s->eof && !s->held)
			want |= EPOLLIN | EPOLLRDHUP;
		if (other->held)
			want |= EPOLLOUT;
		if (want == s->watched)
			continue;
		s->watched = want;
		forward_watch(c->f, s->fd, want, &s->event);
	}
}

static void carry(struct connection *c)
{
	if (pump(&c->side[0], &c->side[1]) < 0 || pump(&c->side[1], &c->side[0]) < 0)
		end(c, true);
	else if (c->side[0].shut && c->side[1].shut)
		end(c, false);
	else
		rewatch(c);
}

static void side_ready(struct event *e, uint32_t events)
{
	struct side *s = (struct side *)e;
	struct connection *c = s->c;

	if (c->over)
		return;
	if (events & EPOLLERR)
		end(c, true);
	else
		carry(c);
}

/* ---- new ones ---- */

void tcp_begin(struct forward *f, int outside, uint16_t port)
{
	struct connection *c = xcalloc(1, sizeof(*c));
	int on = 1;

	if (!f->tcp)
		f->tcp = xcalloc(1, sizeof(*f->tcp));
	c->f = f;
	for (int i = 0; i < 2; i++)
		c->side[i] = (struct side){
			.event.ready = side_ready, .c = c, .fd = -1, .pipe = { -1, -1 }
		};
	c->side[0].fd = outside;
	c->side[1].fd = forward_connect(f, port, SOCK_STREAM);
	setsockopt(outside, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (c->side[1].fd < 0) {
		end(c, true);
		return;
	}
	setsockopt(c->side[1].fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	/* inside of one machine it is connected by now; if not, that is one more thing to wait for */
	carry(c);
}

static void door_ready(struct event *e, uint32_t events)
{
	struct door *d = (struct door *)e;

	for (int i = 0; i < ACCEPT_MAX; i++) {
		int fd = accept4(d->l.fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd >= 0) {
			tcp_begin(d->f, fd, d->l.port);
			continue;
		}
		if (errno == EMFILE || errno == ENFILE) { /* until one of ours ends */
			d->closed = true;
			forward_watch(d->f, d->l.fd, 0, &d->event);
		}
		if (errno != ECONNABORTED)
			return;
	}
}

void tcp_add(struct forward *f, const struct listener *l)
{
	struct door *d = xcalloc(1, sizeof(*d));

	if (!f->tcp)
		f->tcp = xcalloc(1, sizeof(*f->tcp));
	*d = (struct door){ .event.ready = door_ready, .f = f, .l = *l, .next = f->tcp->doors };
	f->tcp->doors = d;
	f->listening++;
	forward_watch(f, l->fd, EPOLLIN, &d->event);
}
