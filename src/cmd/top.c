/*
 * top.c - `hod top`: the processes of a container, in the columns of ps(1).
 *
 * Owns   the columns that ps calls by these names. The container needs no ps; the numbers are the
 *        host's.
 */
#include "commands.h"

#include "columns.h"
#include "operands.h"
#include "output.h"
#include "processes.h"
#include "store/event.h"

#include <pwd.h>
#include <sys/sysinfo.h>
#include <sys/sysmacros.h>
#include <time.h>

typedef void cell_fn(const struct process_facts *p, struct str *out);

static void cell_pid(const struct process_facts *p, struct str *out)
{
	str_addf(out, "%lld", (long long)p->pid);
}

static void cell_ppid(const struct process_facts *p, struct str *out)
{
	str_addf(out, "%lld", (long long)p->ppid);
}

static void cell_pgid(const struct process_facts *p, struct str *out)
{
	str_addf(out, "%lld", (long long)p->pgid);
}

static void cell_session(const struct process_facts *p, struct str *out)
{
	str_addf(out, "%lld", (long long)p->session);
}

static void cell_uid(const struct process_facts *p, struct str *out)
{
	str_addf(out, "%u", p->uid);
}

static void cell_user(const struct process_facts *p, struct str *out)
{
	struct passwd *pw = getpwuid(p->uid);

	if (pw)
		str_add(out, pw->pw_name);
	else
		cell_uid(p, out);
}

static void cell_name(const struct process_facts *p, struct str *out)
{
	str_add_escaped(out, p->name, strlen(p->name), false);
}

static void cell_command(const struct process_facts *p, struct str *out)
{
	str_add_escaped(out, p->command, strlen(p->command), false);
}

static void cell_time(const struct process_facts *p, struct str *out)
{
	unsigned long long s = p->cpu_usec / 1000000;

	str_addf(out, "%02llu:%02llu:%02llu", s / 3600, s / 60 % 60, s % 60);
}

static double age(const struct process_facts *p)
{
	time_t now = time(NULL);

	return now > p->started_sec ? (double)(now - p->started_sec) : 1;
}

static void cell_elapsed(const struct process_facts *p, struct str *out)
{
	long s = (long)age(p);

	if (s >= 86400)
		str_addf(out, "%ld-", s / 86400);
	if (s >= 3600)
		str_addf(out, "%02ld:", s / 3600 % 24);
	str_addf(out, "%02ld:%02ld", s / 60 % 60, s % 60);
}

static void cell_cpu(const struct process_facts *p, struct str *out)
{
	str_addf(out, "%.1f", (double)p->cpu_usec / 1e4 / age(p));
}

static void cell_share(const struct process_facts *p, struct str *out)
{
	str_addf(out, "%d", (int)((double)p->cpu_usec / 1e4 / age(p)));
}

static void cell_memory(const struct process_facts *p, struct str *out)
{
	struct sysinfo s;

	if (sysinfo(&s) < 0 || !s.totalram)
		s.totalram = s.mem_unit = 1;
	str_addf(out, "%.1f", 100.0 * (double)p->resident_bytes / ((double)s.totalram * s.mem_unit));
}

static void cell_virtual(const struct process_facts *p, struct str *out)
{
	str_addf(out, "%llu", (unsigned long long)p->virtual_bytes / 1024);
}

static void cell_resident(const struct process_facts *p, struct str *out)
{
	str_addf(out, "%llu", (unsigned long long)p->resident_bytes / 1024);
}

static void cell_state(const struct process_facts *p, struct str *out)
{
	str_addc(out, p->state);
}

static void cell_start(const struct process_facts *p, struct str *out)
{
	time_t at = (time_t)p->started_sec;
	struct tm tm;
	char text[16];

	localtime_r(&at, &tm);
	strftime(text, sizeof(text), time(NULL) - at < 86400 ? "%H:%M" : "%b%d", &tm);
	str_add(out, text);
}

static void cell_tty(const struct process_facts *p, struct str *out)
{
	unsigned major_ = major((dev_t)p->tty), minor_ = minor((dev_t)p->tty);

	if (!p->tty)
		str_addc(out, '?');
	else if (major_ >= 136 && major_ < 144)
		str_addf(out, "pts/%u", (major_ - 136) * 256 + minor_);
	else
		str_addf(out, "tty%u", minor_);
}

static void cell_nice(const struct process_facts *p, struct str *out)
{
	str_addf(out, "%lld", (long long)p->nice);
}

static void cell_threads(const struct process_facts *p, struct str *out)
{
	str_addf(out, "%lld", (long long)p->threads);
}

