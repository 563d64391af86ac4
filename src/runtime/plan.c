/*
 * plan.c - spec -> plan: namespaces, devices, sysctls, the whole.
 *
 * Never  changes anything outside this process.
 * Spec   runtime-spec 1.2 config-linux.md.
 */
#include "plan.h"

#include "runtime/features.h"
#include "hooks.h"
#include "util/compat.h"
#include "util/fd.h"
#include "util/path.h"
#include "util/userns.h"

#include <limits.h>
#include <linux/sched.h>
#include <stdio.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/sysmacros.h>

static const struct {
	const char *type;
	int flag;
} namespace_types[] = {
	{ "user", CLONE_NEWUSER }, { "pid", CLONE_NEWPID },   { "network", CLONE_NEWNET },
	{ "ipc", CLONE_NEWIPC },   { "uts", CLONE_NEWUTS },   { "cgroup", CLONE_NEWCGROUP },
	{ "mount", CLONE_NEWNS },  { "time", CLONE_NEWTIME },
};

void features_namespaces(struct strv *types)
{
	for (size_t i = 0; i < ARRAY_SIZE(namespace_types); i++)
		strv_add(types, namespace_types[i].type);
	strv_sort(types);
}

int namespace_flag(const char *type)
{
	for (size_t i = 0; i < ARRAY_SIZE(namespace_types); i++)
		if (str_eq(namespace_types[i].type, type))
			return namespace_types[i].flag;
	return 0;
}

bool plan_has_namespace(const struct plan *p, int nstype)
{
	for (size_t i = 0; i < p->n_joins; i++)
		if (p->joins[i].nstype == nstype)
			return true;
	return (p->new_namespaces & (uint64_t)nstype) != 0;
}

static int plan_join(struct plan *p, const struct spec_namespace *ns, int flag, struct error *err)
{
	struct plan_join *j = &p->joins[p->n_joins];

	/* path: of the host, named by the caller */
	j->fd = open(ns->path, O_RDONLY | O_CLOEXEC);
	if (j->fd < 0)
		return error_sys(err, "linux.namespaces: %s: open %s", ns->type, ns->path);
	j->nstype = flag;
	j->name = ns->type;
	p->n_joins++;
	p->join_pid |= flag == CLONE_NEWPID;
	p->copied |= flag == CLONE_NEWTIME;
	return 0;
}

/* The caller has prepared it; nothing of it is in the specification. */
static int plan_join_ready(struct plan *p, struct error *err)
{
	struct plan_join *j = &p->joins[p->n_joins];

	j->fd = fcntl(p->network, F_DUPFD_CLOEXEC, 3);
	if (j->fd < 0)
		return error_sys(err, "keep the network namespace");
	j->nstype = CLONE_NEWNET;
	j->name = "network";
	p->n_joins++;
	return 0;
}

static int plan_id_maps(struct plan *p, struct error *err)
{
	const struct spec_linux *l = &p->spec->linux_;

	vec_each (&l->uid_mappings, m)
		vec_push(&p->uids, ((struct id_map){ (uint32_t)m->container_id,
						     (uint32_t)m->host_id, (uint32_t)m->size }));
	vec_each (&l->gid_mappings, m)
		vec_push(&p->gids, ((struct id_map){ (uint32_t)m->container_id,
						     (uint32_t)m->host_id, (uint32_t)m->size }));
	if (p->new_namespaces & CLONE_NEWUSER && (p->uids.n == 0 || p->gids.n == 0))
		return error_set(err, ERR_INVALID,
				 "linux: a new user namespace needs uidMappings and gidMappings");
	return 0;
}

int plan_namespaces(struct plan *p, struct error *err)
{
	vec_each (&p->spec->linux_.namespaces, ns) {
		int flag = namespace_flag(ns->type);

		if (!flag)
			return error_set(err, ERR_UNSUPPORTED, "linux.namespaces: type '%s'",
					 ns->type);
		if (plan_has_namespace(p, flag))
			return error_set(err, ERR_INVALID, "linux.namespaces: '%s' twice", ns->type);
		if (str_empty(ns->path) && flag == CLONE_NEWNET && p->network >= 0) {
			if (plan_join_ready(p, err) < 0)
				return -1;
		} else if (str_empty(ns->path))
			p->new_namespaces |= (uint64_t)flag;
		else if (plan_join(p, ns, flag, err) < 0)
			return -1;
	}
	if (!plan_has_namespace(p, CLONE_NEWNS))
		return error_set(
			err, ERR_UNSUPPORTED,
			"linux.namespaces: a container needs a mount namespace of its own");
	p->copied |= (p->new_namespaces & CLONE_NEWTIME) != 0;
	p->loopback = (p->new_namespaces & CLONE_NEWNET) != 0;
	return plan_id_maps(p, err);
}

