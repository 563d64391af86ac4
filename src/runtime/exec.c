/*
 * exec.c - a further process in a running container.
 *
 * Theory of operation: a child in our memory enters the container's namespaces by its init's pidfd
 * (which cannot name another process, whatever became of the number) and makes the process itself,
 * a second child in our memory that is ours by CLONE_PARENT: only so is it in the pid namespace.
 * Until its exec it has more rights than the container, hence it is hidden from what runs there.
 */
#include "cgroup.h"
#include "create.h"
#include "init.h"
#include "process.h"
#include "trampoline.h"
#include "util/compat.h"
#include "util/fd.h"

#include <errno.h>
#include <linux/magic.h>
#include <linux/sched.h>
#include <sched.h>
#include <stdio.h>
#include <sys/vfs.h>

struct entrant {
	const struct plan_process *process;
	const struct spec *spec;
	pid_t init;
	int container; /* pidfd of its init */
	int namespaces;
	int *pidfd;
	int answer[2]; /* a pipe, with a time namespace; else -1 */
	struct error *err;
	bool failed; /* the process: err says why */
	bool said;   /* the child between got as far as making the process or filling err */
	pid_t pid, tid;
};

/* /dev of a running container is in its hands: what is opened there must prove to be a pty. */
static int open_ptmx(struct error *err)
{
	struct open_how how = { .flags = O_RDWR | O_NOCTTY | O_NOFOLLOW | O_CLOEXEC,
				.resolve = RESOLVE_NO_SYMLINKS };
	int fd = sys_openat2(AT_FDCWD, "/dev/pts/ptmx", &how, sizeof(how));
	struct statfs fs;

	if (fd < 0)
		return error_sys(err, "open /dev/pts/ptmx");
	if (fstatfs(fd, &fs) < 0 || fs.f_type != DEVPTS_SUPER_MAGIC) {
		close(fd);
		return error_set(err, ERR_INVALID, "/dev/pts of the container is no devpts");
	}
	return fd;
}

static int exec_steps(const struct entrant *e)
{
	const struct plan_process *p = e->process;
	int slave = -1, ptmx;

	if (process_begin(p, e->err) < 0)
		return -1;
	if (p->listener)
		listener_pid(p->listener, e->tid);
	if (p->terminal) {
		ptmx = open_ptmx(e->err);
		if (ptmx < 0 || terminal_take(p, ptmx, &slave, e->err) < 0)
			return error_add(e->err, "terminal");
	}
	return process_execute(p, slave, e->err);
}

static int exec_run(void *arg)
{
	struct entrant *e = arg;

	e->failed = exec_steps(e) < 0;
	return 127;
}

static int enter_run(void *arg)
{
	struct entrant *e = arg;
	struct clone_request r = {
		.flags = CLONE_PARENT,
		.cgroup = -1,
		.pidfd = e->pidfd,
		.tid = &e->tid,
		.run = exec_run,
		.arg = e,
	};

	e->pid = -1;
	e->said = true;
	/* what is written through /proc is, while that is the host's; children inherit it */
	if (process_proc(e->process, -1, e->err) < 0)
		return 1;
	if (setns(e->container, e->namespaces) < 0) {
		error_sys(e->err, "enter the container");
		if (e->err->sys == ESRCH)
			error_set(e->err, ERR_BUSY, "container not running");
		return 1;
	}
	if (chdir("/") < 0) { /* path: the root that was just entered */
		error_sys(e->err, "enter the container's root");
		return 1;
	}
	e->pid = clone_shared(&r);
	if (e->pid < 0)
		error_sys(e->err, "make the process");
	return 0;
}

static int namespaces_of(const struct spec *spec, pid_t init)
{
	char path[64];
	struct stat ours, theirs;
	int flags = 0;

	vec_each (&spec->linux_.namespaces, ns)
		flags |= namespace_flag(ns->type);
	/* its user namespace: when it is not the one that we are in */
	snprintf(path, sizeof(path), "/proc/%d/ns/user", (int)init);
	/* path: the host's procfs */
	if (stat("/proc/self/ns/user", &ours) == 0 && stat(path, &theirs) == 0) {
		flags &= ~CLONE_NEWUSER;
		if (ours.st_ino != theirs.st_ino || ours.st_dev != theirs.st_dev)
			flags |= CLONE_NEWUSER;
	}
	return flags;
}

/*
 * Who enters a time namespace must have a memory of its own; so what came of it is told through a
 * pipe. The descriptors are shared all the same.
 */
struct answer {
	pid_t pid;
	int pidfd;
	bool said, failed;
	struct error err;
};
static int enter_copied(void *arg)
{
	struct entrant *e = arg;
	struct answer a;
	struct error ignored; /* nobody is left to tell */

	enter_run(e);
	a = (struct answer){ e->pid, *e->pidfd, e->said, e->failed, *e->err };
	fd_write_all(e->answer[1], &a, sizeof(a), &ignored);
	return 0;
}

