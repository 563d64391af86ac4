/*
 * spec_mounts.c - the mounts of a container: the system's own, the three files of /etc, the user's.
 *
 * The flags are part of the contract: SECURITY.md 3d.
 */
#include "spec_parts.h"

#define SHM_SIZE_DEFAULT (64 << 20) /* bytes */

static void add_mount(struct spec *out, const char *type, const char *source,
		      const char *destination, const char *options)
{
	struct spec_mount *m = vec_add(&out->mounts);

	m->type = xstrdup(type);
	m->source = xstrdup(source);
	m->destination = xstrdup(destination);
	if (options)
		strv_split(&m->options, options, ',');
}

static bool user_mounts(const struct spec_input *in, const char *destination)
{
	if (in->mounts)
		vec_each (&in->mounts->v, m)
			if (strcmp(m->destination, destination) == 0)
				return true;
	return false;
}

static bool has_gid(const struct spec_input *in, const struct spec *out, uint32_t gid)
{
	const struct spec_linux *l = &out->linux_;

	if (l->gid_mappings.n == 0)
		return userns_has_id(&in->facts->gids, gid);
	vec_each (&l->gid_mappings, m)
		if (gid >= m->container_id && gid < m->container_id + m->size)
			return true;
	return false;
}

/* Host namespaces keep what belongs to them: a fresh sysfs or mqueue would be another's. */
static void add_ipc(const struct spec_input *in, struct spec *out)
{
	const struct run_request *r = in->request;
	bool shared = mode_is(r->ipc, "host");

	if (shared) {
		add_mount(out, "bind", "/dev/shm", "/dev/shm", "rbind,nosuid,nodev,noexec");
		if (in->facts->mqueue)
			add_mount(out, "bind", "/dev/mqueue", "/dev/mqueue",
				  "rbind,nosuid,nodev,noexec");
		return;
	}
	if (!user_mounts(in, "/dev/shm") && !mode_is(r->ipc, "none")) {
		auto_free char *options =
			xasprintf("nosuid,nodev,noexec,mode=1777,size=%lld",
				  (long long)(r->shm_size == UNSET ? SHM_SIZE_DEFAULT : r->shm_size));

		add_mount(out, "tmpfs", "shm", "/dev/shm", options);
	}
	if (!in->join_ipc)
		add_mount(out, "mqueue", "mqueue", "/dev/mqueue", "nosuid,nodev,noexec");
}

static void add_system(const struct spec_input *in, struct spec *out)
{
	const struct run_request *r = in->request;
	/* sysfs shows the network namespace: only the owner of that may mount it */
	bool own_network = !mode_is(r->network, "host") && !in->join_network;
	const char *sys_mode = r->privileged ? "rw" : "ro";
	auto_free char *sys = xasprintf("nosuid,nodev,noexec,%s", sys_mode);
	auto_free char *rsys = xasprintf("rbind,%s", sys);

	if (mode_is(r->pid, "host") && !userns_may_mount_hosts(&in->facts->userns))
		add_mount(out, "bind", "/proc", "/proc", "rbind,nosuid,nodev,noexec");
	else
		add_mount(out, "proc", "proc", "/proc", "nosuid,nodev,noexec");
	add_mount(out, "tmpfs", "tmpfs", "/dev", "nosuid,noexec,strictatime,mode=755,size=65536k");
	add_mount(out, "devpts", "devpts", "/dev/pts",
		  has_gid(in, out, 5) ? "nosuid,noexec,newinstance,ptmxmode=0666,mode=0620,gid=5"
				      : "nosuid,noexec,newinstance,ptmxmode=0666,mode=0620");
	add_ipc(in, out);
	if (own_network || userns_may_mount_hosts(&in->facts->userns))
		add_mount(out, "sysfs", "sysfs", "/sys", sys);
	else
		add_mount(out, "bind", "/sys", "/sys", rsys);
	add_mount(out, "cgroup", "cgroup", "/sys/fs/cgroup",
		  r->privileged ? "nosuid,nodev,noexec,relatime,rw"
				: "nosuid,nodev,noexec,relatime,ro");
}

/* hosts, hostname, resolv.conf: the only things mounted without being asked for. */
static void add_etc(const struct spec_input *in, struct spec *out)
{
	static const char *const names[] = { "resolv.conf", "hostname", "hosts" };

	for (size_t i = 0; in->etc_dir && i < ARRAY_SIZE(names); i++) {
		auto_free char *to = xasprintf("/etc/%s", names[i]);
		auto_free char *from = xasprintf("%s/%s", in->etc_dir, names[i]);

		if (!user_mounts(in, to))
			add_mount(out, "bind", from, to, "bind,rprivate,nosuid,nodev,noexec");
	}
}

/* `--read-only` with podman's writable places, where that was asked for */
static void add_read_only_tmpfs(const struct spec_input *in, struct spec *out)
{
	static const char *const places[] = { "/run", "/tmp", "/var/tmp" };

	if (!in->request->read_only || in->request->read_only_tmpfs != 1)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(places); i++)
		if (!user_mounts(in, places[i]))
			add_mount(out, "tmpfs", "tmpfs", places[i], "nosuid,nodev,mode=1777");
}

static int by_depth(const void *a, const void *b)
{
	const struct spec_mount *x = a, *y = b;

	return strcmp(x->destination, y->destination); /* a parent sorts before what is below it */
}

static void add_copy(struct spec *out, const struct spec_mount *from)
{
	struct spec_mount *m = vec_add(&out->mounts);

	m->type = xstrdup_or_null(from->type);
	m->source = xstrdup_or_null(from->source);
	m->destination = xstrdup(from->destination);
	strv_copy(&m->options, &from->options);
}

int spec_mounts(const struct spec_input *in, struct spec *out, struct error *err)
{
	size_t first;

	add_system(in, out);
	add_etc(in, out);
	add_read_only_tmpfs(in, out);
	if (in->request->init)
		add_mount(out, "bind", in->init, "/run/hod-init", "bind,ro,nosuid,nodev");
	first = out->mounts.n;
	if (in->mounts) {
		vec_each (&in->mounts->v, m)
			add_copy(out, m);
		qsort(out->mounts.v + first, out->mounts.n - first, sizeof(*out->mounts.v), by_depth);
	}
	return 0;
}
