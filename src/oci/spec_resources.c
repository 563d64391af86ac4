/*
 * spec_resources.c - linux.resources of config.json, and the object that `update` is given.
 *
 * Owns   which limits of the runtime-spec we know. Those that only cgroup v1 had are refused.
 * Never  looks at the machine: whether there is a controller is the runtime's question.
 * Spec   runtime-spec 1.2, config-linux.md, "Control groups".
 */
#include "spec_resources.h"

#define RESOURCES_DEPTH 32

static const struct field device_rule_fields[] = {
	F_BOOL_(struct spec_device_rule, allow, "allow", FIELD_REQUIRED | FIELD_KEEP),
	F_STR(struct spec_device_rule, type, "type"),
	F_INT(struct spec_device_rule, major, "major"),
	F_INT(struct spec_device_rule, minor, "minor"),
	F_STR(struct spec_device_rule, access, "access"),
	F_END,
};
static const struct field memory_fields[] = {
	F_INT(struct spec_memory, limit, "limit"),
	F_INT(struct spec_memory, reservation, "reservation"),
	F_INT(struct spec_memory, swap, "swap"),
	F_INT(struct spec_memory, swappiness, "swappiness"),
	F_TRI(struct spec_memory, disable_oom_killer, "disableOOMKiller"),
	F_TRI(struct spec_memory, check_before_update, "checkBeforeUpdate"),
	F_REFUSED("kernel"),
	F_REFUSED("kernelTCP"),
	F_REFUSED("useHierarchy"),
	F_END,
};
static const struct field cpu_fields[] = {
	F_INT(struct spec_cpu, shares, "shares"),
	F_INT(struct spec_cpu, quota, "quota"),
	F_INT(struct spec_cpu, burst, "burst"),
	F_INT(struct spec_cpu, period, "period"),
	F_STR(struct spec_cpu, cpus, "cpus"),
	F_STR(struct spec_cpu, mems, "mems"),
	F_INT(struct spec_cpu, idle, "idle"),
	F_REFUSED("realtimeRuntime"),
	F_REFUSED("realtimePeriod"),
	F_END,
};
static const struct field pids_fields[] = {
	F_INT(struct spec_pids, limit, "limit"),
	F_END,
};
static const struct field weight_device_fields[] = {
	F_INT_(struct spec_weight_device, major, "major", FIELD_REQUIRED),
	F_INT_(struct spec_weight_device, minor, "minor", FIELD_REQUIRED),
	F_INT(struct spec_weight_device, weight, "weight"),
	F_REFUSED("leafWeight"),
	F_END,
};
static const struct field throttle_fields[] = {
	F_INT_(struct spec_throttle, major, "major", FIELD_REQUIRED),
	F_INT_(struct spec_throttle, minor, "minor", FIELD_REQUIRED),
	F_INT_(struct spec_throttle, rate, "rate", FIELD_REQUIRED),
	F_END,
};
static const struct field block_io_fields[] = {
	F_INT(struct spec_block_io, weight, "weight"),
	F_REFUSED("leafWeight"),
	F_VEC(struct spec_block_io, weight_device, "weightDevice", weight_device_fields),
	F_VEC(struct spec_block_io, read_bps, "throttleReadBpsDevice", throttle_fields),
	F_VEC(struct spec_block_io, write_bps, "throttleWriteBpsDevice", throttle_fields),
	F_VEC(struct spec_block_io, read_iops, "throttleReadIOPSDevice", throttle_fields),
	F_VEC(struct spec_block_io, write_iops, "throttleWriteIOPSDevice", throttle_fields),
	F_END,
};
static const struct field hugepage_fields[] = {
	F_STR_(struct spec_hugepage, page_size, "pageSize", FIELD_REQUIRED),
	F_INT_(struct spec_hugepage, limit, "limit", FIELD_REQUIRED),
	F_END,
};
const struct field spec_resources_fields[] = {
	F_VEC(struct spec_resources, devices, "devices", device_rule_fields),
	F_PTR(struct spec_resources, memory, "memory", memory_fields),
	F_PTR(struct spec_resources, cpu, "cpu", cpu_fields),
	F_PTR(struct spec_resources, pids, "pids", pids_fields),
	F_PTR(struct spec_resources, block_io, "blockIO", block_io_fields),
	F_VEC(struct spec_resources, hugepages, "hugepageLimits", hugepage_fields),
	F_RAW(struct spec_resources, rdma, "rdma"),
	F_MAP(struct spec_resources, unified, "unified"),
	F_REFUSED("network"),
	F_END,
};

void spec_resources_init(struct spec_resources *r)
{
	*r = (struct spec_resources){ 0 };
	fields_init(spec_resources_fields, r);
}