/* ---- sysctls ---- */

/* Which of /proc/sys belongs to a namespace, so that setting it does not reach the host. */
static const struct {
	const char *prefix;
	int nstype;
} sysctl_allowed[] = {
	{ "kernel/msg", CLONE_NEWIPC },
	{ "kernel/sem", CLONE_NEWIPC },
	{ "kernel/shm", CLONE_NEWIPC },
	{ "fs/mqueue/", CLONE_NEWIPC },
	{ "kernel/hostname", CLONE_NEWUTS },
	{ "kernel/domainname", CLONE_NEWUTS },
	{ "net/", CLONE_NEWNET },
	{ "user/", CLONE_NEWUSER },
};

/* "net.ipv4.ip_forward" or "net/ipv4/..." -> a path; as sysctl(8), the first separator decides. */
static char *sysctl_path(const char *name)
{
	char *path = xstrdup(name);
	size_t first = strcspn(name, "./");

	if (name[first] == '.')
		for (char *c = path; *c; c++)
			*c = *c == '.' ? '/' : *c == '/' ? '.' : *c;
	return path;
}

static bool sysctl_path_ok(const char *path)
{
	for (const char *c = path;; c += strcspn(c, "/") + 1) {
		size_t n = strcspn(c, "/");

		if (n == 0 || (n == 1 && c[0] == '.') || (n == 2 && c[0] == '.' && c[1] == '.'))
			return false;
		if (!c[n])
			return true;
	}
}

static bool sysctl_is_ours(const struct plan *p, const char *path)
{
	for (size_t i = 0; i < ARRAY_SIZE(sysctl_allowed); i++)
		if (str_starts(path, sysctl_allowed[i].prefix))
			return plan_has_namespace(p, sysctl_allowed[i].nstype);
	return false;
}

int plan_sysctl(struct plan *p, struct error *err)
{
	const struct strmap *wanted = &p->spec->linux_.sysctl;

	for (size_t i = 0; i < wanted->n; i++) {
		auto_free char *path = sysctl_path(wanted->v[i].key);

		if (!sysctl_path_ok(path))
			return error_set(err, ERR_INVALID, "linux.sysctl: '%s'", wanted->v[i].key);
		if (!sysctl_is_ours(p, path))
			return error_set(
				err, ERR_INVALID,
				"linux.sysctl: '%s' is not of a namespace of the container",
				wanted->v[i].key);
		strmap_set(&p->sysctl, path, wanted->v[i].value);
	}
	return 0;
}

/* ---- devices ---- */

static const struct {
	const char *path;
	unsigned major, minor;
} default_devices[] = {
	{ "/dev/null", 1, 3 }, { "/dev/zero", 1, 5 },	{ "/dev/full", 1, 7 },
	{ "/dev/tty", 5, 0 },  { "/dev/random", 1, 8 }, { "/dev/urandom", 1, 9 },
};

static mode_t device_type(const char *type)
{
	if (str_eq(type, "c") || str_eq(type, "u"))
		return S_IFCHR;
	return str_eq(type, "b") ? S_IFBLK : str_eq(type, "p") ? S_IFIFO : 0;
}

static bool plan_has_device(const struct plan *p, const char *path)
{
	vec_each (&p->devices, d)
		if (str_eq(d->path, path))
			return true;
	return false;
}

static int plan_devices(struct plan *p, struct error *err)
{
	vec_each (&p->spec->linux_.devices, d) {
		mode_t type = device_type(d->type);
		mode_t mode = d->file_mode == UNSET ? 0666 : (mode_t)d->file_mode & 07777;

		if (!type || !d->path || d->path[0] != '/')
			return error_set(err, ERR_INVALID, "linux.devices: '%s' of type '%s'",
					 d->path ? d->path : "", d->type ? d->type : "");
		vec_push(&p->devices,
			 ((struct plan_device){ .path = d->path,
						.mode = type | mode,
						.dev = makedev((unsigned)d->major, (unsigned)d->minor),
						.uid = d->uid == UNSET ? 0 : (uid_t)d->uid,
						.gid = d->gid == UNSET ? 0 : (gid_t)d->gid }));
	}
	for (size_t i = 0; i < ARRAY_SIZE(default_devices); i++)
		if (!plan_has_device(p, default_devices[i].path))
			vec_push(&p->devices,
				 ((struct plan_device){ .path = default_devices[i].path,
							.mode = S_IFCHR | 0666,
							.dev = makedev(default_devices[i].major,
								       default_devices[i].minor) }));
	return 0;
}

