/*
 * time.c - a time namespace of the container's own, with its offsets.
 *
 * Theory of operation: offsets can be written only while nobody is in the namespace, and who makes
 * one is not in it, its children would be. So a helper makes it, writes, and hands the descriptor
 * over; init joins, for which it must have a memory of its own (create.c sees to that).
 */
#include "clone.h"
#include "create.h"
#include "init.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

struct helper {
	const struct spec_time_offsets *offsets;
	struct error *err;
	int fd;
};

static int offsets_write(int fd, const char *clock, const struct spec_time_offset *o,
			 struct error *err)
{
	char line[96];
	int n;

	if (!o)
		return 0;
	n = snprintf(line, sizeof(line), "%s %lld %lld\n", clock,
		     (long long)(o->secs == UNSET ? 0 : o->secs),
		     (long long)(o->nanosecs == UNSET ? 0 : o->nanosecs));
	return write(fd, line, (size_t)n) != n ? error_sys(err, "linux.timeOffsets.%s", clock) : 0;
}

/* Our own files in /proc are not ours while we must not be looked into. */
static int offsets_open(void)
{
	/* path: the host's procfs */
	int fd = open("/proc/self/timens_offsets", O_WRONLY | O_CLOEXEC), dumpable;

	if (fd >= 0 || errno != EACCES)
		return fd;
	dumpable = prctl(PR_GET_DUMPABLE);
	prctl(PR_SET_DUMPABLE, 1);
	/* path: the same */
	fd = open("/proc/self/timens_offsets", O_WRONLY | O_CLOEXEC);
	prctl(PR_SET_DUMPABLE, dumpable);
	return fd;
}

static int offsets_set(const struct spec_time_offsets *o, struct error *err)
{
	int fd = offsets_open(), status;

	if (fd < 0)
		return error_sys(err, "linux.timeOffsets");
	status = offsets_write(fd, "monotonic", o->monotonic, err);
	if (status == 0)
		status = offsets_write(fd, "boottime", o->boottime, err);
	close(fd);
	return status;
}

static int helper_run(void *arg)
{
	struct helper *h = arg;

	if (unshare(CLONE_NEWTIME) < 0)
		return error_sys(h->err, "make a time namespace");
	if (h->offsets && offsets_set(h->offsets, h->err) < 0)
		return 1;
	/* path: the host's procfs */
	h->fd = open("/proc/self/ns/time_for_children", O_RDONLY | O_CLOEXEC);
	return h->fd < 0 ? error_sys(h->err, "open the time namespace") : 0;
}

int step_time(struct init *in, struct error *err)
{
	struct helper h = { .offsets = in->plan->spec->linux_.time_offsets, .err = err, .fd = -1 };
	struct clone_request r = { .flags = CLONE_FILES, .cgroup = -1, .run = helper_run, .arg = &h };
	pid_t pid;
	int status;

	if (!(in->plan->new_namespaces & CLONE_NEWTIME))
		return 0;
	pid = clone_shared(&r);
	if (pid < 0)
		return error_sys(err, "make a process");
	child_reap(pid);
	if (h.fd < 0)
		return err->kind ? -1 : error_set(err, ERR_SYSTEM, "the helper was killed");
	status = setns(h.fd, CLONE_NEWTIME);
	if (status < 0)
		error_sys(err, "enter the time namespace");
	close(h.fd);
	return status;
}
