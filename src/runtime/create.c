/*
 * create.c - a container made: plan, cgroup, child; and started.
 *
 * Theory of operation: see runtime/runtime.h for the conversation, clone.h for the two kinds of
 * child. While a child shares our memory all signals are blocked, so that no handler of ours runs in
 * it, and it must not be looked into by processes that are in the container already (dumpable, below).
 */
#include "create.h"

#include "cgroup.h"
#include "hooks.h"
#include "init.h"
#include "net_devices.h"
#include "trampoline.h"
#include "util/compat.h"
#include "util/fd.h"
#include "util/msg.h"
#include "util/socket.h"
#include "util/userns.h"

#include <errno.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

void guard_begin(struct guard *g, bool hide)
{
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &g->mask);
	g->dumpable = prctl(PR_GET_DUMPABLE);
	if (hide)
		prctl(PR_SET_DUMPABLE, 0);
}

void guard_end(struct guard *g)
{
	/* a child that changed its user has taken it from us too */
	if (prctl(PR_GET_DUMPABLE) != g->dumpable)
		prctl(PR_SET_DUMPABLE, g->dumpable);
	sigprocmask(SIG_SETMASK, &g->mask, NULL);
}

void runtime_process_done(struct runtime_process *p)
{
	auto_close_fd(&p->pidfd);
	auto_close_fd(&p->sock);
	free(p->cgroup);
	p->cgroup = NULL;
}

int console_prepare(const struct runtime_options *o, struct plan_process *p, int *ours,
		    struct error *err)
{
	int pair[2];

	if (!p->terminal)
		return 0;
	if (!o->pty_master) {
		if (o->console_socket < 0)
			return error_set(
				err, ERR_INVALID,
				"process.terminal: nobody takes the terminal (--console-socket)");
		p->console = fcntl(o->console_socket, F_DUPFD_CLOEXEC, 3);
		return p->console < 0 ? error_sys(err, "console socket") : 0;
	}
	if (msg_pair(pair, err) < 0)
		return -1;
	*ours = pair[0];
	p->console = pair[1];
	return 0;
}

int console_receive(int sock, int *master, struct error *err)
{
	char name[64];
	struct iovec iov = { name, sizeof(name) };

	if (socket_receive(sock, &iov, 1, MSG_DONTWAIT, master) < 0)
		return error_sys(err, "receive the terminal");
	if (*master < 0)
		return error_set(err, ERR_BUG, "init sent no terminal");
	return 0;
}

int owners_prepare(const struct runtime_options *o, struct plan_process *p, int *ours,
		   struct error *err)
{
	int pair[2];

	if (o->owners)
		*o->owners = -1;
	if (!p->fakes.n)
		return 0;
	if (msg_pair(pair, err) < 0)
		return -1;
	*ours = pair[0];
	p->owners = pair[1];
	return 0;
}

int owners_receive(int sock, int *listener, struct error *err)
{
	struct msg m;
	int r = sock < 0 ? 0 : msg_recv(sock, &m, err);

	if (r > 0 && m.type == MSG_SECCOMP)
		*listener = m.fd;
	return r < 0 ? -1 : 0;
}

void child_reap(pid_t pid)
{
	while (waitpid(pid, NULL, __WALL) < 0 && errno == EINTR)
		;
}

void child_kill(struct runtime_process *p)
{
	if (p->pidfd >= 0)
		sys_pidfd_send_signal(p->pidfd, SIGKILL, NULL, 0);
	if (p->pid > 0)
		child_reap(p->pid);
	p->pid = 0;
}

/* ---- the child's parent: us, or a process in between that is in the namespaces to be ---- */

struct middle {
	const struct plan *plan;
	struct clone_request request;
	bool shared;
	pid_t pid;
	int sys;
};

