/*
 * monitor.c - the process that stays with one container.
 *
 * Theory of operation
 *
 *	prepare	  signals held, pipes made, attach socket bound; all memory that will be needed
 *	start	  runtime_create with start: the container runs, or nothing is left and we say why
 *	record	  state.json: which process it is
 *	serve	  one epoll loop: streams, log, attachers, signals, deadline; ends with the pidfd
 *	finish	  what is in the pipes, the exit record, then what a slow caller has not taken yet
 *	again	  if the restart policy says so: a pause, then `start` with fresh pipes and a fresh
 * mount tear down leftovers, attach socket, with --rm the container
 *
 * The container's lock is held from before `prepare` until this process is gone; the kernel drops
 * it whatever happens to us. The container dies with us (PDEATHSIG), so lock and life agree.
 *
 * It is the command itself (monitor_run) or a child of it (monitor_spawn, process.c): the same
 * functions from here on. Nothing is mounted here: the rootfs comes as a detached mount, and the
 * container has its own mount namespace.
 *
 * Never  waits for anything but the loop while the container runs, allocates in it, or ends a
 *        container because somebody who looks at it is slow or gone.
 */
#include "monitor_private.h"
#include "report.h"
#include "runtime/runtime.h"
#include "sd_notify.h"
#include "teardown.h"
#include "util/compat.h"
#include "util/fd.h"
#include "util/lock.h"
#include "util/log.h"
#include "util/text.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define KILL_GRACE_NS	   (10 * NSEC_PER_SEC) /* between the stop signal and SIGKILL at a deadline */
#define INTERRUPT_TWICE_NS (10 * NSEC_PER_SEC) /* a second Ctrl-C within it kills */
#define PACED_PATIENCE_MS  10000 /* for an attached client after the end of the container */

/* ---- events ---- */

static void kill_container(struct monitor *m, int sig)
{
	sys_pidfd_send_signal(m->process.pidfd, sig, NULL, 0);
}

static void child_ready(struct watch *w, uint32_t events)
{
	struct monitor *m = watch_owner(w, struct monitor, child);

	m->exited = true;
	loop_watch(&m->loop, w, 0);
}

static void interrupt(struct monitor *m, int sig)
{
	int64_t now = time_monotonic_ns();

	if (sig == SIGINT && m->interrupted_ns && now - m->interrupted_ns < INTERRUPT_TWICE_NS)
		sig = SIGKILL;
	m->interrupted_ns = now;
	kill_container(m, sig);
}

static void on_signal(struct signals *s, int sig)
{
	struct monitor *m = watch_owner(s, struct monitor, signals);

	m->stopping |= signal_ends(sig);
	if (m->exited) {
		m->hurry |= signal_ends(sig);
	} else if (sig == SIGWINCH && m->master >= 0) {
		monitor_resize_own(m);
	} else if (!m->foreground) {
		/* the machine goes down, or somebody means the container */
		if (signal_ends(sig))
			kill_container(m, m->job->stop_signal > 0 ? m->job->stop_signal : SIGTERM);
	} else if (m->job->sig_proxy) {
		interrupt(m, sig);
	} else if (signal_ends(sig)) {
		kill_container(m, SIGKILL);
	}
}

static void on_attached_signal(struct attach_server *s, int sig)
{
	kill_container(watch_owner(s, struct monitor, server), sig);
}

static void on_resize(struct attach_server *s, const struct winsize *size)
{
	struct monitor *m = watch_owner(s, struct monitor, server);

	if (m->master >= 0)
		ioctl(m->master, TIOCSWINSZ, size);
}

/* ---- deadlines ---- */

static int next_timeout(const struct monitor *m)
{
	int64_t health = health_due(&m->health), ports = ports_due(&m->ports);
	int64_t next = m->deadline_ns, left;

	if (m->kill_ns && (!next || m->kill_ns < next))
		next = m->kill_ns;
	if (health && (!next || health < next))
		next = health;
	if (ports && (!next || ports < next))
		next = ports;
	if (!next)
		return -1;
	left = next - time_monotonic_ns();
	return left <= 0 ? 0 : (int)MIN(left / 1000000 + 1, 3600 * 1000);
}

static void check_deadline(struct monitor *m)
{
	if (m->kill_ns && time_monotonic_ns() >= m->kill_ns) {
		m->kill_ns = 0;
		kill_container(m, SIGKILL);
	}
	if (!m->deadline_ns || time_monotonic_ns() < m->deadline_ns)
		return;
	if (m->cause == EXIT_ITSELF) {
		m->cause = EXIT_TIMEOUT;
		m->deadline_ns += KILL_GRACE_NS;
		kill_container(m, m->job->stop_signal > 0 ? m->job->stop_signal : SIGTERM);
	} else {
		m->cause = EXIT_TIMEOUT_KILLED;
		m->deadline_ns = 0;
		kill_container(m, SIGKILL);
	}
}

