/*
 * probe.c - one run of a health check.
 *
 * The command takes the road of `exec`. What it prints is read through a pipe, the first 4096 bytes
 * of it; the rest is read, too, so that it does not stand still. When its time is over, the session
 * that it leads and all that descend from it are stopped first, so that none can start another
 * unseen, and killed then. What has left both (a daemon by its own will) is the container's.
 */
#include "monitor/health.h"

#include "runtime/owner_watch.h"
#include "runtime/runtime.h"
#include "util/compat.h"
#include "util/escape.h"
#include "util/fd.h"
#include "util/proc.h"
#include "util/text.h"

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <sys/wait.h>

#define ROUNDS_MAX 50 /* of looking for processes; each needs a new one between two looks */

/* ---- what it prints ---- */

static void take_output(struct probe_result *r, const char *bytes, size_t n)
{
	size_t room = HEALTH_OUTPUT_MAX - r->n;

	n = MIN(n, room);
	memcpy(r->output + r->n, bytes, n);
	r->n += (uint32_t)n;
}

/* All that is there now: false at its end. */
static bool read_output(int fd, struct probe_result *r)
{
	char buf[4096];
	ssize_t n;

	while ((n = read(fd, buf, sizeof(buf))) > 0)
		take_output(r, buf, (size_t)n);
	return n < 0 && (errno == EAGAIN || errno == EINTR);
}

/* It becomes a string of JSON: what is not UTF-8, or was cut in the middle, becomes "?". */
static void clean_output(struct probe_result *r)
{
	uint32_t code;

	for (size_t i = 0, used; i < r->n; i += used) {
		used = utf8_next(r->output + i, r->n - i, &code);
		if (code == UINT32_MAX || code == 0)
			r->output[i] = '?';
	}
	r->output[r->n] = '\0';
}

static void say(struct probe_result *r, const char *text)
{
	char all[HEALTH_OUTPUT_MAX + 1];
	int n = snprintf(all, sizeof(all), "%s%s%.*s", text, r->n ? ": " : "", (int)r->n, r->output);

	r->exit_code = -1;
	r->n = (uint32_t)MIN(n, HEALTH_OUTPUT_MAX);
	memcpy(r->output, all, r->n);
}

/* ---- an end by force ---- */

struct seen {
	pid_t pid, ppid, session;
	char state;
	bool ours;
};
typedef VEC(struct seen) seen_list;

static bool stat_read(pid_t pid, struct seen *p)
{
	struct error ignored = { 0 }; /* it is gone */
	auto_done(str) struct str text = { 0 };
	auto_free char *path = xasprintf("/proc/%d/stat", (int)pid);
	const char *at;
	int ppid, group, session;

	if (file_read(AT_FDCWD, path, &text, 4096, &ignored) < 0)
		return false;
	at = strrchr(str_get(&text), ')');
	if (!at || sscanf(at + 1, " %c %d %d %d", &p->state, &ppid, &group, &session) != 4)
		return false;
	p->pid = pid;
	p->ppid = ppid;
	p->session = session;
	return p->state != 'Z' && p->state != 'X';
}

static void processes_list(seen_list *all)
{
	DIR *proc = opendir("/proc");
	struct dirent *e;

	while (proc && (e = readdir(proc))) {
		struct seen p = { 0 };
		uint64_t pid;

		if (str_u64(e->d_name, &pid) && pid < INT32_MAX && stat_read((pid_t)pid, &p))
			vec_push(all, p);
	}
	if (proc)
		closedir(proc);
}

static bool is_known(const seen_list *l, pid_t pid)
{
	vec_each (l, p)
		if (p->pid == pid)
			return true;
	return false;
}

/* Which of all belong to it: the root, its session, and who descends from one of these. */
static void tree_mark(seen_list *all, pid_t root)
{
	bool more = true;

	vec_each (all, p)
		p->ours = p->pid == root || p->session == root;
	while (more) {
		more = false;
		vec_each (all, p)
			vec_each (all, parent)
				if (!p->ours && parent->ours && p->ppid == parent->pid)
					p->ours = more = true;
	}
}

static void signal_seen(const struct seen *p, int sig)
{
	auto_close int pidfd = sys_pidfd_open(p->pid, 0);
	struct seen now = { 0 };

	/* behind the open: it is the one that was seen, not another of its number */
	if (pidfd >= 0 && stat_read(p->pid, &now) && now.session == p->session)
		sys_pidfd_send_signal(pidfd, sig, NULL, 0);
}

