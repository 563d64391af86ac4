/*
 * linux.resources as writes to the files of a cgroup: golden values. Those of the conversions are
 * what runc and crun write for the same resources.
 */
#include "runtime/cgroup_settings.h"
#include "oci/spec.h"
#include "unit.h"
#include "util/str.h"

static struct error err;

static const struct {
	const char *resources, *writes;
} plans[] = {
	{ "{}", "" },
	{ "{\"memory\":{\"limit\":33554432}}", "memory.max=33554432\n" },
	/* swap counts memory in the runtime-spec, and does not in cgroup v2 */
	{ "{\"memory\":{\"limit\":100,\"swap\":300,\"reservation\":50}}",
	  "memory.swap.max=200\nmemory.max=100\nmemory.low=50\n" },
	{ "{\"memory\":{\"limit\":100,\"swap\":100}}", "memory.swap.max=0\nmemory.max=100\n" },
	{ "{\"memory\":{\"limit\":100,\"swap\":-1}}",
	  "memory.swap.max=max (default)\nmemory.max=100\n" },
	{ "{\"memory\":{\"limit\":-1}}",
	  "memory.swap.max=max (default)\nmemory.max=max (default)\n" },
	{ "{\"memory\":{\"limit\":0,\"swap\":0,\"reservation\":0}}", "" },
	{ "{\"cpu\":{\"quota\":50000,\"period\":100000}}", "cpu.max=50000 100000\n" },
	{ "{\"cpu\":{\"quota\":50000}}", "cpu.max=50000\n" },
	{ "{\"cpu\":{\"quota\":-1,\"period\":50000}}", "cpu.max=max 50000 (default)\n" },
	{ "{\"cpu\":{\"period\":50000}}", "cpu.max=max 50000 (default)\n" },
	{ "{\"cpu\":{\"quota\":50000,\"burst\":1000}}", "cpu.max=50000\ncpu.max.burst=1000\n" },
	{ "{\"cpu\":{\"shares\":1024}}", "cpu.weight=100 (default)\n" },
	{ "{\"cpu\":{\"shares\":0}}", "" },
	{ "{\"cpu\":{\"shares\":1024,\"idle\":1}}", "cpu.idle=1\n" },
	{ "{\"cpu\":{\"shares\":1024,\"idle\":0}}", "cpu.idle=0\ncpu.weight=100 (default)\n" },
	{ "{\"cpu\":{\"cpus\":\"0-1,3\",\"mems\":\"0\"}}", "cpuset.cpus=0-1,3\ncpuset.mems=0\n" },
	{ "{\"pids\":{\"limit\":20}}", "pids.max=20\n" },
	{ "{\"pids\":{\"limit\":-1}}", "pids.max=max (default)\n" },
	{ "{\"pids\":{\"limit\":0}}", "" },
	/* 10..1000 -> 1..10000 where BFQ is not there */
	{ "{\"blockIO\":{\"weight\":10}}", "io.bfq.weight=10 or io.weight=1\n" },
	{ "{\"blockIO\":{\"weight\":1000}}", "io.bfq.weight=1000 or io.weight=10000\n" },
	{ "{\"blockIO\":{\"weight\":500,\"weightDevice\":[{\"major\":8,\"minor\":0,\"weight\":100}]"
	  "}}",
	  "io.bfq.weight=500 or io.weight=4950\nio.bfq.weight=8:0 100 or io.weight=8:0 910\n" },
	{ "{\"blockIO\":{\"throttleReadBpsDevice\":[{\"major\":8,\"minor\":0,\"rate\":1048576}],"
	  "\"throttleWriteBpsDevice\":[{\"major\":8,\"minor\":16,\"rate\":1}],"
	  "\"throttleReadIOPSDevice\":[{\"major\":8,\"minor\":0,\"rate\":100}],"
	  "\"throttleWriteIOPSDevice\":[{\"major\":8,\"minor\":0,\"rate\":0}]}}",
	  "io.max=8:0 rbps=1048576\nio.max=8:16 wbps=1\nio.max=8:0 riops=100\n"
	  "io.max=8:0 wiops=max\n" },
	{ "{\"hugepageLimits\":[{\"pageSize\":\"2MB\",\"limit\":4194304}]}",
	  "hugetlb.2MB.max=4194304\nhugetlb.2MB.rsvd.max=4194304 (default)\n" },
	{ "{\"rdma\":{\"mlx5_0\":{\"hcaHandles\":2,\"hcaObjects\":2000},\"none\":{}}}",
	  "rdma.max=mlx5_0 hca_handle=2 hca_object=2000\n" },
	/* last, so that it may say something else than the members before */
	{ "{\"unified\":{\"memory.high\":\"1g\",\"misc.max\":\"x 1\"},\"pids\":{\"limit\":3}}",
	  "pids.max=3\nmemory.high=1g\nmisc.max=x 1\n" },
};

