/*
 * netns.h - a network namespace without a process in it: it lives as long as its descriptor.
 */
#ifndef NET_NETNS_H
#define NET_NETNS_H

#include "rtnl.h"

/* ns: in: an existing namespace to look into, or -1: a new one, which becomes yours. */
int netns_open(int *ns, struct rtnl *inside, struct error *err);

#endif
