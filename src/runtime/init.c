/*
 * init.c - what init does, step by step, in the order of the table.
 *
 * Never  allocates but to make a missing place for a mount; never returns to its caller's stack.
 * Two ways through: in a shared address space the table runs without a pause; in a copied one init
 * may first ask for its id maps, and stop at READY until START (STYLE.md "Between processes").
 */
#include "init.h"

#include "hooks.h"
#include "process.h"
#include "util/compat.h"
#include "util/msg.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static int step_begin(struct init *in, struct error *err)
{
	return process_begin(&in->plan->process, err);
}

static int become_root(struct error *err)
{
	if (syscall(SYS_setresgid, 0, 0, 0) < 0 || syscall(SYS_setresuid, 0, 0, 0) < 0) {
		/* the maps have no root: what is inside stays who the caller is */
		if (errno != EINVAL && errno != EPERM)
			return error_sys(err, "become root of the user namespace");
	}
	return 0;
}

/* Namespaces of others. A pid and a user namespace were joined by our parent. */
static int step_join(struct init *in, struct error *err)
{
	const struct plan *p = in->plan;

	for (size_t i = 0; i < p->n_joins; i++) {
		const struct plan_join *j = &p->joins[i];

		if (j->nstype == CLONE_NEWUSER) {
			if (become_root(err) < 0)
				return -1;
		} else if (j->nstype != CLONE_NEWPID && setns(j->fd, j->nstype) < 0) {
			return error_sys(err, "join the %s namespace", j->name);
		}
	}
	return 0;
}

/* A new user namespace: the caller writes who we are in it. */
static int step_maps(struct init *in, struct error *err)
{
	const struct peer caller = { .sock = in->sock, .pidfd = -1, .name = "the caller" };
	struct msg m;

	if (!in->maps)
		return 0;
	if (msg_send(in->sock, MSG_MAP_IDS, NULL, 0, -1, err) < 0 ||
	    msg_expect(&caller, MSG_GO, &m, err) < 0)
		return -1;
	if (become_root(err) < 0)
		return -1;
	/* made before the maps, its file system would have no owner */
	if (in->plan->new_namespaces & CLONE_NEWIPC && unshare(CLONE_NEWIPC) < 0)
		return error_sys(err, "ipc namespace");
	return 0;
}

/* Only now, as the cgroup that it shows as its root is where we are. */
static int step_cgroup_namespace(struct init *in, struct error *err)
{
	if (in->plan->new_namespaces & CLONE_NEWCGROUP && unshare(CLONE_NEWCGROUP) < 0)
		return error_sys(err, "cgroup namespace");
	return 0;
}

static int step_names(struct init *in, struct error *err)
{
	const struct spec *s = in->plan->spec;

	if (s->hostname && sethostname(s->hostname, strlen(s->hostname)) < 0)
		return error_sys(err, "hostname '%s'", s->hostname);
	if (s->domainname && setdomainname(s->domainname, strlen(s->domainname)) < 0)
		return error_sys(err, "domainname '%s'", s->domainname);
	return 0;
}

static int step_loopback(struct init *in, struct error *err)
{
	struct ifreq lo = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };
	int sock;

	if (!in->plan->loopback)
		return 0;
	sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (sock < 0)
		return errno == EAFNOSUPPORT ? 0 : error_sys(err, "socket");
	if (ioctl(sock, SIOCSIFFLAGS, &lo) < 0) {
		error_sys(err, "bring lo up");
		close(sock);
		return -1;
	}
	close(sock);
	return 0;
}

/* Links of the host: the caller may move them, not we. Their names come before their sysctls. */
static int step_net_devices(struct init *in, struct error *err)
{
	const struct peer caller = { .sock = in->sock, .pidfd = -1, .name = "the caller" };
	auto_close int sock = -1;
	struct msg m;

	if (!in->plan->devices_move)
		return 0;
	sock = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	if (sock < 0)
		return error_sys(err, "rtnetlink");
	if (msg_send(in->sock, MSG_DEVICES, NULL, 0, sock, err) < 0)
		return -1;
	return msg_expect(&caller, MSG_GO, &m, err);
}

/* "0" is who writes; what we make later is with us. */
static int step_rdt(struct init *in, struct error *err)
{
	const int *tasks = in->plan->rdt.tasks;

	for (size_t i = 0; i < ARRAY_SIZE(in->plan->rdt.tasks); i++)
		if (tasks[i] >= 0 && write(tasks[i], "0", 1) != 1)
			return error_sys(err, "linux.intelRdt: tasks");
	return 0;
}

/* Through the host's /proc, which is still there; the container's may be absent. */
static int step_process_files(struct init *in, struct error *err)
{
	const struct plan_process *p = &in->plan->process;

	if (p->listener && listener_pid_self(p->listener, err) < 0)
		return -1;
	return process_proc(p, -1, err);
}

/*
 * A file below sys/ of our own proc. What the bundle has mounted over a place of it is not that:
 * another file of proc would be written (CVE-2019-16884, CVE-2025-52881).
 */
static int sysctl_open(int proc, const char *path)
{
	struct open_how how = { .flags = O_WRONLY | O_CLOEXEC,
				.resolve = RESOLVE_BENEATH | RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS };

	return sys_openat2(proc, path, &how, sizeof(how));
}

