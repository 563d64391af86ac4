/*
 * facts.h - what the host has and allows, found once; the input of engine/spec.c beside request
 * and image. Below it nobody asks "am I rootless".
 */
#ifndef ENGINE_FACTS_H
#define ENGINE_FACTS_H

#include "runtime/cgroup.h"
#include "util/error.h"
#include "util/str.h"
#include "util/userdb.h"
#include "util/userns.h"

struct host_facts {
	struct userns userns;
	id_maps uids, gids; /* of our own user namespace */
	bool can_mknod;	    /* real root, no user namespace */
	bool max_nofile_known;
	uint64_t nofile_soft, nofile_hard;
	bool selinux, apparmor;
	bool mqueue;  /* the host has /dev/mqueue */
	bool cgroup2; /* and cgroup v2 alone: controllers may be had */
	/* only after host_facts_describe(): */
	struct cgroup_description cgroup;
	char *arch;
};
int host_facts_find(const struct userns *u, struct host_facts *f, struct error *err);
/* What `info` and `doctor` tell beyond that, and `run` need not ask. */
int host_facts_describe(struct host_facts *f, struct error *err);
void host_facts_done(struct host_facts *f);

#endif
