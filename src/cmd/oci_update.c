/*
 * oci_update.c - `hod oci update` and `hod oci events`: limits and figures of a running container.
 *
 * The JSON of events is that of go-runc, which containerd's shim and others parse.
 */
#include "oci.h"

#include "commands.h"
#include "output.h"
#include "runtime/cgroup.h"
#include "util/compat.h"
#include "util/fd.h"
#include "util/text.h"

#include <jansson.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

/* ---- update ---- */

struct update_args {
	char *resources, *cpuset_cpus, *cpuset_mems;
	int64_t blkio_weight, cpu_period, cpu_quota, cpu_burst, cpu_share, cpu_idle, pids_limit;
	int64_t memory, memory_reservation, memory_swap;
};
static const struct opt update_opts[] = {
	OPT_INT(0, "blkio-weight", update_args, blkio_weight, "share of input and output, 10 to 1000"),
	OPT_INT(0, "cpu-burst", update_args, cpu_burst, "microseconds saved up for a burst"),
	OPT_INT(0, "cpu-idle", update_args, cpu_idle, "1: only what nobody else wants"),
	OPT_INT(0, "cpu-period", update_args, cpu_period, "microseconds of a period"),
	OPT_INT(0, "cpu-quota", update_args, cpu_quota, "microseconds in each period"),
	OPT_INT(0, "cpu-share", update_args, cpu_share, "relative weight"),
	OPT_STRING(0, "cpuset-cpus", update_args, cpuset_cpus, "LIST", "processors it may use"),
	OPT_STRING(0, "cpuset-mems", update_args, cpuset_mems, "LIST", "memory nodes it may use"),
	OPT_BYTES(0, "memory", update_args, memory, "limit of memory"),
	OPT_BYTES(0, "memory-reservation", update_args, memory_reservation,
		  "memory that is taken last"),
	OPT_BYTES(0, "memory-swap", update_args, memory_swap, "limit of memory and swap"),
	OPT_INT(0, "pids-limit", update_args, pids_limit, "limit of processes and threads"),
	OPT_STRING('r', "resources", update_args, resources, "FILE",
		   "linux.resources as JSON; -: stdin"),
	OPT_END,
};

static int read_resources(const char *path, struct spec_resources *r, struct error *err)
{
	auto_done(str) struct str text = { 0 };
	int status;

	if (str_eq(path, "-"))
		status = fd_read_all(STDIN_FILENO, &text, SPEC_MAX, err);
	else /* path: of the host, named by the caller */
		status = file_read(AT_FDCWD, path, &text, SPEC_MAX, err);
	if (status < 0 || spec_resources_parse(str_get(&text), text.len, r, err) < 0)
		return error_add(err, "--resources '%s'", path);
	return 0;
}

static struct spec_memory *memory_of(struct spec_resources *r)
{
	if (!r->memory) {
		r->memory = xcalloc(1, sizeof(*r->memory));
		*r->memory = (struct spec_memory){ UNSET, UNSET, UNSET, UNSET, -1, -1 };
	}
	return r->memory;
}

static struct spec_cpu *cpu_of(struct spec_resources *r)
{
	if (!r->cpu) {
		r->cpu = xcalloc(1, sizeof(*r->cpu));
		r->cpu->shares = r->cpu->quota = r->cpu->period = UNSET;
		r->cpu->burst = r->cpu->idle = UNSET;
	}
	return r->cpu;
}

static void set(int64_t *to, int64_t value)
{
	if (value != UNSET)
		*to = value;
}

static void set_text(char **to, const char *value)
{
	if (value) {
		free(*to);
		*to = xstrdup(value);
	}
}

