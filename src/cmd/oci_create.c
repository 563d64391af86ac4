/*
 * oci_create.c - `hod oci create`, `start` and `run`: a bundle's way into its life.
 */
#include "oci.h"

#include "commands.h"
#include "runtime/hooks.h"
#include "util/compat.h"
#include "util/fd.h"
#include "util/path.h"
#include "util/proc.h"
#include "util/text.h"

#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>

#define BACKLOG 1

struct create_args {
	char *bundle;
	struct oci_stdio io;
	bool no_pivot, no_new_keyring, detach, keep, no_subreaper;
};
#define IO_ROWS(s)                                                                                  \
	OPT_STRING(0, "console-socket", s, io.console_socket, "PATH",                               \
		   "send the master of the terminal to this socket"),                               \
		OPT_STRING(0, "pid-file", s, io.pid_file, "FILE", "write its process number here"), \
		OPT_STRING(0, "pidfd-socket", s, io.pidfd_socket, "PATH",                           \
			   "send a pidfd of its process to this socket"),                           \
		OPT_INT(0, "preserve-fds", s, io.preserve_fds,                                      \
			"how many descriptors behind the standard streams it gets")
#define CREATE_ROWS                                                                                \
	OPT_STRING('b', "bundle", create_args, bundle, "DIR", "the bundle (default: here)"),       \
		IO_ROWS(create_args),                                                              \
		OPT_FLAG(0, "no-pivot", create_args, no_pivot,                                     \
			 "without pivot_root, where the root is a ramdisk"),                       \
		OPT_FLAG(0, "no-new-keyring", create_args, no_new_keyring,                         \
			 "keep our session keyring")

static const struct opt create_opts[] = { CREATE_ROWS, OPT_END };
static const struct opt run_opts_[] = {
	CREATE_ROWS,
	OPT_FLAG('d', "detach", create_args, detach, "do not wait for it"),
	OPT_FLAG(0, "keep", create_args, keep, "keep its state when it has ended"),
	OPT_FLAG(0, "no-subreaper", create_args, no_subreaper,
		 "taken and not used: we adopt no processes"),
	OPT_END,
};

/* ---- create ---- */

struct creation {
	struct oci_state state;
	struct spec spec;
	struct runtime_process process;
	int bundle, listen;
	bool start; /* it runs as soon as it is made */
};

static void creation_init(struct creation *c)
{
	*c = (struct creation){ .process = RUNTIME_PROCESS_NONE, .bundle = -1, .listen = -1 };
	oci_state_init(&c->state);
	spec_init(&c->spec);
}

static void creation_done(struct creation *c)
{
	oci_state_done(&c->state);
	spec_done(&c->spec);
	runtime_process_done(&c->process);
	auto_close_fd(&c->bundle);
	auto_close_fd(&c->listen);
}

static int read_bundle(const char *path, struct creation *c, struct str *config, struct error *err)
{
	auto_free char *real = NULL;

	if (!path)
		path = ".";
	/* path: of the host, named by the caller */
	c->bundle = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (c->bundle < 0)
		return error_sys(err, "bundle '%s'", path);
	real = realpath(path, NULL);
	c->state.bundle = xstrdup(real ? real : path);
	if (file_read(c->bundle, "config.json", config, SPEC_MAX, err) < 0 ||
	    spec_parse(str_get(config), config->len, &c->spec, err) < 0)
		return error_add(err, "config.json");
	return 0;
}

/* The socket on which init will wait; its path goes over /proc, as ours may be too long. */
static int listen_for_start(struct creation *c, struct error *err)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };

	snprintf(at.sun_path, sizeof(at.sun_path), "/proc/self/fd/%d/" OCI_START_SOCKET,
		 c->state.dir);
	c->listen = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (c->listen < 0 || bind(c->listen, (struct sockaddr *)&at, sizeof(at)) < 0 ||
	    listen(c->listen, BACKLOG) < 0)
		return error_sys(err, "socket for start");
	return 0;
}

