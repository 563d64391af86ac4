/*
 * processes.c - processes read from the host's /proc.
 *
 * Never  enters the container: what is in there need not have a ps, nor tell the truth.
 */
#include "processes.h"

#include "util/fd.h"
#include "util/text.h"

#include <ctype.h>
#include <stdio.h>
#include <time.h>

#define ARGUMENTS_MAX (64 << 10) /* bytes of a command line that are looked at */

static int64_t boot_sec(void)
{
	struct timespec now, up;

	clock_gettime(CLOCK_REALTIME, &now);
	clock_gettime(CLOCK_BOOTTIME, &up);
	return now.tv_sec - up.tv_sec;
}

static bool read_file(int64_t pid, const char *file, struct str *out)
{
	struct error gone = { 0 }; /* it has ended */
	char path[64];

	snprintf(path, sizeof(path), "/proc/%lld/%s", (long long)pid, file);
	return file_read(AT_FDCWD, path, out, ARGUMENTS_MAX, &gone) == 0 && out->len;
}

static char *command_of(int64_t pid, const char *name)
{
	auto_done(str) struct str text = { 0 };

	if (!read_file(pid, "cmdline", &text))
		return xasprintf("[%s]", name);
	for (size_t i = 0; i + 1 < text.len; i++)
		if (!text.s[i])
			text.s[i] = ' ';
	return xstrdup(text.s);
}

static uint32_t uid_of(int64_t pid)
{
	char path[32];
	struct stat st;

	snprintf(path, sizeof(path), "/proc/%lld", (long long)pid);
	return stat(path, &st) == 0 ? st.st_uid : 0; /* path: the kernel's */
}

static bool parse_stat(struct process_facts *p, struct str *text)
{
	unsigned long long user, system, start, virtual_, resident;
	long long ppid, pgid, session, tty, nice, threads;
	char *open = strchr(text->s, '('), *close = strrchr(text->s, ')');
	long ticks = sysconf(_SC_CLK_TCK);

	if (!open || !close || close < open ||
	    sscanf(close + 1,
		   " %c %lld %lld %lld %lld %*d %*u %*u %*u %*u %*u %llu %llu %*d %*d %*d %lld "
		   "%lld "
		   "%*d %llu %llu %llu",
		   &p->state, &ppid, &pgid, &session, &tty, &user, &system, &nice, &threads, &start,
		   &virtual_, &resident) != 12)
		return false;
	p->name = xstrndup(open + 1, (size_t)(close - open - 1));
	p->ppid = ppid;
	p->pgid = pgid;
	p->session = session;
	p->tty = tty;
	p->nice = nice;
	p->threads = threads;
	p->cpu_usec = (user + system) * 1000000 / (unsigned long)ticks;
	p->started_sec = boot_sec() + (int64_t)(start / (unsigned long)ticks);
	p->virtual_bytes = virtual_;
	p->resident_bytes = resident * (unsigned long)sysconf(_SC_PAGESIZE);
	return true;
}

static void add_process(process_list *list, int64_t pid)
{
	auto_done(str) struct str text = { 0 };
	struct process_facts p = { .pid = pid };

	if (!read_file(pid, "stat", &text) || !parse_stat(&p, &text))
		return;
	p.uid = uid_of(pid);
	p.command = command_of(pid, p.name);
	vec_push(list, p);
}

void process_list_done(process_list *list)
{
	vec_each (list, p) {
		free(p->name);
		free(p->command);
	}
	vec_done(list);
}

static bool is_listed(const process_list *list, int64_t pid)
{
	vec_each (list, p)
		if (p->pid == pid)
			return true;
	return false;
}

/* In the order of /proc parents come first, but for numbers that have gone round: until none is new. */
static int read_descendants(int64_t init, process_list *list, struct error *err)
{
	auto_close int proc = dir_open(AT_FDCWD, "/proc", err);
	auto_done(strv) struct strv names = { 0 };
	process_list all = { 0 };
	bool more = true;

	if (proc < 0 || dir_list(proc, &names, err) < 0)
		return -1;
	strv_each (&names, i) {
		int64_t pid;

		if (str_i64(names.v[i], &pid))
			add_process(&all, pid);
	}
	while (more) {
		more = false;
		vec_each (&all, p) {
			if (!p->name || (p->pid != init && !is_listed(list, p->ppid)))
				continue;
			vec_push(list, *p);
			p->name = p->command = NULL;
			more = true;
		}
	}
	process_list_done(&all);
	return 0;
}

int processes_read(const struct container *c, process_list *list, struct error *err)
{
	cgroup_pids pids = { 0 };
	struct error ignored = { 0 }; /* then by descent */

	if (str_empty(c->state.cgroup) || cgroup_pids_read(c->state.cgroup, &pids, &ignored) < 0 ||
	    pids.n == 0) {
		vec_done(&pids);
		return read_descendants(c->state.pid, list, err);
	}
	vec_each (&pids, pid)
		add_process(list, *pid);
	vec_done(&pids);
	return 0;
}