static void fill_resources(const struct update_args *a, struct spec_resources *r)
{
	if (a->memory != UNSET || a->memory_reservation != UNSET || a->memory_swap != UNSET) {
		set(&memory_of(r)->limit, a->memory);
		set(&memory_of(r)->reservation, a->memory_reservation);
		set(&memory_of(r)->swap, a->memory_swap);
	}
	if (a->cpu_period != UNSET || a->cpu_quota != UNSET || a->cpu_burst != UNSET ||
	    a->cpu_share != UNSET || a->cpu_idle != UNSET || a->cpuset_cpus || a->cpuset_mems) {
		set(&cpu_of(r)->period, a->cpu_period);
		set(&cpu_of(r)->quota, a->cpu_quota);
		set(&cpu_of(r)->burst, a->cpu_burst);
		set(&cpu_of(r)->shares, a->cpu_share);
		set(&cpu_of(r)->idle, a->cpu_idle);
		set_text(&cpu_of(r)->cpus, a->cpuset_cpus);
		set_text(&cpu_of(r)->mems, a->cpuset_mems);
	}
	if (a->pids_limit != UNSET) {
		if (!r->pids)
			r->pids = xcalloc(1, sizeof(*r->pids));
		r->pids->limit = a->pids_limit;
	}
	if (a->blkio_weight != UNSET) {
		if (!r->block_io)
			r->block_io = xcalloc(1, sizeof(*r->block_io));
		r->block_io->weight = a->blkio_weight;
	}
}

static int update_one(const struct update_args *args, const struct oci_state *s, struct error *err)
{
	struct spec_resources r;
	int status = 0;

	if (s->status == OCI_STOPPED)
		return error_set(err, ERR_BUSY, "container not running");
	if (!s->cgroup)
		return error_set(err, ERR_UNSUPPORTED, "the container has no cgroup of its own");
	spec_resources_init(&r);
	if (args->resources)
		status = read_resources(args->resources, &r, err);
	if (status == 0) {
		fill_resources(args, &r);
		status = cgroup_update(s->cgroup, &r, err);
	}
	spec_resources_done(&r);
	return status;
}

static int update_run(struct app *app, void *args, struct strv *operands, struct error *err)
{
	struct oci_state s;
	int status;

	oci_state_init(&s);
	status = oci_state_load(app, operands->v[0], &s, err);
	if (status == 0)
		status = update_one(args, &s, err);
	oci_state_done(&s);
	return status < 0 ? error_add(err, "update '%s'", operands->v[0]) : 0;
}

/* ---- events ---- */

#define INTERVAL_NS (5 * NSEC_PER_SEC)

struct events_args {
	bool stats;
	int64_t interval;
};
static const struct opt events_opts[] = {
	OPT_DURATION(0, "interval", events_args, interval, "time between two lines (default 5s)"),
	OPT_FLAG(0, "stats", events_args, stats, "one line and no more"),
	OPT_END,
};

/* What is not known is left out. */
static void put(json_t *o, const char *key, uint64_t value)
{
	if (value == CGROUP_UNKNOWN)
		return;
	/* "no limit" is what runc prints for it: the largest number */
	json_object_set_new(o, key,
			    value > INT64_MAX ? json_integer(INT64_MAX)
					      : json_integer((json_int_t)value));
}

static json_t *memory_entry(uint64_t usage, uint64_t limit, uint64_t peak, uint64_t failures)
{
	json_t *o = json_object();

	put(o, "limit", limit);
	put(o, "usage", usage);
	put(o, "max", peak);
	put(o, "failcnt", failures);
	return o;
}

static json_t *cpu_json(const struct cgroup_stats *s)
{
	json_t *o = json_object(), *usage = json_object(), *throttling = json_object();

	put(usage, "total",
	    s->cpu.usage_usec == CGROUP_UNKNOWN ? CGROUP_UNKNOWN : s->cpu.usage_usec * 1000);
	put(usage, "kernel",
	    s->cpu.system_usec == CGROUP_UNKNOWN ? CGROUP_UNKNOWN : s->cpu.system_usec * 1000);
	put(usage, "user",
	    s->cpu.user_usec == CGROUP_UNKNOWN ? CGROUP_UNKNOWN : s->cpu.user_usec * 1000);
	put(throttling, "periods", s->cpu.periods);
	put(throttling, "throttledPeriods", s->cpu.throttled_periods);
	put(throttling, "throttledTime",
	    s->cpu.throttled_usec == CGROUP_UNKNOWN ? CGROUP_UNKNOWN : s->cpu.throttled_usec * 1000);
	json_object_set_new(o, "usage", usage);
	json_object_set_new(o, "throttling", throttling);
	return o;
}

