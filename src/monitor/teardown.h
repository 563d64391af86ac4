/*
 * teardown.h - what is left of a container when its process has ended.
 */
#ifndef MONITOR_TEARDOWN_H
#define MONITOR_TEARDOWN_H

#include "oci/spec.h"
#include "store/container.h"

/*
 * A container that shares another's pid namespace can leave processes behind: they become our
 * children when teardown_adopt was called before it started, and teardown_kill ends them.
 */
void teardown_adopt(const struct spec *spec);
void teardown_kill(const struct spec *spec, int pidfd, const char *cgroup);
void teardown_cgroup(const char *cgroup);

#endif
