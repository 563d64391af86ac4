/*
 * stats.c - `hod stats`: what running containers use, by their cgroups.
 *
 * A figure that the cgroup lacks (no controller, no cgroup) comes from the processes themselves,
 * and the line says so.
 */
#include "commands.h"

#include "listing.h"
#include "operands.h"
#include "output.h"
#include "processes.h"
#include "util/fd.h"
#include "util/text.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#define INTERVAL_MS 1000

struct stats_args {
	bool all, no_stream, no_trunc;
	char *format;
};
static const struct opt opts[] = {
	OPT_FLAG('a', "all", stats_args, all, "those that do not run, too"),
	OPT_STRING(0, "format", stats_args, format, "FORMAT", "json, table TEMPLATE, or a template"),
	OPT_FLAG(0, "no-stream", stats_args, no_stream, "once, and not each second"),
	OPT_FLAG(0, "no-trunc", stats_args, no_trunc, "whole IDs"),
	OPT_END,
};

struct sample {
	char id[CONTAINER_ID_MAX];
	char *name, *asked; /* asked: as it was named on the command line */
	bool up, by_proc;
	int64_t at_ns;
	uint64_t cpu_usec, memory, limit, pids;
	uint64_t net_in, net_out, disk_in, disk_out;
	double cpu_percent;
};
typedef VEC(struct sample) samples;

static void samples_done(samples *l)
{
	vec_each (l, s) {
		free(s->name);
		free(s->asked);
	}
	vec_done(l);
}

/* ---- measuring ---- */

static uint64_t machine_memory(void)
{
	struct sysinfo s;

	return sysinfo(&s) < 0 ? 0 : (uint64_t)s.totalram * s.mem_unit;
}

static void add_network(int64_t pid, struct sample *s)
{
	auto_done(str) struct str text = { 0 };
	struct error ignored = { 0 }; /* then nothing is told of it */
	char path[64], *save = NULL;

	snprintf(path, sizeof(path), "/proc/%lld/net/dev", (long long)pid);
	if (file_read(AT_FDCWD, path, &text, 1 << 20, &ignored) < 0 || !text.s)
		return;
	for (char *l = strtok_r(text.s, "\n", &save); l; l = strtok_r(NULL, "\n", &save)) {
		unsigned long long in, out;
		char *colon = strchr(l, ':');

		l += strspn(l, " ");
		if (!colon || str_starts(l, "lo:") ||
		    sscanf(colon + 1, " %llu %*u %*u %*u %*u %*u %*u %*u %llu", &in, &out) != 2)
			continue;
		s->net_in += in;
		s->net_out += out;
	}
}

static int add_processes(const struct container *c, const struct cgroup_stats *st, struct sample *s,
			 struct error *err)
{
	process_list all = { 0 };

	if (processes_read(c, &all, err) < 0)
		return -1;
	s->by_proc = true;
	vec_each (&all, p) {
		if (st->memory.bytes == CGROUP_UNKNOWN)
			s->memory += p->resident_bytes;
		if (st->cpu.usage_usec == CGROUP_UNKNOWN)
			s->cpu_usec += p->cpu_usec;
		if (st->pids.count == CGROUP_UNKNOWN)
			s->pids += (uint64_t)p->threads;
	}
	process_list_done(&all);
	return 0;
}

static bool known(uint64_t v)
{
	return v < CGROUP_UNKNOWN;
}

static void add_cgroup(const struct cgroup_stats *st, struct sample *s)
{
	if (known(st->cpu.usage_usec))
		s->cpu_usec = st->cpu.usage_usec;
	if (known(st->pids.count))
		s->pids = st->pids.count;
	if (known(st->memory.bytes)) {
		s->memory = st->memory.bytes;
		/* what the kernel can have back without writing does not count, as docker's */
		if (known(st->memory.inactive_file) && st->memory.inactive_file < s->memory)
			s->memory -= st->memory.inactive_file;
	}
	s->limit = machine_memory();
	if (known(st->memory.limit) && st->memory.limit < s->limit)
		s->limit = st->memory.limit;
	vec_each (&st->io, io) {
		s->disk_in += io->read_bytes;
		s->disk_out += io->write_bytes;
	}
}