static int fill_state(struct app *app, struct creation *c, struct error *err)
{
	struct oci_state *s = &c->state;
	auto_done(str) struct str boot = { 0 };

	if (boot_id_read(&boot, err) < 0)
		return -1;
	s->oci_version = xstrdup(SPEC_VERSION);
	s->boot_id = str_take(&boot);
	s->rootfs = path_join(s->bundle, c->spec.root.path ? c->spec.root.path : "rootfs");
	s->cgroup = xstrdup_or_null(c->process.cgroup);
	s->pid = c->process.pid;
	s->pid_start = process_start_time(c->process.pid, NULL);
	s->created_ns = time_now_ns();
	s->owner = app->userns.caller_uid;
	strmap_copy(&s->annotations, &c->spec.annotations);
	return oci_state_save(s, err);
}

static int check_terminal(const struct create_args *args, const struct spec *spec, bool attached,
			  struct error *err)
{
	bool terminal = spec->process && spec->process->terminal;

	if (terminal && !args->io.console_socket && !attached)
		return error_set(
			err, ERR_INVALID,
			"cannot allocate tty if runc will detach without setting console socket");
	if (args->io.console_socket && !terminal)
		return error_set(
			err, ERR_INVALID,
			"cannot use console socket if runc will not detach or allocate tty");
	return 0;
}

/* Where the spec names no cgroup it is ours to choose; the caller may want none. */
static void choose_cgroup(const struct app *app, const char *id, struct spec_linux *l)
{
	if (app->oci && str_eq(app->oci->cgroup_manager, "disabled")) {
		free(l->cgroups_path);
		l->cgroups_path = NULL;
	} else if (str_empty(l->cgroups_path)) {
		free(l->cgroups_path);
		l->cgroups_path = xasprintf("hod/%s", id);
	}
}

/* The process, waiting for start or running; master: of a terminal that we keep, in the foreground. */
static int make(struct app *app, const struct create_args *args, struct creation *c, int *master,
		struct error *err)
{
	struct bundle bundle = { .dir = c->bundle, .spec = &c->spec };
	struct runtime_options o = RUNTIME_OPTIONS_INIT;
	struct oci_lent lent;
	int status = -1;

	o.no_pivot = args->no_pivot;
	o.no_new_keyring = args->no_new_keyring;
	o.start = c->start;
	o.listen = c->listen;
	o.id = c->state.id;
	o.path = c->state.bundle;
	o.pty_master = master && c->spec.process && c->spec.process->terminal ? master : NULL;
	if (oci_lend(&args->io, &lent, &o, err) == 0)
		status = runtime_create(&bundle, &o, &c->process, err);
	oci_lent_done(&lent);
	return status;
}

static void undo(struct app *app, struct creation *c)
{
	struct error ignored = { 0 }; /* the failure that brought us here is the one to tell */

	if (c->process.pidfd >= 0)
		sys_pidfd_send_signal(c->process.pidfd, SIGKILL, NULL, 0);
	if (c->process.cgroup)
		runtime_cgroup_remove(c->process.cgroup, &ignored);
	error_clear(&ignored);
	if (c->process.pidfd >= 0) /* else the runtime has run them */
		hooks_run(&c->spec, HOOK_POSTSTOP,
			  &(struct hook_state){ c->state.id, c->state.bundle, 0,
						&c->spec.annotations },
			  &ignored);
	error_clear(&ignored);
	if (c->state.dir >= 0)
		oci_state_remove(app, &c->state, &ignored);
}

static int create(struct app *app, const struct create_args *args, const char *id,
		  struct creation *c, int *master, struct error *err)
{
	auto_done(str) struct str config = { 0 };

	if (oci_id_check(id, err) < 0 || read_bundle(args->bundle, c, &config, err) < 0 ||
	    check_terminal(args, &c->spec, master != NULL, err) < 0 ||
	    oci_ids_fit(&app->userns, &c->spec, err) < 0 ||
	    oci_state_make(app, id, &c->state, err) < 0)
		return -1;
	choose_cgroup(app, id, &c->spec.linux_);
	/* hooks may ask for the state of what is created, and then of what runs */
	c->start &= !c->spec.hooks;
	if (c->start && master)
		oci_hold_signals();
	if (file_write(c->state.dir, "config.json", config.s, config.len, 0600, false, err) == 0 &&
	    (c->start || listen_for_start(c, err) == 0) && make(app, args, c, master, err) == 0 &&
	    fill_state(app, c, err) == 0 && oci_announce(&args->io, &c->process, err) == 0)
		return 0;
	undo(app, c);
	return -1;
}

