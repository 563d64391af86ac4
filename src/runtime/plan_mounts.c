/*
 * plan_mounts.c - mounts of the spec -> what the mount system calls take.
 *
 * Sources of bind mounts are cloned here into detached trees: once looked up, never again by path.
 * Spec   runtime-spec 1.2 config.md "Mounts" and its table of options.
 */
#include "plan.h"

#include "cgroup.h"
#include "runtime/features.h"
#include "util/compat.h"
#include "util/fd.h"
#include "util/path.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#ifndef MOUNT_ATTR_NOSYMFOLLOW
#define MOUNT_ATTR_NOSYMFOLLOW 0x00200000
#endif

#define CGROUP_NS_INITIAL_INODE 0xEFFFFFFBU /* of /proc/PID/ns/cgroup; fixed by the kernel */

enum option_kind {
	OPTION_SET,	/* an attribute of the mount */
	OPTION_CLEAR,	/* takes it away */
	OPTION_ATIME,	/* one of the values of a field */
	OPTION_SET_ALL, /* recursively */
	OPTION_CLEAR_ALL,
	OPTION_BIND,
	OPTION_RBIND,
	OPTION_PROPAGATE,
	OPTION_PROPAGATE_ALL,
	OPTION_COPY_UP,
	OPTION_ATIME_ALL,
	OPTION_IDMAP,
	OPTION_IDMAP_ALL,
	OPTION_REMOUNT,
	OPTION_NOTHING, /* what is the case anyway */
	OPTION_DATA,	/* a flag of the file system */
	OPTION_REFUSED,
};
static const struct {
	const char *name;
	enum option_kind kind;
	uint64_t value;
} options[] = {
	{ "ro", OPTION_SET, MOUNT_ATTR_RDONLY },
	{ "rw", OPTION_CLEAR, MOUNT_ATTR_RDONLY },
	{ "nosuid", OPTION_SET, MOUNT_ATTR_NOSUID },
	{ "suid", OPTION_CLEAR, MOUNT_ATTR_NOSUID },
	{ "nodev", OPTION_SET, MOUNT_ATTR_NODEV },
	{ "dev", OPTION_CLEAR, MOUNT_ATTR_NODEV },
	{ "noexec", OPTION_SET, MOUNT_ATTR_NOEXEC },
	{ "exec", OPTION_CLEAR, MOUNT_ATTR_NOEXEC },
	{ "nodiratime", OPTION_SET, MOUNT_ATTR_NODIRATIME },
	{ "diratime", OPTION_CLEAR, MOUNT_ATTR_NODIRATIME },
	{ "nosymfollow", OPTION_SET, MOUNT_ATTR_NOSYMFOLLOW },
	{ "symfollow", OPTION_CLEAR, MOUNT_ATTR_NOSYMFOLLOW },
	{ "noatime", OPTION_ATIME, MOUNT_ATTR_NOATIME },
	{ "strictatime", OPTION_ATIME, MOUNT_ATTR_STRICTATIME },
	{ "relatime", OPTION_ATIME, MOUNT_ATTR_RELATIME },
	{ "atime", OPTION_NOTHING, 0 },
	{ "norelatime", OPTION_NOTHING, 0 },
	{ "nostrictatime", OPTION_NOTHING, 0 },
	{ "rnoatime", OPTION_ATIME_ALL, MOUNT_ATTR_NOATIME },
	{ "rstrictatime", OPTION_ATIME_ALL, MOUNT_ATTR_STRICTATIME },
	{ "rrelatime", OPTION_ATIME_ALL, MOUNT_ATTR_RELATIME },
	{ "ratime", OPTION_ATIME_ALL, MOUNT_ATTR_RELATIME },
	{ "rnorelatime", OPTION_ATIME_ALL, MOUNT_ATTR_RELATIME },
	{ "rnostrictatime", OPTION_ATIME_ALL, MOUNT_ATTR_RELATIME },
	{ "rnodiratime", OPTION_SET_ALL, MOUNT_ATTR_NODIRATIME },
	{ "rdiratime", OPTION_CLEAR_ALL, MOUNT_ATTR_NODIRATIME },
	{ "rro", OPTION_SET_ALL, MOUNT_ATTR_RDONLY },
	{ "rrw", OPTION_CLEAR_ALL, MOUNT_ATTR_RDONLY },
	{ "rnosuid", OPTION_SET_ALL, MOUNT_ATTR_NOSUID },
	{ "rsuid", OPTION_CLEAR_ALL, MOUNT_ATTR_NOSUID },
	{ "rnodev", OPTION_SET_ALL, MOUNT_ATTR_NODEV },
	{ "rdev", OPTION_CLEAR_ALL, MOUNT_ATTR_NODEV },
	{ "rnoexec", OPTION_SET_ALL, MOUNT_ATTR_NOEXEC },
	{ "rexec", OPTION_CLEAR_ALL, MOUNT_ATTR_NOEXEC },
	{ "rnosymfollow", OPTION_SET_ALL, MOUNT_ATTR_NOSYMFOLLOW },
	{ "rsymfollow", OPTION_CLEAR_ALL, MOUNT_ATTR_NOSYMFOLLOW },
	{ "bind", OPTION_BIND, 0 },
	{ "rbind", OPTION_RBIND, 0 },
	{ "private", OPTION_PROPAGATE, MS_PRIVATE },
	{ "rprivate", OPTION_PROPAGATE_ALL, MS_PRIVATE },
	{ "slave", OPTION_PROPAGATE, MS_SLAVE },
	{ "rslave", OPTION_PROPAGATE_ALL, MS_SLAVE },
	{ "shared", OPTION_PROPAGATE, MS_SHARED },
	{ "rshared", OPTION_PROPAGATE_ALL, MS_SHARED },
	{ "unbindable", OPTION_PROPAGATE, MS_UNBINDABLE },
	{ "runbindable", OPTION_PROPAGATE_ALL, MS_UNBINDABLE },
	{ "tmpcopyup", OPTION_COPY_UP, 0 },
	{ "notmpcopyup", OPTION_NOTHING, 0 },
	{ "defaults", OPTION_NOTHING, 0 },
	{ "async", OPTION_NOTHING, 0 },
	{ "newinstance", OPTION_NOTHING, 0 }, /* of devpts: always so since Linux 4.7 */
	{ "sync", OPTION_DATA, 0 },
	{ "dirsync", OPTION_DATA, 0 },
	{ "iversion", OPTION_NOTHING, 0 },
	{ "noiversion", OPTION_NOTHING, 0 },
	{ "nomand", OPTION_NOTHING, 0 },
	{ "silent", OPTION_NOTHING, 0 },
	{ "loud", OPTION_NOTHING, 0 },
	{ "acl", OPTION_NOTHING, 0 },
	{ "noacl", OPTION_NOTHING, 0 },
	{ "idmap", OPTION_IDMAP, 0 },
	{ "ridmap", OPTION_IDMAP_ALL, 0 },
	{ "remount", OPTION_REMOUNT, 0 },
	{ "lazytime", OPTION_DATA, 0 },
	{ "nolazytime", OPTION_NOTHING, 0 },
	{ "mand", OPTION_REFUSED, 0 },
};

