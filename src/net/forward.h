/*
 * forward.h - private to net: published ports without address translation.
 *
 * Theory of operation: one process for each container with published ports. Its listening sockets
 * were opened in the host's network namespace; then it enters the container's, so that what it
 * connects is inside. It splices between the two and goes with its monitor (PDEATHSIG). As root it
 * stands behind nftables: what those do not translate (::1, a flushed table, no nftables at all)
 * ends up here, and the port is visibly taken on the host.
 *
 * A member of a group that shares ports has no listeners: it gets connections from the group's
 * process (group.h), and serves those that are open to their end when it gets no more.
 */
#ifndef NET_FORWARD_H
#define NET_FORWARD_H

#include "net/network.h"

#include <sys/epoll.h>
#include <sys/socket.h>

struct listener {
	int fd;
	bool udp;
	uint16_t port; /* in the container */
};
typedef VEC(struct listener) listeners;
void listeners_done(listeners *l);

/*
 * Opens a socket for each port. Numbers that were left open are filled in, and a port of all
 * addresses becomes two, of both versions. ERR_BUSY: taken. ERR_DENIED: below the first port that
 * is free to all.
 */
int listeners_open(port_list *p, listeners *l, struct error *err);
/* Of a member of a group: from where it gets its connections, and where each goes. */
struct group_port {
	struct ip host;
	uint16_t host_port, port; /* port: in the container */
};
struct forward_group {
	int fd; /* of the group's process (group.h), or -1: none */
	VEC(struct group_port) ports;
};
/*
 * The process: its pid, or -1. control: a socket to its maker (published.h), or -1; target: the
 * container's own address; name: for ps.
 */
pid_t forward_start(const listeners *l, const struct forward_group *group, int control, int ns,
		    const struct ip *target, const char *name, struct error *err);
void forward_drop_rights(void); /* of a process that speaks with strangers: none is left */

/* ---- between forward.c, forward_tcp.c and forward_udp.c ---- */

/* What an event is handed to; the first member of what it belongs to. */
struct event {
	void (*ready)(struct event *e, uint32_t events);
	bool watched;
};
struct forward {
	int epoll;
	struct sockaddr_storage target; /* without the port */
	socklen_t target_size;
	size_t listening;
	struct tcp *tcp;
};
void forward_watch(struct forward *f, int fd, uint32_t events, struct event *e);
/*
 * A socket to the container's port, by the address it has now; it may not be connected yet, and
 * says EAGAIN until then. -1 and errno.
 */
int forward_connect(struct forward *f, uint16_t port, int type);
void tcp_add(struct forward *f, const struct listener *l);
/* A connection that was accepted (and is non-blocking): taken. */
void tcp_begin(struct forward *f, int outside, uint16_t port);
void group_add(struct forward *f, const struct forward_group *group, int control);
void tcp_turn_end(struct forward *f); /* frees what ended in this turn */
void udp_add(struct forward *f, const struct listener *l);
void udp_expire(struct forward *f); /* now and then */

#endif
