/*
 * group.h - containers that share published ports: who of them gets new connections.
 */
#ifndef NET_GROUP_FACE_H
#define NET_GROUP_FACE_H

#include "net/network.h"

enum group_change {
	GROUP_READY,	 /* it is up, and healthy where that is asked */
	GROUP_NOT_READY, /* it is not */
	GROUP_LEAVE,	 /* it is to end: no new connections, whatever its health is */
	GROUP_STAY,	 /* it is not to end after all */
};
/*
 * For the container of this ID, at once: connections that come after the return follow it. One that
 * has no lease, or is in no group: nothing is done. Takes the lock.
 */
int group_set(struct netdir *d, const char *id, enum group_change change, struct error *err);
/* 1: it serves, or is in no group; 0: not yet; -1. Takes the lock: what was being done is done. */
int group_is_member(struct netdir *d, const char *id, struct error *err);
/*
 * How many connections to its published ports are open, by the tables of its namespace; pid: a
 * process in it. What its forwarder has not taken yet counts, too. -1: failed.
 */
int group_connections(struct netdir *d, const struct lease *l, pid_t pid, struct error *err);

#endif
