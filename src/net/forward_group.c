/*
 * forward_group.c - connections that the process of a group has accepted: one more source for a
 * forwarder, beside listeners of its own.
 *
 * When that process is gone the monitor is told, and sends a connection to the next one
 * (published.h); what is open goes on meanwhile.
 */
#include "group.h"

#include "util/fd.h"
#include "util/msg.h"

#include <errno.h>
#include <stddef.h>
#include <unistd.h>

#define TAKE_MAX 64 /* in one turn, so that open connections are served, too */

struct source {
	struct event event;
	struct forward *f;
	int fd; /* -1: there is none now */
	const struct forward_group *group;
	struct {
		struct event event;
		int fd;
	} control;
};

static const struct group_port *find(const struct forward_group *g, const struct group_door *at)
{
	vec_each (&g->ports, p)
		if (p->host_port == at->port && ip_equal(&p->host, &at->ip))
			return p;
	return NULL;
}

static void source_lost(struct source *s)
{
	struct error ignored = { 0 }; /* who does not listen is gone, and we are about to go, too */

	forward_watch(s->f, s->fd, 0, &s->event);
	auto_close_fd(&s->fd);
	s->fd = -1;
	msg_send(s->control.fd, MSG_DETACH, NULL, 0, -1, &ignored);
}

static void source_ready(struct event *e, uint32_t events)
{
	struct source *s = (struct source *)e;

	for (int i = 0; i < TAKE_MAX; i++) {
		struct error err = { 0 };
		const struct group_port *p;
		struct group_door at;
		struct msg m;
		int r = msg_recv(s->fd, &m, &err);

		if (r < 0 && (err.sys == EAGAIN || err.sys == EINTR))
			return;
		if (r == 0 || (r < 0 && err.kind == ERR_SYSTEM)) {
			source_lost(s);
			return;
		}
		if (r < 0)
			continue; /* no descriptor was left for it */
		if (m.type != MSG_CONNECTION || m.size != sizeof(at) || m.fd < 0) {
			auto_close_fd(&m.fd);
			continue;
		}
		memcpy(&at, m.payload, sizeof(at));
		p = find(s->group, &at);
		if (p)
			tcp_begin(s->f, m.fd, p->port);
		else
			close(m.fd);
	}
}

static void source_open(struct source *s, int fd)
{
	struct error ignored = { 0 }; /* then it takes one a turn */

	s->fd = fd;
	fd_nonblock(fd, true, &ignored);
	forward_watch(s->f, fd, EPOLLIN, &s->event);
}

static void control_ready(struct event *e, uint32_t events)
{
	struct source *s = (struct source *)((char *)e - offsetof(struct source, control));
	struct error ignored = { 0 };
	struct msg m;

	if (msg_recv(s->control.fd, &m, &ignored) <= 0) {
		forward_watch(s->f, s->control.fd, 0, e);
		return;
	}
	if (m.type != MSG_CONNECTION || m.fd < 0) {
		auto_close_fd(&m.fd);
		return;
	}
	if (s->fd >= 0) {
		forward_watch(s->f, s->fd, 0, &s->event);
		close(s->fd);
	}
	source_open(s, m.fd);
}

void group_add(struct forward *f, const struct forward_group *group, int control)
{
	struct source *s = xcalloc(1, sizeof(*s));

	*s = (struct source){ .event.ready = source_ready, .f = f, .fd = -1, .group = group };
	s->control.event.ready = control_ready;
	s->control.fd = control;
	forward_watch(f, control, EPOLLIN, &s->control.event);
	if (group->fd >= 0)
		source_open(s, group->fd);
}
