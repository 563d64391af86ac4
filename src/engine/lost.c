/*
 * lost.c - cgroups of containers whose monitor was killed: nobody else has removed them.
 *
 * Theory of operation: a monitor removes the cgroup of its container when that has ended. One that
 * was killed with SIGKILL could not. Whoever comes by does it: who looks at such a container, and
 * who starts one and finds others' cgroups beside. The lock is what tells that nothing lives in
 * one: it is held meanwhile, so that nobody starts the container in it.
 */
#include "engine/container.h"
#include "engine/lost.h"

#include "runtime/runtime.h"
#include "util/fd.h"
#include "util/log.h"

#include <sys/stat.h>

#define LINKS_OF_ONE 3 /* of a directory with one other in it, where the file system counts them */

void lost_cgroup_remove(struct store *st, const struct container *seen)
{
	struct error busy = { 0 }; /* then it lives, or is removed: nothing for us to do */
	struct error failed = { 0 };
	auto_done(container) struct container c;
	auto_close int lock = -1;
	char text[ERROR_LINE_MAX];

	container_init(&c);
	if (container_is_alive(seen) || !runtime_cgroup_exists(seen->state.cgroup))
		return;
	if (container_load(st, seen->id, &c, &busy) < 0 || container_is_alive(&c))
		return;
	lock = container_lock(st, &c, &busy);
	/* read again: it may have been started and have ended, in another cgroup, meanwhile */
	if (lock < 0 || !str_eq(c.state.cgroup, seen->state.cgroup))
		return;
	if (runtime_cgroup_remove(c.state.cgroup, &failed) < 0)
		log_warn("cgroup %s: %s", c.state.cgroup, error_text(&failed, text, sizeof(text)));
}

void lost_cgroups_sweep(struct store *st)
{
	auto_done(strv) struct strv names = { 0 };
	struct stat dir;

	/* with no other container in the store, none of its cgroups is left: others' are not looked at */
	if (fstat(st->dirs[STORE_CONTAINERS], &dir) == 0 && dir.st_nlink == LINKS_OF_ONE)
		return;
	runtime_cgroup_list(&names);
	strv_each (&names, i) {
		auto_done(container) struct container c;
		struct error unknown = { 0 }; /* another store's, or another program's */

		container_init(&c);
		if (container_id_held(st, names.v[i]) != 0)
			continue;
		if (container_load(st, names.v[i], &c, &unknown) == 0)
			lost_cgroup_remove(st, &c);
	}
}