static const struct cell {
	const char *name, *header;
	cell_fn *make;
} cells[] = {
	{ "%cpu", "%CPU", cell_cpu },
	{ "%mem", "%MEM", cell_memory },
	{ "args", "COMMAND", cell_command },
	{ "c", "C", cell_share },
	{ "cmd", "CMD", cell_command },
	{ "comm", "COMMAND", cell_name },
	{ "command", "COMMAND", cell_command },
	{ "cputime", "TIME", cell_time },
	{ "etime", "ELAPSED", cell_elapsed },
	{ "euid", "EUID", cell_uid },
	{ "euser", "EUSER", cell_user },
	{ "ni", "NI", cell_nice },
	{ "nice", "NI", cell_nice },
	{ "nlwp", "NLWP", cell_threads },
	{ "pcpu", "%CPU", cell_cpu },
	{ "pgid", "PGID", cell_pgid },
	{ "pgrp", "PGRP", cell_pgid },
	{ "pid", "PID", cell_pid },
	{ "pmem", "%MEM", cell_memory },
	{ "ppid", "PPID", cell_ppid },
	{ "rss", "RSS", cell_resident },
	{ "s", "S", cell_state },
	{ "sid", "SID", cell_session },
	{ "start", "STARTED", cell_start },
	{ "stat", "STAT", cell_state },
	{ "state", "S", cell_state },
	{ "stime", "STIME", cell_start },
	{ "time", "TIME", cell_time },
	{ "tname", "TTY", cell_tty },
	{ "tty", "TTY", cell_tty },
	{ "ucmd", "CMD", cell_name },
	{ "uid", "UID", cell_uid },
	{ "user", "USER", cell_user },
	{ "vsz", "VSZ", cell_virtual },
};
typedef VEC(const struct cell *) cell_list;

static int add_cell(cell_list *list, const char *name, struct error *err)
{
	const char *names[ARRAY_SIZE(cells)], *nearest;

	for (size_t i = 0; i < ARRAY_SIZE(cells); i++) {
		names[i] = cells[i].name;
		if (strcasecmp(cells[i].name, name) == 0) {
			vec_push(list, &cells[i]);
			return 0;
		}
	}
	nearest = str_nearest(name, names, ARRAY_SIZE(cells));
	return error_set(err, ERR_USAGE, "'%s' is not a column%s%s%s", name,
			 nearest ? ", did you mean '" : "", nearest ? nearest : "",
			 nearest ? "'?" : "");
}

static int add_cells(cell_list *list, const char *text, struct error *err)
{
	auto_free char *copy = xstrdup(text);
	char *save = NULL;

	for (char *name = strtok_r(copy, ", ", &save); name; name = strtok_r(NULL, ", ", &save))
		if (add_cell(list, name, err) < 0)
			return -1;
	return 0;
}

/* -ef, aux, -eo LIST, -o LIST, and names alone, as podman takes them */
static int parse_options(const struct strv *words, cell_list *list, struct error *err)
{
	static const char full[] = "user,pid,ppid,c,stime,tty,time,cmd";
	static const char bsd[] = "user,pid,%cpu,%mem,vsz,rss,tty,stat,start,time,command";

	for (size_t i = 1; i < words->n; i++) {
		const char *w = words->v[i], *o;

		if (str_eq(w, "aux") || str_eq(w, "-aux")) {
			if (add_cells(list, bsd, err) < 0)
				return -1;
			continue;
		}
		if (w[0] != '-') {
			if (add_cells(list, w, err) < 0)
				return -1;
			continue;
		}
		o = strchr(w, 'o');
		if (strspn(w + 1, "eAafo") < (o ? (size_t)(o - w) : strlen(w) - 1))
			return error_set(err, ERR_USAGE,
					 "'%s': of the options of ps, -e, -f, -o and aux are known",
					 w);
		if (!o)
			continue; /* all of them, in full: as it is */
		if (!o[1] && i + 1 == words->n)
			return error_set(err, ERR_USAGE, "'%s' needs names of columns", w);
		if (add_cells(list, o[1] ? o + 1 : words->v[++i], err) < 0)
			return -1;
	}
	return list->n ? 0 : add_cells(list, full, err);
}

static void print_table(const cell_list *cols, const process_list *all, struct str *out)
{
	struct str text = { 0 };

	vec_each (cols, c)
		str_addf(&text, "%s%s", c == cols->v ? "" : "\t",
			 cols->v[0] == *c && (*c)->make == cell_user && cols->n == 8 ? "UID"
										     : (*c)->header);
	str_addc(&text, '\n');
	vec_each (all, p) {
		vec_each (cols, c) {
			if (c != cols->v)
				str_addc(&text, '\t');
			(*c)->make(p, &text);
		}
		str_addc(&text, '\n');
	}
	columns_format(text.s, text.len, out);
	str_done(&text);
}

static int top_run(struct app *app, void *args, struct strv *operands, struct error *err)
{
	auto_done(container) struct container c;
	auto_done(process_list) process_list all = { 0 };
	auto_done(str) struct str out = { 0 };
	cell_list cols = { 0 };
	int status;

	container_init(&c);
	if (parse_options(operands, &cols, err) < 0 ||
	    need_container(app, operands->v[0], &c, err) < 0) {
		vec_done(&cols);
		return -1;
	}
	if (!container_is_up(&c))
		status = error_set(err, ERR_BUSY, "container '%s' is not running", operands->v[0]);
	else
		status = processes_read(&c, &all, err);
	if (status == 0) {
		event_container(&app->store, &c, "top", EVENT_END);
		print_table(&cols, &all, &out);
		status = output_text(&out, err);
	}
	vec_done(&cols);
	return status;
}

const struct command cmd_top = {
	.name = "top",
	.operands = "CONTAINER [PS-OPTIONS]",
	.summary = "list the processes of a container",
	.description =
		"Options as those of ps: -ef, aux, -eo pid,comm. The numbers are the host's.",
	.needs = NEED_STORE_READ,
	.order = OPT_FIRST,
	.min = 1,
	.max = -1,
	.run = top_run,
	.failure = 1,
};
