/*
 * limits.c - struct request_limits: its JSON form, what contradicts itself, and what it means.
 *
 * Never  applies a default but docker's for swap: see limits_to_resources().
 */
#include "engine/limits.h"

#include "util/text.h"

#include <errno.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#define CPU_PERIOD 100000 /* microseconds: the kernel's default */

const struct field request_limits_fields[] = {
	F_INT(struct request_limits, memory, "memory"),
	F_INT(struct request_limits, memory_reservation, "memoryReservation"),
	F_INT(struct request_limits, memory_swap, "memorySwap"),
	F_INT(struct request_limits, nano_cpus, "nanoCpus"),
	F_INT(struct request_limits, cpu_shares, "cpuShares"),
	F_INT(struct request_limits, cpu_quota, "cpuQuota"),
	F_INT(struct request_limits, cpu_period, "cpuPeriod"),
	F_INT(struct request_limits, cpu_burst, "cpuBurst"),
	F_STR(struct request_limits, cpuset_cpus, "cpusetCpus"),
	F_STR(struct request_limits, cpuset_mems, "cpusetMems"),
	F_INT(struct request_limits, pids_limit, "pidsLimit"),
	F_INT(struct request_limits, blkio_weight, "blkioWeight"),
	F_STRV(struct request_limits, blkio_weight_device, "blkioWeightDevice"),
	F_STRV(struct request_limits, device_read_bps, "deviceReadBps"),
	F_STRV(struct request_limits, device_write_bps, "deviceWriteBps"),
	F_STRV(struct request_limits, device_read_iops, "deviceReadIops"),
	F_STRV(struct request_limits, device_write_iops, "deviceWriteIops"),
	F_MAP(struct request_limits, cgroup_conf, "cgroupConf"),
	F_END,
};

static bool given(int64_t v)
{
	return v != UNSET;
}

int nano_cpus_parse(const char *text, int64_t *nano, struct error *err)
{
	const char *point = strchr(text, '.');
	size_t whole = point ? (size_t)(point - text) : strlen(text);
	size_t part = point ? strlen(point + 1) : 0;
	uint64_t value = 0;

	if (whole > 6 || part > 9 || whole + part == 0 || strspn(text, "0123456789") != whole ||
	    (point && strspn(point + 1, "0123456789") != part))
		return error_set(err, ERR_USAGE, "must be a number of processors such as 1.5");
	for (size_t i = 0; i < whole; i++)
		value = value * 10 + (uint64_t)(text[i] - '0');
	for (size_t i = 0; i < 9; i++)
		value = value * 10 + (i < part ? (uint64_t)(point[1 + i] - '0') : 0);
	*nano = (int64_t)value;
	return 0;
}

static int memory_check(const struct request_limits *l, struct error *err)
{
	if (given(l->memory) && l->memory > 0 && given(l->memory_reservation) &&
	    l->memory_reservation > l->memory)
		return error_set(err, ERR_USAGE,
				 "--memory-reservation is more than --memory, the hard limit");
	if (given(l->memory_swap) && l->memory_swap > 0) {
		if (!given(l->memory) || l->memory <= 0)
			return error_set(err, ERR_USAGE,
					 "--memory-swap counts memory and swap together: it needs "
					 "--memory");
		if (l->memory_swap < l->memory)
			return error_set(err, ERR_USAGE,
					 "--memory-swap, memory and swap together, is less than "
					 "--memory");
	}
	return 0;
}

int request_limits_check(const struct request_limits *l, struct error *err)
{
	if (memory_check(l, err) < 0)
		return -1;
	if (given(l->nano_cpus) && l->nano_cpus > 0 && (given(l->cpu_quota) || given(l->cpu_period)))
		return error_set(
			err, ERR_USAGE,
			"--cpus and --cpu-quota or --cpu-period say the same twice: give one");
	if (given(l->cpu_period) && l->cpu_period != 0 &&
	    (l->cpu_period < 1000 || l->cpu_period > 1000000))
		return error_set(err, ERR_USAGE,
				 "--cpu-period %lld: must be from 1000 to 1000000 microseconds",
				 (long long)l->cpu_period);
	if (given(l->cpu_quota) && l->cpu_quota > 0 && l->cpu_quota < 1000)
		return error_set(err, ERR_USAGE,
				 "--cpu-quota %lld: must be at least 1000 microseconds, or -1",
				 (long long)l->cpu_quota);
	if (given(l->cpu_shares) && l->cpu_shares < 0)
		return error_set(err, ERR_USAGE, "--cpu-shares: must not be negative");
	if (given(l->nano_cpus) && l->nano_cpus > 0 && l->nano_cpus < 10000000)
		return error_set(err, ERR_USAGE, "--cpus: must be at least 0.01");
	if (given(l->blkio_weight) && l->blkio_weight != 0 &&
	    (l->blkio_weight < 10 || l->blkio_weight > 1000))
		return error_set(err, ERR_USAGE, "--blkio-weight %lld: must be from 10 to 1000",
				 (long long)l->blkio_weight);
	return 0;
}

