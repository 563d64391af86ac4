/*
 * published.c - the published ports of one container: their sockets, their forwarder, and the next one.
 *
 * Never  allocates once the container runs, but in a child (net_ports_join).
 */
#include "published.h"

#include "forward.h"
#include "group.h"
#include "net/net.h"
#include "util/fd.h"
#include "util/msg.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

struct published {
	const struct lease *lease;
	listeners listeners;	    /* none, if it is of a group */
	struct forward_group group; /* whose fd is the forwarder's alone */
	struct ip target;
	pid_t forwarder; /* 0: none */
	int control;	 /* to it, or -1 */
};

/* ---- the forwarder ---- */

static int forwarder_start(struct published *p, int ns, struct error *err)
{
	const struct lease *l = p->lease;
	auto_close int ours = -1, theirs = -1;
	int socks[2];
	pid_t pid;

	if (msg_pair(socks, err) < 0)
		return -1;
	ours = socks[0];
	theirs = socks[1];
	pid = forward_start(&p->listeners, &p->group, theirs, ns, &p->target,
			    l->name ? l->name : l->id, err);
	if (pid < 0)
		return -1;
	p->forwarder = pid;
	auto_close_fd(&p->control);
	p->control = take_fd(&ours);
	return 0;
}

static void forwarder_end(struct published *p)
{
	if (p->forwarder > 0) {
		kill(p->forwarder, SIGKILL);
		while (waitpid(p->forwarder, NULL, 0) < 0 && errno == EINTR)
			;
	}
	p->forwarder = 0;
}

/* ---- up and down ---- */

static int target_find(const struct lease *l, struct ip *ip)
{
	vec_each (&l->attachments, a)
		if (a->ip && ip_parse(a->ip, ip))
			return 0;
	vec_each (&l->attachments, a)
		if (a->ip6 && ip_parse(a->ip6, ip))
			return 0;
	return -1;
}

static void group_ports(const struct lease *l, struct forward_group *g)
{
	vec_each (&l->ports, p) {
		struct group_port one = { .host_port = (uint16_t)p->host_port,
					  .port = (uint16_t)p->port };

		if (ip_parse(p->host, &one.host))
			vec_push(&g->ports, one);
	}
}

static int open_all(struct published *p, struct netdir *d, struct lease *l, const leases *all,
		    int ns, struct error *err)
{
	int status;

	if (target_find(l, &p->target) < 0)
		return error_set(err, ERR_INVALID, "ports cannot be published without an address");
	if (l->group) {
		p->group.fd = group_join(d, l, all, err);
		status = p->group.fd < 0 ? -1 : 0;
		if (status == 0)
			group_ports(l, &p->group);
	} else {
		status = listeners_open(&l->ports, &p->listeners, err);
	}
	if (status == 0)
		status = forwarder_start(p, ns, err);
	auto_close_fd(&p->group.fd);
	p->group.fd = -1;
	return status;
}

struct published *published_open(struct netdir *d, struct lease *l, const leases *all, int ns,
				 struct error *err)
{
	struct published *p = xcalloc(1, sizeof(*p));

	p->lease = l;
	p->control = p->group.fd = -1;
	if (open_all(p, d, l, all, ns, err) == 0)
		return p;
	published_free(p);
	return NULL;
}

void published_free(struct published *p)
{
	if (!p)
		return;
	forwarder_end(p);
	auto_close_fd(&p->control);
	listeners_done(&p->listeners);
	vec_done(&p->group.ports);
	free(p);
}

/* ---- while it runs ---- */

int net_ports_watch(const struct net *n)
{
	return n->published ? n->published->control : -1;
}

enum net_ports net_ports_hear(struct net *n)
{
	struct published *p = n->published;
	struct error ignored = { 0 }; /* the end of the forwarder is told as such */
	struct msg m;

	if (p->control >= 0 && msg_recv(p->control, &m, &ignored) > 0) {
		auto_close_fd(&m.fd);
		return m.type == MSG_DETACH ? NET_PORTS_ALONE : NET_PORTS_UP;
	}
	forwarder_end(p);
	return NET_PORTS_DOWN;
}

enum net_ports net_ports_start(struct net *n, struct error *err)
{
	if (forwarder_start(n->published, n->ns, err) < 0)
		return NET_PORTS_DOWN;
	return n->published->group.ports.n ? NET_PORTS_ALONE : NET_PORTS_UP;
}

int net_ports_join(struct net *n, struct error *err)
{
	struct published *p = n->published;
	auto_close int fd = group_join_again(&n->dir, p->lease->id, err);

	return fd < 0 ? -1 : msg_send(p->control, MSG_CONNECTION, NULL, 0, fd, err);
}