/* A user namespace first: it gives the right to the other, and will own those that are made. */
static int middle_join(const struct plan *plan)
{
	static const int order[] = { CLONE_NEWUSER, CLONE_NEWPID };

	for (size_t k = 0; k < ARRAY_SIZE(order); k++)
		for (size_t i = 0; i < plan->n_joins; i++)
			if (plan->joins[i].nstype == order[k] &&
			    setns(plan->joins[i].fd, order[k]) < 0)
				return -1;
	return 0;
}

static int middle_run(void *arg)
{
	struct middle *m = arg;

	m->pid = -1;
	if (middle_join(m->plan) == 0)
		m->pid = m->shared ? clone_shared(&m->request) : clone_copied(&m->request);
	m->sys = errno;
	return 0;
}

/*
 * A pid namespace is joined by the parent for its children, and a user namespace before the others
 * are made. Ours must not change, so a process in between joins and makes the child, which becomes
 * ours by CLONE_PARENT; descriptors are shared so that the pidfd is ours as well.
 */
static pid_t clone_joined(const struct plan *plan, const struct clone_request *r, bool shared)
{
	struct middle m = { .plan = plan, .request = *r, .shared = shared };
	struct clone_request between = {
		.flags = CLONE_FILES, .cgroup = r->cgroup, .run = middle_run, .arg = &m
	};
	pid_t pid;

	m.request.flags |= CLONE_PARENT;
	m.request.cgroup = -1; /* inherited */
	pid = clone_shared(&between);
	if (pid < 0)
		return -1;
	child_reap(pid);
	errno = m.sys;
	return m.pid;
}

static pid_t child_clone(const struct plan *plan, struct clone_request *r, bool shared)
{
	for (size_t i = 0; i < plan->n_joins; i++)
		if (plan->joins[i].nstype & (CLONE_NEWPID | CLONE_NEWUSER))
			return clone_joined(plan, r, shared);
	return shared ? clone_shared(r) : clone_copied(r);
}

static int child_make(struct plan *plan, struct init *in, bool shared, struct runtime_process *p,
		      struct error *err)
{
	struct clone_request r = {
		/* see step_cgroup_namespace and step_time */
		.flags = plan->new_namespaces & ~(uint64_t)(CLONE_NEWCGROUP | CLONE_NEWTIME),
		.cgroup = plan->cgroup,
		.pidfd = &p->pidfd,
		.run = init_run,
		.arg = in,
	};
	struct guard g;

	if (in->maps) /* see step_maps */
		r.flags &= ~(uint64_t)CLONE_NEWIPC;
	guard_begin(&g, !(plan->new_namespaces & CLONE_NEWPID));
	p->pid = child_clone(plan, &r, shared);
	if (p->pid < 0 && r.cgroup >= 0 && !plan->cgroup_required) {
		struct error ignored = { 0 }; /* it is empty */

		/* a cgroup that we may make but not enter: then without */
		runtime_cgroup_remove(p->cgroup, &ignored);
		free(p->cgroup);
		p->cgroup = NULL;
		r.cgroup = -1;
		p->pid = child_clone(plan, &r, shared);
	}
	if (p->pid < 0) {
		error_sys(err, "make the container's namespaces");
		if (err->sys == EPERM || err->sys == ENOSPC)
			error_hint(err, "see 'hod doctor': new namespaces are restricted here");
	}
	guard_end(&g);
	return p->pid < 0 ? -1 : 0;
}

/* ---- create, shared ---- */

static int create_shared(struct plan *plan, struct init *in, int errors, struct runtime_process *p,
			 struct error *err)
{
	if (child_make(plan, in, true, p, err) < 0)
		return -1;
	if (in->failed) {
		child_reap(p->pid);
		p->pid = 0;
		return -1;
	}
	if (errors < 0)
		return 0;
	auto_close_fd(&plan->process.trampoline_error);
	if (trampoline_wait(&plan->process, errors, err) < 0) {
		child_reap(p->pid);
		p->pid = 0;
		return -1;
	}
	return 0;
}

/* ---- create, by conversation ---- */

