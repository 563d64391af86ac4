/*
 * rootfs.c - the tree a container sees, mounted.
 *
 * Overlay by the new mount API, as a detached mount that nobody else ever sees. Layers are named
 * "/proc/self/fd/N/HEX/diff" with N the layers folder, many from inside of it: fsconfig(2) takes at
 * most 255 characters, and the store may be anywhere. The parameter "lowerdir+" is Linux 6.5's;
 * before that one string must hold all layers, so each is opened, and they are named "N:N:..." from
 * inside /proc/self/fd.
 *
 * userxattr turns off redirects and metadata-only copies, which a hostile layer could use to reach
 * into others, and lets a user namespace do what root does.
 */
#include "store/rootfs.h"

#include "oci/digest.h"
#include "oci/manifest.h"
#include "store_private.h"
#include "util/compat.h"
#include "util/fd.h"
#include "util/owner_mark.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/xattr.h>
#include <unistd.h>

#ifndef MOVE_MOUNT_F_EMPTY_PATH
#define MOVE_MOUNT_F_EMPTY_PATH 0x00000004
#endif
#ifndef AT_RECURSIVE
#define AT_RECURSIVE 0x8000
#endif

static const char empty_name[] = "empty";

char *rootfs_mountpoint(struct store *st, struct error *err)
{
	if (st->root < 0) {
		error_set(err, ERR_NOTFOUND, "there is no store at %s", st->path);
		return NULL;
	}
	if (mkdirat(st->root, empty_name, 0755) < 0 && errno != EEXIST) {
		error_sys(err, "make %s/%s", st->path, empty_name);
		return NULL;
	}
	return xasprintf("%s/%s", st->path, empty_name);
}

/* What the kernel says about a failed mount, when it says something. Keeps errno. */
static void kernel_says(int fs, char *buf, size_t size)
{
	int saved = errno;
	ssize_t n = fs < 0 ? -1 : read(fs, buf, size - 1);

	buf[n > 0 ? n : 0] = '\0';
	buf[strcspn(buf, "\n")] = '\0';
	errno = saved;
}

static int mount_failed(int fs, const char *what, struct error *err)
{
	char why[256];

	kernel_says(fs, why, sizeof(why));
	/* "e overlay: ..." */
	return error_sys(err, "%s%s%s", what, *why ? ": " : "",
			 *why ? why + (why[1] == ' ' ? 2 : 0) : "");
}

/*
 * The root directory of the merged tree is the upper one, so it gets the owner and mode that the
 * topmost layer with something to say gives to "/". layers: those that may have.
 */
static int upper_dress(struct store *st, const char *const *layers, size_t n, int upper,
		       struct error *err)
{
	char path[SHA256_HEX + 8];
	struct owner_mark mark;
	struct stat s;
	int marked;

	for (size_t i = n; i-- > 0;) {
		snprintf(path, sizeof(path), "%s/diff", layers[i]);
		marked = st->single && owner_mark_get_at(st->dirs[STORE_LAYERS], path, &mark);
		if (fstatat(st->dirs[STORE_LAYERS], path, &s, AT_SYMLINK_NOFOLLOW) < 0)
			return error_sys(err, "layer sha256:%s", layers[i]);
		if ((s.st_mode & 07777) == 0755 && s.st_uid == 0 && s.st_gid == 0 && !marked)
			continue;
		if (marked && owner_mark_set_at(upper, ".", &mark) < 0 && errno != ENOTSUP)
			return error_sys(err, "mark the owner of the root directory");
		if ((s.st_uid || s.st_gid) && fchown(upper, s.st_uid, s.st_gid) < 0)
			return error_sys(err, "set the owner of the root directory");
		if (fchmod(upper, s.st_mode & 07777) < 0)
			return error_sys(err, "set the mode of the root directory");
		return 0;
	}
	return fchmod(upper, 0755) < 0 ? error_sys(err, "set the mode of the root directory") : 0;
}

void rootfs_work_remove(int dir)
{
	static const struct {
		const char *path;
		int flags;
	} left[] = {
		{ "work/work/incompat/volatile/dirty", 0 },
		{ "work/work/incompat/volatile", AT_REMOVEDIR },
		{ "work/work/incompat", AT_REMOVEDIR },
		{ "work/work", AT_REMOVEDIR },
		{ "work", AT_REMOVEDIR },
	};

	for (size_t i = 0; i < ARRAY_SIZE(left); i++)
		if (unlinkat(dir, left[i].path, left[i].flags) < 0 && errno != ENOENT)
			return;
}