void features_mount_options(struct strv *names)
{
	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		if (options[i].kind != OPTION_REFUSED)
			strv_add(names, options[i].name);
	strv_sort(names);
}

struct option_state {
	bool bind, recursive, idmap;
};

static int option_apply(struct plan_mount *m, const char *text, struct option_state *st,
			struct error *err)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(options) && !str_eq(options[i].name, text); i++)
		;
	if (i == ARRAY_SIZE(options)) {
		strv_add(&m->data, text); /* the file system judges it */
		return 0;
	}
	switch (options[i].kind) {
	case OPTION_SET:
		m->set |= options[i].value;
		m->clear &= ~options[i].value;
		break;
	case OPTION_CLEAR:
		m->clear |= options[i].value;
		m->set &= ~options[i].value;
		break;
	case OPTION_ATIME:
		m->set = (m->set & ~(uint64_t)MOUNT_ATTR__ATIME) | options[i].value;
		m->clear |= MOUNT_ATTR__ATIME;
		break;
	case OPTION_ATIME_ALL:
		m->all_set = (m->all_set & ~(uint64_t)MOUNT_ATTR__ATIME) | options[i].value;
		m->all_clear |= MOUNT_ATTR__ATIME;
		break;
	case OPTION_SET_ALL:
		m->all_set |= options[i].value;
		m->all_clear &= ~options[i].value;
		break;
	case OPTION_CLEAR_ALL:
		m->all_clear |= options[i].value;
		m->all_set &= ~options[i].value;
		break;
	case OPTION_IDMAP_ALL:
	case OPTION_IDMAP:
		st->idmap = true;
		m->idmap_all = options[i].kind == OPTION_IDMAP_ALL;
		break;
	case OPTION_REMOUNT:
		m->remount = true;
		break;
	case OPTION_RBIND:
		st->recursive = true; /* and */
		__attribute__((fallthrough));
	case OPTION_BIND:
		st->bind = true;
		break;
	case OPTION_PROPAGATE_ALL:
	case OPTION_PROPAGATE:
		m->propagation = options[i].value;
		m->propagation_all = options[i].kind == OPTION_PROPAGATE_ALL;
		break;
	case OPTION_COPY_UP:
		m->copy_up = true;
		break;
	case OPTION_DATA:
		strv_add(&m->data, text);
		break;
	case OPTION_NOTHING:
		break;
	case OPTION_REFUSED:
		return error_set(err, ERR_UNSUPPORTED, "option '%s'", text);
	}
	return 0;
}

