/*
 * subid.h - which subordinate ids a user may use, as subuid(5) and subgid(5) say it.
 */
#ifndef SUBID_H
#define SUBID_H

#include "util/error.h"
#include "util/vec.h"

#include <stdint.h>
#include <sys/types.h>

struct id_range {
	uint32_t start, count;
};
typedef VEC(struct id_range) id_ranges;

#define SUBID_RANGES_MAX 32 /* of one user; more are left out */

/*
 * Appends the ranges that a subuid or subgid file grants to user (may be NULL) or to uid written
 * as a number. Lines that are not "owner:start:count" in range, and ranges that overlap an
 * earlier one or hold the id own (which is mapped already), are left out.
 */
void subid_parse(const char *text, size_t n, const char *user, uid_t uid, uint32_t own,
		 id_ranges *ranges);

/*
 * Both kinds of the user uid, from the source that /etc/nsswitch.conf names: 1, or 0 with the
 * reason why there are none.
 */
int subid_load(uid_t uid, gid_t gid, id_ranges *uids, id_ranges *gids, char *reason, size_t size);

#endif
