/*
 * lease.c - the run directory, and who is on which network.
 *
 * Owns   /run/hod/net-INODE (of the host's network namespace) or, without root, hod/net below
 *        /run/user/UID or /tmp/hod-UID. It is empty after a reboot, as networks are.
 * Never  trusts a lease: whether its container lives is asked of the lock it names.
 */
#include "lease.h"

#include "firewall.h"
#include "hosts.h"
#include "util/fd.h"
#include "util/lock.h"
#include "util/log.h"

#include <errno.h>
#include <stdio.h>

#define LEASE_MAX (1 << 20)

static const struct fields_limits limits = { .max_bytes = LEASE_MAX, .max_depth = 8 };

static const struct field attachment_fields[] = {
	F_STR(struct attachment, network, "network"),
	F_STR(struct attachment, network_id, "networkId"),
	F_STR(struct attachment, interface, "interface"),
	F_STR(struct attachment, link, "link"),
	F_STR(struct attachment, ip, "ip"),
	F_STR(struct attachment, gateway, "gateway"),
	F_STR(struct attachment, subnet, "subnet"),
	F_STR(struct attachment, mac, "mac"),
	F_STR(struct attachment, ip6, "ip6"),
	F_STR(struct attachment, gateway6, "gateway6"),
	F_STR(struct attachment, subnet6, "subnet6"),
	F_STRV(struct attachment, aliases, "aliases"),
	F_BOOL(struct attachment, internal, "internal"),
	F_BOOL(struct attachment, plain, "plain"),
	F_END,
};
const struct field lease_fields[] = {
	F_STR_(struct lease, id, "id", FIELD_REQUIRED),
	F_STR(struct lease, name, "name"),
	F_STR(struct lease, hostname, "hostname"),
	F_STR_(struct lease, lock, "lock", FIELD_REQUIRED),
	F_STR(struct lease, hosts, "hosts"),
	F_STR(struct lease, mode, "mode"),
	F_VEC(struct lease, attachments, "attachments", attachment_fields),
	F_VEC(struct lease, ports, "ports", port_fields),
	F_STR(struct lease, group, "group"),
	F_BOOL(struct lease, ready, "ready"),
	F_BOOL(struct lease, leaving, "leaving"),
	F_STRV(struct lease, host_gateway, "hostGateway"),
	F_END,
};
const struct field network_fields[] = {
	F_STR_(struct network, name, "name", FIELD_REQUIRED),
	F_STR_(struct network, id, "id", FIELD_REQUIRED),
	F_INT(struct network, created_ns, "created"),
	F_STR(struct network, subnet, "subnet"),
	F_STR(struct network, gateway, "gateway"),
	F_STR(struct network, ip_range, "ipRange"),
	F_STR(struct network, subnet6, "subnet6"),
	F_STR(struct network, gateway6, "gateway6"),
	F_BOOL(struct network, internal, "internal"),
	F_BOOL(struct network, ipv6, "ipv6"),
	F_BOOL(struct network, plain, "plain"),
	F_MAP(struct network, labels, "labels"),
	F_MAP(struct network, options, "options"),
	F_END,
};

void network_done(struct network *n)
{
	fields_done(network_fields, n);
}

void network_link(const struct network *n, char name[LINK_NAME_MAX])
{
	if (n->plain)
		snprintf(name, LINK_NAME_MAX, "hod0");
	else
		snprintf(name, LINK_NAME_MAX, "hod%.10s", n->id);
}

void lease_done(struct lease *l)
{
	fields_done(lease_fields, l);
}

void leases_done(leases *l)
{
	vec_each (l, one)
		lease_done(one);
	vec_done(l);
}

void attachment_done(struct attachment *a)
{
	fields_done(attachment_fields, a);
}

/* ---- the directory ---- */

void netdir_close(struct netdir *d)
{
	auto_close_fd(&d->fd);
	d->fd = -1;
}

/* Below a place that others can write to it must be ours and nobody else's. */
static int open_safe(const char *path, uid_t owner, bool make, struct error *err)
{
	struct stat st;
	int fd;

	if (make && mkdir(path, 0700) < 0 && errno != EEXIST)
		return error_sys(err, "make %s", path);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return error_sys(err, "open %s", path);
	if (fstat(fd, &st) < 0 || st.st_uid != owner || (st.st_mode & 022)) {
		close(fd);
		return error_set(err, ERR_DENIED, "%s belongs to somebody else", path);
	}
	return fd;
}

static int open_below(int at, const char *name, bool make, struct error *err)
{
	int fd;

	if (make && mkdirat(at, name, 0700) < 0 && errno != EEXIST)
		return error_sys(err, "make the run directory %s", name);
	fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? error_sys(err, "open the run directory %s", name) : fd;
}

static int open_root(bool make, struct error *err)
{
	auto_close int run = open_safe("/run/hod", geteuid(), make, err);
	struct stat st;
	char name[40];

	if (run < 0)
		return -1;
	if (stat("/proc/self/ns/net", &st) < 0)
		return error_sys(err, "look at the network namespace");
	snprintf(name, sizeof(name), "net-%llu", (unsigned long long)st.st_ino);
	return open_below(run, name, make, err);
}

