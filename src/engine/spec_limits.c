/*
 * spec_limits.c - cgroupsPath and linux.resources: limits, and which devices may be used.
 *
 * Defaults are marked as such (ANNOTATION_DEFAULT_LIMITS): where they cannot be set the container
 * runs without, which is refused for what was asked for.
 */
#include "spec_parts.h"

#include "runtime/cgroup.h"

#define PIDS_DEFAULT 2048 /* SECURITY.md 3e */

/* Where: relative paths are for the runtime to place, see cgroup_make.c. */
static char *make_path(const struct run_request *r, const char *id)
{
	const char *parent = r->cgroup_parent;

	if (mode_is(r->cgroups, "disabled"))
		return NULL;
	if (mode_is(r->cgroups, "split"))
		return xasprintf("./hod/%s", id);
	if (!parent)
		return xasprintf("hod/%s", id);
	if (str_ends(parent, ".slice") && !strchr(parent, '/'))
		return xasprintf("%s:hod:%s", parent, id);
	return xasprintf("%s/%s", parent, id);
}

/*
 * A container without CAP_MKNOD in a file system without devices has none to be kept from. One that
 * may make nodes, or was given some, may use these and no others.
 */
static void make_device_rules(const struct spec_input *in, const struct spec *spec,
			      struct spec_resources *out)
{
	const struct spec_capabilities *caps = spec->process->capabilities;
	struct spec_device_rule *rule;
	bool given = in->mounts && in->mounts->rules.n > 0;

	if (!in->facts->can_mknod || in->request->privileged ||
	    (!given && !strv_has(&caps->bounding, "CAP_MKNOD")))
		return;
	rule = vec_add(&out->devices);
	rule->major = rule->minor = UNSET;
	rule->access = xstrdup("rwm");
	if (!in->mounts)
		return;
	vec_each (&in->mounts->rules, from) {
		rule = vec_add(&out->devices);
		*rule = *from;
		rule->type = xstrdup_or_null(from->type);
		rule->access = xstrdup_or_null(from->access);
	}
}

void spec_limits(const struct spec_input *in, struct spec *out)
{
	const struct run_request *r = in->request;
	struct spec_resources *res = xcalloc(1, sizeof(*res));
	bool swap_is_default, pids_is_default;

	out->linux_.cgroups_path = make_path(r, in->id);
	spec_resources_init(res);
	limits_to_resources(&r->limits, in->mounts ? in->mounts->block_io : NULL, res,
			    &swap_is_default);
	pids_is_default =
		r->limits.pids_limit == UNSET && in->facts->cgroup2 && out->linux_.cgroups_path;
	if (pids_is_default) {
		res->pids = xcalloc(1, sizeof(*res->pids));
		res->pids->limit = PIDS_DEFAULT;
	}
	make_device_rules(in, out, res);
	if (!res->memory && !res->cpu && !res->pids && !res->block_io && !res->unified.n &&
	    !res->devices.n) {
		spec_resources_done(res);
		free(res);
		return;
	}
	out->linux_.resources = res;
	if (swap_is_default || pids_is_default)
		strmap_set(&out->annotations, ANNOTATION_DEFAULT_LIMITS,
			   !pids_is_default   ? "memory.swap.max"
			   : !swap_is_default ? "pids.max"
					      : "memory.swap.max pids.max");
}