static void tree_kill(pid_t root)
{
	seen_list stopped = { 0 };
	bool more = true;

	for (int i = 0; more && i < ROUNDS_MAX; i++) {
		seen_list all = { 0 };

		more = false;
		processes_list(&all);
		tree_mark(&all, root);
		vec_each (&all, p) {
			if (!p->ours || is_known(&stopped, p->pid))
				continue;
			signal_seen(p, SIGSTOP);
			vec_push(&stopped, *p);
			more = true;
		}
		vec_done(&all);
	}
	vec_each (&stopped, p)
		signal_seen(p, SIGKILL);
	vec_done(&stopped);
}

/* ---- its life ---- */

static void wait_end(const struct runtime_process *process, struct probe_result *r)
{
	siginfo_t info = { 0 };

	while (waitid((idtype_t)P_PIDFD, (id_t)process->pidfd, &info, WEXITED) < 0)
		if (errno != EINTR)
			return;
	if (!r->timed_out)
		r->exit_code = info.si_code == CLD_EXITED ? info.si_status : 128 + info.si_status;
}

static void serve(const struct health_probe *p, const struct runtime_process *process, int output,
		  struct probe_result *r)
{
	struct pollfd fds[2] = { { .fd = process->pidfd, .events = POLLIN },
				 { .fd = output, .events = POLLIN } };
	int64_t end = time_monotonic_ns() + p->timeout_ns, left;
	char text[64], time[32];

	for (;;) {
		left = end - time_monotonic_ns();
		if (left <= 0)
			break;
		if (poll(fds, 2, (int)MIN(left / 1000000 + 1, INT32_MAX)) < 0 && errno != EINTR)
			break;
		if (fds[1].fd >= 0 && fds[1].revents && !read_output(output, r))
			fds[1].fd = -1;
		if (fds[0].revents)
			break;
	}
	r->timed_out = !fds[0].revents;
	if (r->timed_out)
		tree_kill(process->pid);
	wait_end(process, r);
	read_output(output, r);
	if (r->timed_out) {
		snprintf(text, sizeof(text), "Health check exceeded timeout (%s)",
			 text_duration(p->timeout_ns, time, sizeof(time)));
		say(r, text);
	}
}

static int start(const struct health_probe *p, int output, struct runtime_process *process,
		 struct owner_watch **watch, struct error *err)
{
	struct runtime_options o = RUNTIME_OPTIONS_INIT;
	struct owner_watch_options owners = { .listener = -1, .init = p->init, .dir = p->dir };
	struct spec_process as = *p->spec->process; /* borrowed, all of it */

	as.args = *p->command;
	as.terminal = false;
	as.console_size = NULL;
	o.start = o.die_with_parent = true;
	o.owned_binary = p->owned_binary;
	o.stdio[0] = -1;
	o.stdio[1] = o.stdio[2] = output;
	o.owners = &owners.listener;
	if (runtime_exec(p->init, p->init_pidfd, p->spec, &as, &o, process, err) < 0)
		return -1;
	return owner_watch_start(&owners, watch, err);
}

void probe_run(const struct health_probe *p, struct probe_result *r)
{
	struct runtime_process process = RUNTIME_PROCESS_NONE;
	struct owner_watch *watch = NULL;
	struct error err = { 0 };
	char text[ERROR_LINE_MAX];
	int fds[2], status;

	r->start_ns = time_now_ns();
	r->exit_code = -1;
	r->timed_out = r->done = false;
	r->n = 0;
	status = fd_pipe(fds, &err);
	if (status == 0) {
		auto_close int in = fds[0], out = fds[1];

		status = fd_nonblock(in, true, &err);
		if (status == 0)
			status = start(p, out, &process, &watch, &err);
		auto_close_fd(&out);
		out = -1;
		if (status == 0)
			serve(p, &process, in, r);
		else if (process.pidfd >= 0)
			tree_kill(process.pid);
	}
	if (status < 0)
		say(r, error_text(&err, text, sizeof(text)));
	clean_output(r);
	r->end_ns = time_now_ns();
	r->done = true;
	owner_watch_stop(watch);
	runtime_process_done(&process);
}