void spec_resources_done(struct spec_resources *r)
{
	fields_done(spec_resources_fields, r);
}

/* ---- rules beyond the types ---- */

static int range(const char *name, int64_t v, int64_t min, int64_t max, struct error *err)
{
	if (v == UNSET || (v >= min && v <= max))
		return 0;
	return error_set(err, ERR_INVALID, "%s: %lld is not between %lld and %lld", name,
			 (long long)v, (long long)min, (long long)max);
}

static int device_rule_check(const struct spec_device_rule *d, struct error *err)
{
	if (!str_empty(d->type) && (!strchr("abcup", d->type[0]) || d->type[1]))
		return error_set(err, ERR_INVALID, "type: '%.20s' is not known", d->type);
	if (d->access && d->access[strspn(d->access, "rwm")])
		return error_set(err, ERR_INVALID, "access: '%.20s' is not made of r, w and m",
				 d->access);
	if (range("major", d->major, -1, UINT32_MAX, err) < 0)
		return -1;
	return range("minor", d->minor, -1, UINT32_MAX, err);
}

static int memory_check(const struct spec_memory *m, struct error *err)
{
	if (range("limit", m->limit, -1, INT64_MAX, err) < 0 ||
	    range("reservation", m->reservation, -1, INT64_MAX, err) < 0 ||
	    range("swap", m->swap, -1, INT64_MAX, err) < 0)
		return -1;
	if (m->swappiness != UNSET && m->swappiness != -1)
		return error_set(err, ERR_UNSUPPORTED,
				 "swappiness: cgroup v2 has none for a single cgroup");
	if (m->disable_oom_killer == 1)
		return error_set(err, ERR_UNSUPPORTED,
				 "disableOOMKiller: cgroup v2 has no such switch");
	return 0;
}

static int cpu_check(const struct spec_cpu *c, struct error *err)
{
	if (range("shares", c->shares, 0, INT64_MAX, err) < 0 ||
	    range("quota", c->quota, -1, INT64_MAX, err) < 0 ||
	    range("period", c->period, 0, INT64_MAX, err) < 0 ||
	    range("burst", c->burst, 0, INT64_MAX, err) < 0)
		return -1;
	return range("idle", c->idle, 0, 1, err);
}

static int block_io_check(const struct spec_block_io *b, struct error *err)
{
	if (b->weight != 0 && range("weight", b->weight, 10, 1000, err) < 0)
		return -1;
	vec_each (&b->weight_device, w)
		if (w->weight != 0 && range("weight", w->weight, 10, 1000, err) < 0)
			return error_add(err, "weightDevice");
	return 0;
}

/* "2MB", "1GB", "64KB": as the kernel's files are named */
static bool page_size_valid(const char *s)
{
	size_t n = strspn(s, "0123456789");

	return n && n < 8 && (str_eq(s + n, "KB") || str_eq(s + n, "MB") || str_eq(s + n, "GB"));
}

int spec_resources_check(const struct spec_resources *r, struct error *err)
{
	vec_each (&r->devices, d)
		if (device_rule_check(d, err) < 0)
			return error_add(err, "resources: devices: [%zu]",
					 (size_t)(d - r->devices.v));
	if (r->memory && memory_check(r->memory, err) < 0)
		return error_add(err, "resources: memory");
	if (r->cpu && cpu_check(r->cpu, err) < 0)
		return error_add(err, "resources: cpu");
	if (r->pids && range("limit", r->pids->limit, -1, INT64_MAX, err) < 0)
		return error_add(err, "resources: pids");
	if (r->block_io && block_io_check(r->block_io, err) < 0)
		return error_add(err, "resources: blockIO");
	vec_each (&r->hugepages, h)
		if (!page_size_valid(h->page_size))
			return error_set(err, ERR_INVALID,
					 "resources: hugepageLimits: pageSize: '%.20s' is none",
					 h->page_size);
	for (size_t i = 0; i < r->unified.n; i++) {
		const char *key = r->unified.v[i].key;

		if (strchr(key, '/') || key[0] == '.' || !strchr(key, '.'))
			return error_set(err, ERR_INVALID,
					 "resources: unified: '%.80s' names no file of a cgroup",
					 key);
	}
	return 0;
}

int spec_resources_parse(const char *text, size_t n, struct spec_resources *r, struct error *err)
{
	const struct fields_limits limits = { SPEC_MAX, RESOURCES_DEPTH };

	spec_resources_init(r);
	if (fields_parse(spec_resources_fields, text, n, &limits, FIELDS_STRICT, r, err) < 0)
		return error_add(err, "resources");
	if (spec_resources_check(r, err) < 0) {
		spec_resources_done(r);
		return -1;
	}
	return 0;
}
