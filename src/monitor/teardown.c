/*
 * teardown.c - what is left of a container when its process has ended.
 *
 * A pid namespace of its own has taken all its processes along. In a shared one the cgroup knows
 * them, and where there is none, they have become our children.
 */
#include "teardown.h"
#include "runtime/runtime.h"
#include "util/fd.h"
#include "util/log.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>

static bool own_pids(const struct spec *spec)
{
	const struct spec_namespace *ns = spec_namespace_find(spec, "pid");

	return ns && !ns->path;
}

void teardown_adopt(const struct spec *spec)
{
	if (!own_pids(spec))
		prctl(PR_SET_CHILD_SUBREAPER, 1);
}

/* Their children become ours in turn, so until there is none. */
static void kill_children(void)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/task/%d/children", (int)getpid());
	for (;;) {
		auto_done(str) struct str list = { 0 };
		struct error ignored = { 0 }; /* a kernel without this file: nothing more to do */
		char *at;

		if (file_read(AT_FDCWD, path, &list, 1 << 20, &ignored) < 0 || !list.len)
			return;
		for (at = list.s; *at;) {
			char *end;
			long pid = strtol(at, &end, 10);

			if (end == at)
				break;
			kill((pid_t)pid, SIGKILL);
			waitpid((pid_t)pid, NULL, 0);
			at = end + strspn(end, " \n");
		}
	}
}

void teardown_kill(const struct spec *spec, int pidfd, const char *cgroup)
{
	struct error ignored = { 0 }; /* init is gone; the cgroup may be empty */

	if (own_pids(spec))
		return;
	if (cgroup)
		runtime_kill(pidfd, cgroup, SIGKILL, true, &ignored);
	kill_children();
}

void teardown_cgroup(const char *cgroup)
{
	struct error e = { 0 };
	char text[ERROR_LINE_MAX];

	if (cgroup && runtime_cgroup_remove(cgroup, &e) < 0)
		log_warn("cgroup %s: %s", cgroup, error_text(&e, text, sizeof(text)));
}
