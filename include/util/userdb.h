/*
 * userdb.h - users and groups of a rootfs: our own reader, never the host's NSS.
 *
 * /etc/passwd and /etc/group are opened in the root, must be regular files, and are read up to
 * 1 MiB with lines of at most 4 KiB. The one parser of USER, --user, --chown and `exec -u`.
 */
#ifndef UTIL_USERDB_H
#define UTIL_USERDB_H

#include "util/error.h"
#include "util/vec.h"

#include <stdbool.h>
#include <sys/types.h>

struct user {
	uid_t uid;
	gid_t gid;
	VEC(gid_t) groups; /* supplementary; empty when a group was given */
	char *home;	   /* from passwd; "/" when unknown */
	char *name;	   /* NULL when the uid has no entry */
};
void user_done(struct user *u);
/*
 * text is NULL or "" (root), "name", "uid", "name:group", "uid:gid". All digits are a number from
 * 0 to 2^32-2 and never a name; a number without entry has gid 0; with one, that entry's gid.
 * Unknown names: ERR_NOTFOUND "no user 'x' in /etc/passwd". root_fd -1: numbers only.
 */
int user_find(int root_fd, const char *text, struct user *u, struct error *err);
/* As COPY --chown wants it: a user alone sets the gid to the same number. */
int user_find_owner(int root_fd, const char *text, uid_t *uid, gid_t *gid, struct error *err);
int group_find(int root_fd, const char *text, gid_t *gid, struct error *err);

#endif
