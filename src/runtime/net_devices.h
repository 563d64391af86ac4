/*
 * net_devices.h - links of the host that move into the container: linux.netDevices.
 */
#ifndef RUNTIME_NET_DEVICES_H
#define RUNTIME_NET_DEVICES_H

#include "oci/spec.h"

#include <sys/types.h>

/*
 * Moves them from our network namespace to that of the process pid, with their permanent global
 * addresses, and sets them up. inside: a netlink socket of that namespace, lent. ERR_NOTFOUND for a
 * link that is not there, ERR_EXISTS for a name that is taken inside.
 */
int net_devices_move(const struct spec_linux *l, pid_t pid, int inside, struct error *err);

#endif