/* ---- health ---- */

static void end_unhealthy(struct monitor *m)
{
	const struct monitor_job *job = m->job;
	enum health_action action = job->health->on_failure;

	m->cause = EXIT_UNHEALTHY;
	m->stopping |= action == HEALTH_DO_STOP;
	if (action == HEALTH_DO_KILL || job->grace_ns == 0) {
		kill_container(m, SIGKILL);
		return;
	}
	kill_container(m, job->stop_signal > 0 ? job->stop_signal : SIGTERM);
	if (job->grace_ns > 0)
		m->kill_ns = time_monotonic_ns() + job->grace_ns;
}

void monitor_health_changed(struct monitor *m, enum health_status status)
{
	struct error err = { 0 };
	char text[ERROR_LINE_MAX];

	group_want(m, status == HEALTH_IS_GOOD);
	if (status == HEALTH_IS_GOOD && m->job->notify_healthy && m->notify_socket &&
	    sd_notify_ready(m->notify_socket, &err) < 0)
		log_warn("%s", error_text(&err, text, sizeof(text)));
	if (status == HEALTH_IS_BAD && m->job->health->on_failure != HEALTH_DO_NOTHING &&
	    m->cause == EXIT_ITSELF)
		end_unhealthy(m);
}

/* ---- the life of a container ---- */

/* A user namespace of its own must own its network, too: then that is made with it, and waits. */
static bool makes_own_network(const struct monitor *m)
{
	const struct spec_namespace *user = spec_namespace_find(m->job->spec, "user");

	return m->job->net && user && !user->path;
}

/* What nobody asked for may be missing. */
static int network_up(struct monitor *m, struct error *err)
{
	struct net_job *j = m->job->net;
	char text[ERROR_LINE_MAX];

	if (!j || m->net.dir.fd >= 0)
		return 0;
	if (net_up(j, &m->net, err) == 0)
		return 0;
	if (!j->optional || (err->kind != ERR_UNSUPPORTED && err->kind != ERR_DENIED))
		return -1;
	log_warn("the container has no network: %s", error_text(err, text, sizeof(text)));
	error_clear(err);
	return 0;
}

static void network_end(struct monitor *m)
{
	ports_end(m);
	if (m->job->net)
		net_down(&m->net, m->job->net);
}

static void network_renew(struct monitor *m)
{
	ports_end(m);
	net_renew(&m->net, m->job->net);
}

/* It waits in its namespaces: the network comes to it, and it may go on. */
static int start_waiting(struct monitor *m, struct error *err)
{
	if (m->net.ns < 0)
		return error_set(err, ERR_SYSTEM, "init did not tell its network namespace");
	if (network_up(m, err) < 0)
		return -1;
	return runtime_start(&m->process, err);
}

static int start(struct monitor *m, struct error *err)
{
	const struct monitor_job *job = m->job;
	struct runtime_options o = RUNTIME_OPTIONS_INIT;
	struct bundle bundle = { .dir = m->c->fd, .spec = job->spec };
	struct owner_watch_options owners = { .listener = -1, .dir = m->c->fd };
	bool waits = makes_own_network(m);
	int status;

	for (int i = 0; i < 3; i++)
		o.stdio[i] = m->ends[i];
	if (m->tty)
		o.pty_master = &m->master;
	if (waits)
		network_renew(m); /* that of the run before is gone with its namespace */
	else if (network_up(m, err) < 0)
		return -1;
	o.start = !waits;
	if (waits)
		o.network_made = &m->net.ns;
	else
		o.network = m->net.ns;
	o.die_with_parent = true;
	o.owned_binary = job->owned_binary;
	o.rootfs = m->rootfs;
	o.owners = &owners.listener;
	if (job->spec->linux_.seccomp && !job->spec->linux_.seccomp_shared)
		o.cache = store_dir(job->store, STORE_CACHE, err);
	if (o.cache < 0 && err->kind)
		return -1;
	teardown_adopt(job->spec);
	status = runtime_create(&bundle, &o, &m->process, err);
	if (status == 0 && waits)
		status = start_waiting(m, err);
	monitor_ends_close(m);
	owners.init = m->process.pid;
	return status < 0 ? -1 : owner_watch_start(&owners, &m->owners, err);
}

