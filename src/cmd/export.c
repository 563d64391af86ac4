/*
 * export.c - `hod export`: the file system of a container as a tar, without its mounts.
 *
 * Theory of operation: the tree of a stopped container is mounted anew, as its monitor would. That
 * of a running one is not mounted twice (two overlays on one upper directory destroy each other's
 * work); we enter the container's mount namespace and take a copy of its root mount alone, so that
 * volumes, /proc and the like are not in it. From then on nothing is opened by name but below that
 * descriptor: the names belong to the container.
 */
#include "commands.h"

#include "image/layer_tar.h"
#include "operands.h"
#include "output.h"
#include "store/owner_stack.h"
#include "store/rootfs.h"
#include "util/compat.h"
#include "util/fd.h"
#include "store/event.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <unistd.h>

struct export_args {
	char *output;
};
static const struct opt opts[] = {
	OPT_STRING('o', "output", export_args, output, "FILE", "where to write (default: stdout)"),
	OPT_END,
};

static int sink_write(void *arg, const void *bytes, size_t n, struct error *err)
{
	return fd_write_all(*(const int *)arg, bytes, n, err);
}

/* A detached mount of the root of a running container. */
static int running_root(struct app *app, const struct container *c, struct error *err)
{
	auto_close int pidfd = -1;
	int root;

	if (app_join(app, c, err) < 0)
		return -1;
	pidfd = sys_pidfd_open((pid_t)c->state.pid, 0);
	if (pidfd < 0)
		return error_sys(err, "pidfd of process %lld", (long long)c->state.pid);
	if (setns(pidfd, CLONE_NEWNS) < 0)
		return error_sys(err, "join the container's mount namespace");
	root = sys_open_tree(AT_FDCWD, "/", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	return root < 0 ? error_sys(err, "copy the container's root mount") : root;
}

/* The container is found once more, from within our namespace: its directory is to be mounted. */
static int stopped_root(struct app *app, const char *name, int *lock, struct error *err)
{
	auto_done(container) struct container c;
	const struct strv *layers = &c.record.layers;

	container_init(&c);
	if (app_prepare(app, NEED_NAMESPACE, err) < 0 || need_container(app, name, &c, err) < 0)
		return -1;
	*lock = container_lock(&app->store, &c, err);
	if (*lock < 0)
		return -1;
	return rootfs_mount(&app->store, (const char *const *)layers->v, layers->n, c.fd,
			    ROOTFS_NODEV | ROOTFS_VOLATILE, err);
}

/* Whose the files are, where the file system cannot say. */
static int find_owners(struct app *app, const struct container *c, int root, struct owners *owners,
		       struct error *err)
{
	auto_done(owner_stack) struct owner_stack below = { 0 };
	auto_close int tree = -1;

	if (!app->store.single)
		return 0;
	tree = openat(root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (tree < 0)
		return error_sys(err, "open the container's root");
	if (owner_stack_open(&app->store, &c->record.layers, &below, err) < 0)
		return -1;
	return owners_collect(tree, root, c->fd, &below, owners, err);
}

static int write_tree(struct app *app, const char *name, int out, struct error *err)
{
	struct layer_sink sink = { sink_write, &out };
	auto_done(container) struct container c;
	auto_done(owners) struct owners owners = { 0 };
	auto_close int root = -1, lock = -1; /* held to the end: nobody starts it meanwhile */

	container_init(&c);
	if (need_container(app, name, &c, err) < 0)
		return -1;
	root = container_is_up(&c) ? running_root(app, &c, err) : stopped_root(app, c.id, &lock, err);
	if (root < 0 || find_owners(app, &c, root, &owners, err) < 0)
		return -1;
	if (tree_tar_write(root, owners.v.n ? &owners : NULL, &sink, err) < 0)
		return -1;
	event_container(&app->store, &c, "export", EVENT_END);
	return 0;
}

/* Opened before we enter another mount namespace, where its name would mean another file. */
static int open_output(const struct export_args *args, struct error *err)
{
	int fd;

	if (!args->output || str_eq(args->output, "-")) {
		if (output_is_terminal())
			return error_set(err, ERR_USAGE,
					 "an archive is not written to a terminal: use --output");
		fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
		return fd < 0 ? error_sys(err, "stdout") : fd;
	}
	fd = open(args->output, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	return fd < 0 ? error_sys(err, "create %s", args->output) : fd;
}

static int export_run(struct app *app, void *arg, struct strv *operands, struct error *err)
{
	const struct export_args *args = arg;
	auto_close int out = open_output(args, err);

	if (out < 0)
		return -1;
	if (write_tree(app, operands->v[0], out, err) < 0)
		return error_add(err, "cannot export '%s'", operands->v[0]);
	return 0;
}

const struct command cmd_export = {
	.name = "export",
	.operands = "CONTAINER",
	.summary = "write the file system of a container as a tar",
	.description = "Volumes and other mounts are not part of it.",
	.opts = opts,
	.args_size = sizeof(struct export_args),
	.needs = NEED_STORE_READ,
	.min = 1,
	.max = 1,
	.run = export_run,
	.failure = 1,
};
