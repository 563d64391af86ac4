/*
 * hosts.h - private to net: the lines of /etc/hosts that depend on who is on a network.
 */
#ifndef NET_HOSTS_H
#define NET_HOSTS_H

#include "net/network.h"

/* Appends our part of the file of `self`: its own names, the host's, and its neighbours'. Pure. */
void hosts_make(const struct lease *self, const leases *all, const char *gateway, struct str *out);
/* Rewrites our part of the hosts files of all of them, in place: they are bind-mounted. */
void hosts_refresh(const leases *all);

#endif