static void take_int(int64_t *to, int64_t from)
{
	if (given(from))
		*to = from;
}

static void take_text(char **to, const char *from)
{
	if (!from)
		return;
	free(*to);
	*to = xstrdup(from);
}

static void take_list(struct strv *to, const struct strv *from)
{
	if (!from->n)
		return;
	strv_done(to);
	strv_copy(to, from);
}

void request_limits_merge(struct request_limits *l, const struct request_limits *more)
{
	/* the two ways to say how much processor time drive each other out */
	if (given(more->nano_cpus))
		l->cpu_quota = l->cpu_period = UNSET;
	if (given(more->cpu_quota) || given(more->cpu_period))
		l->nano_cpus = UNSET;
	take_int(&l->memory, more->memory);
	take_int(&l->memory_reservation, more->memory_reservation);
	take_int(&l->memory_swap, more->memory_swap);
	take_int(&l->nano_cpus, more->nano_cpus);
	take_int(&l->cpu_shares, more->cpu_shares);
	take_int(&l->cpu_quota, more->cpu_quota);
	take_int(&l->cpu_period, more->cpu_period);
	take_int(&l->cpu_burst, more->cpu_burst);
	take_text(&l->cpuset_cpus, more->cpuset_cpus);
	take_text(&l->cpuset_mems, more->cpuset_mems);
	take_int(&l->pids_limit, more->pids_limit);
	take_int(&l->blkio_weight, more->blkio_weight);
	take_list(&l->blkio_weight_device, &more->blkio_weight_device);
	take_list(&l->device_read_bps, &more->device_read_bps);
	take_list(&l->device_write_bps, &more->device_write_bps);
	take_list(&l->device_read_iops, &more->device_read_iops);
	take_list(&l->device_write_iops, &more->device_write_iops);
	strmap_copy(&l->cgroup_conf, &more->cgroup_conf);
}

bool request_limits_any(const struct request_limits *l)
{
	struct str text = { 0 };
	bool any;

	fields_format(request_limits_fields, l, false, &text);
	any = text.len > strlen("{}");
	str_done(&text);
	return any;
}

/* ---- devices of io limits ---- */

/* "PATH:VALUE" -> numbers of the device and what is behind the last colon */
static int device_parse(const char *option, const char *text, int64_t *major_, int64_t *minor_,
			const char **value, struct error *err)
{
	const char *colon = strrchr(text, ':');
	auto_free char *path = colon ? xstrndup(text, (size_t)(colon - text)) : NULL;
	struct stat st;

	if (!path || path[0] != '/' || !colon[1])
		return error_set(err, ERR_USAGE, "%s '%s': expected PATH:VALUE", option, text);
	if (stat(path, &st) < 0) /* path: of the host, named by the caller */
		return error_sys(err, "%s '%s'", option, path);
	if (!S_ISBLK(st.st_mode))
		return error_set(err, ERR_INVALID, "%s '%s': not a block device", option, path);
	*major_ = major(st.st_rdev);
	*minor_ = minor(st.st_rdev);
	*value = colon + 1;
	return 0;
}

static int resolve_rates(const char *option, const struct strv *list, bool bytes,
			 spec_throttles *out, struct error *err)
{
	strv_each (list, i) {
		struct spec_throttle t;
		const char *value;

		if (device_parse(option, list->v[i], &t.major, &t.minor, &value, err) < 0)
			return -1;
		if (!(bytes ? text_parse_bytes(value, &t.rate) : str_i64(value, &t.rate)) ||
		    t.rate < 0)
			return error_set(err, ERR_USAGE, "%s '%s': must be a rate", option,
					 list->v[i]);
		vec_push(out, t);
	}
	return 0;
}

static int resolve_weights(const struct strv *list, struct spec_block_io *io, struct error *err)
{
	strv_each (list, i) {
		struct spec_weight_device w;
		const char *value;

		if (device_parse("--blkio-weight-device", list->v[i], &w.major, &w.minor, &value,
				 err) < 0)
			return -1;
		if (!str_i64(value, &w.weight) || w.weight < 10 || w.weight > 1000)
			return error_set(err, ERR_USAGE,
					 "--blkio-weight-device '%s': must be from 10 to 1000",
					 list->v[i]);
		vec_push(&io->weight_device, w);
	}
	return 0;
}