/* upper/ and an empty work/; what an earlier mount left in work/ would forbid a volatile one. */
static int upper_make(struct store *st, const char *const *layers, size_t n, int dir,
		      struct error *err)
{
	auto_close int upper = -1;

	if (mkdirat(dir, "upper", 0755) == 0) {
		upper = dir_open(dir, "upper", err);
		if (upper < 0 || upper_dress(st, layers, n, upper, err) < 0) {
			unlinkat(dir, "upper", AT_REMOVEDIR);
			return -1;
		}
	} else if (errno != EEXIST) {
		return error_sys(err, "make upper");
	}
	if (mkdirat(dir, "work", 0700) == 0)
		return 0;
	if (errno != EEXIST)
		return error_sys(err, "make work");
	rootfs_work_remove(dir);
	if (tree_remove(dir, "work", err) < 0)
		return -1;
	return mkdirat(dir, "work", 0700) < 0 ? error_sys(err, "make work") : 0;
}

struct overlay {
	struct store *st;
	const char *const *layers; /* lowest first */
	size_t n;
	int dir;
	unsigned flags;
	int lowest; /* base.c's directory below a writable tree; the empty one where one is wanted; -1 */
	bool inside; /* the current directory is the layers folder */
};

/* From how many layers on it pays to go into their folder: each name is a walk of 2 steps, not of 6. */
#define LAYERS_MANY 8

static void layer_name(char *path, size_t size, const struct store *st, bool inside, const char *hex)
{
	if (inside)
		snprintf(path, size, "%s/diff", hex);
	else
		snprintf(path, size, "/proc/self/fd/%d/%s/diff", st->dirs[STORE_LAYERS], hex);
}

static int set_string(int fs, const char *key, const char *value)
{
	return sys_fsconfig(fs, FSCONFIG_SET_STRING, key, value, 0);
}

/* 0, -1, or -2 when not even the first was understood: this kernel has no lowerdir+. */
static int overlay_lowers(int fs, const struct overlay *o)
{
	char path[SHA256_HEX + 48];
	bool first = true;

	for (size_t i = o->n; i-- > 0; first = false) {
		layer_name(path, sizeof(path), o->st, o->inside, o->layers[i]);
		if (set_string(fs, "lowerdir+", path) < 0)
			return first && errno == EINVAL ? -2 : -1;
	}
	if (o->lowest < 0)
		return 0;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", o->lowest);
	if (set_string(fs, "lowerdir+", path) < 0)
		return first && errno == EINVAL ? -2 : -1;
	return 0;
}

static int overlay_upper(int fs, const struct overlay *o)
{
	char path[64];

	if (o->dir < 0)
		return 0;
	snprintf(path, sizeof(path), "/proc/self/fd/%d/upper", o->dir);
	if (set_string(fs, "upperdir", path) < 0)
		return -1;
	snprintf(path, sizeof(path), "/proc/self/fd/%d/work", o->dir);
	if (set_string(fs, "workdir", path) < 0)
		return -1;
	if (o->flags & ROOTFS_VOLATILE)
		return sys_fsconfig(fs, FSCONFIG_SET_FLAG, "volatile", NULL, 0);
	return 0;
}

static unsigned mount_attrs(const struct overlay *o)
{
	return (o->flags & ROOTFS_NODEV ? MOUNT_ATTR_NODEV : 0U) |
	       (o->dir < 0 ? MOUNT_ATTR_RDONLY : 0U);
}

/* A detached mount; -1 with err->kind ERR_UNSUPPORTED when this kernel needs the old way. */
static int overlay_new(const struct overlay *o, struct error *err)
{
	auto_close int fs = sys_fsopen("overlay", FSOPEN_CLOEXEC);
	int mount, lowers;

	if (fs < 0 && errno == ENOSYS)
		return error_set(err, ERR_UNSUPPORTED, "no fsopen");
	if (fs < 0)
		return error_sys(err, "open overlay");
	lowers = overlay_lowers(fs, o);
	if (lowers == -2)
		return error_set(err, ERR_UNSUPPORTED, "no lowerdir+");
	if (lowers < 0)
		return mount_failed(fs, "layers below", err);
	if (overlay_upper(fs, o) < 0)
		return mount_failed(fs, "writable layer", err);
	if (sys_fsconfig(fs, FSCONFIG_SET_FLAG, "userxattr", NULL, 0) < 0)
		return mount_failed(fs, "userxattr", err);
	if (sys_fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0) {
		/* before Linux 6.5 all options are kept unseen until now: lowerdir+ may be the one */
		if (errno == EINVAL)
			return error_set(err, ERR_UNSUPPORTED, "no lowerdir+");
		return mount_failed(fs, "create", err);
	}
	mount = sys_fsmount(fs, FSMOUNT_CLOEXEC, mount_attrs(o));
	if (mount < 0)
		return mount_failed(fs, "mount", err);
	return mount;
}

