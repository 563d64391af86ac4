/*
 * cp_view.c - the files of a container as its processes see them, for `cp`: running or not.
 *
 * Theory of operation: of a container that runs, its init's root is opened, below which its mounts
 * are found; it need not be stopped. Who writes there enters its mount namespace, with our root, so
 * that what it has mounted is not pulled away by removing a mount point. One that does not run gets
 * its tree mounted where only we see it, in our private mount namespace, and on it its volumes and
 * binds; what would be a tmpfs, and the places of /proc, /sys and /dev, are covered by one empty
 * file system without room, which cp_place.c knows by its device number. All of it goes with us.
 *
 * Never  opens a place in the tree but by rootfs_open() and its kin; mounts by descriptor only.
 */
#include "cp_place.h"

#include "mounts.h"
#include "prepare.h"
#include "store/rootfs.h"
#include "util/compat.h"
#include "util/fd.h"
#include "util/log.h"
#include "util/path.h"
#include "util/text.h"

#include <errno.h>
#include <linux/magic.h>
#include <pthread.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/vfs.h>

#ifndef AT_RECURSIVE
#define AT_RECURSIVE 0x8000
#endif

#define LOOK_AGAIN ((int64_t)100 * 1000000) /* ns */
#define PATIENCE   (60 * NSEC_PER_SEC)

static const char *const system_places[] = { "proc", "sys", "dev" };

void cp_view_done(struct cp_view *v)
{
	auto_close_fd(&v->root);
	auto_close_fd(&v->lock);
	auto_close_fd(&v->mounts);
	v->root = v->lock = v->mounts = -1;
}

int cp_view_again(const struct cp_view *from, struct cp_view *v, struct error *err)
{
	*v = *from;
	v->lock = v->mounts = -1;
	v->root = fcntl(from->root, F_DUPFD_CLOEXEC, 3);
	return v->root < 0 ? error_sys(err, "duplicate a descriptor") : 0;
}

/* ---- running ---- */

static bool is_system(int fd)
{
	struct statfs fs;

	if (fstatfs(fd, &fs) < 0)
		return false;
	return fs.f_type == PROC_SUPER_MAGIC || fs.f_type == SYSFS_MAGIC || fs.f_type == TMPFS_MAGIC;
}

static int find_closed(struct cp_view *v, struct error *err)
{
	struct stat root, st;

	if (fstat(v->root, &root) < 0)
		return error_sys(err, "look at the container's root");
	for (size_t i = 0; i < ARRAY_SIZE(system_places); i++) {
		auto_close int fd = -1;
		int found = rootfs_find(v->root, system_places[i], &fd, err);

		if (found < 0)
			return -1;
		if (found && fstat(fd, &st) == 0 && st.st_dev != root.st_dev && is_system(fd))
			v->closed[v->n_closed++] = st.st_dev;
	}
	return 0;
}

int cp_view_running(const struct container *c, struct cp_view *v, struct error *err)
{
	auto_free char *path = xasprintf("/proc/%lld/root", (long long)c->state.pid);
	auto_free char *mounts = xasprintf("/proc/%lld/ns/mnt", (long long)c->state.pid);
	auto_close int pidfd = container_pidfd(c, err);

	*v = CP_VIEW_HOST;
	if (pidfd < 0)
		return -1;
	/* path: the kernel's, of a process that is ours; asked behind it, it lives still */
	v->root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (v->root >= 0)
		v->mounts = open(mounts, O_RDONLY | O_CLOEXEC); /* path: of that process, too */
	if (v->mounts < 0 && errno != ENOENT)
		return error_sys(err, "open the container's root");
	if (v->mounts < 0 || sys_pidfd_send_signal(pidfd, 0, NULL, 0) < 0)
		return error_set(err, ERR_BUSY, "the container has just ended: try again");
	return find_closed(v, err);
}

struct work {
	int mounts;
	int (*fn)(void *arg, struct error *err);
	void *arg;
	int status;
	struct error err;
};