/* What may be bound below /proc: files that LXCFS and its like replace. Never the whole of it. */
static const char *const proc_exceptions[] = {
	"/proc/cpuinfo",
	"/proc/diskstats",
	"/proc/meminfo",
	"/proc/stat",
	"/proc/swaps",
	"/proc/uptime",
	"/proc/loadavg",
	"/proc/slabinfo",
	"/proc/net/dev",
	"/proc/sys/kernel/ns_last_pid",
	"/proc/sys/crypto/fips_enabled",
};

static int check_proc(const struct plan_mount *m, struct error *err)
{
	struct statfs fs;

	if (!path_is_below(m->destination, "/proc") || m->role == ROLE_PROC)
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(proc_exceptions); i++)
		if (str_eq(m->destination, proc_exceptions[i]))
			return 0;
	if (m->tree >= 0 && fstatfs(m->tree, &fs) == 0 && fs.f_type == PROC_SUPER_MAGIC)
		return 0;
	return error_set(err, ERR_INVALID, "only a real proc may be mounted at or below /proc");
}

static int open_source(const struct bundle *b, const struct spec_mount *sm, bool recursive,
		       struct plan_mount *m, struct error *err)
{
	unsigned flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC;
	struct stat st;

	if (str_empty(sm->source))
		return error_set(err, ERR_INVALID, "a bind mount needs a source");
	m->tree = sys_open_tree(b->dir, sm->source, flags | (recursive ? AT_RECURSIVE : 0));
	/*
	 * In a user namespace a mount that has others below it cannot be cloned alone, for that
	 * would uncover what they hide.
	 */
	if (m->tree < 0 && errno == EINVAL && !recursive)
		m->tree = sys_open_tree(b->dir, sm->source, flags | AT_RECURSIVE);
	if (m->tree < 0)
		return error_sys(err, "source %s", sm->source);
	if (fstat(m->tree, &st) < 0)
		return error_sys(err, "source %s", sm->source);
	m->is_dir = S_ISDIR(st.st_mode);
	return 0;
}

static int plan_bind(const struct bundle *b, const struct spec_mount *sm, bool recursive,
		     struct plan_mount *m, struct error *err)
{
	if (m->data.n)
		return error_set(
			err, ERR_INVALID,
			"option '%s' is none of a bind mount, and its file system is there "
			"already",
			m->data.v[0]);
	return open_source(b, sm, recursive, m, err);
}

/* Of the spec's own meaning: what is mounted there gets other attributes. */
static int plan_remount(const struct plan_mount *m, const struct option_state *st, struct error *err)
{
	if (m->data.n || m->copy_up || st->idmap)
		return error_set(err, ERR_UNSUPPORTED, "option '%s' cannot be changed by remount",
				 m->data.n    ? m->data.v[0]
				 : m->copy_up ? "tmpcopyup"
					      : "idmap");
	return 0;
}

/* The maps of the mount, else those of the container's user namespace. */
static int idmap_find(const struct plan *p, const struct spec_mount *sm, struct error *err)
{
	id_maps uids = { 0 }, gids = { 0 };
	int fd;

	if (!sm->uid_mappings.n) {
		for (size_t i = 0; i < p->n_joins; i++)
			if (p->joins[i].nstype == CLONE_NEWUSER)
				return fcntl(p->joins[i].fd, F_DUPFD_CLOEXEC, 3);
		if (!p->uids.n)
			return error_set(err, ERR_INVALID,
					 "idmap: neither the mount nor the container has mappings");
		return idmap_namespace(&p->uids, &p->gids, err);
	}
	vec_each (&sm->uid_mappings, u)
		vec_push(&uids, ((struct id_map){ (uint32_t)u->container_id, (uint32_t)u->host_id,
						  (uint32_t)u->size }));
	vec_each (&sm->gid_mappings, g)
		vec_push(&gids, ((struct id_map){ (uint32_t)g->container_id, (uint32_t)g->host_id,
						  (uint32_t)g->size }));
	fd = idmap_namespace(&uids, &gids, err);
	vec_done(&uids);
	vec_done(&gids);
	return fd;
}

static int plan_idmap(struct plan *p, const struct spec_mount *sm, struct plan_mount *m,
		      struct error *err)
{
	m->idmap = idmap_find(p, sm, err);
	if (m->idmap < 0)
		return -1;
	/* a file system that is made later is mapped then */
	return m->fstype ? 0 : idmap_apply(m->tree, m->idmap, m->idmap_all, err);
}

