/*
 * bridge.h - private to net: joining bridges, in the host's namespace or in the keeper's.
 */
#ifndef NET_BRIDGE_H
#define NET_BRIDGE_H

#include "net/net.h"
#include "rtnl.h"

/*
 * The bridge of j's network is made when it is missing (as root with its address, rules and
 * forwarding), an address is chosen apart from the leases, and a link into the namespace ns is set
 * up as interface number `n`. *a is filled and yours. Lock held.
 */
int bridge_join(struct netdir *d, struct net_join *j, const leases *all, const char *id, unsigned n,
		struct rtnl *here, int ns, struct rtnl *inside, struct attachment *a,
		struct error *err);
/* The way out by this network, unless there is one by another. */
int bridge_route(struct rtnl *inside, const struct attachment *a, struct error *err);
/* The host's end of interface n of a container. */
void bridge_port_name(const char *id, unsigned n, char name[LINK_NAME_MAX]);

#endif
