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

/* One that may be of a container of ours. */
static void sweep_one(struct store *st, const char *id)
{
	auto_done(container) struct container c;
	struct error unknown = { 0 }; /* it went meanwhile, or is no container at all */

	container_init(&c);
	if (container_id_held(st, id) == 0 && container_load(st, id, &c, &unknown) == 0)
		lost_cgroup_remove(st, &c);
}

void lost_cgroups_sweep(struct store *st)
{
	auto_done(strv) struct strv cgroups = { 0 }, ids = { 0 };
	struct error ignored = { 0 }; /* the next one sweeps */
	struct stat dir;
	size_t k = 0;

	/* with no other container in the store, none of its cgroups is left: others' are not looked at */
	if (fstat(st->dirs[STORE_CONTAINERS], &dir) == 0 && dir.st_nlink == LINKS_OF_ONE)
		return;
	if (dir_list(st->dirs[STORE_CONTAINERS], &ids, &ignored) < 0)
		return;
	runtime_cgroup_list(&cgroups);
	strv_sort(&ids);
	strv_sort(&cgroups);
	/* those that are in both, without a system call for each cgroup of other stores */
	strv_each (&cgroups, i) {
		while (k < ids.n && strcmp(ids.v[k], cgroups.v[i]) < 0)
			k++;
		if (k < ids.n && str_eq(ids.v[k], cgroups.v[i]))
			sweep_one(st, ids.v[k]);
	}
}
