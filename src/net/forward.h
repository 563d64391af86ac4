/*
 * forward.h - private to net: published ports without address translation.
 *
 * Theory of operation: one process for each container with published ports. Its listening sockets
 * were opened in the host's network namespace; then it enters the container's, so that what it
 * connects is inside. It splices between the two and goes with its monitor (PDEATHSIG). As root it
 * stands behind nftables: what those do not translate (::1, a flushed table, no nftables at all)
 * ends up here, and the port is visibly taken on the host.
 *
 * A socket of a group that shares one port (SO_REUSEPORT) is a listener like any other: whoever
 * is no longer to get connections closes its listeners and serves the open connections to their
 * end.
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
/* The process: its pid, or -1. target: the container's own address. */
pid_t forward_start(const listeners *l, int ns, const struct ip *target, struct error *err);

/* ---- between forward.c, forward_tcp.c and forward_udp.c ---- */

/* What an event is handed to; the first member of what it belongs to. */
struct event {
	void (*ready)(struct event *e, uint32_t events);
};
struct forward {
	int epoll;
	struct sockaddr_storage target; /* without the port */
	socklen_t target_size;
	size_t listening;
	struct tcp *tcp;
};
void forward_watch(struct forward *f, int fd, uint32_t events, struct event *e);
struct sockaddr_storage forward_address(const struct forward *f, uint16_t port);
void tcp_add(struct forward *f, const struct listener *l);
void tcp_turn_end(struct forward *f); /* frees what ended in this turn */
void udp_add(struct forward *f, const struct listener *l);
void udp_expire(struct forward *f); /* now and then */

#endif
