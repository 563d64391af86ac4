/*
 * lease.h - private to net: writing leases, which is done under the run directory's lock.
 */
#ifndef NET_LEASE_H
#define NET_LEASE_H

#include "net/network.h"

/* As it was written last, whether its container lives or not. */
int lease_read(struct netdir *d, const char *id, struct lease *l, struct error *err);
int lease_save(struct netdir *d, const struct lease *l, struct error *err);
int lease_remove(struct netdir *d, const char *id, struct error *err); /* absent is success */
void attachment_done(struct attachment *a);

#endif