static int serve_maps(const struct plan *plan, const struct peer *init, pid_t pid, struct error *err)
{
	struct msg m;

	if (msg_expect(init, MSG_MAP_IDS, &m, err) < 0 ||
	    userns_write_maps(pid, &plan->uids, &plan->gids, err) < 0)
		return -1;
	return msg_send(init->sock, MSG_GO, NULL, 0, -1, err);
}

static int serve_devices(const struct plan *plan, const struct peer *init, pid_t pid,
			 struct error *err)
{
	auto_close int inside = -1;
	struct msg m;

	if (msg_expect(init, MSG_DEVICES, &m, err) < 0)
		return -1;
	inside = m.fd;
	if (net_devices_move(&plan->spec->linux_, pid, inside, err) < 0)
		return -1;
	return msg_send(init->sock, MSG_GO, NULL, 0, -1, err);
}

static int serve_hooks(const struct plan *plan, const struct peer *init, pid_t pid, struct error *err)
{
	struct hook_state state = plan->process.state;
	struct msg m;

	state.pid = pid;
	if (msg_expect(init, MSG_HOOKS, &m, err) < 0 ||
	    hooks_run(plan->spec, HOOK_PRESTART, &state, err) < 0 ||
	    hooks_run(plan->spec, HOOK_CREATE_RUNTIME, &state, err) < 0)
		return -1;
	return msg_send(init->sock, MSG_GO, NULL, 0, -1, err);
}

/* End of file is what success looks like: the exec has closed it. */
static int expect_exec(const struct peer *init, struct error *err)
{
	struct msg m;
	int r = msg_recv(init->sock, &m, err);

	if (r == 0)
		return 0;
	if (r > 0 && m.type == MSG_ERROR && m.size == sizeof(*err)) {
		memcpy(err, m.payload, sizeof(*err));
		err->text[sizeof(err->text) - 1] = '\0';
		err->hint[sizeof(err->hint) - 1] = '\0';
		return -1;
	}
	return r < 0 ? -1 : error_set(err, ERR_BUG, "init sent message %d", (int)m.type);
}

/* What init sends along is its new network namespace, of which it knows nothing to do. */
static int expect_ready(const struct peer *init, int *network, struct error *err)
{
	struct msg m;

	if (msg_expect(init, MSG_READY, &m, err) < 0)
		return -1;
	if (network)
		*network = m.fd;
	else
		auto_close_fd(&m.fd);
	return 0;
}

static int create_copied(struct plan *plan, struct init *in, bool start, int *network,
			 struct runtime_process *p, struct error *err)
{
	struct peer init = { .name = "init" };
	int pair[2], status = 0;

	if (msg_pair(pair, err) < 0)
		return -1;
	p->sock = pair[0];
	/* out of the way of the descriptors that the container keeps */
	in->sock = fcntl(pair[1], F_DUPFD_CLOEXEC, 8 + (int)plan->process.n_preserve);
	close(pair[1]);
	if (in->sock < 0)
		return error_sys(err, "socket of init");
	in->err = &in->own;
	in->maps = (plan->new_namespaces & CLONE_NEWUSER) != 0;
	in->wait = !start;
	if (child_make(plan, in, false, p, err) < 0) {
		auto_close_fd(&in->sock);
		return -1;
	}
	auto_close_fd(&in->sock);
	init.sock = p->sock;
	init.pidfd = p->pidfd;
	if (in->maps)
		status = serve_maps(plan, &init, p->pid, err);
	if (status == 0 && plan->devices_move)
		status = serve_devices(plan, &init, p->pid, err);
	if (status == 0 && plan->hooks)
		status = serve_hooks(plan, &init, p->pid, err);
	if (status == 0)
		status = start ? expect_exec(&init, err) : expect_ready(&init, network, err);
	if (start)
		auto_close_fd(&p->sock);
	if (status < 0)
		child_kill(p);
	return status;
}

