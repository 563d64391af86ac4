/*
 * forward_udp.c - datagrams: one socket inside for each caller outside, for as long as they talk.
 *
 * An answer leaves by the address that the question came to (IP_PKTINFO), as the caller expects.
 */
#include "forward.h"

#include "util/fd.h"
#include "util/text.h"

#include <errno.h>
#include <netinet/in.h>
#include <unistd.h>

#define DATAGRAM_MAX 65536
#define CALLERS_MAX  1024
#define IDLE_NS	     (60 * NSEC_PER_SEC)
#define TURN_MAX     64 /* datagrams read in one go */

struct caller {
	struct event event;
	struct gate *gate;
	int fd; /* inside, connected */
	struct sockaddr_storage from;
	socklen_t from_size;
	unsigned char control[64]; /* where it came to, as we were told */
	size_t control_size;
	int64_t last_ns;
};
struct gate {
	struct event event;
	struct forward *f;
	struct listener l;
	struct caller *callers[CALLERS_MAX];
	size_t n;
	struct gate *next;
};
static struct gate *gates; /* this process is the forwarder and nothing else */
static char datagram[DATAGRAM_MAX];

static void forget(struct gate *g, size_t i)
{
	close(g->callers[i]->fd);
	free(g->callers[i]);
	g->callers[i] = g->callers[--g->n];
}

void udp_expire(struct forward *f)
{
	static int64_t last;
	int64_t now = time_monotonic_ns();

	if (!gates || now - last < NSEC_PER_SEC)
		return;
	last = now;
	for (struct gate *g = gates; g; g = g->next)
		for (size_t i = g->n; i-- > 0;)
			if (now - g->callers[i]->last_ns > IDLE_NS)
				forget(g, i);
}

static void answer_ready(struct event *e, uint32_t events)
{
	struct caller *c = (struct caller *)e;

	for (int i = 0; i < TURN_MAX; i++) {
		ssize_t n = recv(c->fd, datagram, sizeof(datagram), 0);
		struct iovec io = { datagram, n > 0 ? (size_t)n : 0 };
		struct msghdr m = { .msg_name = &c->from,
				    .msg_namelen = c->from_size,
				    .msg_iov = &io,
				    .msg_iovlen = 1,
				    .msg_control = c->control_size ? c->control : NULL,
				    .msg_controllen = c->control_size };

		if (n < 0)
			return; /* nothing more, or nobody listens inside (ECONNREFUSED) */
		c->last_ns = time_monotonic_ns();
		sendmsg(c->gate->l.fd, &m, 0);
	}
}

/* The oldest makes room: a flood of callers costs callers, not memory. */
static void make_room(struct gate *g)
{
	size_t oldest = 0;

	for (size_t i = 1; i < g->n; i++)
		if (g->callers[i]->last_ns < g->callers[oldest]->last_ns)
			oldest = i;
	forget(g, oldest);
}

static struct caller *caller_new(struct gate *g, const struct msghdr *m)
{
	struct caller *c;
	int fd = forward_connect(g->f, g->l.port, SOCK_DGRAM);

	if (fd < 0)
		return NULL;
	if (g->n == CALLERS_MAX)
		make_room(g);
	c = xcalloc(1, sizeof(*c));
	c->event.ready = answer_ready;
	c->gate = g;
	c->fd = fd;
	memcpy(&c->from, m->msg_name, m->msg_namelen);
	c->from_size = m->msg_namelen;
	if (m->msg_controllen <= sizeof(c->control)) {
		memcpy(c->control, m->msg_control, m->msg_controllen);
		c->control_size = m->msg_controllen;
	}
	g->callers[g->n++] = c;
	forward_watch(g->f, fd, EPOLLIN, &c->event);
	return c;
}

static struct caller *caller_find(struct gate *g, const struct msghdr *m)
{
	for (size_t i = 0; i < g->n; i++)
		if (g->callers[i]->from_size == m->msg_namelen &&
		    memcmp(&g->callers[i]->from, m->msg_name, m->msg_namelen) == 0)
			return g->callers[i];
	return caller_new(g, m);
}

static void gate_ready(struct event *e, uint32_t events)
{
	struct gate *g = (struct gate *)e;

	for (int i = 0; i < TURN_MAX; i++) {
		struct sockaddr_storage from = { 0 };
		unsigned char control[64] __attribute__((aligned(8)));
		struct iovec io = { datagram, sizeof(datagram) };
		struct msghdr m = { .msg_name = &from,
				    .msg_namelen = sizeof(from),
				    .msg_iov = &io,
				    .msg_iovlen = 1,
				    .msg_control = control,
				    .msg_controllen = sizeof(control) };
		ssize_t n = recvmsg(g->l.fd, &m, 0);
		struct caller *c;

		if (n < 0)
			return;
		c = caller_find(g, &m);
		if (!c)
			continue;
		c->last_ns = time_monotonic_ns();
		send(c->fd, datagram, (size_t)n, 0);
	}
}

void udp_add(struct forward *f, const struct listener *l)
{
	struct gate *g = xcalloc(1, sizeof(*g));

	g->event.ready = gate_ready;
	g->f = f;
	g->l = *l;
	g->next = gates;
	gates = g;
	f->listening++;
	forward_watch(f, l->fd, EPOLLIN, &g->event);
}
