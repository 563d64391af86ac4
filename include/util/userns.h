/*
 * userns.h - becoming root of a user namespace, in this very process, and what maps it has.
 *
 * Theory of operation: main.c calls userns_enter() for commands with NEED_NAMESPACE. A root user
 * stays where it is. Others get a user namespace (and a mount namespace, so that they may mount):
 *   range   subordinate ids and newuidmap are there: 0 is the caller, 1.. are the ranges
 *   single  only the caller's own id, as 0
 * A small child that stays outside runs newuidmap and newgidmap on us. Below main code asks "may I".
 */
#ifndef UTIL_USERNS_H
#define UTIL_USERNS_H

#include "util/error.h"
#include "util/vec.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct id_map {
	uint32_t inside, outside, count;
};
typedef VEC(struct id_map) id_maps;

enum userns_mode {
	USERNS_HOST, /* real root, no namespace of ours */
	USERNS_RANGE,
	USERNS_SINGLE,
};
struct userns {
	enum userns_mode mode;
	uid_t caller_uid; /* outside */
	gid_t caller_gid;
	char reason[160]; /* why not range: "no entry for 'u' in /etc/subuid", for info and doctor */
};
/*
 * What may be done in it. Below main and the commands that tell of modes, nobody asks for the mode:
 *   ids_are_hosts     a number in here is the same number outside
 *   may_chown         files and processes can be given other ids than the caller's
 *   may_mount_hosts   proc and sysfs of the host's own namespaces, which belong to the real root,
 * can be mounted anew instead of being taken as they are
 */
static inline bool userns_ids_are_hosts(const struct userns *u)
{
	return u->mode == USERNS_HOST;
}
static inline bool userns_may_chown(const struct userns *u)
{
	return u->mode != USERNS_SINGLE;
}
static inline bool userns_may_mount_hosts(const struct userns *u)
{
	return u->mode == USERNS_HOST;
}
/* force_single: HOD_USERNS=single, for those who want it (and for tests). */
int userns_enter(bool force_single, struct userns *u, struct error *err);
/*
 * The same by joining the namespace that the process `member` (a monitor of ours) is in, instead of
 * making one: only so can we share further namespaces with its container. Root stays where it is.
 */
int userns_join(pid_t member, struct userns *u, struct error *err);
/* For root, who has entered nothing: a mount namespace of its own, which follows the host's. */
int userns_own_mounts(const struct userns *u, struct error *err);
bool userns_is_initial(void); /* are we in the machine's own? */
/* The maps of this process, read from /proc/self/{u,g}id_map. */
int userns_maps(id_maps *uids, id_maps *gids, struct error *err);
bool userns_has_id(const id_maps *m, uint32_t inside);
/*
 * Writes the id maps of a process that has just entered a new user namespace below ours
 * (keep-id, OCI linux.uidMappings). We hold CAP_SETUID here.
 */
int userns_write_maps(pid_t pid, const id_maps *uids, const id_maps *gids, struct error *err);

#endif
