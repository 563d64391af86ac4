/*
 * idmap.c - mounts whose files appear with other owners.
 *
 * The kernel takes the map from a user namespace, so one is made for the purpose: by a child that
 * does nothing but be in it. The descriptor outlives it.
 */
#include "clone.h"
#include "create.h"
#include "plan.h"
#include "util/compat.h"
#include "util/fd.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/prctl.h>

static int stay(void *arg)
{
	(void)arg;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	pause(); /* every signal that it can get ends it */
	return 0;
}

int idmap_namespace(const id_maps *uids, const id_maps *gids, struct error *err)
{
	struct runtime_process child = RUNTIME_PROCESS_NONE;
	struct clone_request r = {
		.flags = CLONE_NEWUSER, .cgroup = -1, .pidfd = &child.pidfd, .run = stay
	};
	char path[64];
	int fd = -1;

	child.pid = clone_copied(&r);
	if (child.pid < 0)
		return error_sys(err, "make a user namespace for the ids");
	snprintf(path, sizeof(path), "/proc/%d/ns/user", (int)child.pid);
	if (userns_write_maps(child.pid, uids, gids, err) == 0) {
		fd = open(path, O_RDONLY | O_CLOEXEC); /* path: the host's procfs */
		if (fd < 0)
			error_sys(err, "open %s", path);
	}
	child_kill(&child);
	runtime_process_done(&child);
	return fd;
}

int idmap_apply(int tree, int namespace, bool all, struct error *err)
{
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_IDMAP, .userns_fd = (uint64_t) namespace };

	if (sys_mount_setattr(tree, "", AT_EMPTY_PATH | (all ? AT_RECURSIVE : 0), &attr,
			      sizeof(attr)) == 0)
		return 0;
	if (errno == EINVAL || errno == EOPNOTSUPP)
		return error_set(err, ERR_UNSUPPORTED,
				 "idmap: this file system cannot be shown with other owners");
	return error_sys(err, "idmap");
}