static enum mount_role role_of(const struct plan_mount *m)
{
	static const struct {
		const char *fstype, *destination;
		enum mount_role role;
	} roles[] = {
		{ "proc", "/proc", ROLE_PROC },	  { "sysfs", "/sys", ROLE_SYS },
		{ "tmpfs", "/dev", ROLE_DEV },	  { "devpts", "/dev/pts", ROLE_PTS },
		{ "cgroup2", NULL, ROLE_CGROUP },
	};

	for (size_t i = 0; i < ARRAY_SIZE(roles); i++)
		if (str_eq(m->fstype, roles[i].fstype) &&
		    (!roles[i].destination || str_eq(m->destination, roles[i].destination)))
			return roles[i].role;
	return ROLE_NONE;
}

/*
 * Without a cgroup namespace of its own a container sees the host's tree. The file system mounted
 * anew would be the very same, but from the initial namespace that gives the host's mount new
 * options as well (nsdelegate is lost), and waits 10 ms for it: so what is mounted there is shown.
 * In a user namespace neither is allowed, see tree_make().
 */
static void plan_cgroup(const struct plan *p, struct plan_mount *m)
{
	struct stat ns;

	strv_done(&m->data); /* options of v1 hierarchies */
	if (plan_has_namespace(p, CLONE_NEWCGROUP) || plan_has_namespace(p, CLONE_NEWUSER) ||
	    /* path: the host's procfs */
	    stat("/proc/self/ns/cgroup", &ns) < 0 || ns.st_ino != CGROUP_NS_INITIAL_INODE ||
	    !userns_is_initial())
		return;
	m->tree = cgroup_mount_clone();
	if (m->tree >= 0)
		m->fstype = NULL;
}

static int plan_mount(const struct bundle *b, struct plan *p, const struct spec_mount *sm,
		      struct error *err)
{
	struct plan_mount *m = vec_add(&p->mounts);
	struct option_state st = { 0 };
	auto_free char *rooted = NULL;

	m->tree = m->idmap = -1;
	if (str_empty(sm->destination))
		return error_set(err, ERR_INVALID, "destination is missing");
	rooted = xasprintf("/%s", sm->destination);
	strv_take(&p->names, path_clean(rooted));
	m->destination = p->names.v[p->names.n - 1];
	m->source = sm->source ? sm->source : sm->type;
	strv_each (&sm->options, i)
		if (option_apply(m, sm->options.v[i], &st, err) < 0)
			return -1;
	st.bind |= str_eq(sm->type, "bind");
	if (m->remount)
		return plan_remount(m, &st, err);
	if (!st.bind && str_empty(sm->type))
		return error_set(err, ERR_INVALID, "type is missing");
	if (!st.bind) {
		m->fstype = str_eq(sm->type, "cgroup") ? "cgroup2" : sm->type;
		m->is_dir = true;
	} else if (plan_bind(b, sm, st.recursive, m, err) < 0) {
		return -1;
	}
	m->role = role_of(m);
	if (m->role == ROLE_CGROUP)
		plan_cgroup(p, m);
	if (str_eq(m->destination, "/dev"))
		p->own_dev = m->fstype != NULL;
	if (str_eq(m->destination, "/"))
		return error_set(err, ERR_INVALID, "the root itself cannot be a destination");
	if (m->copy_up && !str_eq(m->fstype, "tmpfs"))
		return error_set(err, ERR_INVALID, "tmpcopyup is for tmpfs");
	if (check_proc(m, err) < 0)
		return -1;
	return st.idmap || sm->uid_mappings.n ? plan_idmap(p, sm, m, err) : 0;
}

/* SELinux's label of all files of a new file system, where that is one of the container's alone. */
static void plan_label(struct plan *p, struct plan_mount *m)
{
	static const char *const labelled[] = { "tmpfs", "devpts", "mqueue" };

	for (size_t i = 0; !str_empty(p->spec->linux_.mount_label) && i < ARRAY_SIZE(labelled); i++)
		if (str_eq(m->fstype, labelled[i]))
			strv_addf(&m->data, "context=%s", p->spec->linux_.mount_label);
}

int plan_mounts(const struct bundle *b, struct plan *p, struct error *err)
{
	/* path: the host's own */
	if (!str_empty(p->spec->linux_.mount_label) &&
	    !file_exists(AT_FDCWD, "/sys/fs/selinux/enforce"))
		return error_set(err, ERR_UNSUPPORTED,
				 "linux.mountLabel: this kernel has no SELinux, or it is off");
	p->own_dev = true;
	vec_each (&p->spec->mounts, sm) {
		if (plan_mount(b, p, sm, err) == 0)
			plan_label(p, &p->mounts.v[p->mounts.n - 1]);
		else
			return error_add(err, "mounts: %s",
					 sm->destination ? sm->destination : "(no destination)");
	}
	return 0;
}