static int create(struct plan *plan, const struct runtime_options *o, struct runtime_process *p,
		  struct error *err)
{
	struct init in = { .plan = plan,
			   .err = err,
			   .sock = -1,
			   .root = -1,
			   .proc = -1,
			   .sys = -1,
			   .dev = -1,
			   .pts = -1,
			   .null = -1,
			   .empty = -1,
			   .slave = -1 };
	bool maps = (plan->new_namespaces & CLONE_NEWUSER) != 0;
	auto_close int console = -1, errors = -1, owners = -1;
	int status = -1;

	/* its files are whose it says they are: more than one id may be meant */
	if (maps)
		seccomp_filter_done(&plan->process.fakes);
	if (console_prepare(o, &plan->process, &console, err) < 0 ||
	    owners_prepare(o, &plan->process, &owners, err) < 0)
		return -1;
	if (o->owned_binary && trampoline_make(&plan->process, &errors, err) < 0)
		return -1;
	if (o->start && !maps && !plan->copied)
		status = create_shared(plan, &in, errors, p, err);
	else
		status = create_copied(plan, &in, o->start, o->network_made, p, err);
	auto_close_fd(&plan->process.console);
	auto_close_fd(&plan->process.owners);
	if (status == 0 && owners_receive(owners, o->owners, err) < 0) {
		child_kill(p);
		status = -1;
	}
	if (status == 0 && console >= 0 && console_receive(console, o->pty_master, err) < 0) {
		child_kill(p);
		status = -1;
	}
	return status;
}

/* What is due when a container has begun to live, or has failed to. */
static int lifecycle_hooks(const struct bundle *b, const struct runtime_options *o,
			   const struct runtime_process *p, int status, struct error *err)
{
	struct hook_state state = { o->id, o->path, p->pid, &b->spec->annotations };
	struct error ignored = { 0 }; /* of poststop: they only warn */

	if (status == 0)
		return o->start ? hooks_run(b->spec, HOOK_POSTSTART, &state, err) : 0;
	state.pid = 0;
	hooks_run(b->spec, HOOK_POSTSTOP, &state, &ignored);
	return -1;
}

/* The cgroup and the class that init is to be in. */
static int places_make(const struct bundle *b, const struct runtime_options *o, struct plan *plan,
		       struct runtime_process *p, struct error *err)
{
	const struct spec_intel_rdt *rdt = b->spec->linux_.intel_rdt;
	auto_close int root = -1;

	if (cgroup_make(b->spec, &plan->cgroup, &p->cgroup, &plan->cgroup_required, err) < 0)
		return -1;
	if (!rdt)
		return 0;
	root = rdt_open(err);
	return root < 0 ? -1 : rdt_make(root, rdt, o->id ? o->id : "hod", &plan->rdt, err);
}

int runtime_create(const struct bundle *b, const struct runtime_options *o,
		   struct runtime_process *p, struct error *err)
{
	struct plan plan;
	int status = -1;

	*p = (struct runtime_process)RUNTIME_PROCESS_NONE;
	if (plan_make(b, o, &plan, err) == 0) {
		plan.wait = o->start ? -1 : o->listen;
		if (places_make(b, o, &plan, p, err) == 0)
			status = lifecycle_hooks(b, o, p, create(&plan, o, p, err), err);
	}
	plan_done(&plan);
	if (status < 0) {
		struct error ignored;

		if (p->cgroup)
			runtime_cgroup_remove(p->cgroup, &ignored);
		runtime_rdt_remove(b->spec, o->id);
		runtime_process_done(p);
	}
	return status;
}

int runtime_start(struct runtime_process *p, struct error *err)
{
	struct peer init = { .sock = p->sock, .pidfd = p->pidfd, .name = "init" };

	if (p->sock < 0)
		return error_set(err, ERR_BUSY, "the container is not waiting to be started");
	if (msg_send(p->sock, MSG_START, NULL, 0, -1, err) < 0)
		return -1;
	if (expect_exec(&init, err) < 0)
		return -1;
	auto_close_fd(&p->sock);
	return 0;
}
