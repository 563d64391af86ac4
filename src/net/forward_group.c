/*
 * forward_group.c - connections that the process of a group has accepted: one more source for a
 * forwarder, beside listeners of its own.
 */
#include "group.h"

#include "util/fd.h"
#include "util/msg.h"

#include <errno.h>

#define TAKE_MAX 64 /* in one turn, so that open connections are served, too */

struct source {
	struct event event;
	struct forward *f;
	int fd;
	const struct forward_group *group;
};

static const struct group_port *find(const struct forward_group *g, const struct group_door *at)
{
	vec_each (&g->ports, p)
		if (p->host_port == at->port && ip_equal(&p->host, &at->ip))
			return p;
	return NULL;
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
		if (r == 0 || (r < 0 && err.kind == ERR_SYSTEM)) { /* the process is gone */
			forward_watch(s->f, s->fd, 0, e);
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

void group_add(struct forward *f, const struct forward_group *group)
{
	struct source *s = xcalloc(1, sizeof(*s));
	struct error ignored = { 0 }; /* then it takes one a turn */

	*s = (struct source){ .event.ready = source_ready, .f = f, .fd = group->fd, .group = group };
	fd_nonblock(group->fd, true, &ignored);
	forward_watch(f, group->fd, EPOLLIN, &s->event);
}
