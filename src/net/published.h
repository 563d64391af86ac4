/*
 * published.h - private to net: the published ports of one container, for as long as it runs.
 *
 * Theory of operation. Its listening sockets stay open here, in the monitor: so the ports are its
 * own whatever happens to the forwarder, and callers wait while that is started again. Between the
 * two there is a socket:
 *
 *	forwarder		monitor			a child of it
 *	  |- DETACH ------------->|  the group's process is gone
 *	  |			  |- fork ------------->|  group_join_again
 *	  |<------------------------- CONNECTION (fd) --|
 *	  |- end of file -------->|  the forwarder is gone
 */
#ifndef NET_PUBLISHED_H
#define NET_PUBLISHED_H

#include "lease.h"

struct published;
/* Of this lease, whose ports are completed; l stays the caller's, and lives longer. Lock held. */
struct published *published_open(struct netdir *d, struct lease *l, const leases *all, int ns,
				 struct error *err);
void published_free(struct published *p); /* NULL is harmless */

#endif
