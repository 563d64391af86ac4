/*
 * xattrs.h - private: the extended attributes that a layer holds.
 */
#ifndef XATTRS_H
#define XATTRS_H

#include "util/error.h"
#include "util/vec.h"

#include <stdbool.h>

#define XATTR_VALUE_MAX (64 << 10)
#define XATTR_ALL_MAX	(1 << 20) /* of one entry */

struct xattr {
	char *name;
	void *value;
	size_t n;
};
struct xattrs {
	VEC(struct xattr) v;
};
void xattrs_done(struct xattrs *x);
/*
 * user.* but for overlayfs's, security.capability and POSIX ACLs. The rest belongs to the host, or
 * would let an image steer the overlay.
 */
bool xattr_kept(const char *name);
void xattrs_add(struct xattrs *x, const char *name, const void *value, size_t n); /* copies */
/* Sets all; what the file system or the namespace cannot hold is left out, as all peers do. */
int xattrs_set(int fd, const struct xattrs *x, struct error *err);
/* Reads those that are kept, sorted by name, capabilities as root of the tree sees them. *opaque
 * (may be NULL): the directory hides what is below it. */
int xattrs_read(int fd, struct xattrs *x, bool *opaque, struct error *err);

#endif