static json_t *memory_json(const struct cgroup_stats *s)
{
	json_t *o = json_object(), *raw = json_object();

	put(o, "cache", s->memory.cache);
	json_object_set_new(o, "usage",
			    memory_entry(s->memory.bytes, s->memory.limit, s->memory.peak,
					 s->memory.max_events));
	json_object_set_new(o, "swap",
			    memory_entry(s->memory.swap_bytes, s->memory.swap_limit,
					 s->memory.swap_peak, CGROUP_UNKNOWN));
	for (size_t i = 0; i < s->memory.stat.n; i++) {
		uint64_t value;

		if (str_u64(s->memory.stat.v[i].value, &value))
			put(raw, s->memory.stat.v[i].key, value);
	}
	json_object_set_new(o, "raw", raw);
	return o;
}

static void add_io(json_t *list, const struct cgroup_io *io, const char *op, uint64_t value)
{
	json_array_append_new(list, json_pack("{s:i,s:i,s:s,s:I}", "major", (int)io->major, "minor",
					      (int)io->minor, "op", op, "value", (json_int_t)value));
}

static json_t *io_json(const struct cgroup_stats *s)
{
	json_t *bytes = json_array(), *count = json_array();

	vec_each (&s->io, d) {
		add_io(bytes, d, "Read", d->read_bytes);
		add_io(bytes, d, "Write", d->write_bytes);
		add_io(count, d, "Read", d->read_ios);
		add_io(count, d, "Write", d->write_ios);
	}
	return json_pack("{s:o,s:o}", "ioServiceBytesRecursive", bytes, "ioServicedRecursive", count);
}

static int print_stats(const struct oci_state *s, struct error *err)
{
	struct cgroup_stats stats = { 0 };
	json_t *o, *pids = json_object(), *huge = json_object();
	char *text;
	int status;

	if (cgroup_stats_read(s->cgroup, &stats, err) < 0) {
		json_decref(pids);
		json_decref(huge);
		return -1;
	}
	put(pids, "current", stats.pids.count);
	put(pids, "limit", stats.pids.limit == CGROUP_NO_LIMIT ? 0 : stats.pids.limit);
	vec_each (&stats.hugetlb, h)
		json_object_set_new(huge, h->page_size,
				    memory_entry(h->bytes, h->limit, CGROUP_UNKNOWN, h->failures));
	o = json_pack("{s:s,s:s,s:{s:o,s:o,s:o,s:o,s:o}}", "type", "stats", "id", s->id, "data",
		      "cpu", cpu_json(&stats), "memory", memory_json(&stats), "pids", pids, "blkio",
		      io_json(&stats), "hugetlb", huge);
	cgroup_stats_done(&stats);
	text = json_dumps(o, 0);
	status = output_line(err, "%s", text);
	free(text);
	json_decref(o);
	return status;
}

static int follow(const struct oci_state *s, int64_t interval_ns, struct error *err)
{
	auto_close int pidfd = oci_state_pidfd(s, err);
	struct pollfd end = { .fd = pidfd, .events = POLLIN };

	if (pidfd < 0)
		return -1;
	do {
		if (print_stats(s, err) < 0)
			return -1;
	} while (poll(&end, 1, (int)MIN(interval_ns / 1000000, INT32_MAX)) == 0);
	return 0;
}

static int events_run(struct app *app, void *arg, struct strv *operands, struct error *err)
{
	const struct events_args *args = arg;
	struct oci_state s;
	int status;

	oci_state_init(&s);
	status = oci_state_load(app, operands->v[0], &s, err);
	if (status == 0 && s.status == OCI_STOPPED)
		status = error_set(err, ERR_BUSY, "container not running");
	if (status == 0 && !s.cgroup)
		status = error_set(err, ERR_UNSUPPORTED, "the container has no cgroup of its own");
	if (status == 0)
		status = args->stats ? print_stats(&s, err)
				     : follow(&s,
					      args->interval == UNSET || args->interval <= 0
						      ? INTERVAL_NS
						      : args->interval,
					      err);
	oci_state_done(&s);
	return status;
}

const struct command cmd_oci_update = {
	.name = "oci update",
	.operands = "ID",
	.summary = "change the limits of a running container",
	.opts = update_opts,
	.args_size = sizeof(struct update_args),
	.min = 1,
	.max = 1,
	.run = update_run,
	.failure = 1,
};
const struct command cmd_oci_events = {
	.name = "oci events",
	.operands = "ID",
	.summary = "print the figures of a container as JSON",
	.opts = events_opts,
	.args_size = sizeof(struct events_args),
	.min = 1,
	.max = 1,
	.run = events_run,
	.failure = 1,
};
