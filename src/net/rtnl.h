/*
 * rtnl.h - links, addresses and routes of one network namespace, by rtnetlink.
 */
#ifndef NET_RTNL_H
#define NET_RTNL_H

#include "net/address.h"
#include "util/rtnl.h"

#include <sys/socket.h>
#include <net/if.h>

/* 0: there is none */
int rtnl_index(struct rtnl *n, const char *name, unsigned *index, struct error *err);
/* Made when it is missing, and set up; *made says which. */
int rtnl_bridge_add(struct rtnl *n, const char *name, const uint8_t mac[6], bool *made,
		    struct error *err);
/* The pair: name here, below the bridge master; peer in the namespace ns, with the address mac. */
int rtnl_veth_add(struct rtnl *n, const char *name, unsigned master, const char *peer, int ns,
		  const uint8_t mac[6], struct error *err);
int rtnl_link_up(struct rtnl *n, unsigned index, unsigned master, struct error *err); /* 0: none */
int rtnl_link_delete(struct rtnl *n, const char *name, struct error *err); /* absent is success */
int rtnl_address_add(struct rtnl *n, unsigned index, const struct ip *ip, int prefix,
		     struct error *err); /* there already is success */
int rtnl_route_default(struct rtnl *n, const struct ip *gateway, struct error *err);
/* Is a route of the host inside of s, or s inside of one that is not the default's? 1, 0, -1 */
int rtnl_overlaps(struct rtnl *n, const struct subnet *s, struct subnet *with, struct error *err);
/* The first address of the link that is in no host-only scope: 1, 0, -1 */
int rtnl_address_find(struct rtnl *n, unsigned index, int family, struct ip *ip, int *prefix,
		      struct error *err);

#endif
