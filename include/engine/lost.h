/*
 * lost.h - what a monitor that was killed has left behind of its container.
 */
#ifndef ENGINE_LOST_H
#define ENGINE_LOST_H

#include "store/container.h"

/* Removes the cgroup of a container that is not alive, if it is still there. Warns at most. */
void lost_cgroup_remove(struct store *st, const struct container *c);
/* The same for all containers of the store whose cgroups are where new ones are made. */
void lost_cgroups_sweep(struct store *st);

#endif
