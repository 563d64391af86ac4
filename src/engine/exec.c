/*
 * exec.c - `exec`: a further process in a running container.
 */
#include "prepare.h"

#include "engine/health.h"
#include "runtime/defaults.h"
#include "runtime/owner_watch.h"
#include "runtime/runtime.h"
#include "util/fd.h"
#include "store/event.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

/* The spec that the container was started with. */
static int load_spec(const struct container *c, struct spec *spec, struct error *err)
{
	auto_done(str) struct str text = { 0 };

	if (file_read(c->fd, "config.json", &text, SPEC_MAX, err) < 0 ||
	    spec_parse(str_get(&text), text.len, spec, err) < 0)
		return error_add(err, "config.json");
	return 0;
}

static int open_root(const struct container *c, struct error *err)
{
	auto_free char *path = xasprintf("/proc/%lld/root", (long long)c->state.pid);
	int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? error_sys(err, "open %s", path) : fd;
}

static void copy_capabilities(const struct exec_request *x, const struct spec_process *from,
			      struct spec_process *to)
{
	struct spec_capabilities *c = xcalloc(1, sizeof(*c));

	to->capabilities = c;
	if (x->privileged)
		for (const char *const *name = capability_all; *name; name++)
			strv_add(&c->bounding, *name);
	else if (from->capabilities)
		strv_copy(&c->bounding, &from->capabilities->bounding);
	if (to->user.uid == 0) { /* another user has the set as its bound only */
		strv_copy(&c->effective, &c->bounding);
		strv_copy(&c->permitted, &c->bounding);
	}
}

/* The container's environment under the caller's, with HOME of the user. */
static void make_env(const struct exec_request *x, const struct spec_process *from,
		     const struct user *user, struct spec_process *to)
{
	strv_copy(&to->env, &from->env);
	if (x->user && user->home)
		strv_env_set(&to->env, "HOME", user->home);
	if (x->tty && !strv_env_get(&to->env, "TERM"))
		strv_env_set(&to->env, "TERM", "xterm");
	strv_each (&x->env, i) {
		const char *entry = x->env.v[i], *eq = strchr(entry, '=');
		auto_free char *key = eq ? xstrndup(entry, (size_t)(eq - entry)) : xstrdup(entry);

		if (eq)
			strv_env_set(&to->env, key, eq + 1);
		else
			strv_env_unset(&to->env, key);
	}
}

static int make_process(const struct container *c, const struct exec_request *x,
			const struct spec *spec, struct spec_process *p, struct error *err)
{
	const struct spec_process *from = spec->process;
	auto_done(user) struct user user = { 0 };
	auto_close int root = open_root(c, err);

	if (root < 0)
		return -1;
	spec_process_init(p);
	p->terminal = x->tty;
	if (x->tty)
		prepare_console_size(p);
	if (x->user) {
		if (user_find(root, x->user, &user, err) < 0)
			return error_add(err, "--user '%s'", x->user);
		p->user.uid = user.uid;
		p->user.gid = user.gid;
		vec_each (&user.groups, g)
			vec_push(&p->user.additional_gids, *g);
	} else {
		p->user.uid = from->user.uid;
		p->user.gid = from->user.gid;
		vec_each (&from->user.additional_gids, g)
			vec_push(&p->user.additional_gids, *g);
	}
	p->user.umask = from->user.umask;
	strv_copy(&p->args, &x->args);
	make_env(x, from, &user, p);
	p->cwd = xstrdup(x->workdir ? x->workdir : from->cwd);
	p->no_new_privileges = from->no_new_privileges;
	p->apparmor_profile = xstrdup_or_null(from->apparmor_profile);
	p->oom_score_adj = UNSET;
	copy_capabilities(x, from, p);
	return 0;
}

/* Without a terminal of its own the process has our streams: nothing is pumped. */
static int wait_process(int pidfd, int *exit_code, struct error *err)
{
	siginfo_t info = { 0 };

	while (waitid(P_PIDFD, (id_t)pidfd, &info, WEXITED) < 0)
		if (errno != EINTR)
			return error_sys(err, "wait for the process");
	*exit_code = info.si_code == CLD_EXITED ? info.si_status : 128 + info.si_status;
	return 0;
}

/* -d with -t: somebody has to stay behind at the terminal, or its process is hung up. */
static int leave_server(const struct exec_stdio *x, struct error *err)
{
	pid_t pid = fork();

	if (pid < 0)
		return error_sys(err, "fork");
	if (pid == 0) {
		struct attach_result ignored;
		struct error nobody_reads = { 0 };
		const int keep[] = { x->pty_master, x->pidfd };

		setsid();
		fd_close_others(keep, ARRAY_SIZE(keep));
		exec_serve(x, &ignored, &nobody_reads);
		_exit(0);
	}
	return 0;
}

static int serve(const struct exec_request *x, struct runtime_process *process, int master,
		 int *exit_code, struct error *err)
{
	struct exec_stdio stdio = {
		.in = x->interactive && !x->detach ? STDIN_FILENO : -1,
		.out = x->detach ? -1 : STDOUT_FILENO,
		.err_ = -1,
		.tty = true,
		.pty_master = master,
		.pipes = { -1, -1, -1 },
		.pidfd = process->pidfd,
		.detach_keys = x->detach_keys ? x->detach_keys : "ctrl-p,ctrl-q",
	};
	struct attach_result result = { 0 };

	if (x->detach)
		return leave_server(&stdio, err);
	if (exec_serve(&stdio, &result, err) < 0)
		return -1;
	*exit_code = result.exit_code;
	return 0;
}

