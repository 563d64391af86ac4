/*
 * Limits as docker's words have them -> linux.resources, and what contradicts itself.
 */
#include "engine/limits.h"
#include "engine/request.h"
#include "engine/spec.h"
#include "unit.h"

static struct error err;

static struct request_limits none(void)
{
	struct request_limits l;

	fields_init(request_limits_fields, &l);
	return l;
}

static const struct {
	const char *text;
	int64_t nano; /* -1: refused */
} processors[] = {
	{ "1", 1000000000 },  { "0.5", 500000000 },
	{ ".25", 250000000 }, { "1.5", 1500000000 },
	{ "2.", 2000000000 }, { "0.123456789", 123456789 },
	{ "0", 0 },	      { "", -1 },
	{ ".", -1 },	      { "-1", -1 },
	{ "1e3", -1 },	      { "1.1234567890", -1 },
	{ "1,5", -1 },	      { "10000000", -1 },
};

START_TEST(processors_are_a_decimal_number)
{
	int64_t nano = -1;
	int r = nano_cpus_parse(processors[_i].text, &nano, &err);

	ck_assert_int_eq(r, processors[_i].nano < 0 ? -1 : 0);
	if (r == 0)
		ck_assert_int_eq(nano, processors[_i].nano);
	else
		ck_assert_int_eq(err.kind, ERR_USAGE);
}
END_TEST

START_TEST(swap_is_as_much_as_memory_unless_it_is_given)
{
	struct request_limits l = none();
	struct spec_resources r;
	bool is_default;

	l.memory = 64 << 20;
	spec_resources_init(&r);
	limits_to_resources(&l, NULL, &r, &is_default);
	ck_assert_int_eq(r.memory->swap, 128 << 20); /* of both together */
	ck_assert(is_default);
	spec_resources_done(&r);
	l.memory_swap = 64 << 20;
	limits_to_resources(&l, NULL, &r, &is_default);
	ck_assert_int_eq(r.memory->swap, 64 << 20);
	ck_assert(!is_default);
	spec_resources_done(&r);
	l.memory = -1;
	l.memory_swap = UNSET;
	limits_to_resources(&l, NULL, &r, &is_default);
	ck_assert_int_eq(r.memory->limit, -1);
	ck_assert(r.memory->swap == UNSET);
	spec_resources_done(&r);
}
END_TEST

START_TEST(processors_are_a_quota_of_the_usual_period)
{
	struct request_limits l = none();
	struct spec_resources r;
	bool is_default;

	l.nano_cpus = 1500000000;
	spec_resources_init(&r);
	limits_to_resources(&l, NULL, &r, &is_default);
	ck_assert_int_eq(r.cpu->quota, 150000);
	ck_assert_int_eq(r.cpu->period, 100000);
	spec_resources_done(&r);
	l.nano_cpus = 0; /* update: no limit any more */
	limits_to_resources(&l, NULL, &r, &is_default);
	ck_assert_int_eq(r.cpu->quota, -1);
	spec_resources_done(&r);
}
END_TEST

START_TEST(what_is_not_given_is_not_in_resources)
{
	struct request_limits l = none();
	struct spec_resources r;
	bool is_default;

	ck_assert(!request_limits_any(&l));
	spec_resources_init(&r);
	limits_to_resources(&l, NULL, &r, &is_default);
	ck_assert(!r.memory && !r.cpu && !r.pids && !r.block_io && !r.unified.n);
	l.pids_limit = -1;
	ck_assert(request_limits_any(&l));
	limits_to_resources(&l, NULL, &r, &is_default);
	ck_assert_int_eq(r.pids->limit, -1);
	spec_resources_done(&r);
}
END_TEST