static char *planned(const char *resources, const char *defaults)
{
	struct spec_resources r;
	cgroup_settings s = { 0 };
	struct str out = { 0 };

	ck_assert_msg(spec_resources_parse(resources, strlen(resources), &r, &err) == 0, "%s: %s",
		      resources, err.text);
	ck_assert_int_eq(cgroup_settings_plan(&r, defaults, &s, &err), 0);
	vec_each (&s, one) {
		str_addf(&out, "%s=%s", one->file, one->value);
		if (one->other)
			str_addf(&out, " or %s=%s", one->other, one->other_value);
		str_addf(&out, "%s\n", one->is_default ? " (default)" : "");
	}
	cgroup_settings_done(&s);
	spec_resources_done(&r);
	return str_take(&out);
}

START_TEST(resources_become_writes)
{
	auto_free char *got = planned(plans[_i].resources, NULL);

	ck_assert_str_eq(got, plans[_i].writes);
}
END_TEST

START_TEST(defaults_are_told_from_what_was_asked_for)
{
	auto_free char *got =
		planned("{\"memory\":{\"limit\":100,\"swap\":300},\"pids\":{\"limit\":2}}",
			"pids.max memory.swap.max");

	ck_assert_str_eq(got,
			 "memory.swap.max=200 (default)\nmemory.max=100\npids.max=2 (default)\n");
}
END_TEST

static const struct {
	const char *resources, *message;
} refused[] = {
	{ "{\"memory\":{\"swap\":300}}",
	  "linux.resources.memory: a swap limit needs a memory limit\n" },
	{ "{\"memory\":{\"limit\":-1,\"swap\":300}}",
	  "linux.resources.memory: a swap limit with unlimited memory\n" },
	{ "{\"memory\":{\"limit\":300,\"swap\":200}}",
	  "linux.resources.memory: swap, which counts memory too, is less than the memory "
	  "limit\n" },
	{ "{\"unified\":{\"cgroup.procs\":\"1\"}}", "linux.resources.unified: 'cgroup.procs'\n" },
	{ "{\"rdma\":{\"a b\":{\"hcaHandles\":2}}}", "linux.resources.rdma: 'a b'\n" },
};

START_TEST(contradictions_are_refused)
{
	struct spec_resources r;
	cgroup_settings s = { 0 };
	const char *text = refused[_i].resources;

	ck_assert_int_eq(spec_resources_parse(text, strlen(text), &r, &err), 0);
	ck_assert_int_eq(cgroup_settings_plan(&r, NULL, &s, &err), -1);
	ck_assert_int_eq(err.kind, ERR_INVALID);
	ck_assert_str_eq(err.text, refused[_i].message);
	cgroup_settings_done(&s);
	spec_resources_done(&r);
}
END_TEST

/* as runc 1.3 and crun 1.23 have them */
static const struct {
	int64_t shares, weight;
} weights[] = {
	{ 1, 1 },	  { 2, 1 },	     { 3, 2 },		{ 4, 2 },	    { 10, 4 },
	{ 100, 17 },	  { 512, 59 },	     { 1024, 100 },	{ 2048, 174 },	    { 10240, 639 },
	{ 100000, 4340 }, { 262143, 10000 }, { 262144, 10000 }, { 1000000, 10000 },
};

START_TEST(shares_become_a_weight_on_the_curve)
{
	ck_assert_int_eq(cgroup_weight_of_shares(weights[_i].shares), weights[_i].weight);
}
END_TEST

UNIT_MAIN("runtime/cgroup_settings", TEST_LOOP(resources_become_writes, ARRAY_SIZE(plans)),
	  TEST(defaults_are_told_from_what_was_asked_for),
	  TEST_LOOP(contradictions_are_refused, ARRAY_SIZE(refused)),
	  TEST_LOOP(shares_become_a_weight_on_the_curve, ARRAY_SIZE(weights)))