/*
 * Could the container write our executable? Here it can prepare for our coming (CVE-2019-5736). We
 * are outside its user namespace, so it is a plain question of owners.
 */
static bool owned_binary(void)
{
	struct stat st;

	return geteuid() == 0 || stat("/proc/self/exe", &st) < 0 || st.st_uid == geteuid();
}

/* Both in one: it is made and started in one, too. */
static void event_exec(struct engine *e, const struct container *c, const struct exec_request *x)
{
	auto_done(str) struct str lines = { 0 };
	auto_free char *command = strv_join(&x->args, " ");
	auto_free char *created = xasprintf("exec_create: %s", command);
	auto_free char *started = xasprintf("exec_start: %s", command);

	event_format(&lines, c, created, NULL, 0);
	event_format(&lines, c, started, NULL, 0);
	event_append(e->store, &lines);
}

static void event_exec_end(struct engine *e, const struct container *c, int exit_code)
{
	char code[16];

	snprintf(code, sizeof(code), "%d", exit_code);
	event_container(e->store, c, "exec_die", "exitCode", code, EVENT_END);
}

static int run_process(struct engine *e, const struct container *c, const struct exec_request *x,
		       const struct spec *spec, const struct spec_process *p, int *exit_code,
		       struct error *err)
{
	struct runtime_process process = RUNTIME_PROCESS_NONE;
	struct runtime_options o = RUNTIME_OPTIONS_INIT;
	struct owner_watch_options owners = { .listener = -1,
					      .init = (pid_t)c->state.pid,
					      .dir = c->fd };
	struct owner_watch *watch = NULL;
	auto_close int init = container_pidfd(c, err);
	auto_close int master = -1;
	int status = 0;

	if (init < 0)
		return -1;
	o.start = true;
	o.owned_binary = owned_binary();
	o.stdio[0] = x->interactive && !x->detach ? STDIN_FILENO : -1;
	if (x->detach)
		o.stdio[1] = o.stdio[2] = -1;
	if (x->tty)
		o.pty_master = &master;
	/* nobody stays behind who could tell whose a file is: then chown fails as the kernel says */
	if (!x->detach)
		o.owners = &owners.listener;
	if (runtime_exec((pid_t)c->state.pid, init, spec, p, &o, &process, err) < 0)
		return -1;
	event_exec(e, c, x);
	status = owner_watch_start(&owners, &watch, err);
	if (status == 0 && x->tty)
		status = serve(x, &process, master, exit_code, err);
	else if (status == 0 && !x->detach)
		status = wait_process(process.pidfd, exit_code, err);
	owner_watch_stop(watch);
	runtime_process_done(&process);
	if (status == 0 && !x->detach)
		event_exec_end(e, c, *exit_code);
	return status;
}

int container_exec(struct engine *e, struct container *c, const struct exec_request *x,
		   int *exit_code, struct error *err)
{
	struct spec_process process;
	struct spec spec;
	int status = -1;

	*exit_code = 0;
	if (c->status == CONTAINER_PAUSED)
		return error_set(err, ERR_BUSY, "container is paused: unpause it first");
	if (c->status != CONTAINER_RUNNING)
		return error_set(err, ERR_BUSY, "container is not running");
	if (x->workdir && x->workdir[0] != '/')
		return error_set(err, ERR_USAGE, "--workdir '%s': must be absolute", x->workdir);
	spec_init(&spec);
	spec_process_init(&process);
	if (load_spec(c, &spec, err) == 0) {
		if (!spec.process)
			error_set(err, ERR_INVALID, "config.json: no process");
		else if (make_process(c, x, &spec, &process, err) == 0)
			status = run_process(e, c, x, &spec, &process, exit_code, err);
	}
	spec_process_done(&process);
	spec_done(&spec);
	return status;
}

static int health_plan_of(const struct container *c, struct health_plan *plan, struct error *err)
{
	struct image_settings image = { 0 };
	struct run_request r;
	int status;

	run_request_init(&r);
	fields_init(image_settings_fields, &image);
	status = container_request(c, &r, &image, err);
	if (status == 0)
		status = health_plan_make(&r, c->record.image_settings ? &image : NULL, plan, err);
	fields_done(image_settings_fields, &image);
	run_request_done(&r);
	if (status == 0 && !plan->command.n)
		return error_set(err, ERR_INVALID, "container has no health check");
	return status;
}

int container_probe(struct engine *e, struct container *c, struct probe_result *result,
		    struct error *err)
{
	auto_done(health_plan) struct health_plan plan = { 0 };
	struct health_probe probe = { .command = &plan.command, .dir = c->fd };
	auto_close int init = -1;
	struct spec spec;
	int status;

	if (c->status == CONTAINER_PAUSED)
		return error_set(err, ERR_BUSY, "container is paused: unpause it first");
	if (health_plan_of(c, &plan, err) < 0)
		return -1;
	init = container_pidfd(c, err);
	if (init < 0)
		return -1;
	spec_init(&spec);
	status = load_spec(c, &spec, err);
	if (status == 0 && !spec.process)
		status = error_set(err, ERR_INVALID, "config.json: no process");
	if (status == 0) {
		probe.spec = &spec;
		probe.init = (pid_t)c->state.pid;
		probe.init_pidfd = init;
		probe.owned_binary = owned_binary();
		probe.timeout_ns = plan.timeout_ns;
		probe_run(&probe, result);
	}
	spec_done(&spec);
	return status;
}
