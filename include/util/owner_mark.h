/*
 * owner_mark.h - whose a file is meant to be, where the file system cannot say: single mode.
 *
 * Theory of operation: with one id only every file is the caller's. What chown(2) was told is kept
 * in an extended attribute of the file itself, so it follows the file through renames, links and
 * overlayfs's copies and goes when the file goes. Links, FIFOs and sockets can have none; for them,
 * and where there are no attributes at all, a note is appended to a file beside the tree, by inode
 * number and time of birth (numbers are used again). Neither is ever part of a layer: what they say
 * ends in the layer's sidecar (store/owners.h).
 */
#ifndef UTIL_OWNER_MARK_H
#define UTIL_OWNER_MARK_H

#include "util/error.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define OWNER_MARK  "user.hod.owner" /* "UID:GID", or "UID:GID:TYPE:RDEV" of a device's stand-in */
#define OWNER_NOTES "owner-notes"    /* a file of struct owner_note, the last of an inode counts */

struct owner_mark {
	uid_t uid;
	gid_t gid;
	mode_t type; /* S_IFCHR, S_IFBLK: the empty file stands for such a device; 0 */
	dev_t rdev;
};
/* Which file a note is about; as overlayfs shows it, not as the layer's file system does. */
struct owner_key {
	uint64_t ino;
	int64_t born_s;
	uint64_t born_ns;
};
struct owner_note {
	struct owner_key key;
	struct owner_mark mark;
};

/* Is it one of ours, that no layer and no copy holds? */
bool owner_mark_is(const char *xattr);
/*
 * fd is a descriptor of any kind. proc: -1, or our own /proc where that has no name; then it
 * becomes the working directory. 1, or 0 when there is none; what is not to be understood is none.
 */
int owner_mark_get(int proc, int fd, struct owner_mark *m);
/* 0:0 and no device removes it. -1 and errno, ENOTSUP when only a note can say it. */
int owner_mark_set(int proc, int fd, const struct owner_mark *m);
/* The same of a descriptor that can be read, without /proc. */
int owner_mark_read(int fd, struct owner_mark *m);
/* The same for name, not followed, in an open directory. */
int owner_mark_get_at(int dirfd, const char *name, struct owner_mark *m);
int owner_mark_set_at(int dirfd, const char *name, const struct owner_mark *m);

/* fd may be O_PATH. *mount (may be NULL) is the id of the mount it is on. -1 and errno. */
int owner_key_of(int fd, struct owner_key *key, uint64_t *mount);
/*
 * A link that was copied up from a layer below changes its number when the tree is mounted again
 * (overlayfs cannot keep its origin): a second note knows it by path, relative to the rootfs.
 */
struct owner_key owner_key_by_path(const char *path, const struct owner_key *key);
int owner_note_add(int notes, const struct owner_note *n); /* -1 and errno */
/* The last note of key in the open file: 1, 0. */
int owner_note_find(int notes, const struct owner_key *key, struct owner_mark *m);

#endif
