/*
 * helper.h - private to net: slirp4netns and pasta, the network without root.
 */
#ifndef NET_HELPER_H
#define NET_HELPER_H

#include "net/net.h"
#include "rtnl.h"

/* For the resolv.conf of containers behind slirp4netns. */
#define SLIRP_ADDRESS "10.0.2.100"
#define SLIRP_GATEWAY "10.0.2.2"
#define SLIRP_SUBNET  "10.0.2.0/24"

/* Starts it for the namespace ns and waits until the network is there. *life: it goes when closed. */
pid_t helper_start(const char *mode, int ns, struct rtnl *inside, int *life, struct error *err);
/* slirp4netns as the gateway of a bridge: its tap in the namespace ns, not configured. */
pid_t helper_start_tap(int ns, const char *tap, const char *cidr, int *life, struct error *err);

#endif