void spec_block_io_free(struct spec_block_io *io)
{
	if (!io)
		return;
	vec_done(&io->weight_device);
	vec_done(&io->read_bps);
	vec_done(&io->write_bps);
	vec_done(&io->read_iops);
	vec_done(&io->write_iops);
	free(io);
}

int limits_resolve_io(const struct request_limits *l, struct spec_block_io **out, struct error *err)
{
	struct spec_block_io *io;

	*out = NULL;
	if (!l->blkio_weight_device.n && !l->device_read_bps.n && !l->device_write_bps.n &&
	    !l->device_read_iops.n && !l->device_write_iops.n)
		return 0;
	io = xcalloc(1, sizeof(*io));
	io->weight = UNSET;
	if (resolve_weights(&l->blkio_weight_device, io, err) < 0 ||
	    resolve_rates("--device-read-bps", &l->device_read_bps, true, &io->read_bps, err) < 0 ||
	    resolve_rates("--device-write-bps", &l->device_write_bps, true, &io->write_bps, err) < 0 ||
	    resolve_rates("--device-read-iops", &l->device_read_iops, false, &io->read_iops, err) < 0 ||
	    resolve_rates("--device-write-iops", &l->device_write_iops, false, &io->write_iops,
			  err) < 0) {
		spec_block_io_free(io);
		return -1;
	}
	*out = io;
	return 0;
}

/* ---- what they mean ---- */

static void to_memory(const struct request_limits *l, struct spec_resources *r, bool *swap_is_default)
{
	struct spec_memory *m;

	if (!given(l->memory) && !given(l->memory_reservation) && !given(l->memory_swap))
		return;
	m = xcalloc(1, sizeof(*m));
	m->limit = l->memory;
	m->reservation = l->memory_reservation;
	m->swap = l->memory_swap;
	m->swappiness = UNSET;
	m->disable_oom_killer = m->check_before_update = -1;
	if (given(l->memory) && l->memory > 0 && (!given(l->memory_swap) || l->memory_swap == 0)) {
		m->swap = l->memory > INT64_MAX / 2 ? -1 : 2 * l->memory;
		*swap_is_default = true;
	}
	r->memory = m;
}

static void to_cpu(const struct request_limits *l, struct spec_resources *r)
{
	struct spec_cpu *c;

	if (!given(l->nano_cpus) && !given(l->cpu_shares) && !given(l->cpu_quota) &&
	    !given(l->cpu_period) && !given(l->cpu_burst) && !l->cpuset_cpus && !l->cpuset_mems)
		return;
	c = xcalloc(1, sizeof(*c));
	c->shares = l->cpu_shares;
	c->quota = l->cpu_quota;
	c->period = l->cpu_period;
	c->burst = l->cpu_burst;
	c->idle = UNSET;
	c->cpus = xstrdup_or_null(l->cpuset_cpus);
	c->mems = xstrdup_or_null(l->cpuset_mems);
	if (given(l->nano_cpus)) {
		c->period = CPU_PERIOD;
		c->quota = l->nano_cpus ? l->nano_cpus / (1000000000 / CPU_PERIOD) : -1;
	}
	r->cpu = c;
}

static void to_io(const struct request_limits *l, const struct spec_block_io *io,
		  struct spec_resources *r)
{
	struct spec_block_io *b;

	if (!io && !given(l->blkio_weight))
		return;
	b = xcalloc(1, sizeof(*b));
	b->weight = l->blkio_weight;
	r->block_io = b;
	if (!io)
		return;
	vec_each (&io->weight_device, w)
		vec_push(&b->weight_device, *w);
	vec_each (&io->read_bps, t)
		vec_push(&b->read_bps, *t);
	vec_each (&io->write_bps, t)
		vec_push(&b->write_bps, *t);
	vec_each (&io->read_iops, t)
		vec_push(&b->read_iops, *t);
	vec_each (&io->write_iops, t)
		vec_push(&b->write_iops, *t);
}

/* As docker: as much swap as memory, unless something else was said. */
void limits_to_resources(const struct request_limits *l, const struct spec_block_io *io,
			 struct spec_resources *r, bool *swap_is_default)
{
	*swap_is_default = false;
	to_memory(l, r, swap_is_default);
	to_cpu(l, r);
	to_io(l, io, r);
	if (given(l->pids_limit) && l->pids_limit != 0) {
		r->pids = xcalloc(1, sizeof(*r->pids));
		r->pids->limit = l->pids_limit;
	}
	strmap_copy(&r->unified, &l->cgroup_conf);
}
