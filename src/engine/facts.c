/*
 * facts.c - what the host has and allows, found once.
 *
 * Every question costs a system call on the way of `run`: only what spec.c needs is asked here.
 */
#include "engine/facts.h"

#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

int host_facts_find(const struct userns *u, struct host_facts *f, struct error *err)
{
	struct rlimit lim;

	memset(f, 0, sizeof(*f));
	f->userns = *u;
	if (userns_maps(&f->uids, &f->gids, err) < 0)
		return -1;
	f->can_mknod = userns_ids_are_hosts(u) && f->uids.n == 1 && f->uids.v[0].count == UINT32_MAX;
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
	if (!f->cgroup.version)
		cgroup_describe(&f->cgroup);
	return 0;
}

void host_facts_done(struct host_facts *f)
{
	vec_done(&f->uids);
	vec_done(&f->gids);
	cgroup_description_done(&f->cgroup);
	free(f->arch);
	memset(f, 0, sizeof(*f));
}
