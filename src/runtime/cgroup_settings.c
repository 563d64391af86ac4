/*
 * cgroup_settings.c - linux.resources -> writes to the files of a v2 cgroup.
 *
 * The runtime-spec still speaks v1's language in places: swap that includes memory, shares, io
 * weights. The conversions are those of runc and crun, so that a bundle means the same here.
 *
 * Never  touches the machine.
 * Spec   runtime-spec 1.2 config-linux.md; admin-guide/cgroup-v2.rst.
 */
#include "cgroup.h"

#include "util/mem.h"

#include <math.h>

#define SHARES_MAX 262144
#define WEIGHT_MAX 10000

static struct cgroup_setting *set(cgroup_settings *s, const char *file, char *value)
{
	struct cgroup_setting *one = vec_add(s);

	one->file = xstrdup(file);
	one->value = value;
	return one;
}

static char *number(int64_t v)
{
	return v < 0 ? xstrdup("max") : xasprintf("%lld", (long long)v);
}

static bool given(int64_t v)
{
	return v != UNSET;
}

/* Natural logarithm and exponential, to 12 digits: libm would be one more library for each start. */
static double log2_of(double x)
{
	double y, square, term, sum = 0;
	int whole = 0;

	for (; x >= 2; x /= 2)
		whole++;
	y = (x - 1) / (x + 1);
	square = y * y;
	term = y;
	for (int i = 1; i < 60; i += 2) {
		sum += term / i;
		term *= square;
	}
	return whole + 2 * sum / M_LN2;
}

static double power_of_10(double exponent)
{
	double x = exponent * M_LN10 / 16, term = 1, sum = 1;

	for (int i = 1; i < 30; i++) {
		term *= x / i;
		sum += term;
	}
	for (int i = 0; i < 4; i++)
		sum *= sum;
	return sum;
}

/*
 * runc's and crun's curve since 2025: a parabola through (2, 1), (1024, 100) and (262144, 10000) on
 * logarithmic scales, so that 1024, the usual, is 100, the usual.
 */
int64_t cgroup_weight_of_shares(int64_t shares)
{
	double l, weight;
	int64_t whole;

	if (shares <= 2)
		return 1;
	if (shares >= SHARES_MAX)
		return WEIGHT_MAX;
	l = log2_of((double)shares);
	weight = power_of_10((l * l + 125 * l) / 612.0 - 7.0 / 34.0);
	whole = (int64_t)weight;
	return weight - (double)whole > 1e-9 * weight ? whole + 1 : whole; /* rounded up */
}

/* ---- memory ---- */

/* v1's swap counts memory too. */
static int swap_value(const struct spec_memory *m, int64_t *value, struct error *err)
{
	*value = UNSET;
	if (given(m->swap) && m->swap > 0) {
		if (!given(m->limit) || m->limit == 0)
			return error_set(
				err, ERR_INVALID,
				"linux.resources.memory: a swap limit needs a memory limit");
		if (m->limit < 0)
			return error_set(
				err, ERR_INVALID,
				"linux.resources.memory: a swap limit with unlimited memory");
		if (m->swap < m->limit)
			return error_set(
				err, ERR_INVALID,
				"linux.resources.memory: swap, which counts memory too, is "
				"less than the memory limit");
		*value = m->swap - m->limit;
	} else if (given(m->swap) && m->swap < 0) {
		*value = -1;
	} else if (given(m->limit) && m->limit < 0) {
		*value = -1; /* unlimited memory means swap as well */
	}
	return 0;
}

static int plan_memory(const struct spec_memory *m, cgroup_settings *s, struct error *err)
{
	int64_t swap;

	if (swap_value(m, &swap, err) < 0)
		return -1;
	/* swap first: with the memory limit lowered first it might all go there */
	if (given(swap))
		set(s, "memory.swap.max", number(swap));
	if (given(m->limit) && m->limit != 0)
		set(s, "memory.max", number(m->limit));
	if (given(m->reservation) && m->reservation != 0)
		set(s, "memory.low", number(m->reservation));
	return 0;
}

/* ---- cpu ---- */

static void plan_cpu(const struct spec_cpu *c, cgroup_settings *s)
{
	bool quota = given(c->quota) && c->quota != 0, period = given(c->period) && c->period != 0;

	/* the kernel leaves the period alone when only the quota is written */
	if (quota && period) {
		auto_free char *first = number(c->quota);

		set(s, "cpu.max", xasprintf("%s %lld", first, (long long)c->period));
	} else if (quota) {
		set(s, "cpu.max", number(c->quota));
	} else if (period) {
		set(s, "cpu.max", xasprintf("max %lld", (long long)c->period))->keep_first = true;
	}
	if (given(c->burst))
		set(s, "cpu.max.burst", number(c->burst));
	if (given(c->idle))
		set(s, "cpu.idle", number(c->idle));
	/* an idle cgroup takes no weight */
	if (given(c->shares) && c->shares > 0 && c->idle != 1)
		set(s, "cpu.weight", number(cgroup_weight_of_shares(c->shares)));
	if (!str_empty(c->cpus))
		set(s, "cpuset.cpus", xstrdup(c->cpus));
	if (!str_empty(c->mems))
		set(s, "cpuset.mems", xstrdup(c->mems));
}

/* ---- io ---- */

/* v1's 10..1000 -> 1..10000 */
static long long io_weight(int64_t weight)
{
	return 1 + (weight - 10) * 9999 / 990;
}