static int serve_begin(struct monitor *m, struct error *err)
{
	if (m->tty && monitor_pty_open(m, err) < 0)
		return -1;
	m->begun_ns = time_monotonic_ns();
	m->loop.thrifty = !m->foreground;
	m->loop.alone = !m->owners;
	m->child = (struct watch){ .fd = m->process.pidfd, .ready = child_ready };
	loop_watch(&m->loop, &m->child, EPOLLIN);
	m->deadline_ns = m->job->timeout_ns > 0 ? m->begun_ns + m->job->timeout_ns : 0;
	ports_begin(m);
	health_start(m);
	if (record_running(m->job->store, m->c, &m->process, err) < 0)
		return -1;
	event_started(m);
	if (!m->health.plan)
		group_settle(m, true);
	return m->notify_socket && !m->job->notify_healthy ? sd_notify_ready(m->notify_socket, err)
							   : 0;
}

static void serve(struct monitor *m)
{
	while (!m->exited) {
		stdio_turn(&m->io, next_timeout(m));
		if (m->exited)
			break;
		check_deadline(m);
		ports_turn(m);
		if (m->health.plan)
			health_turn(m);
	}
}

/* What a slow caller or client has not taken yet: it is waited for, within reason. */
static void deliver(struct monitor *m)
{
	while (!m->hurry && !stdio_drain(&m->io)) {
		int64_t before = time_monotonic_ns();
		bool paced = m->serving && attach_server_paces(&m->server);

		stdio_turn(&m->io, paced ? PACED_PATIENCE_MS : -1);
		if (paced && time_monotonic_ns() - before >= PACED_PATIENCE_MS * 1000000LL)
			attach_server_drop_paced(&m->server);
	}
}

/* Is it to be started again? A deadline is an end that was asked for. */
static bool wants_restart(const struct monitor *m, int exit_code)
{
	const struct restart_policy *p = &m->job->restart;
	bool unhealthy = m->cause == EXIT_UNHEALTHY;
	bool always = unhealthy && m->job->health->on_failure == HEALTH_DO_RESTART;

	if (p->when == RESTART_NO && !always)
		return false;
	if (m->stopping || (m->cause != EXIT_ITSELF && !unhealthy) ||
	    file_exists(m->c->fd, RESTART_STOPPED))
		return false;
	return always || restart_wanted(p, exit_code, m->c->state.restarts, false);
}

static int finish(struct monitor *m, struct error *err)
{
	siginfo_t info = { 0 };
	struct rusage usage = { 0 };
	bool keep = !m->c->record.auto_remove && !container_is_leaving(m->c);
	int code;

	health_stop(m);
	group_settle(m, false);
	/* glibc's waitid gives no figures */
	if (syscall(SYS_waitid, P_PIDFD, m->process.pidfd, &info, WEXITED, &usage) < 0)
		return error_sys(err, "wait for the container");
	teardown_kill(m->job->spec, m->process.pidfd, m->process.cgroup);
	stdio_drain(&m->io); /* into the log: whoever waits for the end may read it then */
	m->c->state.restarting = wants_restart(m, exit_code_of(&info));
	record_exit(m->c, &info, &usage, m->cause);
	event_ended(m); /* before who waits for the end goes on, and tells something, too */
	code = container_state_save(m->job->store, m->c, keep, err);
	if (m->result)
		*m->result = (struct monitor_result){ .exit_code = (int)m->c->state.exit_code,
						      .oom_killed = m->c->state.oom_killed };
	teardown_cgroup(m->process.cgroup);
	if (!m->c->state.restarting)
		report_write(m->job->report, m->c);
	deliver(m);
	log_writer_done(&m->log, keep);
	return code < 0 ? -1 : 0;
}

/* ---- the next run ---- */

/* Between two runs. False: somebody wants it to end meanwhile. */
static bool pause_over(struct monitor *m)
{
	int64_t end;

	m->pause_ns = restart_pause(m->pause_ns, time_monotonic_ns() - m->begun_ns);
	end = time_monotonic_ns() + m->pause_ns;
	for (int64_t left = m->pause_ns; left > 0; left = end - time_monotonic_ns()) {
		if (m->stopping || file_exists(m->c->fd, RESTART_STOPPED))
			return false;
		loop_turn(&m->loop, (int)(left / 1000000 + 1));
	}
	return true;
}

static int start_again(struct monitor *m, struct error *err)
{
	auto_close int mounted = m->job->remount(m->job->remount_arg, err);

	if (mounted < 0)
		return -1;
	owner_watch_stop(take_ptr(&m->owners));
	runtime_process_done(&m->process);
	m->process = (struct runtime_process)RUNTIME_PROCESS_NONE;
	m->exited = m->hurry = false;
	m->cause = EXIT_ITSELF;
	m->interrupted_ns = m->kill_ns = 0;
	m->rootfs = mounted;
	if (monitor_stdio_again(m, err) < 0 || start(m, err) < 0)
		return -1;
	m->c->state.restarting = false;
	m->c->state.restarts++;
	return serve_begin(m, err);
}

