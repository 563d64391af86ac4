/*
 * devices.c - /dev, and the paths of /proc and /sys that are hidden or read-only.
 *
 * Never  follows what an image has at /dev: everything is made on one descriptor of the directory
 *        itself (CVE-2026-41579). What hides a file is the null device, taken from the host before
 *        the pivot and checked to be it (CVE-2025-31133).
 */
#include "init.h"

#include "util/compat.h"
#include "util/path.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* ---- /dev ---- */

static int dev_directory(struct init *in, struct error *err)
{
	struct open_how how = { .flags = O_PATH | O_DIRECTORY | O_CLOEXEC,
				.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS };

	if (in->dev >= 0)
		return 0;
	if (mkdirat(in->root, "dev", 0755) < 0 && errno != EEXIST)
		return error_sys(err, "make /dev");
	in->dev = sys_openat2(in->root, "dev", &how, sizeof(how));
	if (in->dev < 0)
		return error_sys(err, "/dev of the image");
	return 0;
}

/* What is left where a device was bound: a file, and empty. */
static bool place_is_there(int dir, const char *name)
{
	struct stat st;

	return fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode) &&
	       st.st_size == 0;
}

/* In a user namespace: the host's node, by bind. */
static int device_bind(int dir, const char *name, const struct plan_device *d, struct error *err)
{
	auto_close int tree = sys_open_tree(AT_FDCWD, d->path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	struct stat st;
	int file;

	if (tree < 0)
		return error_sys(err, "the host's %s", d->path);
	if (fstat(tree, &st) < 0 || (st.st_mode & S_IFMT) != (d->mode & S_IFMT) ||
	    st.st_rdev != d->dev)
		return error_set(err, ERR_UNSUPPORTED, "the host's %s is another device", d->path);
	file = openat(dir, name, O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, 0666);
	if (file >= 0)
		close(file);
	/* the place that was made for a container of the same rootfs before; move_mount follows no link */
	else if (errno != EEXIST || !place_is_there(dir, name))
		return error_sys(err, "make its place");
	if (sys_move_mount(tree, "", dir, name, MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return error_sys(err, "attach");
	return 0;
}

/* Whether what is there already is the device that is wanted. */
static bool device_is_there(int dir, const char *name, const struct plan_device *d)
{
	struct stat st;

	return fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       (st.st_mode & S_IFMT) == (d->mode & S_IFMT) && st.st_rdev == d->dev;
}

static int device_make(struct init *in, int dir, const char *name, const struct plan_device *d,
		       bool *bind, struct error *err)
{
	if (!*bind) {
		if (mknodat(dir, name, d->mode, d->dev) == 0) {
			if ((d->uid || d->gid) &&
			    fchownat(dir, name, d->uid, d->gid, AT_SYMLINK_NOFOLLOW) < 0)
				return error_sys(err, "owner");
			return 0;
		}
		if (errno == EEXIST && device_is_there(dir, name, d))
			return 0;
		if (errno == EEXIST && place_is_there(dir, name))
			return device_bind(dir, name, d, err);
		if (errno != EPERM)
			return error_sys(err, "make the device");
		*bind = true;
	}
	return device_bind(dir, name, d, err);
}

static int device_place(struct init *in, const struct plan_device *d, bool *bind, struct error *err)
{
	auto_free char *name = NULL;
	auto_close int dir = -1;

	if (str_starts(d->path, "/dev/") && !strchr(d->path + 5, '/'))
		return device_make(in, in->dev, d->path + 5, d, bind, err);
	dir = rootfs_parent(in->root, d->path, true, &name, err);
	if (dir < 0)
		return -1;
	return device_make(in, dir, name, d, bind, err);
}

static const struct {
	const char *name, *to;
} links[] = {
	{ "fd", "/proc/self/fd" },	 { "stdin", "/proc/self/fd/0" },
	{ "stdout", "/proc/self/fd/1" }, { "stderr", "/proc/self/fd/2" },
	{ "ptmx", "pts/ptmx" },
};

int step_devices(struct init *in, struct error *err)
{
	bool bind = false;
	mode_t mask;

	if (!in->plan->own_dev)
		return 0;
	if (dev_directory(in, err) < 0)
		return -1;
	mask = umask(0);
	vec_each (&in->plan->devices, d)
		if (device_place(in, d, &bind, err) < 0) {
			umask(mask);
			return error_add(err, "device %s", d->path);
		}
	umask(mask);
	for (size_t i = 0; i < ARRAY_SIZE(links); i++)
		if (symlinkat(links[i].to, in->dev, links[i].name) < 0 && errno != EEXIST)
			return error_sys(err, "link /dev/%s", links[i].name);
	return 0;
}

/* ---- what is hidden, what is read-only ---- */

/* A detached clone of /dev/null in in->null, checked. */
static int null_device(struct init *in, struct error *err)
{
	struct stat st;

	in->null = sys_open_tree(AT_FDCWD, "/dev/null", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	if (in->null < 0 || fstat(in->null, &st) < 0)
		return error_sys(err, "/dev/null");
	if (!S_ISCHR(st.st_mode) || st.st_rdev != makedev(1, 3))
		return error_set(err, ERR_SYSTEM, "/dev/null is not the null device");
	return 0;
}

/*
 * A path of the spec as a place: below a proc or sysfs of our own by its plain name, for there an
 * image has no say; else resolved in the root. *dir -1: it is not there.
 */
static int place_of(struct init *in, const char *path, int *dir, const char **name, bool *opened,
		    struct error *err)
{
	*opened = false;
	if (in->proc >= 0 && str_starts(path, "/proc/")) {
		*dir = in->proc;
		*name = path + 6;
		return 0;
	}
	if (in->sys >= 0 && str_starts(path, "/sys/")) {
		*dir = in->sys;
		*name = path + 5;
		return 0;
	}
	*name = "";
	*opened = true;
	return rootfs_find(in->root, path, dir, err) < 0 ? -1 : 0;
}

static int attach(int tree, int dir, const char *name)
{
	return sys_move_mount(tree, "", dir, name,
			      MOVE_MOUNT_F_EMPTY_PATH | (*name ? 0 : MOVE_MOUNT_T_EMPTY_PATH));
}

static bool is_absent(int sys)
{
	return sys == ENOENT || sys == ENOTDIR;
}

/*
 * The null device for one more place. The clone that was checked goes to the first; the others are
 * cloned from there, where it is attached (before Linux 6.15 nothing else can be cloned). None is
 * left over, for letting go of a detached mount has the kernel wait for all its processors.
 */
static int mask_file(struct init *in, int dir, const char *name, struct error *err)
{
	const unsigned flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH;
	auto_close int tree = -1;

	if (in->null < 0) {
		if (null_device(in, err) < 0)
			return -1;
		return attach(in->null, dir, name) < 0 ? error_sys(err, "hide") : 0;
	}
	tree = sys_open_tree(in->null, "", flags);
	if (tree < 0)
		return error_sys(err, "clone /dev/null");
	return attach(tree, dir, name) < 0 ? error_sys(err, "hide") : 0;
}

static int mask_directory(struct init *in, int dir, const char *name, struct error *err)
{
	auto_close int tree = empty_tree(in, err);

	if (tree < 0)
		return -1;
	return attach(tree, dir, name) < 0 ? error_sys(err, "hide the directory") : 0;
}

static int mask_one(struct init *in, const char *path, struct error *err)
{
	const char *name;
	struct stat st;
	bool opened;
	int dir = -1, status = 0;

	if (place_of(in, path, &dir, &name, &opened, err) < 0)
		return -1;
	if (dir < 0)
		return 0;
	if (fstatat(dir, name, &st, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW) < 0)
		status = is_absent(errno) ? 0 : error_sys(err, "look");
	else if (S_ISDIR(st.st_mode))
		status = mask_directory(in, dir, name, err);
	else
		status = mask_file(in, dir, name, err);
	if (opened)
		close(dir);
	return status;
}

static int readonly_one(struct init *in, const char *path, struct error *err)
{
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_RDONLY };
	const char *name;
	bool opened;
	auto_close int tree = -1;
	int dir = -1, status = 0;

	if (place_of(in, path, &dir, &name, &opened, err) < 0)
		return -1;
	if (dir < 0)
		return 0;
	tree = sys_open_tree(dir, name,
			     OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE |
				     AT_SYMLINK_NOFOLLOW | (*name ? 0 : AT_EMPTY_PATH));
	if (tree < 0)
		status = is_absent(errno) ? 0 : error_sys(err, "clone");
	else if (sys_mount_setattr(tree, "", AT_EMPTY_PATH | AT_RECURSIVE, &attr, sizeof(attr)) < 0)
		status = error_sys(err, "read-only");
	else if (attach(tree, dir, name) < 0)
		status = error_sys(err, "attach");
	if (opened)
		close(dir);
	return status;
}

int step_masks(struct init *in, struct error *err)
{
	const struct spec_linux *l = &in->plan->spec->linux_;

	strv_each (&l->readonly_paths, i)
		if (readonly_one(in, l->readonly_paths.v[i], err) < 0)
			return error_add(err, "read-only path %s", l->readonly_paths.v[i]);
	strv_each (&l->masked_paths, i)
		if (mask_one(in, l->masked_paths.v[i], err) < 0)
			return error_add(err, "masked path %s", l->masked_paths.v[i]);
	return 0;
}
