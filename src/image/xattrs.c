/*
 * xattrs.c - the extended attributes that a layer holds, read from files and set on them.
 */
#include "xattrs.h"

#include "image/layer_tar.h"
#include "util/log.h"
#include "util/owner_mark.h"

#include <errno.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/xattr.h>

void xattrs_done(struct xattrs *x)
{
	vec_each (&x->v, one) {
		free(one->name);
		free(one->value);
	}
	vec_done(&x->v);
}

bool xattr_kept(const char *name)
{
	if (strncmp(name, "user.", 5) == 0)
		return strncmp(name, "user.overlay.", 13) != 0 && !owner_mark_is(name);
	return strcmp(name, "security.capability") == 0 ||
	       strcmp(name, "system.posix_acl_access") == 0 ||
	       strcmp(name, "system.posix_acl_default") == 0;
}

void xattrs_add(struct xattrs *x, const char *name, const void *value, size_t n)
{
	struct xattr *one = vec_add(&x->v);

	*one = (struct xattr){ xstrdup(name), xmalloc(n + 1), n };
	memcpy(one->value, value, n);
}

int xattrs_set(int fd, const struct xattrs *x, struct error *err)
{
	vec_each (&x->v, one) {
		if (fsetxattr(fd, one->name, one->value, one->n, 0) == 0)
			continue;
		if (errno != EOPNOTSUPP && errno != EPERM && errno != EINVAL)
			return error_sys(err, "set extended attribute %s", one->name);
		log_debug("image: extended attribute %s cannot be kept here", one->name);
	}
	return 0;
}

/*
 * A capability set in a user namespace carries the host's id of its root (revision 3). In a layer
 * it means the image's root: revision 2, without it.
 */
static void capability_plain(struct xattr *x)
{
	struct vfs_ns_cap_data *cap = x->value;

	if (x->n != sizeof(*cap) || (cap->magic_etc & VFS_CAP_REVISION_MASK) != VFS_CAP_REVISION_3)
		return;
	cap->magic_etc = (cap->magic_etc & ~(uint32_t)VFS_CAP_REVISION_MASK) | VFS_CAP_REVISION_2;
	x->n = sizeof(struct vfs_cap_data);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct xattr *)a)->name, ((const struct xattr *)b)->name);
}

static int value_read(int fd, const char *name, struct xattrs *x, struct error *err)
{
	auto_free char *value = xmalloc(XATTR_VALUE_MAX);
	ssize_t n = fgetxattr(fd, name, value, XATTR_VALUE_MAX);

	if (n < 0)
		return error_sys(err, "read extended attribute %s", name);
	xattrs_add(x, name, value, (size_t)n);
	if (strcmp(name, "security.capability") == 0)
		capability_plain(&x->v.v[x->v.n - 1]);
	return 0;
}

int xattrs_read(int fd, struct xattrs *x, bool *opaque, struct error *err)
{
	char small[1024], value[2];
	auto_free char *large = NULL;
	char *names = small;
	ssize_t n = flistxattr(fd, small, sizeof(small));

	if (n < 0 && errno == ERANGE) {
		names = large = xmalloc(XATTR_ALL_MAX);
		n = flistxattr(fd, large, XATTR_ALL_MAX);
	}
	if (n < 0)
		return errno == EOPNOTSUPP ? 0 : error_sys(err, "list extended attributes");
	for (const char *name = names; name < names + n; name += strlen(name) + 1) {
		if (opaque && strcmp(name, LAYER_XATTR_OPAQUE) == 0)
			*opaque = fgetxattr(fd, name, value, sizeof(value)) == 1 && *value == 'y';
		if (strcmp(name, "user.overlay.metacopy") == 0 ||
		    strcmp(name, "user.overlay.redirect") == 0)
			return error_set(err, ERR_UNSUPPORTED,
					 "%s: this tree was not written by us", name);
		if (xattr_kept(name) && value_read(fd, name, x, err) < 0)
			return -1;
	}
	if (x->v.n > 1)
		qsort(x->v.v, x->v.n, sizeof(*x->v.v), by_name);
	return 0;
}
