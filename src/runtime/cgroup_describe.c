/*
 * cgroup_describe.c - what cgroup_make.c would do here, told without doing it: `info`, `doctor`.
 */
#include "cgroup.h"

#include "util/fd.h"
#include "util/path.h"

#include <unistd.h>

static void tell(struct cgroup_description *d, const char *driver, const char *place, char *why)
{
	d->driver = driver;
	d->place = xstrdup_or_null(place);
	d->why = why;
}

static void add_controllers(struct cgroup_description *d, const char *path)
{
	auto_close int dir = cgroup_open_at(path);
	auto_free char *text = dir < 0 ? xstrdup("") : cgroup_get(dir, "cgroup.controllers");

	if (*text)
		strv_split(&d->controllers, text, ' ');
}

static bool may_divide(const char *path, bool *empty)
{
	auto_close int dir = cgroup_open_at(path);
	auto_free char *procs = NULL;

	if (dir < 0 || faccessat(dir, "cgroup.subtree_control", W_OK, AT_EACCESS) < 0 ||
	    faccessat(dir, "cgroup.procs", W_OK, AT_EACCESS) < 0)
		return false;
	procs = cgroup_get(dir, "cgroup.procs");
	*empty = !*procs || faccessat(dir, "cgroup.type", F_OK, 0) < 0;
	return true;
}

/* The nearest above (or our own) that is ours to divide and holds no process. Yours, or NULL. */
static char *nearest(const char *own)
{
	auto_free char *at = xstrdup(own);
	bool empty;

	for (;;) {
		char *end = strrchr(at, '/');

		if (may_divide(at, &empty) && empty)
			return take_ptr(&at);
		if (!at[1] || !end)
			return NULL;
		end[end == at ? 1 : 0] = '\0';
	}
}

static void describe_systemd(struct cgroup_description *d, uid_t uid)
{
	auto_free char *path = xstrdup("/");

	if (uid) {
		free(path);
		path = xasprintf("/user.slice/user-%u.slice/user@%u.service", (unsigned)uid,
				 (unsigned)uid);
	}
	tell(d, "systemd", path,
	     xasprintf("a transient scope of %s for containers with limits",
		       uid ? "the user's service manager" : "systemd"));
	add_controllers(d, path);
}

static void describe_pure(struct cgroup_description *d)
{
	auto_free char *own = cgroup_path_of(0), *above = NULL, *manager = NULL;
	bool empty;
	uid_t uid;

	if (!own)
		own = xstrdup("/");
	if (cgroup_is_ours(&own)) {
		tell(d, "cgroupfs", own, xstrdup("our own cgroup was delegated to us"));
		add_controllers(d, own);
		return;
	}
	manager = cgroup_systemd_runs() ? cgroup_manager_socket(&uid) : NULL;
	if (manager && access(manager, F_OK) == 0) {
		describe_systemd(d, uid);
		return;
	}
	above = nearest(own);
	if (above) {
		tell(d, "cgroupfs", above, xstrdup("the nearest cgroup that is ours to divide"));
		add_controllers(d, above);
	} else if (may_divide(own, &empty)) {
		tell(d, "cgroupfs", own,
		     xstrdup("our own cgroup, whose processes move to a leaf for limits"));
		add_controllers(d, own);
	} else {
		tell(d, "none", NULL,
		     xasprintf("our cgroup %s is not ours to divide%s; see 'hod setup cgroup'", own,
			       manager ? ", and no service manager runs for us" : ""));
	}
}

void cgroup_describe(struct cgroup_description *d)
{
	enum cgroup_tree tree;
	int mount = cgroup_mount_open(&tree);
	auto_free char *v1 = NULL;

	auto_close_fd(&mount); /* only which tree it is was to be known */
	*d = (struct cgroup_description){ .version = "" };
	if (tree == CGROUP_TREE_PURE) {
		d->version = "2";
		describe_pure(d);
		return;
	}
	v1 = cgroup_get(AT_FDCWD, "/proc/self/cgroup");
	for (const char *l = v1; *l; l += strcspn(l, "\n"), l += *l == '\n')
		if (!str_starts(l, "0::"))
			d->version = "1";
	tell(d, "none", NULL,
	     xstrdup(tree == CGROUP_TREE_HYBRID
			     ? "the controllers are in cgroup v1; v2 serves to freeze and kill"
		     : *d->version ? "the controllers are in cgroup v1, which hod does not use"
				   : "no cgroup file system is mounted"));
}

void cgroup_description_done(struct cgroup_description *d)
{
	free(d->place);
	free(d->why);
	strv_done(&d->controllers);
}