static int measure(const struct container *c, struct sample *s, struct error *err)
{
	struct cgroup_stats st;
	struct error none = { 0 }; /* no cgroup: by its processes */
	int status = 0;

	s->up = container_is_up(c);
	s->at_ns = time_monotonic_ns();
	if (!s->up)
		return 0;
	if (str_empty(c->state.cgroup) || cgroup_stats_read(c->state.cgroup, &st, &none) < 0) {
		memset(&st, 0, sizeof(st));
		st.cpu.usage_usec = st.pids.count = CGROUP_UNKNOWN;
		st.memory.bytes = st.memory.limit = st.memory.inactive_file = CGROUP_UNKNOWN;
	}
	add_cgroup(&st, s);
	if (!known(st.cpu.usage_usec) || !known(st.memory.bytes) || !known(st.pids.count))
		status = add_processes(c, &st, s, err);
	add_network(c->state.pid, s);
	cgroup_stats_done(&st);
	return status;
}

static int add_sample(const struct container *c, const char *asked, samples *out, struct error *err)
{
	struct sample *s = vec_add(out);

	snprintf(s->id, sizeof(s->id), "%s", c->id);
	s->name = xstrdup_or_null(c->record.name);
	s->asked = xstrdup(asked ? asked : c->record.name ? c->record.name : c->id);
	return measure(c, s, err);
}

static int measure_all(struct app *app, const struct stats_args *args, const struct strv *names,
		       samples *out, struct error *err)
{
	containers all = { 0 };
	int status = 0;

	strv_each (names, i) {
		auto_done(container) struct container c;

		container_init(&c);
		if (need_container(app, names->v[i], &c, err) < 0 ||
		    add_sample(&c, names->v[i], out, err) < 0)
			return -1;
	}
	if (names->n)
		return 0;
	if (container_list(&app->store, &all, err) < 0)
		return -1;
	vec_each (&all, c)
		if (status == 0 && (args->all || container_is_up(c)))
			status = add_sample(c, NULL, out, err);
	containers_done(&all);
	return status;
}

static void compare(samples *now, const samples *before)
{
	vec_each (now, s)
		vec_each (before, b)
			if (strcmp(b->id, s->id) == 0 && s->at_ns > b->at_ns &&
			    s->cpu_usec >= b->cpu_usec)
				s->cpu_percent = 1e5 * (double)(s->cpu_usec - b->cpu_usec) /
						 (double)(s->at_ns - b->at_ns);
}

/* ---- showing ---- */

static json_t *pair(uint64_t a, uint64_t b, bool binary, const char *mark)
{
	char left[32], right[32];

	if (binary) {
		text_size_binary((int64_t)a, left, sizeof(left));
		text_size_binary((int64_t)b, right, sizeof(right));
	} else {
		text_size((int64_t)a, left, sizeof(left));
		text_size((int64_t)b, right, sizeof(right));
	}
	return json_take(xasprintf("%s / %s%s", left, right, mark));
}

static json_t *make_block_io(const void *item, const void *ctx)
{
	const struct sample *s = item;

	return s->up ? pair(s->disk_in, s->disk_out, false, "") : json_text("--");
}

static json_t *make_cpu(const void *item, const void *ctx)
{
	const struct sample *s = item;

	return s->up ? json_take(xasprintf("%.2f%%", s->cpu_percent)) : json_text("--");
}

static json_t *make_container(const void *item, const void *ctx)
{
	return json_text(((const struct sample *)item)->asked);
}

static json_t *make_id(const void *item, const void *ctx)
{
	const struct stats_args *args = ctx;
	const struct sample *s = item;
	char id[13];

	if (args->no_trunc)
		return json_text(s->id);
	short_id(s->id, id);
	return json_text(id);
}

