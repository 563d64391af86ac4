/*
 * cgroup_apply.c - limits written into a cgroup, now or while its container runs; and the reason
 * when one cannot be.
 *
 * Never  leaves a limit out that was asked for: it is set, or the error names the controller that
 *        is missing and who holds it.
 */
#include "cgroup.h"

#include "device_filter.h"
#include "util/bits.h"
#include "util/fd.h"
#include "util/path.h"

#include <errno.h>
#include <stdio.h>

/* ---- who holds it ---- */

/* The controller in /proc/cgroups: 1 in a v1 hierarchy, 0 free, -1 not in this kernel, -2 disabled */
static int v1_state(const char *controller)
{
	auto_free char *text = cgroup_get(AT_FDCWD, "/proc/cgroups");
	const char *name = str_eq(controller, "io") ? "blkio" : controller;
	char *save = NULL;

	for (char *l = strtok_r(text, "\n", &save); l; l = strtok_r(NULL, "\n", &save)) {
		char word[32];
		int hierarchy, count, enabled;

		if (sscanf(l, "%31s %d %d %d", word, &hierarchy, &count, &enabled) == 4 &&
		    strcmp(word, name) == 0)
			return !enabled ? -2 : hierarchy > 0 ? 1 : 0;
	}
	return -1;
}

/* The nearest cgroup above that has the controller itself, or NULL: it does not hand it down. */
static char *holder_of(const char *path, const char *controller, uid_t *owner)
{
	auto_free char *at = xstrdup(path);

	for (;;) {
		auto_close int dir = -1;
		auto_free char *has = NULL;
		struct stat st;
		char *end = strrchr(at, '/');

		if (!at[1] || !end)
			return NULL;
		end[end == at ? 1 : 0] = '\0';
		dir = cgroup_open_at(at);
		if (dir < 0)
			continue;
		has = cgroup_get(dir, "cgroup.controllers");
		if (cgroup_has_word(has, controller)) {
			*owner = fstat(dir, &st) == 0 ? st.st_uid : 0;
			return take_ptr(&at);
		}
	}
}

static const char *owner_name(uid_t owner)
{
	if (owner == geteuid())
		return owner ? "us" : "root";
	return owner ? "another user" : "root"; /* in a user namespace root is one */
}

static int missing_v1(const char *controller, const char *what, struct error *err)
{
	int state = v1_state(controller);

	if (state == 1) {
		error_set(err, ERR_UNSUPPORTED,
			  "%s: the %s controller is held by cgroup v1; hod uses v2 only", what,
			  controller);
		return error_hint(err, "boot with systemd.unified_cgroup_hierarchy=1 or "
				       "cgroup_no_v1=all");
	}
	if (state == -2)
		return error_set(err, ERR_UNSUPPORTED,
				 "%s: the %s controller is disabled on the kernel's command line",
				 what, controller);
	return error_set(err, ERR_UNSUPPORTED,
			 "%s: this machine has no cgroup v2 with a %s controller", what, controller);
}

int cgroup_missing(const char *path, const char *controller, const char *what, struct error *err)
{
	enum cgroup_tree tree;
	auto_close int mount = cgroup_mount_open(&tree);
	auto_free char *has = mount < 0 ? xstrdup("") : cgroup_get(mount, "cgroup.controllers");
	auto_free char *holder = NULL;
	uid_t owner = 0;

	if (tree != CGROUP_TREE_PURE || !cgroup_has_word(has, controller)) {
		auto_free char *own = cgroup_path_of(0);

		/* where the root of what we see is not the machine's own, it may be held above */
		if (tree == CGROUP_TREE_PURE && v1_state(controller) == 0)
			return error_set(err, ERR_UNSUPPORTED,
					 "%s: the %s controller is held outside of %s, the cgroup "
					 "that we were given",
					 what, controller, str_eq(own, "/") ? "/" : "our tree");
		return missing_v1(controller, what, err);
	}
	holder = holder_of(path ? path : "/x", controller, &owner);
	error_set(err, ERR_UNSUPPORTED,
		  "%s: the %s controller is held by cgroup %s, which belongs to %s and hands it to "
		  "none below",
		  what, controller, holder ? holder : "/", owner_name(owner));
	return error_hint(err, "'hod info' shows what cgroup is used and why; 'hod setup cgroup' "
			       "prints what root has to do");
}

/* ---- lists ---- */

/* The kernel takes what is not there, and then uses what is: no limit at all. */
static int list_check(int dir, const struct cgroup_setting *s, struct error *err)
{
	struct bits wanted, there;
	auto_free char *file = xasprintf("../%s.effective", s->file);
	auto_free char *available = cgroup_get(dir, file);

	if (!bits_parse(s->value, &wanted))
		return error_set(err, ERR_INVALID, "%s=%s: must be a list such as 0-3,7", s->file,
				 s->value);
	if (!*available || !bits_parse(available, &there))
		return 0;
	if (!bits_within(&wanted, &there))
		return error_set(err, ERR_INVALID, "%s: not available: requested %s, available %s",
				 s->file, s->value, available);
	return 0;
}

/* ---- writing ---- */

/* Swap that is not accounted for is as good as unlimited or none, which is all that was asked. */
static bool is_moot(const struct cgroup_setting *s)
{
	return str_eq(s->file, "memory.swap.max") &&
	       (str_eq(s->value, "max") || str_eq(s->value, "0"));
}