static int create_run(struct app *app, void *args, struct strv *operands, struct error *err)
{
	struct creation c;
	int status;

	creation_init(&c);
	status = create(app, args, operands->v[0], &c, NULL, err);
	creation_done(&c);
	return status < 0 ? error_add(err, "create '%s'", operands->v[0]) : 0;
}

/* ---- start ---- */

static int connect_start(const struct oci_state *s, struct error *err)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	auto_close int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	snprintf(to.sun_path, sizeof(to.sun_path), "/proc/self/fd/%d/" OCI_START_SOCKET, s->dir);
	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0)
		return error_sys(err, "connect to the waiting process");
	return take_fd(&fd);
}

static int start(struct oci_state *s, struct error *err)
{
	struct runtime_process p = RUNTIME_PROCESS_NONE;
	int status = -1;

	if (s->status == OCI_STOPPED)
		return error_set(err, ERR_BUSY, "cannot start a container that has stopped");
	if (s->status != OCI_CREATED)
		return error_set(err, ERR_BUSY, "cannot start an already running container");
	p.pid = (pid_t)s->pid;
	p.pidfd = oci_state_pidfd(s, err);
	if (p.pidfd >= 0) {
		p.sock = connect_start(s, err);
		/* told once: from here on it is not created any more, whatever comes of it */
		if (p.sock >= 0 && unlinkat(s->dir, OCI_START_SOCKET, 0) < 0)
			error_sys(err, "remove the socket for start");
		else if (p.sock >= 0)
			status = runtime_start(&p, err);
	}
	runtime_process_done(&p);
	return status;
}

static int start_with_hooks(struct oci_state *s, struct error *err)
{
	struct spec spec;
	int status = start(s, err);

	if (status < 0)
		return -1;
	spec_init(&spec);
	oci_late_hooks_load(s, &spec);
	oci_late_hooks(s, &spec, HOOK_POSTSTART);
	spec_done(&spec);
	return 0;
}

static int start_run(struct app *app, void *args, struct strv *operands, struct error *err)
{
	struct oci_state s;
	int status;

	oci_state_init(&s);
	status = oci_state_load(app, operands->v[0], &s, err);
	if (status == 0)
		status = start_with_hooks(&s, err);
	oci_state_done(&s);
	return status < 0 ? error_add(err, "start '%s'", operands->v[0]) : 0;
}

/* ---- run ---- */

static int run_created(struct app *app, const struct create_args *args, struct creation *c,
		       int master, struct error *err)
{
	int code;

	c->state.status = OCI_CREATED;
	if (!c->start) {
		if (start(&c->state, err) < 0) {
			undo(app, c);
			return -1;
		}
		oci_late_hooks(&c->state, &c->spec, HOOK_POSTSTART);
	}
	if (args->detach)
		return 0;
	code = oci_wait(c->process.pidfd, master, err);
	if (code < 0)
		return -1;
	if (!args->keep && oci_delete(app, &c->state, &c->spec, err) < 0)
		return -1;
	return code;
}

static int run_run(struct app *app, void *arg, struct strv *operands, struct error *err)
{
	const struct create_args *args = arg;
	bool attached = !args->detach && !args->io.console_socket;
	auto_close int master = -1;
	struct creation c;
	int code;

	creation_init(&c);
	c.start = true;
	code = create(app, args, operands->v[0], &c, attached ? &master : NULL, err);
	if (code == 0)
		code = run_created(app, args, &c, master, err);
	creation_done(&c);
	return code < 0 ? error_add(err, "run '%s'", operands->v[0]) : code;
}

const struct command cmd_oci_create = {
	.name = "oci create",
	.operands = "ID",
	.summary = "make a container of a bundle; its process waits for start",
	.opts = create_opts,
	.args_size = sizeof(struct create_args),
	.needs = NEED_NAMESPACE,
	.min = 1,
	.max = 1,
	.run = create_run,
	.failure = 1,
};
const struct command cmd_oci_start = {
	.name = "oci start",
	.operands = "ID",
	.summary = "let the process of a created container execute its command",
	.min = 1,
	.max = 1,
	.run = start_run,
	.failure = 1,
};
const struct command cmd_oci_run = {
	.name = "oci run",
	.operands = "ID",
	.summary = "create, start and wait for a container",
	.opts = run_opts_,
	.args_size = sizeof(struct create_args),
	.needs = NEED_NAMESPACE,
	.min = 1,
	.max = 1,
	.run = run_run,
	.failure = 1,
};
