/*
 * oci_exec.c - `hod oci exec`, and the foreground that it shares with run.
 */
#include "oci.h"

#include "commands.h"
#include "monitor/monitor.h"
#include "runtime/defaults.h"
#include "util/compat.h"
#include "util/fd.h"

#include <errno.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <poll.h>

struct exec_args {
	char *process, *user, *cwd, *apparmor, *label, *cgroup;
	struct strv env, caps, gids;
	struct oci_stdio io;
	bool detach, tty, no_new_privs, ignore_paused, no_subreaper;
};
static const struct opt opts[] = {
	OPT_LIST('g', "additional-gids", exec_args, gids, "GID", "a supplementary group, by number"),
	OPT_STRING(0, "apparmor", exec_args, apparmor, "PROFILE", "its AppArmor profile"),
	OPT_LIST('c', "cap", exec_args, caps, "CAPABILITY", "a capability besides the container's"),
	OPT_STRING(0, "console-socket", exec_args, io.console_socket, "PATH",
		   "send the master of the terminal to this socket"),
	OPT_STRING(0, "cwd", exec_args, cwd, "DIR", "the working directory"),
	OPT_FLAG('d', "detach", exec_args, detach, "do not wait for it"),
	OPT_LIST('e', "env", exec_args, env, "NAME=VALUE", "set a variable"),
	OPT_FLAG(0, "ignore-paused", exec_args, ignore_paused, "in a paused container, too"),
	OPT_FLAG(0, "no-new-privs", exec_args, no_new_privs, "it never gets more rights"),
	OPT_FLAG(0, "no-subreaper", exec_args, no_subreaper,
		 "taken and not used: we adopt no processes"),
	OPT_STRING(0, "pid-file", exec_args, io.pid_file, "FILE", "write its process number here"),
	OPT_STRING(0, "pidfd-socket", exec_args, io.pidfd_socket, "PATH",
		   "send a pidfd of it to this socket"),
	OPT_INT(0, "preserve-fds", exec_args, io.preserve_fds,
		"how many descriptors behind the standard streams it gets"),
	OPT_STRING('p', "process", exec_args, process, "FILE", "what to run, as in config.json"),
	OPT_STRING(0, "process-label", exec_args, label, "LABEL", "its SELinux label"),
	OPT_FLAG('t', "tty", exec_args, tty, "with a terminal"),
	OPT_STRING('u', "user", exec_args, user, "UID[:GID]", "as this user, by number"),
	OPT_END,
};

/* ---- the foreground ---- */

static int exit_code(int pidfd, struct error *err)
{
	siginfo_t info = { 0 };

	while (waitid(P_PIDFD, (id_t)pidfd, &info, WEXITED) < 0)
		if (errno != EINTR)
			return error_sys(err, "wait for the process");
	return info.si_code == CLD_EXITED ? info.si_status : 128 + info.si_status;
}

static int serve_terminal(int pidfd, int master, struct error *err)
{
	struct exec_stdio x = { .in = 0,
				.out = 1,
				.err_ = -1,
				.tty = true,
				.pty_master = master,
				.pipes = { -1, -1, -1 },
				.pidfd = pidfd,
				.detach_keys = "" };
	struct attach_result result = { 0 };

	return exec_serve(&x, &result, err) < 0 ? -1 : result.exit_code;
}

sigset_t oci_hold_signals(void)
{
	sigset_t set;

	sigfillset(&set);
	sigdelset(&set, SIGCHLD);
	sigdelset(&set, SIGPIPE);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return set;
}

