/*
 * group_run.h - whether a member of a publish group is to get new connections, told as it changes.
 */
#ifndef MONITOR_GROUP_RUN_H
#define MONITOR_GROUP_RUN_H

#include "loop.h"

#include <stdbool.h>

struct monitor;

struct group_watch {
	struct watch updater; /* the child that tells; fd -1: none does */
	bool wanted, told;
};

/* While the container is served: by a child, since it takes a lock and memory. */
void group_want(struct monitor *m, bool ready);
/* At its start and its end: told when this returns. */
void group_settle(struct monitor *m, bool ready);

#endif