static pid_t clone_middle(struct entrant *e, struct clone_request *r)
{
	if (!(e->namespaces & CLONE_NEWTIME))
		return clone_shared(r);
	r->run = enter_copied;
	return clone_copied(r);
}

static void answer_take(struct entrant *e)
{
	struct error ignored;
	struct answer a;

	if (e->answer[0] < 0)
		return;
	auto_close_fd(&e->answer[1]);
	if (fd_read_full(e->answer[0], &a, sizeof(a), &ignored) != sizeof(a))
		return; /* it was killed: nothing was said */
	e->pid = a.pid;
	*e->pidfd = a.pidfd;
	e->said = a.said;
	e->failed = a.failed;
	if (a.err.kind)
		*e->err = a.err;
}

/*
 * A cgroup that is not ours to enter: by the manager of its scope, or else without it, unless its
 * limits were asked for.
 */
static pid_t enter_otherwise(struct entrant *e, struct clone_request *r)
{
	auto_free char *path = cgroup_path_of(e->init);
	struct error ignored = { 0 };
	int saved = errno;

	if (cgroup_is_required(e->spec)) {
		if (path && cgroup_approach(path, &ignored) == 0)
			return clone_middle(e, r);
		errno = saved;
		return -1;
	}
	r->cgroup = -1;
	return clone_middle(e, r);
}

static int enter(struct entrant *e, int cgroup, struct runtime_process *p, struct error *err)
{
	struct clone_request r = { .flags = CLONE_FILES, .cgroup = cgroup, .run = enter_run, .arg = e };
	struct guard g;
	pid_t middle;

	if (e->namespaces & CLONE_NEWTIME && fd_pipe(e->answer, err) < 0)
		return -1;
	guard_begin(&g, true);
	middle = clone_middle(e, &r);
	if (middle < 0 && cgroup >= 0)
		middle = enter_otherwise(e, &r);
	if (middle < 0)
		error_sys(err, "make a process");
	else
		child_reap(middle);
	guard_end(&g);
	if (middle >= 0)
		answer_take(e);
	auto_close_fd(&e->answer[0]);
	auto_close_fd(&e->answer[1]);
	/* killed before its first step: the cgroup that it was born in is being killed */
	if (middle >= 0 && !e->said)
		error_set(err, ERR_BUSY, "container not running");
	if (middle < 0 || e->pid < 0)
		return -1;
	p->pid = e->pid;
	if (e->failed)
		child_kill(p);
	return e->failed ? -1 : 0;
}

static int exec_in(struct entrant *e, struct plan_process *plan, const struct runtime_options *o,
		   int cgroup, struct runtime_process *p, struct error *err)
{
	auto_close int console = -1, errors = -1, owners = -1;
	int status;

	if (console_prepare(o, plan, &console, err) < 0 || owners_prepare(o, plan, &owners, err) < 0)
		return -1;
	if (o->owned_binary && trampoline_make(plan, &errors, err) < 0)
		return -1;
	status = enter(e, cgroup, p, err);
	auto_close_fd(&plan->trampoline_error);
	if (status == 0 && errors >= 0)
		status = trampoline_wait(plan, errors, err);
	if (status == 0 && console >= 0)
		status = console_receive(console, o->pty_master, err);
	auto_close_fd(&plan->console);
	auto_close_fd(&plan->owners);
	if (status == 0)
		status = owners_receive(owners, o->owners, err);
	if (status < 0)
		child_kill(p);
	return status;
}

int runtime_exec(pid_t init, int init_pidfd, const struct spec *spec,
		 const struct spec_process *process, const struct runtime_options *o,
		 struct runtime_process *p, struct error *err)
{
	struct spec_process wanted = *process;
	struct plan_process plan;
	struct entrant e = {
		.process = &plan,
		.spec = spec,
		.init = init,
		.container = init_pidfd,
		.pidfd = &p->pidfd,
		.err = err,
		.pid = -1,
		.answer = { -1, -1 },
	};
	auto_close int cgroup = -1;
	struct bits before;
	int status;

	*p = (struct runtime_process)RUNTIME_PROCESS_NONE;
	if (!wanted.capabilities && spec->process)
		wanted.capabilities = spec->process->capabilities;
	status = plan_process(spec, &wanted, o, &plan, err);
	if (status == 0) {
		e.namespaces = namespaces_of(spec, init);
		cgroup = cgroup_open_of(init);
		schedule_plan_affinity(wanted.exec_affinity, &plan.schedule);
		status = schedule_affinity_begin(wanted.exec_affinity, &before, err);
		if (status == 0) {
			status = exec_in(&e, &plan, o, cgroup, p, err);
			schedule_affinity_end(wanted.exec_affinity, &before);
		}
	}
	plan_process_done(&plan);
	if (status < 0)
		runtime_process_done(p);
	return status;
}