/* It has our own streams; our signals are for it. */
int oci_wait(int pidfd, int master, struct error *err)
{
	struct pollfd fds[2] = { { .fd = pidfd, .events = POLLIN }, { .events = POLLIN } };
	struct signalfd_siginfo info;
	sigset_t set;

	if (master >= 0)
		return serve_terminal(pidfd, master, err);
	set = oci_hold_signals();
	fds[1].fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	while (!fds[0].revents) {
		if (poll(fds, 2, -1) < 0 && errno != EINTR)
			return error_sys(err, "wait for the process");
		while (read(fds[1].fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
			sys_pidfd_send_signal(pidfd, (int)info.ssi_signo, NULL, 0);
	}
	auto_close_fd(&fds[1].fd);
	return exit_code(pidfd, err);
}

/* ---- what to run ---- */

static int parse_id(const char *text, int64_t *id, struct error *err)
{
	uint64_t n;

	if (!str_u64(text, &n) || n > UINT32_MAX)
		return error_set(err, ERR_USAGE, "'%s' is no number of a user or group", text);
	*id = (int64_t)n;
	return 0;
}

static int set_user(const char *text, struct spec_user *u, struct error *err)
{
	const char *colon = strchrnul(text, ':');
	auto_free char *uid = xstrndup(text, (size_t)(colon - text));

	if (parse_id(uid, &u->uid, err) < 0 || (*colon && parse_id(colon + 1, &u->gid, err) < 0))
		return error_add(err, "--user");
	return 0;
}

static void copy_capabilities(const struct spec_capabilities *from, struct spec_process *p)
{
	struct spec_capabilities *c = xcalloc(1, sizeof(*c));

	strv_copy(&c->bounding, &from->bounding);
	strv_copy(&c->effective, &from->effective);
	strv_copy(&c->inheritable, &from->inheritable);
	strv_copy(&c->permitted, &from->permitted);
	strv_copy(&c->ambient, &from->ambient);
	p->capabilities = c;
}

static void copy_affinity(const struct spec_affinity *from, struct spec_process *p)
{
	p->exec_affinity = xcalloc(1, sizeof(*p->exec_affinity));
	p->exec_affinity->initial = xstrdup_or_null(from->initial);
	p->exec_affinity->final = xstrdup_or_null(from->final);
}

static int add_capabilities(const struct strv *names, struct spec_process *p, struct error *err)
{
	strv_each (names, i) {
		const char *name = capability_name(names->v[i]);

		if (!name)
			return error_set(err, ERR_USAGE, "--cap '%s': no such capability",
					 names->v[i]);
		if (!p->capabilities)
			p->capabilities = xcalloc(1, sizeof(*p->capabilities));
		strv_add(&p->capabilities->bounding, name);
		strv_add(&p->capabilities->effective, name);
		strv_add(&p->capabilities->permitted, name);
	}
	return 0;
}

/* The container's own process, with what the options say instead. */
static int fill_process(const struct exec_args *args, const struct spec *spec,
			const struct strv *operands, struct spec_process *p, struct error *err)
{
	const struct spec_process *from = spec->process;

	if (operands->n < 2)
		return error_set(err, ERR_USAGE, "exec: process args cannot be empty");
	p->terminal = args->tty;
	p->user.uid = from->user.uid;
	p->user.gid = from->user.gid;
	p->user.umask = from->user.umask;
	if (args->user && set_user(args->user, &p->user, err) < 0)
		return -1;
	if (!args->user)
		vec_each (&from->user.additional_gids, g)
			vec_push(&p->user.additional_gids, *g);
	strv_each (&args->gids, i) {
		int64_t gid = 0;

		if (parse_id(args->gids.v[i], &gid, err) < 0)
			return error_add(err, "--additional-gids");
		vec_push(&p->user.additional_gids, gid);
	}
	for (size_t i = 1; i < operands->n; i++)
		strv_add(&p->args, operands->v[i]);
	strv_copy(&p->env, &from->env);
	strv_copy(&p->env, &args->env);
	p->cwd = xstrdup(args->cwd ? args->cwd : from->cwd);
	p->no_new_privileges = from->no_new_privileges || args->no_new_privs;
	p->apparmor_profile =
		xstrdup_or_null(args->apparmor ? args->apparmor : from->apparmor_profile);
	p->selinux_label = xstrdup_or_null(args->label ? args->label : from->selinux_label);
	if (from->capabilities)
		copy_capabilities(from->capabilities, p);
	if (from->exec_affinity)
		copy_affinity(from->exec_affinity, p);
	return add_capabilities(&args->caps, p, err);
}

static int read_process(const char *path, struct spec_process *p, struct error *err)
{
	auto_done(str) struct str text = { 0 };

	/* path: of the host, named by the caller */
	if (file_read(AT_FDCWD, path, &text, SPEC_MAX, err) < 0 ||
	    spec_process_parse(str_get(&text), text.len, p, err) < 0)
		return error_add(err, "--process '%s'", path);
	return 0;
}

static int run_process(const struct exec_args *args, const struct oci_state *s,
		       const struct spec *spec, const struct spec_process *p, struct error *err)
{
	struct runtime_process process = RUNTIME_PROCESS_NONE;
	struct runtime_options o = RUNTIME_OPTIONS_INIT;
	bool attached = !args->detach && !args->io.console_socket;
	auto_close int init = oci_state_pidfd(s, err);
	auto_close int master = -1;
	struct oci_lent lent;
	int status = -1;

	if (init < 0)
		return -1;
	o.start = true;
	o.id = s->id;
	o.path = s->bundle;
	if (attached && p->terminal)
		o.pty_master = &master;
	if (oci_lend(&args->io, &lent, &o, err) == 0)
		status = runtime_exec((pid_t)s->pid, init, spec, p, &o, &process, err);
	oci_lent_done(&lent);
	if (status == 0)
		status = oci_announce(&args->io, &process, err);
	if (status == 0 && !args->detach)
		status = oci_wait(process.pidfd, master, err);
	runtime_process_done(&process);
	return status;
}

static int exec_in(const struct exec_args *args, const struct oci_state *s,
		   const struct strv *operands, struct error *err)
{
	struct spec_process process;
	struct spec spec;
	int status = -1;

	if (s->status == OCI_STOPPED || s->status == OCI_CREATED)
		return error_set(err, ERR_BUSY, "container not running");
	if (s->status == OCI_PAUSED && !args->ignore_paused)
		return error_set(err, ERR_BUSY, "cannot exec in a paused container");
	spec_init(&spec);
	spec_process_init(&process);
	if (oci_state_spec(s, &spec, err) == 0 &&
	    (args->process ? read_process(args->process, &process, err)
			   : fill_process(args, &spec, operands, &process, err)) == 0) {
		if (args->tty)
			process.terminal = true;
		status = run_process(args, s, &spec, &process, err);
	}
	spec_process_done(&process);
	spec_done(&spec);
	return status;
}

static int exec_run(struct app *app, void *args, struct strv *operands, struct error *err)
{
	struct oci_state s;
	int code;

	oci_state_init(&s);
	code = oci_state_load(app, operands->v[0], &s, err);
	if (code == 0)
		code = exec_in(args, &s, operands, err);
	oci_state_done(&s);
	return code < 0 ? error_add(err, "exec in '%s'", operands->v[0]) : code;
}

const struct command cmd_oci_exec = {
	.name = "oci exec",
	.operands = "ID [COMMAND [ARG...]]",
	.summary = "run a further process in a container",
	.opts = opts,
	.args_size = sizeof(struct exec_args),
	.order = OPT_FIRST,
	.min = 1,
	.max = -1,
	.run = exec_run,
	.failure = 255,
};