/* BFQ has files of its own, on v1's scale; where it is not built in, io.weight is iocost's. */
static void set_weight(cgroup_settings *s, const char *whom, int64_t weight)
{
	struct cgroup_setting *one =
		set(s, "io.bfq.weight", xasprintf("%s%lld", whom, (long long)weight));

	one->other = xstrdup("io.weight");
	one->other_value = xasprintf("%s%lld", whom, io_weight(weight));
}

static void set_rates(cgroup_settings *s, const spec_throttles *list, const char *key)
{
	vec_each (list, t) {
		/* none is 0 in v1's language */
		auto_free char *rate = number(t->rate > 0 ? t->rate : -1);

		set(s, "io.max",
		    xasprintf("%lld:%lld %s=%s", (long long)t->major, (long long)t->minor, key, rate));
	}
}

static void plan_io(const struct spec_block_io *b, cgroup_settings *s)
{
	if (given(b->weight) && b->weight != 0)
		set_weight(s, "", b->weight);
	vec_each (&b->weight_device, w) {
		auto_free char *device =
			xasprintf("%lld:%lld ", (long long)w->major, (long long)w->minor);

		if (given(w->weight) && w->weight != 0)
			set_weight(s, device, w->weight);
	}
	set_rates(s, &b->read_bps, "rbps");
	set_rates(s, &b->write_bps, "wbps");
	set_rates(s, &b->read_iops, "riops");
	set_rates(s, &b->write_iops, "wiops");
}

/* ---- the rest ---- */

static void plan_hugepages(const struct spec_resources *r, cgroup_settings *s)
{
	vec_each (&r->hugepages, h) {
		auto_free char *file = xasprintf("hugetlb.%s.max", h->page_size);
		auto_free char *reserved = xasprintf("hugetlb.%s.rsvd.max", h->page_size);

		set(s, file, number(h->limit));
		/* what is only reserved counts as well, where the kernel knows of it */
		set(s, reserved, number(h->limit))->is_default = true;
	}
}

struct rdma {
	int64_t handles, objects;
};
static const struct field rdma_fields[] = {
	F_INT(struct rdma, handles, "hcaHandles"),
	F_INT(struct rdma, objects, "hcaObjects"),
	F_END,
};

static int plan_rdma(const char *text, cgroup_settings *s, struct error *err)
{
	auto_done(json) json_t *all = json_parse(text, strlen(text), NULL, err);
	const char *device;
	json_t *one;

	if (!all)
		return error_add(err, "linux.resources.rdma");
	if (!json_is_object(all))
		return error_set(err, ERR_INVALID, "linux.resources.rdma: expected an object");
	json_object_foreach (all, device, one) {
		struct rdma limits = { UNSET, UNSET };
		struct str line = { 0 };

		if (!*device || strpbrk(device, " \n"))
			return error_set(err, ERR_INVALID, "linux.resources.rdma: '%.80s'", device);
		if (fields_load(rdma_fields, one, &limits, FIELDS_STRICT, err) < 0)
			return error_add(err, "linux.resources.rdma: %.80s", device);
		if (!given(limits.handles) && !given(limits.objects))
			continue;
		str_add(&line, device);
		if (given(limits.handles))
			str_addf(&line, " hca_handle=%lld", (long long)limits.handles);
		if (given(limits.objects))
			str_addf(&line, " hca_object=%lld", (long long)limits.objects);
		set(s, "rdma.max", str_take(&line));
	}
	return 0;
}

/*
 * What a cgroup has anyway: no limit, the usual weight. Engines write it into every bundle, and a
 * machine that cannot set it gives it all the same.
 */
static bool asks_nothing(const struct cgroup_setting *s)
{
	return str_starts(s->value, "max") ||
	       (str_eq(s->file, "cpu.weight") && str_eq(s->value, "100"));
}

int cgroup_settings_plan(const struct spec_resources *r, const char *defaults, cgroup_settings *s,
			 struct error *err)
{
	if (r->memory && plan_memory(r->memory, s, err) < 0)
		return -1;
	if (r->cpu)
		plan_cpu(r->cpu, s);
	if (r->pids && given(r->pids->limit) && r->pids->limit != 0)
		set(s, "pids.max", number(r->pids->limit));
	if (r->block_io)
		plan_io(r->block_io, s);
	plan_hugepages(r, s);
	if (r->rdma && plan_rdma(r->rdma, s, err) < 0)
		return -1;
	for (size_t i = 0; i < r->unified.n; i++) {
		const char *key = r->unified.v[i].key;

		if (strchr(key, '/') || !strchr(key, '.') || str_starts(key, "cgroup."))
			return error_set(err, ERR_INVALID, "linux.resources.unified: '%.80s'", key);
		set(s, key, xstrdup(r->unified.v[i].value));
	}
	vec_each (s, one)
		one->is_default |=
			asks_nothing(one) || (defaults && cgroup_has_word(defaults, one->file));
	return 0;
}

void cgroup_settings_done(cgroup_settings *s)
{
	vec_each (s, one) {
		free(one->file);
		free(one->value);
		free(one->other);
		free(one->other_value);
	}
	vec_done(s);
}

char *cgroup_controller_of(const char *file)
{
	size_t n = strcspn(file, ".");

	return str_starts(file, "cgroup.") ? NULL : xstrndup(file, n);
}
