/*
 * group.h - private to net: containers that share a port of the host.
 *
 * Theory of operation. The listening sockets of a group belong to one process of it
 * (group_serve.c), started by its first member and gone with its last. It accepts, and hands each
 * connection to the forwarder of one member in turn, over that member's own socket: so a member
 * comes and goes without a connection being lost in a socket that closes. As root the rules of
 * the firewall do the same before it, by a chain for each port that is made anew in one
 * transaction; the process then has only what those do not translate.
 *
 *	forwarder		group			whoever changes something (group_set)
 *	  |- GO (id) ------------>|
 *	  |			  |<------- CONTROL (id, serving) -|
 *	  |<- CONNECTION (port) --|-------- CONTROL (waiting) ---->|
 *
 * Who is a member is not noted anywhere but in the leases of containers that live, and in the
 * connections of their forwarders: both end with the container, whatever ends it.
 */
#ifndef NET_GROUP_H
#define NET_GROUP_H

#include "forward.h"
#include "net/group.h"

/* Where a connection came in: the host's side of a listener. */
struct group_door {
	struct ip ip;
	uint16_t port;
};
struct group_control {
	char id[65];
	uint8_t serving; /* asked: 1, 0; of the answer: whether connections wait for it */
	uint8_t change;	 /* 0: only asks */
};

/*
 * A connection to the group's process for the forwarder of l, whose ports are completed; the process
 * is started when there is none. Lock held. ERR_BUSY: others have the port, or the group has others.
 */
int group_join(struct netdir *d, struct lease *l, const leases *all, struct error *err);
/*
 * The same once more for a member that has lost the process, or its forwarder: it gets connections
 * as its lease says. Takes the lock.
 */
int group_join_again(struct netdir *d, const char *id, struct error *err);
/* Forks it: listeners are taken into it, listening is its socket for members; name: for ps. */
int group_serve_start(const listeners *l, int listening, const char *name, struct error *err);
/* Tells the process; *waiting: connections that the member has not taken yet. Nobody there: ERR_BUSY */
int group_tell(struct netdir *d, const struct lease *l, bool change, bool serving, bool *waiting,
	       struct error *err);

/* Is it to get new connections? */
bool group_serves(const struct lease *l);

#endif