static int plan_propagation(struct plan *p, struct error *err)
{
	static const struct {
		const char *name;
		uint64_t flag;
		bool all;
	} kinds[] = {
		{ "private", MS_PRIVATE, false },	{ "rprivate", MS_PRIVATE, true },
		{ "slave", MS_SLAVE, false },		{ "rslave", MS_SLAVE, true },
		{ "shared", MS_SHARED, false },		{ "rshared", MS_SHARED, true },
		{ "unbindable", MS_UNBINDABLE, false }, { "runbindable", MS_UNBINDABLE, true },
	};
	const char *wanted = p->spec->linux_.rootfs_propagation;

	if (str_empty(wanted))
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (str_eq(kinds[i].name, wanted)) {
			p->propagation = kinds[i].flag;
			p->propagation_all = kinds[i].all;
			return 0;
		}
	return error_set(err, ERR_INVALID, "linux.rootfsPropagation: '%s'", wanted);
}

/* The rootfs as a detached tree: lent by the caller, or cloned from root.path. */
static int plan_rootfs(const struct bundle *b, const struct runtime_options *o, struct plan *p,
		       struct error *err)
{
	const char *path = p->spec->root.path;

	if (o->rootfs >= 0) {
		p->rootfs = fcntl(o->rootfs, F_DUPFD_CLOEXEC, 3);
		return p->rootfs < 0 ? error_sys(err, "root: duplicate") : 0;
	}
	if (str_empty(path))
		return error_set(err, ERR_INVALID, "root.path is missing");
	p->rootfs = sys_open_tree(b->dir, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
	if (p->rootfs < 0)
		return error_sys(err, "root.path: %s", path);
	return 0;
}

/* Names belong to the uts namespace: without one of the container's they would be the host's. */
static int plan_names(struct plan *p, struct error *err)
{
	const struct spec *s = p->spec;

	if (!s->process)
		return error_set(err, ERR_INVALID, "process is missing");
	if ((s->hostname || s->domainname) && !plan_has_namespace(p, CLONE_NEWUTS))
		return error_set(err, ERR_INVALID, "%s: there is no uts namespace of the container",
				 s->hostname ? "hostname" : "domainname");
	return 0;
}

/* Hooks of the host look for the rootfs where the bundle has it. */
static void plan_hooks(const struct bundle *b, struct plan *p)
{
	const struct spec *s = p->spec;
	char dir[PATH_MAX];

	p->hooks = hooks_present(s, HOOK_PRESTART) || hooks_present(s, HOOK_CREATE_RUNTIME) ||
		   hooks_present(s, HOOK_CREATE_CONTAINER);
	p->copied |= hooks_need_talk(s);
	if (!p->hooks || str_empty(s->root.path))
		return;
	fd_path(b->dir, dir, sizeof(dir));
	p->place = path_join(dir, s->root.path);
}

static int plan_net_devices(struct plan *p, struct error *err)
{
	struct strmap devices = { 0 };

	if (spec_net_devices(&p->spec->linux_, &devices, err) < 0)
		return error_add(err, "linux");
	p->devices_move = devices.n > 0;
	p->copied |= p->devices_move;
	strmap_done(&devices);
	return 0;
}

int plan_make(const struct bundle *b, const struct runtime_options *o, struct plan *p,
	      struct error *err)
{
	*p = (struct plan){ .process = PLAN_PROCESS_NONE,
			    .spec = b->spec,
			    .rootfs = -1,
			    .cgroup = -1,
			    .rdt = RDT_NONE,
			    .wait = -1,
			    .network = o->network,
			    .no_pivot = o->no_pivot };
	if (plan_namespaces(p, err) < 0 || plan_names(p, err) < 0 || plan_sysctl(p, err) < 0 ||
	    plan_propagation(p, err) < 0 || plan_rootfs(b, o, p, err) < 0 ||
	    plan_mounts(b, p, err) < 0 || plan_devices(p, err) < 0 ||
	    plan_process(b->spec, b->spec->process, o, &p->process, err) < 0)
		return -1;
	p->process.make_cwd = true;
	if (hooks_present(b->spec, HOOK_START_CONTAINER))
		p->process.hooks = b->spec;
	plan_hooks(b, p);
	return plan_net_devices(p, err);
}

void plan_done(struct plan *p)
{
	for (size_t i = 0; i < p->n_joins; i++)
		auto_close_fd(&p->joins[i].fd);
	vec_each (&p->mounts, m) {
		auto_close_fd(&m->tree);
		auto_close_fd(&m->idmap);
		strv_done(&m->data);
	}
	vec_done(&p->mounts);
	vec_done(&p->devices);
	vec_done(&p->uids);
	vec_done(&p->gids);
	strv_done(&p->names);
	strmap_done(&p->sysctl);
	free(p->place);
	auto_close_fd(&p->rootfs);
	auto_close_fd(&p->cgroup);
	rdt_done(&p->rdt);
	plan_process_done(&p->process);
}
