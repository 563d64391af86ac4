/*
 * keeper.h - private to net, but for network_keeper(): bridges without root.
 *
 * Theory of operation: one process of the user owns a user namespace and in it a network namespace
 * with the bridges. Members live in its user namespace, too (only so may they plug a link in), and
 * each holds a connection to it; with the last connection it goes, and all is gone. For each
 * network that is not internal it runs a slirp4netns as the gateway: number 2 of the subnet, with a
 * name server at number 3.
 *
 *	member			keeper
 *	  |- connect ---------->|
 *	  |<------------ READY -|  the network namespace
 *	  |- GO id,link,subnet ->|  starts the gateway, if there is none
 *	  |<------------ READY -|
 *	  |- DETACH id, link --->|  the container has left this network
 *	  |<------------ READY -|
 */
#ifndef NET_KEEPER_H
#define NET_KEEPER_H

#include "net/net.h"
#include "rtnl.h"

/* *connection is yours: it keeps the bridges. here: rtnetlink in the keeper's namespace. */
int keeper_open(struct netdir *d, int *connection, struct rtnl *here, struct error *err);
/*
 * The container is on the network of a, which is to have its gateway; waits for it. It counts for
 * the first connection that has named this container: its monitor's.
 */
int keeper_serve(int connection, const char *id, const struct attachment *a, struct error *err);
/* It is on it no more. */
int keeper_leave(int connection, const char *id, const struct attachment *a, struct error *err);

#endif
