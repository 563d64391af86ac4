/*
 * run_step.c - RUN of a Dockerfile: the one road, without a container that anyone could name.
 *
 * Theory of operation: the step's layers are mounted with the staging directory's upper/ above
 * them; spec and runtime are those of `run`; this process is the monitor, and the step dies with
 * it. Afterwards upper/ is the layer, less the mount points that were made for our own files.
 */
#include "prepare.h"

#include "engine/network.h"
#include "etc_files.h"
#include "runtime/owner_watch.h"
#include "runtime/runtime.h"
#include "store/owner_stack.h"
#include "store/rootfs.h"
#include "util/compat.h"
#include "util/fd.h"
#include "util/log.h"
#include "util/owner_mark.h"
#include "util/path.h"
#include "util/text.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <sys/xattr.h>

#define OUTPUT_CHUNK (32 << 10)

/* ---- output ---- */

static void tell(struct engine *e, const char *id, int stream, char *buf, ssize_t n)
{
	struct progress_report r = {
		.event = PROGRESS_OUTPUT,
		.id = id,
		.text = buf,
		.now = (uint64_t)n,
		.stream = stream,
	};

	progress_report(&e->progress, &r);
}

/* Until both pipes are at their end, or init is gone: its pid namespace dies with it. */
static int pump(struct engine *e, const char *id, int out, int err_fd, int pidfd, struct error *err)
{
	struct pollfd p[3] = { { out, POLLIN, 0 }, { err_fd, POLLIN, 0 }, { pidfd, POLLIN, 0 } };
	char buf[OUTPUT_CHUNK];
	bool gone = false;

	while (p[0].fd >= 0 || p[1].fd >= 0) {
		int n = poll(p, 3, gone ? 0 : -1);

		if (n < 0 && errno != EINTR)
			return error_sys(err, "wait for output");
		if (n < 0)
			return error_set(err, ERR_INTERRUPTED, "interrupted");
		if (n == 0) /* what is still open belongs to nobody alive */
			return 0;
		for (int i = 0; i < 2; i++) {
			ssize_t got;

			if (!p[i].revents)
				continue;
			got = read(p[i].fd, buf, sizeof(buf));
			if (got > 0)
				tell(e, id, i + 1, buf, got);
			else if (got == 0 || errno != EAGAIN)
				p[i].fd = -1;
		}
		if (p[2].revents) {
			gone = true;
			p[2].fd = -1;
		}
	}
	return 0;
}

/* ---- mount points that are ours ---- */

struct parent { /* what a mount point is made in is copied up, unchanged, for that reason alone */
	char *path;
	struct stat st;
	struct owner_mark owner;
};
struct stubs {
	struct strv paths; /* absent before the step: files, then the directories above them */
	VEC(struct parent) parents;
};

static void stubs_done(struct stubs *s)
{
	strv_done(&s->paths);
	vec_each (&s->parents, p)
		free(p->path);
	vec_done(&s->parents);
}

/* The directories that are there above a missing mount point, the deepest first. */
static int parents_find(struct stubs *s, const char *deepest, int rootfs, struct error *err)
{
	auto_free char *path = xstrdup(deepest);

	while (path[0] && strcmp(path, "/") != 0) {
		auto_close int fd = -1;
		struct stat st;
		int found = rootfs_find(rootfs, path, &fd, err);

		if (found < 0)
			return -1;
		if (found && fstat(fd, &st) == 0) {
			struct parent *p = vec_add(&s->parents);

			*p = (struct parent){ xstrdup(path), st, { 0 } };
			owner_mark_get(-1, fd, &p->owner);
		}
		*strrchr(path, '/') = '\0';
	}
	return 0;
}

/* Which of the spec's mount points, and of their parents, the tree does not have yet. */
static int stubs_find(struct stubs *s, const struct spec *spec, int rootfs, struct error *err)
{
	vec_each (&spec->mounts, m) {
		auto_free char *path = xstrdup(m->destination);

		while (path[0] && strcmp(path, "/") != 0) {
			auto_close int fd = -1;
			int found = rootfs_find(rootfs, path, &fd, err);

			if (found < 0)
				return -1;
			if (found && strcmp(path, m->destination) != 0 &&
			    parents_find(s, path, rootfs, err) < 0)
				return -1;
			if (found)
				break;
			if (!strv_has(&s->paths, path))
				strv_add(&s->paths, path);
			*strrchr(path, '/') = '\0';
		}
	}
	/* what is deeper comes first */
	strv_sort(&s->paths);
	return 0;
}