static int refuse(int dir, const char *path, const struct cgroup_setting *s, struct error *err)
{
	auto_free char *controller = cgroup_controller_of(s->file);
	auto_free char *has = cgroup_get(dir, "cgroup.controllers");
	auto_free char *what = xasprintf("%s=%s", s->file, s->value);

	if (controller && !cgroup_has_word(has, controller))
		return cgroup_missing(path, controller, what, err);
	return error_set(err, ERR_UNSUPPORTED,
			 "%s: this kernel's cgroups have no such file, though they have the %s "
			 "controller",
			 what, controller ? controller : "needed");
}

static int write_one(int dir, const struct cgroup_setting *s)
{
	auto_free char *now = NULL, *value = NULL;
	const char *rest;

	if (!s->keep_first)
		return cgroup_put(dir, s->file, s->value);
	now = cgroup_get(dir, s->file);
	now[strcspn(now, " ")] = '\0';
	rest = strchr(s->value, ' ');
	value = *now && rest ? xasprintf("%s%s", now, rest) : xstrdup(s->value);
	return cgroup_put(dir, s->file, value);
}

static int apply_one(int dir, const char *path, const struct cgroup_setting *s, struct error *err)
{
	bool list = str_eq(s->file, "cpuset.cpus") || str_eq(s->file, "cpuset.mems");

	if (list && list_check(dir, s, err) < 0)
		return -1;
	if (write_one(dir, s) == 0)
		return 0;
	if (errno == ENOENT && s->other && cgroup_put(dir, s->other, s->other_value) == 0)
		return 0;
	if (s->is_default || (errno == ENOENT && is_moot(s)))
		return 0;
	if (errno == ENOENT)
		return refuse(dir, path, s, err);
	error_sys(err, "%s=%s", s->file, s->value);
	if (err->sys == EINVAL || err->sys == ERANGE)
		err->kind = ERR_INVALID;
	return -1;
}

int cgroup_settings_apply(int dir, const char *path, const cgroup_settings *s, struct error *err)
{
	vec_each (s, one)
		if (apply_one(dir, path, one, err) < 0)
			return error_add(err, "linux.resources");
	return 0;
}

/* ---- update ---- */

/* What is missing at the cgroup but there above it is handed down, where that is ours to do. */
static void hand_down(const char *path, const cgroup_settings *s)
{
	auto_free char *above = xstrdup(path);
	auto_close int dir = -1;
	char *end = strrchr(above, '/');

	if (!end || end == above)
		return;
	*end = '\0';
	vec_each (s, one) {
		auto_free char *controller = cgroup_controller_of(one->file);
		auto_free char *plus = controller ? xasprintf("+%s", controller) : NULL;
		auto_free char *parent = xstrdup(above);

		if (!controller)
			continue;
		/* from the nearest: one that cannot is not ours, and those above need not be asked */
		end = strrchr(parent, '/');
		if (end && str_eq(end + 1, CGROUP_HOME)) {
			auto_close int top = -1;

			*end = '\0';
			top = cgroup_open_at(*parent ? parent : "/");
			if (top >= 0)
				cgroup_put(top, "cgroup.subtree_control", plus);
		}
		if (dir < 0)
			dir = cgroup_open_at(above);
		if (dir >= 0)
			cgroup_put(dir, "cgroup.subtree_control", plus);
	}
}

static int check_usage(int dir, const struct spec_resources *r, struct error *err)
{
	auto_free char *text = NULL;
	uint64_t used;

	if (!r->memory || r->memory->check_before_update != 1 || r->memory->limit <= 0)
		return 0;
	text = cgroup_get(dir, "memory.current");
	if (str_u64(text, &used) && used > (uint64_t)r->memory->limit)
		return error_set(err, ERR_BUSY,
				 "linux.resources: memory.max=%lld: %llu bytes are in use",
				 (long long)r->memory->limit, (unsigned long long)used);
	return 0;
}

int cgroup_update(const char *cgroup, const struct spec_resources *r, struct error *err)
{
	return cgroup_update_defaults(cgroup, r, NULL, err);
}

int cgroup_update_defaults(const char *cgroup, const struct spec_resources *r, const char *defaults,
			   struct error *err)
{
	cgroup_settings s = { 0 };
	auto_close int dir = cgroup ? cgroup_open_at(cgroup) : -1;
	int status;

	if (cgroup_settings_plan(r, defaults, &s, err) < 0) {
		cgroup_settings_done(&s);
		return -1;
	}
	if (dir < 0 && cgroup && errno == ENOENT) {
		status = error_set(err, ERR_NOTFOUND, "cgroup %s is gone", cgroup);
	} else if (dir < 0 && s.n > 0) {
		auto_free char *controller = cgroup_controller_of(s.v[0].file);

		status = cgroup_missing(cgroup, controller ? controller : "cgroup", s.v[0].file, err);
	} else if (dir < 0) {
		status = r->devices.n ? error_set(err, ERR_UNSUPPORTED,
						  "linux.resources.devices: there is no cgroup")
				      : 0;
	} else {
		status = check_usage(dir, r, err);
		if (status == 0)
			hand_down(cgroup, &s);
		if (status == 0)
			status = cgroup_settings_apply(dir, cgroup, &s, err);
		if (status == 0 && r->devices.n)
			status = device_filter_attach(dir, r, err);
	}
	cgroup_settings_done(&s);
	return status;
}