START_TEST(update_replaces_only_what_is_given)
{
	struct request_limits l = none(), more = none();

	l.memory = 100;
	l.pids_limit = 5;
	l.nano_cpus = 1000000000;
	l.cpuset_cpus = xstrdup("0");
	more.memory = 200;
	more.cpu_quota = 5000;
	more.cpuset_cpus = xstrdup("1");
	request_limits_merge(&l, &more);
	ck_assert_int_eq(l.memory, 200);
	ck_assert_int_eq(l.pids_limit, 5);
	ck_assert_str_eq(l.cpuset_cpus, "1");
	/* two ways to say one thing: the newer */
	ck_assert(l.nano_cpus == UNSET);
	ck_assert_int_eq(l.cpu_quota, 5000);
	fields_done(request_limits_fields, &l);
	fields_done(request_limits_fields, &more);
}
END_TEST

static void memory_without_swap(struct request_limits *l)
{
	l->memory_swap = 1000;
}

static void swap_below_memory(struct request_limits *l)
{
	l->memory = 1000;
	l->memory_swap = 999;
}

static void reservation_above(struct request_limits *l)
{
	l->memory = 1000;
	l->memory_reservation = 1001;
}

static void cpus_twice(struct request_limits *l)
{
	l->nano_cpus = 1000000000;
	l->cpu_period = 100000;
}

static void weight(struct request_limits *l)
{
	l->blkio_weight = 1001;
}

static void period(struct request_limits *l)
{
	l->cpu_period = 999;
}

static const struct {
	void (*fill)(struct request_limits *l);
	const char *option;
} bad[] = {
	{ memory_without_swap, "--memory-swap" },
	{ swap_below_memory, "--memory-swap" },
	{ reservation_above, "--memory-reservation" },
	{ cpus_twice, "--cpus" },
	{ weight, "--blkio-weight" },
	{ period, "--cpu-period" },
};

START_TEST(contradiction_is_refused_by_the_option_s_name)
{
	struct request_limits l = none();

	bad[_i].fill(&l);
	ck_assert_int_eq(request_limits_check(&l, &err), -1);
	ck_assert_int_eq(err.kind, ERR_USAGE);
	ck_assert_msg(strncmp(err.text, bad[_i].option, strlen(bad[_i].option)) == 0, "%s", err.text);
}
END_TEST

START_TEST(limits_survive_the_record)
{
	const struct fields_limits limits = { 1 << 20, 16 };
	struct run_request r, again;
	struct str text = { 0 };

	run_request_init(&r);
	run_request_init(&again);
	r.limits.memory = 5;
	strv_add(&r.limits.device_read_bps, "/dev/sda:1m");
	strmap_set(&r.limits.cgroup_conf, "memory.high", "1g");
	strv_add(&r.devices, "/dev/fuse");
	r.cgroup_parent = xstrdup("/a");
	fields_format(run_request_fields, &r, false, &text);
	ck_assert_int_eq(fields_parse(run_request_fields, text.s, text.len, &limits, FIELDS_STRICT,
				      &again, &err),
			 0);
	ck_assert_int_eq(again.limits.memory, 5);
	ck_assert(again.limits.pids_limit == UNSET);
	ck_assert_str_eq(again.limits.device_read_bps.v[0], "/dev/sda:1m");
	ck_assert_str_eq(strmap_get(&again.limits.cgroup_conf, "memory.high"), "1g");
	ck_assert_str_eq(again.devices.v[0], "/dev/fuse");
	ck_assert_str_eq(again.cgroup_parent, "/a");
	run_request_done(&r);
	run_request_done(&again);
	str_done(&text);
}
END_TEST

UNIT_MAIN("engine/limits", TEST_LOOP(processors_are_a_decimal_number, ARRAY_SIZE(processors)),
	  TEST(swap_is_as_much_as_memory_unless_it_is_given),
	  TEST(processors_are_a_quota_of_the_usual_period),
	  TEST(what_is_not_given_is_not_in_resources), TEST(update_replaces_only_what_is_given),
	  TEST_LOOP(contradiction_is_refused_by_the_option_s_name, ARRAY_SIZE(bad)),
	  TEST(limits_survive_the_record))
