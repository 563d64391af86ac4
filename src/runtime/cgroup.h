/*
 * cgroup.h - the v2 cgroup of a container, where there is one to be had.
 */
#ifndef RUNTIME_CGROUP_H
#define RUNTIME_CGROUP_H

#include "oci/spec.h"
#include "util/error.h"

/*
 * Makes the cgroup that the spec names, below the mount as root or below our own cgroup, and
 * applies the spec's resources. *fd is its directory and *path what the public functions take; -1
 * and NULL where none can be made, which is an error only when resources were asked for.
 */
int cgroup_make(const struct spec *spec, int *fd, char **path, struct error *err);
int cgroup_open_of(pid_t pid);	      /* the directory of a process's v2 cgroup, or -1 */
int cgroup_open_at(const char *path); /* as in the "0::" line; -1 and errno */

#endif
