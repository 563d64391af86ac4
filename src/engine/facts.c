/*
 * facts.c - what the host has and allows, found once.
 *
 * Every question costs a system call on the way of `run`: only what spec.c needs is asked here.
 */
#include "engine/facts.h"

#include "util/fd.h"

#include <sys/resource.h>
#include <sys/utsname.h>

#define CGROUP_HYBRID "/sys/fs/cgroup/unified"

/* Which v2 tree there is; controllers are those that its root hands out. */
static void find_cgroup(struct host_facts *f)
{
	struct error ignored = { 0 }; /* no such file means: no such tree */
	auto_done(str) struct str text = { 0 };
	const char *tree = "/sys/fs/cgroup/cgroup.controllers";

	if (file_read(AT_FDCWD, tree, &text, 4096, &ignored) < 0) {
		f->cgroup = xstrdup(access(CGROUP_HYBRID "/cgroup.procs", F_OK) == 0
					    ? "v2 without controllers"
					    : "none");
		return;
	}
	while (text.len && text.s[text.len - 1] == '\n')
		text.s[--text.len] = '\0';
	if (text.len)
		strv_split(&f->cgroup_controllers, text.s, ' ');
	f->cgroup = xstrdup(text.len ? "v2" : "v2 without controllers");
}

int host_facts_find(const struct userns *u, struct host_facts *f, struct error *err)
{
	struct rlimit lim;

	memset(f, 0, sizeof(*f));
	f->userns = *u;
	if (userns_maps(&f->uids, &f->gids, err) < 0)
		return -1;
	f->can_mknod = u->mode == USERNS_HOST && f->uids.n == 1 && f->uids.v[0].count == UINT32_MAX;
	if (getrlimit(RLIMIT_NOFILE, &lim) == 0) {
		f->max_nofile_known = true;
		f->nofile_soft = lim.rlim_cur;
		f->nofile_hard = lim.rlim_max;
	}
	f->selinux = access("/sys/fs/selinux/enforce", F_OK) == 0;
	f->mqueue = access("/dev/mqueue", F_OK) == 0;
	f->cgroup2 = access("/sys/fs/cgroup/cgroup.controllers", F_OK) == 0;
	f->apparmor = access("/sys/kernel/security/apparmor/profiles", F_OK) == 0;
	return 0;
}

int host_facts_describe(struct host_facts *f, struct error *err)
{
	struct utsname names;

	if (uname(&names) < 0)
		return error_sys(err, "uname");
	free(f->arch);
	f->arch = xstrdup(names.machine);
	if (!f->cgroup)
		find_cgroup(f);
	return 0;
}

void host_facts_done(struct host_facts *f)
{
	vec_done(&f->uids);
	vec_done(&f->gids);
	strv_done(&f->cgroup_controllers);
	free(f->cgroup);
	free(f->arch);
	memset(f, 0, sizeof(*f));
}