static int enter(int mounts, struct error *err)
{
	auto_close int root = openat(AT_FDCWD, "/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (root < 0 || unshare(CLONE_FS) < 0 || setns(mounts, CLONE_NEWNS) < 0)
		return error_sys(err, "join the container's mount namespace");
	/* path: our own root, where fchdir puts us */
	if (fchdir(root) < 0 || chroot(".") < 0)
		return error_sys(err, "return to our root");
	return 0;
}

static void *work_main(void *arg)
{
	struct work *w = arg;

	w->status = enter(w->mounts, &w->err) < 0 ? -1 : w->fn(w->arg, &w->err);
	return NULL;
}

int cp_view_run(const struct cp_view *v, int (*fn)(void *arg, struct error *err), void *arg,
		struct error *err)
{
	struct work w = { .mounts = v->mounts, .fn = fn, .arg = arg };
	pthread_t thread;

	if (v->mounts < 0)
		return fn(arg, err);
	errno = pthread_create(&thread, NULL, work_main, &w);
	if (errno)
		return error_sys(err, "start a thread");
	pthread_join(thread, NULL);
	if (w.status < 0)
		*err = w.err;
	return w.status;
}

/* ---- not running ---- */

struct building {
	int root;
	int empty; /* attached: what can be cloned; -1 before the first */
	dev_t device;
};

/* The new file system itself, and clones of it for all further places. */
static int empty_tree(struct building *b, struct error *err)
{
	auto_close int fs = -1;
	struct stat st;
	int fd;

	if (b->empty >= 0) {
		fd = sys_open_tree(b->empty, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH);
		return fd < 0 ? error_sys(err, "clone an empty directory") : fd;
	}
	fs = sys_fsopen("tmpfs", FSOPEN_CLOEXEC);
	if (fs < 0 || sys_fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return error_sys(err, "make an empty directory");
	b->empty = sys_fsmount(fs, FSMOUNT_CLOEXEC, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NODEV);
	if (b->empty < 0 || fstat(b->empty, &st) < 0)
		return error_sys(err, "mount an empty directory");
	b->device = st.st_dev;
	fd = fcntl(b->empty, F_DUPFD_CLOEXEC, 3);
	return fd < 0 ? error_sys(err, "duplicate a descriptor") : fd;
}

static int attach(int tree, int target, struct error *err)
{
	if (sys_move_mount(tree, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) <
	    0)
		return error_sys(err, "attach");
	return 0;
}

/* Covers a place with nothing; one that is not there needs no cover. */
static int cover(struct building *b, const char *place, struct error *err)
{
	auto_close int target = -1, tree = -1;
	struct stat st;
	int found = rootfs_find(b->root, place, &target, err);

	if (found <= 0)
		return found;
	if (fstat(target, &st) < 0 || !S_ISDIR(st.st_mode))
		return 0;
	tree = empty_tree(b, err);
	return tree < 0 ? -1 : attach(tree, target, err);
}

/* A clone of what is on the host, or -1 with err->sys ENOENT where it has gone. */
static int clone_source(const struct container_mount *m, struct error *err)
{
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_RDONLY };
	unsigned all = m->nonrecursive ? 0 : AT_RECURSIVE;
	auto_close int tree =
		sys_open_tree(AT_FDCWD, m->source, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | all);

	if (tree < 0)
		return error_sys(err, "%s", m->source);
	if (!m->rw && sys_mount_setattr(tree, "", AT_EMPTY_PATH | all, &attr, sizeof(attr)) < 0)
		return error_sys(err, "make %s read-only", m->source);
	return take_fd(&tree);
}

/* The mount point, made as a start would make it. */
static int make_target(int root, const char *place, bool is_dir, struct error *err)
{
	auto_free char *name = NULL;
	auto_close int parent = -1, fd = -1;
	int target, found = rootfs_find(root, place, &target, err);

	if (found)
		return found < 0 ? -1 : target;
	if (is_dir)
		return rootfs_mkdirs(root, place, 0755, (uid_t)-1, (gid_t)-1, err);
	parent = rootfs_parent(root, place, true, &name, err);
	if (parent < 0)
		return -1;
	fd = openat(parent, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	return fd < 0 ? error_sys(err, "make the mount point") : take_fd(&fd);
}

static int cover_made(struct building *b, const char *place, struct error *err)
{
	auto_close int made = make_target(b->root, place, true, err);

	return made < 0 ? -1 : cover(b, place, err);
}

static int mount_one(struct building *b, const struct container_mount *m, struct error *err)
{
	auto_close int tree = -1, target = -1;
	struct stat st;

	if (strcmp(m->type, "bind") != 0 && strcmp(m->type, "volume") != 0)
		return cover_made(b, m->destination, err);
	tree = clone_source(m, err);
	if (tree < 0 && err->sys == ENOENT) { /* files beside it can be saved all the same */
		log_debug("cp: %s has gone", m->source);
		error_clear(err);
		return cover_made(b, m->destination, err);
	}
	if (tree < 0 || fstat(tree, &st) < 0)
		return tree < 0 ? -1 : error_sys(err, "look at %s", m->source);
	target = make_target(b->root, m->destination, S_ISDIR(st.st_mode), err);
	return target < 0 ? -1 : attach(tree, target, err);
}

/* What hod wrote for its last run, and writes anew for the next: to be read only. */
static int mount_etc(struct building *b, const struct container *c, const char *name,
		     struct error *err)
{
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_RDONLY };
	auto_free char *place = xasprintf("etc/%s", name);
	auto_close int tree = -1, target = -1;
	int found;

	if (!file_exists(c->fd, name))
		return 0;
	found = rootfs_find(b->root, place, &target, err);
	if (found <= 0)
		return found;
	tree = sys_open_tree(c->fd, name, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	if (tree < 0 || sys_mount_setattr(tree, "", AT_EMPTY_PATH, &attr, sizeof(attr)) < 0)
		return error_sys(err, "clone %s", name);
	return attach(tree, target, err);
}

static int by_place(const void *a, const void *b)
{
	const struct container_mount *const *x = a, *const *y = b;

	return strcmp((*x)->destination, (*y)->destination);
}

static int mount_all(struct building *b, const struct container *c, struct error *err)
{
	static const char *const etc[] = { "resolv.conf", "hostname", "hosts" };
	size_t n = c->record.mounts.n;
	auto_free const struct container_mount **order = xcalloc(n + 1, sizeof(*order));

	for (size_t i = 0; i < ARRAY_SIZE(system_places); i++)
		if (cover(b, system_places[i], err) < 0)
			return error_add(err, "/%s", system_places[i]);
	for (size_t i = 0; i < ARRAY_SIZE(etc); i++)
		if (mount_etc(b, c, etc[i], err) < 0)
			return error_add(err, "/etc/%s", etc[i]);
	for (size_t i = 0; i < n; i++)
		order[i] = &c->record.mounts.v[i];
	qsort(order, n, sizeof(*order), by_place);
	for (size_t i = 0; i < n; i++)
		if (mount_one(b, order[i], err) < 0)
			return error_add(err, "mount on %s", order[i]->destination);
	return 0;
}

/* The tree, attached where only we see it: nothing can be mounted on a detached one. */
static int mount_root(struct engine *e, const struct container *c, const struct run_request *r,
		      struct error *err)
{
	auto_free char *place = rootfs_mountpoint(e->store, err);
	const struct strv *layers = &c->record.layers;
	auto_close int root = -1;

	if (!place)
		return -1;
	if (r->rootfs) {
		root = sys_open_tree(AT_FDCWD, r->rootfs,
				     OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
		if (root < 0)
			return error_sys(err, "--rootfs '%s'", r->rootfs);
	} else {
		root = rootfs_mount(e->store, (const char *const *)layers->v, layers->n, c->fd,
				    ROOTFS_NODEV | ROOTFS_VOLATILE, err);
	}
	if (root < 0)
		return -1;
	/* path: of the store, whose root none but its user may enter */
	if (sys_move_mount(root, "", AT_FDCWD, place, MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return error_sys(err, "attach the container's root");
	return take_fd(&root);
}

static int build(struct engine *e, const struct container *c, const struct run_request *r,
		 struct cp_view *v, struct error *err)
{
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_RDONLY };
	struct building b = { .empty = -1 };
	int status;

	v->root = mount_root(e, c, r, err);
	if (v->root < 0 || mounts_fill(e, c, v->root, err) < 0)
		return -1;
	b.root = v->root;
	status = mount_all(&b, c, err);
	auto_close_fd(&b.empty);
	if (status < 0)
		return -1;
	v->absent = b.device;
	if (b.device)
		v->closed[v->n_closed++] = b.device;
	if (r->read_only && sys_mount_setattr(v->root, "", AT_EMPTY_PATH, &attr, sizeof(attr)) < 0)
		return error_sys(err, "make the root read-only");
	return 0;
}

/* Another copy, or an export, may be at it; a monitor that has begun will not end for us. */
static int lock_stopped(struct engine *e, struct container *c, struct error *err)
{
	int lock = -1;

	for (int64_t left = PATIENCE; left > 0; left -= LOOK_AGAIN) {
		lock = container_lock_wait(e->store, c, LOOK_AGAIN, err);
		if (lock >= 0 || err->kind != ERR_BUSY)
			return lock;
		error_clear(err);
		if (container_refresh(e->store, c, err) < 0)
			return -1;
		if (container_is_alive(c))
			return error_set(err, ERR_BUSY,
					 "the container has just been started: try again");
	}
	return error_set(err, ERR_BUSY, "another command has been at the container's files for %d s",
			 (int)(PATIENCE / NSEC_PER_SEC));
}

int cp_view_stopped(struct engine *e, struct container *c, struct cp_view *v, struct error *err)
{
	struct image_settings image = { 0 };
	struct run_request r;
	int status;

	*v = CP_VIEW_HOST;
	v->lock = lock_stopped(e, c, err);
	if (v->lock < 0)
		return -1;
	run_request_init(&r);
	fields_init(image_settings_fields, &image);
	status = container_request(c, &r, &image, err);
	if (status == 0)
		status = build(e, c, &r, v, err);
	fields_done(image_settings_fields, &image);
	run_request_done(&r);
	return status;
}