/* Removes those that are still empty from the layer-to-be; what the step put there stays. */
static int stubs_remove(const struct stubs *s, int upper, struct error *err)
{
	for (size_t i = s->paths.n; i-- > 0;) {
		auto_free char *name = NULL;
		auto_close int parent = -1;
		struct stat st;
		struct error absent = { 0 }; /* then there is nothing to remove */

		parent = rootfs_parent(upper, s->paths.v[i], false, &name, &absent);
		if (parent < 0 || fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		if (S_ISDIR(st.st_mode)) {
			if (unlinkat(parent, name, AT_REMOVEDIR) < 0 && errno != ENOTEMPTY)
				return error_sys(err, "remove mount point %s", s->paths.v[i]);
		} else if (S_ISREG(st.st_mode) && st.st_size == 0 && unlinkat(parent, name, 0) < 0) {
			return error_sys(err, "remove mount point %s", s->paths.v[i]);
		}
	}
	return 0;
}

/* A directory that says nothing but what is below anyway is left out of the layer. */
static void parents_remove(const struct stubs *s, int upper)
{
	vec_each (&s->parents, p) {
		auto_free char *name = NULL;
		char value[2];
		struct error absent = { 0 }; /* then there is nothing to remove */
		auto_close int parent = rootfs_parent(upper, p->path, false, &name, &absent);
		auto_close int dir = -1;
		struct owner_mark owner = { 0 };
		struct stat st;

		if (parent >= 0)
			dir = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (dir < 0 || fstat(dir, &st) < 0)
			continue;
		owner_mark_read(dir, &owner);
		if (st.st_mode != p->st.st_mode || st.st_uid != p->st.st_uid ||
		    st.st_gid != p->st.st_gid || owner.uid != p->owner.uid ||
		    owner.gid != p->owner.gid ||
		    fgetxattr(dir, "user.overlay.opaque", value, sizeof(value)) >= 0)
			continue;
		unlinkat(parent, name, AT_REMOVEDIR); /* not when the step left something there */
	}
}

/* ---- the step ---- */

struct step {
	struct resolved_mounts mounts;
	struct spec spec;
	struct user user;
	struct stubs stubs;
	struct net_job *net;
	char *rootfs_path;
	int rootfs;
	int out[2], err_[2];
};

static void step_done(struct step *s)
{
	spec_done(&s->spec);
	resolved_mounts_done(&s->mounts);
	user_done(&s->user);
	stubs_done(&s->stubs);
	network_job_free(&s->net);
	free(s->rootfs_path);
	auto_close_fd(&s->rootfs);
	for (int i = 0; i < 2; i++) {
		auto_close_fd(&s->out[i]);
		auto_close_fd(&s->err_[i]);
	}
}

/* The builder has worked them out: source, destination and all options. */
static int step_mounts(struct engine *e, const struct run_request *r, struct step *s,
		       struct error *err)
{
	struct container none;
	int status;

	vec_each (&r->mounts, m) {
		struct spec_mount *to = vec_add(&s->mounts.v);

		to->type = xstrdup(m->type);
		to->source = xstrdup(m->source ? m->source : m->type);
		to->destination = xstrdup(m->destination);
		strv_copy(&to->options, &m->options);
	}
	container_init(&none);
	status = mounts_resolve(e, &none, r, s->rootfs, &s->mounts, err);
	container_done(&none);
	return status;
}

/* Its life is the lock of the staging directory, and its files of /etc are there. */
static int step_network(struct engine *e, const struct run_request *r, struct staging *dir,
			const char *id, const char *hostname, const char *etc, struct step *s,
			struct error *err)
{
	auto_free char *lock = xasprintf("%s.lock", etc), *hosts = xasprintf("%s/hosts", etc);
	auto_free char *dns = NULL;
	struct network_wish w = {
		.request = r,
		.id = id,
		.hostname = hostname,
		.lock = lock,
		.hosts = hosts,
	};

	if (network_job_make(e, &w, &s->net, err) < 0)
		return -1;
	dns = network_dns(s->net);
	return etc_files_write(dir->fd, r, hostname, dns, s->net != NULL, err);
}

static int step_prepare(struct engine *e, const struct run_request *r,
			const struct image_settings *image, struct staging *dir, struct step *s,
			struct error *err)
{
	char id[CONTAINER_ID_MAX], etc[PATH_MAX];
	struct spec_input in = { .request = r,
				 .image = image,
				 .facts = &e->facts,
				 .user = &s->user,
				 .id = id,
				 .etc_dir = etc,
				 .hostname = "build" };

	random_hex(id, sizeof(id) - 1);
	snprintf(etc, sizeof(etc), "%s/tmp/%s", e->store->path, dir->name);
	s->rootfs_path = rootfs_mountpoint(e->store, err);
	if (!s->rootfs_path)
		return -1;
	s->rootfs = rootfs_mount(e->store, (const char *const *)r->layers.v, r->layers.n, dir->fd,
				 ROOTFS_NODEV | ROOTFS_VOLATILE, err);
	if (s->rootfs < 0 || prepare_user(e, r, image, s->rootfs, &s->user, err) < 0 ||
	    step_network(e, r, dir, id, in.hostname, etc, s, err) < 0)
		return -1;
	in.rootfs = s->rootfs_path;
	in.mounts = &s->mounts;
	if (step_mounts(e, r, s, err) < 0)
		return -1;
	if (spec_make(&in, &s->spec, err) < 0 || stubs_find(&s->stubs, &s->spec, s->rootfs, err) < 0)
		return -1;
	if (fd_pipe(s->out, err) < 0 || fd_pipe(s->err_, err) < 0)
		return -1;
	return 0;
}

static int step_wait(struct runtime_process *p, int *exit_code, struct error *err)
{
	siginfo_t info = { 0 };

	while (waitid(P_PIDFD, (id_t)p->pidfd, &info, WEXITED) < 0)
		if (errno != EINTR)
			return error_sys(err, "wait for the step");
	*exit_code = info.si_code == CLD_EXITED ? info.si_status : 128 + info.si_status;
	return 0;
}

/* What nobody asked for may be missing, but not in silence. */
static bool step_does_without(const struct net_job *j, struct error *err)
{
	char text[ERROR_LINE_MAX];

	if (!j->optional || (err->kind != ERR_UNSUPPORTED && err->kind != ERR_DENIED))
		return false;
	log_warn("the step has no network: %s", error_text(err, text, sizeof(text)));
	error_clear(err);
	return true;
}

/* dir: of the step, borrowed */
static int step_run(struct engine *e, const char *id, int dir, struct step *s, int *exit_code,
		    struct error *err)
{
	struct bundle bundle = { .dir = e->store->root, .spec = &s->spec };
	struct runtime_options o = RUNTIME_OPTIONS_INIT;
	struct runtime_process p = RUNTIME_PROCESS_NONE;
	struct owner_watch_options owners = { .listener = -1, .dir = dir, .lenient = true };
	struct owner_watch *watch = NULL;
	struct error ignored = { 0 };
	struct net net = NET_NONE;
	int status;

	if (s->net && net_up(s->net, &net, err) < 0 && !step_does_without(s->net, err))
		return -1;
	o.network = net.ns;
	o.stdio[0] = -1;
	o.stdio[1] = s->out[1];
	o.stdio[2] = s->err_[1];
	o.start = true;
	o.die_with_parent = true;
	o.rootfs = s->rootfs;
	o.owners = &owners.listener;
	o.owned_binary = prepare_owned_binary(e);
	if (runtime_create(&bundle, &o, &p, err) < 0) {
		if (s->net)
			net_down(&net, s->net);
		return -1;
	}
	auto_close_fd(&s->out[1]);
	auto_close_fd(&s->err_[1]);
	s->out[1] = s->err_[1] = -1;
	owners.init = p.pid;
	status = owner_watch_start(&owners, &watch, err);
	if (status == 0)
		status = pump(e, id, s->out[0], s->err_[0], p.pidfd, err);
	if (status < 0)
		sys_pidfd_send_signal(p.pidfd, SIGKILL, NULL, 0);
	if (step_wait(&p, exit_code, status < 0 ? &ignored : err) < 0)
		status = -1;
	error_clear(&ignored);
	if (s->net)
		net_down(&net, s->net);
	owner_watch_stop(watch);
	if (p.cgroup && runtime_cgroup_remove(p.cgroup, status < 0 ? &ignored : err) < 0)
		status = -1;
	runtime_process_done(&p);
	return status;
}

/* What the file system could not hold, for the layer. */
static int step_owners(struct engine *e, const struct run_request *r, int dir, int upper,
		       struct step *s, struct error *err)
{
	auto_done(owner_stack) struct owner_stack below = { 0 };
	auto_done(owners) struct owners owners = { 0 };

	if (!e->store->single)
		return 0;
	if (owner_stack_open(e->store, &r->layers, &below, err) < 0 ||
	    owners_collect(upper, s->rootfs, dir, &below, &owners, err) < 0)
		return -1;
	return owners.v.n ? owners_save(dir, &owners, err) : 0;
}

/* upper/ becomes diff/; work/ and the files of /etc go. */
static int step_collect(struct engine *e, const struct run_request *r, struct staging *dir,
			struct step *s, struct error *err)
{
	static const char *const ours[] = { "work", "hosts", "hostname", "resolv.conf", OWNER_NOTES };
	auto_close int upper = dir_open(dir->fd, "upper", err);

	if (upper < 0 || stubs_remove(&s->stubs, upper, err) < 0)
		return -1;
	parents_remove(&s->stubs, upper);
	if (step_owners(e, r, dir->fd, upper, s, err) < 0)
		return -1;
	/* the mount pins both directories of the overlay */
	auto_close_fd(&s->rootfs);
	for (size_t i = 0; i < ARRAY_SIZE(ours); i++)
		if (tree_remove(dir->fd, ours[i], err) < 0)
			return -1;
	if (renameat(dir->fd, "upper", dir->fd, "diff") < 0)
		return error_sys(err, "keep the step's changes");
	return 0;
}

int engine_run_step(struct engine *e, struct run_request *r, const struct image_settings *image,
		    const char *id, struct staging *dir, int *exit_code, struct error *err)
{
	struct step s = { .rootfs = -1, .out = { -1, -1 }, .err_ = { -1, -1 } };
	int status = -1;

	spec_init(&s.spec);
	if (request_read_profiles(&r->security_opt, err) == 0 &&
	    step_prepare(e, r, image, dir, &s, err) == 0 &&
	    step_run(e, id, dir->fd, &s, exit_code, err) == 0)
		status = *exit_code == 0 ? step_collect(e, r, dir, &s, err) : 0;
	step_done(&s);
	return status;
}
