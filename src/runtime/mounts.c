/*
 * mounts.c - the container's root and what is mounted in it.
 *
 * Never  mounts by path: a target is an O_PATH descriptor that was resolved inside the root without
 *        magic links, a source is a detached tree; move_mount(2) joins the two. What an image has at
 *        a target can therefore be no way out (CVE-2021-30465, CVE-2019-19921 and their like).
 * Theory of operation: the rootfs is a detached tree. It is moved over the root directory of the new
 * mount namespace, the other mounts are moved onto it, and pivot_root(".", ".") puts it in place of
 * what lies below, which is then unmounted: nothing of the host is left to be reached.
 */
#include "init.h"

#include "util/compat.h"
#include "util/fd.h"
#include "util/path.h"
#include "util/tree.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <linux/magic.h>
#include <sys/mount.h>
#include <sys/vfs.h>

static int move_tree(int tree, int target)
{
	return sys_move_mount(tree, "", target, "",
			      MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
}

static int set_attributes(int fd, uint64_t set, uint64_t clear, uint64_t propagation, bool all)
{
	struct mount_attr attr = { .attr_set = set, .attr_clr = clear, .propagation = propagation };

	return sys_mount_setattr(fd, "", AT_EMPTY_PATH | (all ? AT_RECURSIVE : 0), &attr,
				 sizeof(attr));
}

/* ---- file systems of the container's own ---- */

/* What the file system itself has to say about the failure, in buf; or "". */
static const char *fs_complaint(int fs, char *buf, size_t size)
{
	int saved = errno;
	ssize_t n = read(fs, buf, size - 1);

	errno = saved;
	if (n <= 2 || buf[1] != ' ')
		return "";
	while (n > 0 && buf[n - 1] == '\n')
		n--;
	buf[n] = '\0';
	return buf + 2;
}

static int fs_error(int fs, const char *what, struct error *err)
{
	char buf[160];
	int saved = errno;
	const char *why = fs_complaint(fs, buf, sizeof(buf));

	errno = saved;
	error_sys(err, "%s", what);
	if (*why)
		error_add(err, "%s", why);
	return -1;
}

static int fs_option(int fs, const char *option, struct error *err)
{
	char key[64];
	size_t n = strcspn(option, "=");

	if (n >= sizeof(key))
		return error_set(err, ERR_INVALID, "option '%s'", option);
	memcpy(key, option, n);
	key[n] = '\0';
	if (sys_fsconfig(fs, option[n] ? FSCONFIG_SET_STRING : FSCONFIG_SET_FLAG, key,
			 option[n] ? option + n + 1 : NULL, 0) < 0)
		return fs_error(fs, option, err);
	return 0;
}

/* A new file system as a detached mount. */
static int fs_mount(const char *type, const char *source, const struct strv *data, uint64_t attr,
		    struct error *err)
{
	auto_close int fs = sys_fsopen(type, FSOPEN_CLOEXEC);
	int fd;

	if (fs < 0) {
		if (errno == ENODEV)
			return error_set(err, ERR_UNSUPPORTED,
					 "this kernel has no file system '%s'", type);
		return error_sys(err, "file system %s", type);
	}
	if (source && sys_fsconfig(fs, FSCONFIG_SET_STRING, "source", source, 0) < 0)
		return fs_error(fs, "source", err);
	for (size_t i = 0; data && i < data->n; i++)
		if (fs_option(fs, data->v[i], err) < 0)
			return -1;
	if (sys_fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return fs_error(fs, type, err);
	fd = sys_fsmount(fs, FSMOUNT_CLOEXEC, (unsigned)attr);
	if (fd < 0)
		return error_sys(err, "mount %s", type);
	return fd;
}

int init_proc(struct init *in, struct error *err)
{
	struct statfs fs;

	if (in->proc >= 0)
		return 0;
	in->proc = fs_mount("proc", NULL, NULL,
			    MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC, err);
	if (in->proc < 0 && (err->sys == EPERM || err->sys == EACCES)) {
		/* the pid namespace is the host's, and not ours to mount: what is there serves as well */
		error_clear(err);
		/* path: the host's own, before the pivot */
		in->proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (in->proc < 0)
			return error_sys(err, "open /proc");
	}
	if (in->proc < 0)
		return -1;
	if (fstatfs(in->proc, &fs) < 0 || fs.f_type != PROC_SUPER_MAGIC)
		return error_set(err, ERR_BUG, "the file system proc is none");
	return 0;
}

/* ---- targets ---- */

static int open_below(int root, const char *path, uint64_t flags, uint64_t resolve)
{
	struct open_how how = { .flags = flags | O_CLOEXEC,
				.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS | resolve };
	int fd;

	do
		fd = sys_openat2(root, path, &how, sizeof(how));
	while (fd < 0 && (errno == EAGAIN || errno == EINTR));
	return fd;
}

/* proc and sysfs: at a real directory right below the root, so that no image can turn it elsewhere. */
static int target_plain(int root, const char *name, struct error *err)
{
	int fd = open_below(root, name, O_PATH | O_DIRECTORY, RESOLVE_NO_SYMLINKS);

	if (fd < 0 && errno == ENOENT && !strchr(name, '/') && mkdirat(root, name, 0755) == 0)
		fd = open_below(root, name, O_PATH | O_DIRECTORY, RESOLVE_NO_SYMLINKS);
	if (fd < 0 && (errno == ELOOP || errno == ENOTDIR))
		return error_set(err, ERR_INVALID, "/%s of the image is not a directory", name);
	if (fd < 0)
		return error_sys(err, "target");
	return fd;
}

/*
 * Makes an empty file as target. A dangling link (/etc/resolv.conf of many images) is followed
 * inside the root, and what it names is made.
 */
static int target_file(int root, const char *path, int links, struct error *err)
{
	auto_free char *name = NULL, *dir = NULL, *to = NULL;
	auto_close int parent = rootfs_parent(root, path, true, &name, err);
	char text[PATH_MAX];
	ssize_t n;
	int fd;

	if (parent < 0)
		return -1;
	fd = openat(parent, name, O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd >= 0)
		close(fd);
	else if (errno != EEXIST)
		return error_sys(err, "make the target");
	n = readlinkat(parent, name, text, sizeof(text) - 1);
	if (n < 0) {
		fd = openat(parent, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
		return fd < 0 ? error_sys(err, "target") : fd;
	}
	if (links == 0)
		return error_set(err, ERR_INVALID, "the target is a link without end");
	text[n] = '\0';
	dir = xasprintf("%s/..", path);
	to = path_join(dir, text);
	return target_file(root, to, links - 1, err);
}

static int target_open(struct init *in, const struct plan_mount *m, struct error *err)
{
	const char *path = m->destination + 1;
	int fd;

	if (m->role == ROLE_PROC || m->role == ROLE_SYS || m->role == ROLE_DEV)
		return target_plain(in->root, path, err);
	if (in->dev >= 0 && m->is_dir && str_starts(path, "dev/") && !strchr(path + 4, '/') &&
	    mkdirat(in->dev, path + 4, 0755) == 0)
		fd = openat(in->dev, path + 4, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	else
		fd = open_below(in->root, path, O_PATH, 0);
	if (fd < 0 && errno == ENOENT)
		/* root need not exist in the container's user namespace: whose it is, is ours */
		return m->is_dir ? rootfs_mkdirs(in->root, path, 0755, (uid_t)-1, (gid_t)-1, err)
				 : target_file(in->root, path, 8, err);
	if (fd < 0)
		return error_sys(err, "target");
	return fd;
}

/* ---- one mount ---- */

/*
 * A read-only empty directory, one for all places that need it: the mount itself for the first, and
 * clones of that, which is attached then (before Linux 6.15 nothing else can be cloned), for the
 * others; so no detached mount is left over (see mask_file).
 */
int empty_tree(struct init *in, struct error *err)
{
	int fd;

	if (in->empty < 0) {
		in->empty = fs_mount("tmpfs", "tmpfs", NULL,
				     MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
					     MOUNT_ATTR_NOEXEC,
				     err);
		if (in->empty < 0)
			return -1;
		fd = fcntl(in->empty, F_DUPFD_CLOEXEC, 3);
	} else {
		fd = sys_open_tree(in->empty, "",
				   OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH);
	}
	return fd < 0 ? error_sys(err, "clone the empty directory") : fd;
}

static int copy_up(struct init *in, const struct plan_mount *m, int tree, struct error *err)
{
	int from = open_below(in->root, m->destination + 1, O_RDONLY | O_DIRECTORY, 0);

	if (from < 0)
		return 0; /* the image has nothing there */
	return tree_copy(from, tree, true, err);
}

static int tree_make(struct init *in, const struct plan_mount *m, struct error *err)
{
	struct error ignored;
	int fd;

	if (!m->fstype)
		return m->tree;
	fd = fs_mount(m->fstype, m->source, &m->data, m->set, err);
	/*
	 * Where the kernel does not let us show our cgroup we show none, for the file system that
	 * was there before would be the host's.
	 */
	if (fd < 0 && m->role == ROLE_CGROUP)
		fd = empty_tree(in, &ignored);
	if (fd >= 0 && m->copy_up && copy_up(in, m, fd, err) < 0)
		return -1;
	return fd;
}

static int tree_attributes(const struct plan_mount *m, int tree, struct error *err)
{
	if (!m->fstype && (m->set || m->clear) &&
	    set_attributes(tree, m->set, m->clear, 0, false) < 0) {
		/* what the host has locked (nosuid, ro, ...) stays, and was not asked to be more */
		if (errno != EPERM || set_attributes(tree, m->set, 0, 0, false) < 0)
			return error_sys(err, "options");
	}
	if ((m->all_set || m->all_clear) &&
	    set_attributes(tree, m->all_set, m->all_clear, 0, true) < 0)
		return error_sys(err, "recursive options");
	if (m->fstype && m->idmap >= 0)
		return idmap_apply(tree, m->idmap, m->idmap_all, err);
	return 0;
}

static void remember(struct init *in, enum mount_role role, int tree)
{
	int *const places[] = {
		[ROLE_PROC] = &in->proc, [ROLE_SYS] = &in->sys, [ROLE_DEV] = &in->dev, [ROLE_PTS] = &in->pts, [ROLE_CGROUP] = NULL
	};

	if (role != ROLE_NONE && places[role])
		*places[role] = tree;
	else
		close(tree);
}

/* What is mounted there already. */
static int remount(struct init *in, const struct plan_mount *m, struct error *err)
{
	auto_close int fd = open_below(in->root, m->destination + 1, O_PATH, 0);

	if (fd < 0)
		return error_sys(err, "target");
	if (set_attributes(fd, m->set, m->clear, m->propagation, false) < 0) {
		if (errno == EINVAL)
			return error_set(err, ERR_INVALID, "remount: nothing is mounted there");
		return error_sys(err, "remount");
	}
	if ((m->all_set || m->all_clear) && set_attributes(fd, m->all_set, m->all_clear, 0, true) < 0)
		return error_sys(err, "recursive options");
	return 0;
}

static int mount_one(struct init *in, const struct plan_mount *m, struct error *err)
{
	auto_close int target = -1;
	int tree;

	if (m->remount)
		return remount(in, m, err);
	tree = tree_make(in, m, err);

	if (tree < 0 || tree_attributes(m, tree, err) < 0)
		return -1;
	target = target_open(in, m, err);
	if (target < 0)
		return -1;
	if (move_tree(tree, target) < 0)
		return error_sys(err, "attach");
	/* a clone has the propagation of what it was cloned from: it is private unless asked */
	if (!m->fstype || m->propagation) {
		uint64_t p = m->propagation ? m->propagation : MS_PRIVATE;

		if (set_attributes(tree, 0, 0, p, m->propagation_all || !m->propagation) < 0)
			return error_sys(err, "propagation");
	}
	remember(in, m->role, tree);
	return 0;
}

int step_mounts(struct init *in, struct error *err)
{
	vec_each (&in->plan->mounts, m)
		if (mount_one(in, m, err) < 0)
			return error_add(err, "%s on %s", m->fstype ? m->fstype : m->source,
					 m->destination);
	return 0;
}

/* ---- the root ---- */

int step_root(struct init *in, struct error *err)
{
	struct mount_attr attr = { .propagation = MS_SLAVE };
	const char *place = in->plan->place;
	const bool slave = in->plan->propagation == MS_SLAVE;

	/* what we mount must not reach the host; what the host unmounts shall not linger here */
	if (sys_mount_setattr(AT_FDCWD, "/", AT_RECURSIVE, &attr, sizeof(attr)) < 0)
		return error_sys(err, "make the mounts of the host private");
	in->root = in->plan->rootfs;
	/* a place that we may not see any more is no place for hooks either */
	if ((!place || sys_move_mount(in->root, "", AT_FDCWD, place, MOVE_MOUNT_F_EMPTY_PATH) < 0) &&
	    sys_move_mount(in->root, "", AT_FDCWD, "/", MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return error_sys(err, "attach the root");
	/* a slave is still to hear of what the host mounts; what is shared, only among containers */
	if (set_attributes(in->root, 0, 0, slave ? MS_SLAVE : MS_PRIVATE, true) < 0)
		return error_sys(err, "make the root private");
	return 0;
}

int step_pivot(struct init *in, struct error *err)
{
	const struct plan *p = in->plan;

	if (fchdir(in->root) < 0)
		return error_sys(err, "enter the root");
	if (p->no_pivot) {	     /* a host that runs from an initramfs */
		if (chroot(".") < 0) /* path: where fchdir put us */
			return error_sys(err, "chroot");
	} else {
		if (sys_pivot_root(".", ".") < 0)
			return error_sys(err, "pivot_root");
		if (umount2(".", MNT_DETACH) < 0) /* path: the old root, on top of ours */
			return error_sys(err, "let go of the host's mounts");
	}
	if (chdir("/") < 0) /* path: the new root */
		return error_sys(err, "enter the root");
	if (p->spec->root.readonly && set_attributes(in->root, MOUNT_ATTR_RDONLY, 0, 0, false) < 0)
		return error_sys(err, "make the root read-only");
	if (p->propagation && p->propagation != MS_PRIVATE &&
	    set_attributes(in->root, 0, 0, p->propagation, p->propagation_all) < 0)
		return error_sys(err, "root propagation");
	return 0;
}