static int open_user(uid_t user, bool make, struct error *err)
{
	struct error ignored = { 0 }; /* then the second place is asked */
	auto_close int base = -1;
	char path[64];

	snprintf(path, sizeof(path), "/run/user/%u", user);
	base = open_safe(path, geteuid(), false, &ignored);
	if (base >= 0 && faccessat(base, ".", W_OK, AT_EACCESS) == 0) {
		auto_close int hod = open_below(base, "hod", make, err);

		return hod < 0 ? -1 : open_below(hod, "net", make, err);
	}
	auto_close_fd(&base);
	snprintf(path, sizeof(path), "/tmp/hod-%u", user);
	base = open_safe(path, geteuid(), make, err);
	return base < 0 ? -1 : open_below(base, "net", make, err);
}

int netdir_open(uid_t user, bool rootless, bool make, struct netdir *d, struct error *err)
{
	struct error why = { 0 };

	d->root = !rootless;
	d->fd = rootless ? open_user(user, make, &why) : open_root(make, &why);
	if (d->fd >= 0)
		return 1;
	if (!make && why.kind == ERR_NOTFOUND)
		return 0;
	*err = why;
	return -1;
}

int netdir_lock(struct netdir *d, struct error *err)
{
	auto_close int fd = openat(d->fd, "lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0)
		return error_sys(err, "open the lock of networks");
	if (lock_take(fd, LOCK_EXCLUSIVE, err) < 0)
		return -1;
	return take_fd(&fd);
}

/* ---- leases ---- */

static bool lives(const struct lease *l)
{
	auto_close int fd = open(l->lock, O_RDWR | O_CLOEXEC);
	struct error ignored = { 0 };

	/* what we may not even look at is somebody's */
	return fd < 0 ? errno != ENOENT && errno != ENOTDIR : lock_held(fd, &ignored) != 0;
}

static int file_lease(struct netdir *d, const char *file, struct lease *l, struct error *err)
{
	auto_done(str) struct str text = { 0 };

	memset(l, 0, sizeof(*l));
	fields_init(lease_fields, l);
	if (file_read(d->fd, file, &text, LEASE_MAX, err) < 0)
		return -1;
	return fields_parse(lease_fields, str_get(&text), text.len, &limits, FIELDS_LENIENT, l, err);
}

int lease_save(struct netdir *d, const struct lease *l, struct error *err)
{
	auto_done(str) struct str text = { 0 };
	auto_free char *file = xasprintf("%s.json", l->id);

	fields_format(lease_fields, l, false, &text);
	return file_write(d->fd, file, str_get(&text), text.len, 0600, false, err);
}

int lease_remove(struct netdir *d, const char *id, struct error *err)
{
	auto_free char *file = xasprintf("%s.json", id);

	if (unlinkat(d->fd, file, 0) < 0 && errno != ENOENT)
		return error_sys(err, "remove the lease of %s", id);
	return 0;
}

int lease_read(struct netdir *d, const char *id, struct lease *l, struct error *err)
{
	auto_free char *file = xasprintf("%s.json", id);

	return file_lease(d, file, l, err);
}

int netdir_find(struct netdir *d, const char *id, struct lease *l, struct error *err)
{
	struct error why = { 0 };

	if (lease_read(d, id, l, &why) < 0) {
		if (why.kind == ERR_NOTFOUND)
			return 0;
		*err = why;
		return -1;
	}
	if (lives(l))
		return 1;
	lease_done(l);
	return 0;
}

/* Splits what is there into those that live and those that do not. */
static int scan(struct netdir *d, leases *living, leases *dead, struct error *err)
{
	auto_done(strv) struct strv names = { 0 };

	if (dir_list(d->fd, &names, err) < 0)
		return -1;
	strv_each (&names, i) {
		struct error broken = { 0 }; /* gone meanwhile, or cut short: it counts for nothing */
		struct lease l;

		if (!str_ends(names.v[i], ".json"))
			continue;
		if (file_lease(d, names.v[i], &l, &broken) < 0) {
			if (dead && broken.kind == ERR_INVALID)
				unlinkat(d->fd, names.v[i], 0);
			continue;
		}
		if (lives(&l))
			vec_push(living, l);
		else if (dead)
			vec_push(dead, l);
		else
			lease_done(&l);
	}
	return 0;
}

int netdir_leases(struct netdir *d, leases *l, struct error *err)
{
	return scan(d, l, NULL, err);
}

int netdir_sweep(struct netdir *d, leases *living, struct error *err)
{
	leases dead = { 0 };
	int status = scan(d, living, &dead, err);

	vec_each (&dead, l) {
		if (status < 0)
			break;
		log_debug("net: sweep what %.12s left", l->id);
		if (d->root && l->ports.n)
			firewall_withdraw(d, l, living);
		status = lease_remove(d, l->id, err);
	}
	if (status == 0 && dead.n)
		hosts_refresh(living);
	leases_done(&dead);
	return status;
}