/* Opens all layers and appends their numbers, topmost first. */
static int old_lowers(const struct overlay *o, int *fds, struct str *options, struct error *err)
{
	char path[SHA256_HEX + 8];
	size_t k = 0;

	str_add(options, "userxattr,lowerdir=");
	for (size_t i = o->n; i-- > 0; k++) {
		snprintf(path, sizeof(path), "%s/diff", o->layers[i]);
		fds[k] = openat(o->st->dirs[STORE_LAYERS], path, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (fds[k] < 0)
			return error_sys(err, "open layer sha256:%s", o->layers[i]);
		str_addf(options, "%s%d", k ? ":" : "", fds[k]);
	}
	if (o->lowest >= 0)
		str_addf(options, "%s%d", k ? ":" : "", o->lowest);
	if (o->dir >= 0)
		str_addf(options, ",upperdir=%d/upper,workdir=%d/work", o->dir, o->dir);
	if (o->flags & ROOTFS_VOLATILE && o->dir >= 0)
		str_add(options, ",volatile");
	return 0;
}

/* mount(2) with the current directory in /proc/self/fd; the caller's is put back. */
static int old_mount(const char *target, const char *options, unsigned long flags, struct error *err)
{
	auto_close int cwd = openat(AT_FDCWD, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int r;

	/* path: of the kernel */
	if (cwd < 0 || chdir("/proc/self/fd") < 0)
		return error_sys(err, "enter /proc/self/fd");
	/* path: of the store, whose root none but its user may enter */
	r = mount("overlay", target, "overlay", flags, options);
	if (r < 0)
		error_sys(err, "mount overlay");
	if (fchdir(cwd) < 0 && r == 0)
		r = error_sys(err, "return to the current directory");
	return r;
}

/* Before Linux 6.5: mounted in the caller's namespace on the empty directory, and taken off it. */
static int overlay_old(const struct overlay *o, struct error *err)
{
	auto_free char *target = rootfs_mountpoint(o->st, err);
	auto_free int *fds = xcalloc(o->n, sizeof(*fds));
	auto_done(str) struct str options = { 0 };
	unsigned long flags =
		(o->flags & ROOTFS_NODEV ? MS_NODEV : 0UL) | (o->dir < 0 ? MS_RDONLY : 0UL);
	int tree = -1, r;

	if (!target)
		return -1;
	for (size_t i = 0; i < o->n; i++)
		fds[i] = -1;
	r = old_lowers(o, fds, &options, err);
	if (r == 0)
		r = old_mount(target, options.s, flags, err);
	if (r == 0) {
		tree = sys_open_tree(AT_FDCWD, target, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
		if (tree < 0)
			error_sys(err, "take the mount");
		umount2(target, MNT_DETACH); /* path: the one just mounted upon */
	}
	for (size_t i = 0; i < o->n; i++)
		auto_close_fd(&fds[i]);
	return tree;
}

static int empty_open(struct store *st, struct error *err)
{
	auto_free char *path = rootfs_mountpoint(st, err);

	return path ? dir_open(st->root, empty_name, err) : -1;
}

/* No layers and nothing to write: the empty directory itself, read-only. */
static int empty_mount(int empty, unsigned flags, struct error *err)
{
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_RDONLY |
					       (flags & ROOTFS_NODEV ? MOUNT_ATTR_NODEV : 0U) };
	auto_close int tree =
		sys_open_tree(empty, "", AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);

	if (tree < 0 || sys_mount_setattr(tree, "", AT_EMPTY_PATH, &attr, sizeof(attr)) < 0)
		return error_sys(err, "mount an empty root");
	return take_fd(&tree);
}

/* Those that may have something to say of "/": lowest first, their number is returned. */
static size_t layers_not_plain(struct store *st, const char *const *layers, size_t n, const char **out)
{
	struct stat s;
	size_t k = 0;

	for (size_t i = 0; i < n; i++)
		if (fstatat(st->dirs[STORE_LAYERS], layers[i], &s, AT_SYMLINK_NOFOLLOW) < 0 ||
		    !(s.st_mode & LAYER_PLAIN))
			out[k++] = layers[i];
	return k;
}

/* The topmost whose root is opaque, which hides all below it: its index + 1; 0: none. */
static size_t topmost_opaque(struct store *st, const char *const *layers, size_t n, bool inside)
{
	char path[SHA256_HEX + 48], value[2];

	for (size_t i = n; i > 0; i--) {
		layer_name(path, sizeof(path), st, inside, layers[i - 1]);
		if (lgetxattr(path, "user.overlay.opaque", value, sizeof(value)) == 1 && *value == 'y')
			return i;
	}
	return 0;
}

/* How many of the lowest layers are hidden by one above them: overlay asks no root for that. */
static size_t layers_below(const char *const *layers, size_t n, const char *opaque)
{
	while (n > 0 && strcmp(layers[n - 1], opaque) != 0)
		n--;
	return n ? n - 1 : 0;
}

/*
 * Overlay takes no directory twice. Of a layer that occurs again the topmost says it all: whatever
 * the lower one has, or hides, the upper one has and hides again. Returns how many are in `once`.
 */
static size_t layers_once(const char *const *layers, size_t n, const char **once)
{
	size_t k = n;

	for (size_t i = n; i-- > 0;) {
		bool again = false;

		for (size_t j = i + 1; j < n && !again; j++)
			again = strcmp(layers[i], layers[j]) == 0;
		if (!again)
			once[--k] = layers[i];
	}
	memmove(once, once + k, (n - k) * sizeof(*once));
	return n - k;
}

static int layers_mount(struct store *st, const char *const *layers, size_t n, int dir,
			unsigned flags, bool inside, struct error *err)
{
	auto_close int lowest = -1;
	const char *once[MANIFEST_LAYERS_MAX], *tell[MANIFEST_LAYERS_MAX], **told = tell;
	size_t n_told = layers_not_plain(st, layers, n, tell);
	size_t opaque = topmost_opaque(st, tell, n_told, inside), hidden = 0;
	struct overlay o;
	bool base = dir >= 0 && !(flags & ROOTFS_BARE);
	int fd;

	if (opaque) {
		told = tell + opaque - 1;
		n_told -= opaque - 1;
		hidden = layers_below(layers, n, *told);
	}
	n = layers_once(layers + hidden, n - hidden, once);
	layers = once;
	o = (struct overlay){ st, layers, n, dir, flags, -1, inside };
	/* an image with as many layers as the kernel takes has no room for ours */
	if (base && n < MANIFEST_LAYERS_MAX)
		lowest = base_open(st, err);
	else if (n < 2) /* overlay wants an upper and a lower directory, or two lower ones */
		lowest = empty_open(st, err);
	if (lowest < 0 && ((base && n < MANIFEST_LAYERS_MAX) || n < 2))
		return -1;
	if (n == 0 && dir < 0)
		return empty_mount(lowest, flags, err);
	o.lowest = lowest;
	if (dir >= 0 && upper_make(st, told, n_told, dir, err) < 0)
		return error_add(err, "rootfs");
	fd = overlay_new(&o, err);
	if (fd < 0 && err->kind == ERR_UNSUPPORTED) {
		error_clear(err);
		fd = overlay_old(&o, err);
	}
	if (fd < 0)
		return error_add(err, "rootfs");
	return fd;
}

int rootfs_mount(struct store *st, const char *const *layers, size_t n, int dir, unsigned flags,
		 struct error *err)
{
	auto_close int cwd = -1;
	bool inside;
	int fd;

	if (n > MANIFEST_LAYERS_MAX)
		return error_set(err, ERR_LIMIT, "%zu layers; the kernel mounts at most %d", n,
				 MANIFEST_LAYERS_MAX);
	for (size_t i = 0; i < n; i++)
		if (!digest_is_hex(layers[i]))
			return error_set(err, ERR_BUG, "'%s' is no layer", layers[i]);
	if (store_dir(st, STORE_LAYERS, err) < 0)
		return -1;
	if (n >= LAYERS_MANY)
		cwd = openat(AT_FDCWD, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	/* CLONE_FS: a thread that works elsewhere keeps its current directory */
	inside = cwd >= 0 && unshare(CLONE_FS) == 0 && fchdir(st->dirs[STORE_LAYERS]) == 0;
	fd = layers_mount(st, layers, n, dir, flags, inside, err);
	if (inside && fchdir(cwd) < 0 && fd >= 0) {
		close(fd);
		return error_sys(err, "return to the current directory");
	}
	return fd;
}