static int step_sysctl(struct init *in, struct error *err)
{
	const struct strmap *all = &in->plan->sysctl;
	char path[256];
	int fd;
	size_t n;

	if (all->n && init_proc(in, err) < 0)
		return -1;
	for (size_t i = 0; i < all->n; i++) {
		n = strlen(all->v[i].value);
		if (snprintf(path, sizeof(path), "sys/%s", all->v[i].key) >= (int)sizeof(path))
			return error_set(err, ERR_LIMIT, "'%s' is too long", all->v[i].key);
		fd = sysctl_open(in->proc, path);
		if (fd < 0 && errno == EXDEV)
			return error_set(err, ERR_INVALID, "%s: something is mounted there",
					 all->v[i].key);
		if (fd < 0)
			return error_sys(err, "%s", all->v[i].key);
		if (write(fd, all->v[i].value, n) != (ssize_t)n) {
			error_sys(err, "%s=%s", all->v[i].key, all->v[i].value);
			close(fd);
			return -1;
		}
		close(fd);
	}
	return 0;
}

/*
 * The new network namespace, for who sets it up from outside: of a process in a user namespace of
 * its own that has not executed anything yet, the kernel does not let others open it.
 */
static int new_network(const struct init *in)
{
	if (!(in->plan->new_namespaces & CLONE_NEWNET) || in->proc < 0)
		return -1;
	return openat(in->proc, "self/ns/net", O_RDONLY | O_CLOEXEC);
}

/* The caller's hooks, then ours: all of the container is there, and the host is still to be seen. */
static int step_hooks(struct init *in, struct error *err)
{
	const struct peer caller = { .sock = in->sock, .pidfd = -1, .name = "the caller" };
	struct hook_state state = in->plan->process.state;
	struct msg m;

	if (!in->plan->hooks)
		return 0;
	if (msg_send(in->sock, MSG_HOOKS, NULL, 0, -1, err) < 0 ||
	    msg_expect(&caller, MSG_GO, &m, err) < 0)
		return -1;
	state.pid = getpid();
	return hooks_run(in->plan->spec, HOOK_CREATE_CONTAINER, &state, err);
}

/* READY; then START, from the caller or, when that has gone, from who connects. */
static int step_wait(struct init *in, struct error *err)
{
	struct peer caller = { .sock = in->sock, .pidfd = -1, .name = "the caller" };
	auto_close int network = -1;
	struct msg m;

	if (!in->wait)
		return 0;
	/* the creator's streams are let go of: whoever called it may wait for their end */
	for (int fd = 0; in->slave >= 0 && fd < 3; fd++)
		if (dup2(in->slave, fd) < 0)
			return error_sys(err, "standard streams");
	network = new_network(in);
	/* engines expect a command that is not there to be missed at create, not at start */
	if (process_look(&in->plan->process, err) < 0 ||
	    msg_send(in->sock, MSG_READY, NULL, 0, network, err) < 0)
		return -1;
	if (in->plan->wait >= 0) {
		close(in->sock);
		do
			in->sock = accept4(in->plan->wait, NULL, NULL, SOCK_CLOEXEC);
		while (in->sock < 0 && errno == EINTR);
		if (in->sock < 0)
			return error_sys(err, "wait for start");
		caller.sock = in->sock;
	}
	return msg_expect(&caller, MSG_START, &m, err);
}

static int step_execute(struct init *in, struct error *err)
{
	return process_execute(&in->plan->process, in->slave, err);
}

static const struct step steps[] = {
	/* the order matters */
	{ "begin", step_begin }, /* first: not to be left behind, nor looked into */
	{ "namespaces", step_join },
	{ "user namespace", step_maps }, /* before anything that needs to be root */
	{ "time", step_time },
	{ "cgroup", step_cgroup_namespace },
	{ "names", step_names },
	{ "loopback", step_loopback },
	{ "links", step_net_devices },
	{ "class", step_rdt },
	{ "process", step_process_files }, /* while the host's /proc is at /proc */
	{ "root", step_root },
	{ "mounts", step_mounts }, /* before pivot_root: devices are outside */
	{ "devices", step_devices },
	{ "terminal", step_terminal }, /* before /dev may become read-only */
	{ "sysctl", step_sysctl },     /* before /proc/sys becomes read-only */
	{ "masks", step_masks },
	{ NULL, step_hooks }, /* while the programs of the host are to be seen */
	{ "pivot_root", step_pivot },
	{ "start", step_wait },
	{ NULL, step_execute }, /* last: its errors are the command's, not ours */
};

int steps_run(const struct step *all, size_t n, struct init *in, struct error *err)
{
	for (size_t i = 0; i < n; i++)
		if (all[i].run(in, err) < 0)
			return all[i].name ? error_add(err, "%s", all[i].name) : -1;
	return 0;
}

int init_run(void *arg)
{
	struct init *in = arg;

	steps_run(steps, sizeof(steps) / sizeof(steps[0]), in, in->err);
	in->failed = true;
	if (in->sock >= 0)
		msg_send_error(in->sock, in->err);
	return 127;
}