/* Runs it until it has ended for good. */
static int live(struct monitor *m, struct error *err)
{
	for (;;) {
		serve(m);
		if (finish(m, err) < 0)
			return -1;
		if (!m->c->state.restarting)
			return 0;
		if (pause_over(m)) {
			if (start_again(m, err) < 0) {
				m->c->state.restarting = false;
				record_failure(m->job->store, m->c, err);
				return -1;
			}
			continue;
		}
		m->c->state.restarting = false;
		return container_state_save(m->job->store, m->c, true, err);
	}
}

static int output_failed(const struct monitor *m, struct error *err)
{
	errno = stdio_failed(&m->io);
	return errno ? error_sys(err, "write the container's output") : 0;
}

/* Nothing of a container that could not be started is left but why, and that only without --rm. */
static void give_up(struct monitor *m, const struct error *why)
{
	struct error ignored = { 0 }; /* the first error is told */
	siginfo_t info;

	health_stop(m);
	if (m->process.pidfd >= 0) { /* it runs already */
		kill_container(m, SIGKILL);
		waitid((idtype_t)P_PIDFD, (id_t)m->process.pidfd, &info, WEXITED);
		teardown_kill(m->job->spec, m->process.pidfd, m->process.cgroup);
		teardown_cgroup(m->process.cgroup);
	}
	record_failure(m->c->record.auto_remove ? NULL : m->job->store, m->c, why);
	network_end(m);
	if (m->c->record.auto_remove)
		container_remove_whole(m->job->store, m->c, &ignored);
	report_write(m->job->report, m->c);
}

static void monitor_close(struct monitor *m)
{
	monitor_ends_close(m);
	terminal_done(&m->terminal);
	if (m->serving) {
		attach_server_shut(&m->server, m->c->fd);
		attach_server_end(&m->server, m->exit_code);
	}
	stdio_done(&m->io);
	log_writer_done(&m->log, false);
	health_close(m);
	free(m->notify_socket);
	signals_close(&m->signals);
	loop_done(&m->loop);
	owner_watch_stop(m->owners);
	runtime_process_done(&m->process);
	free(m);
}

struct monitor *monitor_new(const struct monitor_job *job, struct monitor_result *result)
{
	struct monitor *m = xcalloc(1, sizeof(*m));

	m->job = job;
	m->c = job->container;
	m->result = result;
	m->tty = job->spec->process && job->spec->process->terminal;
	m->master = m->loop.epoll = -1;
	m->signals = (struct signals)SIGNALS_NONE;
	m->terminal = (struct terminal)TERMINAL_NONE;
	m->net = (struct net)NET_NONE;
	m->process = (struct runtime_process)RUNTIME_PROCESS_NONE;
	m->ends[0] = m->ends[1] = m->ends[2] = -1;
	m->session = m->exit_code = -1;
	m->rootfs = job->rootfs;
	m->notify_socket = xstrdup_or_null(job->notify_socket);
	m->health.helper.fd = m->group.updater.fd = -1;
	m->ports.control.fd = m->ports.joiner.fd = -1;
	m->c->state.restarts = 0;
	m->c->state.restarting = false;
	return m;
}

int monitor_start(struct monitor *m, struct error *err)
{
	signals_hold(&m->signals);
	if (loop_init(&m->loop, err) == 0 &&
	    signals_open(&m->signals, &m->loop, on_signal, err) == 0) {
		m->server.resize = on_resize;
		m->server.signal = on_attached_signal;
		if (health_open(m, err) == 0 && monitor_stdio_open(m, err) == 0 &&
		    start(m, err) == 0 && serve_begin(m, err) == 0)
			return 0;
	}
	give_up(m, err);
	monitor_close(m);
	return -1;
}

/*
 * The last steps. Who is attached is told the end when nothing stands in the way of a new start or
 * of the name's use any more.
 */
int monitor_serve(struct monitor *m, struct error *err)
{
	struct error later = { 0 }; /* the first error is told */
	int status;

	status = live(m, err);
	network_end(m);
	if (status == 0)
		m->exit_code = (int)m->c->state.exit_code;
	if (m->serving)
		attach_server_shut(&m->server, m->c->fd);
	if (m->c->record.auto_remove &&
	    container_remove_whole(m->job->store, m->c, status < 0 ? &later : err) < 0)
		status = -1;
	else if (!m->foreground)
		lock_drop(m->job->lock);
	if (output_failed(m, status < 0 ? &later : err) < 0)
		status = -1;
	monitor_close(m);
	return status;
}

int monitor_run(const struct monitor_job *job, struct monitor_result *result, struct error *err)
{
	struct monitor *m = monitor_new(job, result);

	m->foreground = true;
	if (monitor_start(m, err) < 0)
		return -1;
	return monitor_serve(m, err);
}