static json_t *make_memory_percent(const void *item, const void *ctx)
{
	const struct sample *s = item;

	if (!s->up)
		return json_text("--");
	return json_take(
		xasprintf("%.2f%%", s->limit ? 100.0 * (double)s->memory / (double)s->limit : 0.0));
}

static json_t *make_memory(const void *item, const void *ctx)
{
	const struct sample *s = item;

	return s->up ? pair(s->memory, s->limit, true, s->by_proc ? " (by /proc)" : "")
		     : json_text("-- / --");
}

static json_t *make_name(const void *item, const void *ctx)
{
	return json_text(((const struct sample *)item)->name);
}

static json_t *make_network(const void *item, const void *ctx)
{
	const struct sample *s = item;

	return s->up ? pair(s->net_in, s->net_out, false, "") : json_text("--");
}

static json_t *make_pids(const void *item, const void *ctx)
{
	const struct sample *s = item;

	return s->up ? json_take(xasprintf("%llu", (unsigned long long)s->pids)) : json_text("--");
}

static const struct column columns[] = {
	{ "BlockIO", "BLOCK I/O", make_block_io },
	{ "CPUPerc", "CPU %", make_cpu },
	{ "Container", "CONTAINER", make_container },
	{ "ID", "CONTAINER ID", make_id },
	{ "MemPerc", "MEM %", make_memory_percent },
	{ "MemUsage", "MEM USAGE / LIMIT", make_memory },
	{ "Name", "NAME", make_name },
	{ "NetIO", "NET I/O", make_network },
	{ "PIDs", "PIDS", make_pids },
	{ NULL, NULL, NULL },
};
static const struct list_view view = {
	columns,
	"{{.ID}}\t{{.Name}}\t{{.CPUPerc}}\t{{.MemUsage}}\t{{.MemPerc}}\t{{.NetIO}}\t{{.BlockIO}}\t"
	"{{.PIDs}}",
	"{{.ID}}",
};

static int show(const struct stats_args *args, const samples *now, bool clear, struct error *err)
{
	auto_done(listing) struct listing l = { 0 };

	if (listing_begin(&l, &view, args->format, false, args, err) < 0)
		return -1;
	vec_each (now, s)
		if (listing_add(&l, s, err) < 0)
			return -1;
	/* the terminal's own language: our cursor home, and nothing below it */
	if (clear && write(STDOUT_FILENO, "\033[H\033[J", 6) < 0)
		return error_sys(err, "stdout");
	return listing_end(&l, err);
}

static bool any_up(const samples *now)
{
	vec_each (now, s)
		if (s->up)
			return true;
	return false;
}

static int stats_run(struct app *app, void *arg, struct strv *operands, struct error *err)
{
	const struct stats_args *args = arg;
	bool stream = !args->no_stream, clear = stream && output_is_terminal();
	samples before = { 0 };
	int status = measure_all(app, args, operands, &before, err);

	while (status == 0) {
		samples now = { 0 };

		/* processor time is a difference: two looks, a second apart */
		if (any_up(&before))
			poll(NULL, 0, INTERVAL_MS);
		status = measure_all(app, args, operands, &now, err);
		compare(&now, &before);
		if (status == 0)
			status = show(args, &now, clear, err);
		samples_done(&before);
		before = now;
		if (!stream || (operands->n && !any_up(&now)))
			break;
		if (!any_up(&now)) /* somebody may be started */
			poll(NULL, 0, INTERVAL_MS);
	}
	samples_done(&before);
	return status;
}

const struct command cmd_stats = {
	.name = "stats",
	.operands = "[CONTAINER...]",
	.summary = "show what running containers use, each second",
	.opts = opts,
	.args_size = sizeof(struct stats_args),
	.needs = NEED_STORE_READ,
	.max = -1,
	.run = stats_run,
	.failure = 1,
};
