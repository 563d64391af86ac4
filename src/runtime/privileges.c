/*
 * privileges.c - what a process in a container may: identity, capabilities, system call filter.
 *
 * Never  calls libc's set*id(): in a shared address space it would signal the caller's threads to
 *        follow. Never loads the filter earlier than it must, nor keeps a capability behind it.
 * Order  the bounding set needs SETPCAP; groups, gid, uid in this order; the filter needs SYS_ADMIN
 *        or no_new_privs; then the final sets.
 */
#include "process.h"

#include "util/msg.h"

#include <errno.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

struct cap_sets {
	uint64_t effective, permitted, inheritable;
};

static int caps_get(struct cap_sets *c)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct d[2] = { 0 };

	if (syscall(SYS_capget, &head, d) < 0)
		return -1;
	c->effective = d[0].effective | (uint64_t)d[1].effective << 32;
	c->permitted = d[0].permitted | (uint64_t)d[1].permitted << 32;
	c->inheritable = d[0].inheritable | (uint64_t)d[1].inheritable << 32;
	return 0;
}

static int caps_set(const struct cap_sets *c)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct d[2] = {
		{ (uint32_t)c->effective, (uint32_t)c->permitted, (uint32_t)c->inheritable },
		{ (uint32_t)(c->effective >> 32), (uint32_t)(c->permitted >> 32),
		  (uint32_t)(c->inheritable >> 32) },
	};

	return (int)syscall(SYS_capset, &head, d);
}

static int bounding(const struct plan_process *p, struct error *err)
{
	for (unsigned cap = 0; cap < 64; cap++) {
		if (p->bounding & (1ULL << cap))
			continue;
		if (prctl(PR_CAPBSET_DROP, cap) < 0) {
			if (errno == EINVAL) /* beyond the kernel's last */
				return 0;
			return error_sys(err, "drop capability %u", cap);
		}
	}
	return 0;
}

static int identity(const struct plan_process *p, struct error *err)
{
	const gid_t *groups = p->groups.v;

	/* EPERM: a user namespace that forbids it; then there are none to keep but the caller's own */
	if (syscall(SYS_setgroups, p->groups.n, groups) < 0 && (errno != EPERM || p->groups.n))
		return error_sys(err, "supplementary groups");
	if (syscall(SYS_setresgid, p->gid, p->gid, p->gid) < 0)
		return error_sys(err, "gid %u", p->gid);
	if (syscall(SYS_setresuid, p->uid, p->uid, p->uid) < 0)
		return error_sys(err, "uid %u", p->uid);
	return 0;
}

/* Calls that change owners are told to our parent from here on, or answered with success. */
static int fakes(const struct plan_process *p, struct error *err)
{
	auto_close int listener = -1;

	if (p->fakes.n && p->owners >= 0) {
		listener = seccomp_listen(&p->fakes, err);
		if (listener >= 0)
			return msg_send(p->owners, MSG_SECCOMP, NULL, 0, listener, err);
		if (err->kind != ERR_UNSUPPORTED)
			return -1;
		error_clear(err);
	}
	return seccomp_load(&p->fakes, err);
}

static int filters(const struct plan_process *p, struct error *err)
{
	auto_close int fd = -1;

	if (fakes(p, err) < 0)
		return -1;
	if (!p->listener)
		return seccomp_load(&p->filter, err);
	fd = seccomp_load_listener(&p->filter, err);
	return fd < 0 ? -1 : listener_send(p->listener, fd, err);
}

static int ambient(const struct plan_process *p, struct error *err)
{
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0 && errno != EINVAL)
		return error_sys(err, "clear the ambient capabilities");
	for (unsigned cap = 0; cap < 64; cap++)
		if (p->ambient & (1ULL << cap) &&
		    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0) < 0)
			return error_sys(err, "ambient capability %u", cap);
	return 0;
}

int process_privileges(const struct plan_process *p, struct error *err)
{
	const uint64_t admin = 1ULL << CAP_SYS_ADMIN;
	struct cap_sets held, final;
	bool early = !p->no_new_privs && (p->filter.n || p->fakes.n);

	if (bounding(p, err) < 0)
		return -1;
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
		return error_sys(err, "PR_SET_KEEPCAPS");
	if (identity(p, err) < 0)
		return -1;
	if (caps_get(&held) < 0)
		return error_sys(err, "capget");
	/* what we do not hold ourselves cannot be given */
	final.permitted = p->permitted & held.permitted;
	final.effective = p->effective & final.permitted;
	final.inheritable = p->inheritable & held.permitted;
	if (early) {
		struct cap_sets loading = held;

		loading.effective |= held.permitted & admin;
		if (p->uid && caps_set(&loading) < 0)
			return error_sys(err, "capset");
		if (filters(p, err) < 0)
			return -1;
	}
	if (caps_set(&final) < 0)
		return error_sys(err, "capset");
	if (p->ambient && ambient(p, err) < 0)
		return -1;
	if (p->no_new_privs && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return error_sys(err, "PR_SET_NO_NEW_PRIVS");
	/* a change of user disarmed it */
	if (process_die_with_parent(p, err) < 0)
		return -1;
	return early ? 0 : filters(p, err);
}
