/*
 * spec.c - tests of oci/spec. tests/data/oci/config.json is a config.json written by hand with
 * every member that we know; the peers' way of writing them (`runc spec`) is in config.runc.json.
 */
#include "unit.h"

#include "oci/spec.h"

static struct error err;

static int parse(const char *text, struct spec *s)
{
	return spec_parse(text, strlen(text), s, &err);
}

/* The same of a file below tests/data. */
static int parse_file(const char *path, struct spec *s)
{
	char *text = unit_read(path);
	int status = parse(text, s);

	free(text);
	return status;
}

START_TEST(spec_reads_every_member)
{
	struct spec s;
	const struct spec_process *p;
	const struct spec_linux *l = &s.linux_;
	struct strmap links = { 0 };

	ck_assert_int_eq(parse_file("oci/config.json", &s), 0);
	p = s.process;
	ck_assert(p->terminal);
	ck_assert_int_eq(p->console_size->width, 80);
	ck_assert_int_eq(p->user.uid, 1000);
	ck_assert_int_eq(p->user.umask, 18);
	ck_assert_int_eq(p->user.additional_gids.v[1], 4294967294);
	ck_assert_str_eq(p->args.v[1], "-c");
	ck_assert_str_eq(p->capabilities->ambient.v[0], "CAP_NET_BIND_SERVICE");
	ck_assert_str_eq(p->rlimits.v[0].hard_text, "18446744073709551615");
	ck_assert_str_eq(p->rlimits.v[0].soft_text, "1024");
	ck_assert_int_eq(p->oom_score_adj, -500);
	ck_assert_str_eq(p->scheduler->policy, "SCHED_OTHER");
	ck_assert_int_eq(p->scheduler->nice, -5);
	ck_assert_int_eq(p->io_priority->priority, 4);
	ck_assert_str_eq(p->exec_affinity->initial, "0-1");
	ck_assert_str_eq(p->exec_affinity->final, "7");
	ck_assert(s.root.readonly);
	ck_assert_str_eq(s.mounts.v[1].options.v[0], "rbind");
	ck_assert_int_eq(s.mounts.v[1].uid_mappings.v[0].host_id, 100000);
	ck_assert_int_eq(s.hooks->poststop.v[0].timeout, 5);
	ck_assert(s.hooks->prestart.v[0].timeout == UNSET);
	ck_assert_str_eq(strmap_get(&s.annotations, "com.example.key"), "value");
	ck_assert_int_eq(l->devices.v[0].file_mode, 438);
	ck_assert(l->devices.v[1].uid == UNSET);
	ck_assert(!l->resources->devices.v[0].allow);
	ck_assert_int_eq(l->resources->memory->limit, -1);
	ck_assert_int_eq(l->resources->memory->check_before_update, 1);
	ck_assert_int_eq(l->resources->memory->disable_oom_killer, -1);
	ck_assert_int_eq(l->resources->cpu->shares, 1024);
	ck_assert_int_eq(l->resources->pids->limit, 32771);
	ck_assert_str_eq(strmap_get(&l->resources->unified, "memory.high"), "1");
	ck_assert_str_eq(l->seccomp,
			 "{\"defaultAction\": \"SCMP_ACT_ALLOW\" , \"x\":[ \"}\\\"\" ]}");
	ck_assert_str_eq(strmap_get(&l->sysctl, "net.ipv4.ip_forward"), "1");
	ck_assert_str_eq(spec_namespace_find(&s, "network")->path, "/run/netns/x");
	ck_assert_ptr_null(spec_namespace_find(&s, "user"));
	ck_assert_str_eq(l->memory_policy->mode, "MPOL_BIND");
	ck_assert_str_eq(l->memory_policy->flags.v[0], "MPOL_F_STATIC_NODES");
	ck_assert_str_eq(l->intel_rdt->schemata.v[1], "MB:0=20");
	ck_assert(l->intel_rdt->enable_monitoring);
	ck_assert_int_eq(spec_net_devices(l, &links, &err), 0);
	ck_assert_str_eq(strmap_get(&links, "eth0"), "inner0");
	ck_assert_str_eq(strmap_get(&links, "ens4"), "ens4");
	strmap_done(&links);
	spec_done(&s);
}
END_TEST

START_TEST(spec_writes_what_it_read)
{
	struct spec s;
	struct str out = { 0 }, again = { 0 };

	ck_assert_int_eq(parse_file("oci/config.json", &s), 0);
	spec_format(&s, &out);
	spec_done(&s);
	ck_assert_int_eq(parse(out.s, &s), 0);
	spec_format(&s, &again);
	ck_assert_str_eq(out.s, again.s);
	str_addc(&out, '\n');
	unit_golden("oci/config.out.json", out.s);
	spec_done(&s);
	str_done(&out);
	str_done(&again);
}
END_TEST

START_TEST(spec_of_runc_is_read)
{
	struct spec s;

	ck_assert_int_eq(parse_file("oci/config.runc.json", &s), 0);
	ck_assert_str_eq(s.process->args.v[0], "sh");
	ck_assert_uint_eq(s.mounts.n, 7);
	ck_assert_str_eq(s.process->rlimits.v[0].soft_text, "1024");
	spec_done(&s);
}
END_TEST

START_TEST(spec_splices_a_borrowed_profile)
{
	struct spec s;
	struct str out = { 0 };

	spec_init(&s);
	s.root.path = xstrdup("rootfs");
	s.linux_.seccomp_shared = "{\"defaultAction\":\"SCMP_ACT_ERRNO\"}";
	spec_format(&s, &out);
	ck_assert_str_eq(out.s,
			 "{\"ociVersion\":\"" SPEC_VERSION "\",\"root\":{\"path\":\"rootfs\"},"
			 "\"linux\":{\"seccomp\":{\"defaultAction\":\"SCMP_ACT_ERRNO\"}}}");
	spec_done(&s);
	ck_assert_int_eq(parse(out.s, &s), 0);
	ck_assert_str_eq(s.linux_.seccomp, "{\"defaultAction\":\"SCMP_ACT_ERRNO\"}");
	spec_done(&s);
	str_done(&out);
}
END_TEST

START_TEST(spec_process_is_read_alone)
{
	static const char text[] = "{\"args\":[\"ls\"],\"cwd\":\"/\"}";
	struct spec_process p;

	ck_assert_int_eq(spec_process_parse(text, strlen(text), &p, &err), 0);
	ck_assert_int_eq(p.user.uid, 0);
	ck_assert(p.user.umask == UNSET);
	ck_assert_ptr_null(p.capabilities);
	spec_process_done(&p);
}
END_TEST

/* Members of the format that ask for nothing. */
static const char *const harmless[] = {
	"\"windows\":null",
	"\"linux\":{\"resources\":{\"blockIO\":{},\"network\":{},\"hugepageLimits\":[]}}",
	"\"linux\":{\"resources\":{\"memory\":{\"kernel\":0},\"cpu\":{\"realtimePeriod\":0}}}",
	"\"linux\":{\"intelRdt\":null,\"netDevices\":{},\"timeOffsets\":{}}",
	"\"linux\":null,\"hooks\":{},\"mounts\":[]",
	"\"linux\":{\"seccomp\":null}",
	"\"linux\":{\"\\u0073eccomp\":{\"a\":1}}", /* not cut out, but read */
};

START_TEST(spec_lets_empty_members_pass)
{
	struct spec s;
	struct str text = { 0 };

	str_addf(&text, "{\"ociVersion\":\"1.0.2-dev\",\"root\":{\"path\":\"r\"},%s}", harmless[_i]);
	ck_assert_int_eq(parse(text.s, &s), 0);
	str_done(&text);
	spec_done(&s);
}
END_TEST

#define BASE	   "\"ociVersion\":\"1.0.0\",\"root\":{\"path\":\"r\"}"
#define PROCESS(x) "{" BASE ",\"process\":{\"args\":[\"a\"],\"cwd\":\"/\"," x "}}"
#define LINUX(x)   "{" BASE ",\"linux\":{" x "}}"
static const struct {
	const char *text, *message;
	enum error_kind kind;
} refused[] = {
	{ "{\"root\":{\"path\":\"r\"}}", "ociVersion: missing", ERR_INVALID },
	{ "{\"ociVersion\":\"2.0.0\",\"root\":{\"path\":\"r\"}}", "ociVersion: '2.0.0' is not 1.x",
	  ERR_INVALID },
	{ "{\"ociVersion\":\"1.0.0\"}", "root: missing", ERR_INVALID },
	{ "{\"ociVersion\":\"1.0.0\",\"root\":{}}", "root: path: missing", ERR_INVALID },
	{ "{" BASE ",\"proces\":{}}", "unknown member 'proces', did you mean 'process'?",
	  ERR_INVALID },
	{ PROCESS("\"user\":{\"uid\":\"0\"}"), "process: user: uid: expected an integer",
	  ERR_INVALID },
	{ PROCESS("\"user\":{\"uid\":4294967295}"),
	  "process: user: uid: 4294967295 is not between 0 and 4294967294", ERR_INVALID },
	{ PROCESS("\"user\":{\"gid\":-1}"),
	  "process: user: gid: -1 is not between 0 and 4294967294", ERR_INVALID },
	{ PROCESS("\"user\":{\"additionalGids\":[0,4294967296]}"),
	  "process: user: additionalGids: 4294967296 is not between 0 and 4294967294", ERR_INVALID },
	{ PROCESS("\"rlimits\":[{\"type\":\"RLIMIT_CORE\",\"soft\":1.5,\"hard\":2}]"),
	  "process: rlimits: [0]: soft and hard must be integers", ERR_INVALID },
	{ PROCESS("\"rlimits\":[{\"type\":\"CORE\",\"soft\":1,\"hard\":2}]"),
	  "process: rlimits: [0]: type 'CORE' does not begin with RLIMIT_", ERR_INVALID },
	{ PROCESS("\"oomScoreAdj\":1001"),
	  "process: oomScoreAdj: 1001 is not between -1000 and 1000", ERR_INVALID },
	{ "{" BASE ",\"process\":{\"args\":[],\"cwd\":\"/\"}}", "process: args: missing",
	  ERR_INVALID },
	{ "{" BASE ",\"process\":{\"args\":[\"a\"],\"cwd\":\"tmp\"}}",
	  "process: cwd: 'tmp' is not absolute", ERR_INVALID },
	{ "{" BASE ",\"process\":{\"args\":[\"a\"]}}", "process: cwd: missing", ERR_INVALID },
	{ PROCESS("\"args\":[\"b\"]"), NULL, ERR_INVALID }, /* twice */
	{ "{" BASE ",\"mounts\":[{\"source\":\"x\"}]}", "mounts: [0]: destination: missing",
	  ERR_INVALID },
	{ "{" BASE ",\"hooks\":{\"poststart\":[{\"path\":\"x\"}]}}",
	  "hooks: poststart: [0]: path: 'x' is not absolute", ERR_INVALID },
	{ LINUX("\"namespaces\":[{\"type\":\"net\"}]"),
	  "linux: namespaces: [0]: type: 'net' is not known", ERR_INVALID },
	{ LINUX("\"namespaces\":[{\"type\":\"pid\"},{\"type\":\"pid\"}]"),
	  "linux: namespaces: two of type pid", ERR_INVALID },
	{ LINUX("\"uidMappings\":[{\"containerID\":0,\"hostID\":4294967294,\"size\":2}]"),
	  "linux: uidMappings: size: the range is empty or ends beyond 2^32", ERR_INVALID },
	{ LINUX("\"devices\":[{\"path\":\"/dev/x\",\"type\":\"f\"}]"), NULL, ERR_INVALID },
	{ LINUX("\"resources\":{\"blockIO\":{\"weight\":9}}"),
	  "linux: resources: blockIO: weight: 9 is not between 10 and 1000", ERR_INVALID },
	{ LINUX("\"resources\":{\"hugepageLimits\":[{\"pageSize\":\"2\",\"limit\":1}]}"),
	  "linux: resources: hugepageLimits: pageSize: '2' is none", ERR_INVALID },
	{ LINUX("\"resources\":{\"memory\":{\"swappiness\":60}}"),
	  "linux: resources: memory: swappiness: cgroup v2 has none for a single cgroup",
	  ERR_UNSUPPORTED },
	{ LINUX("\"resources\":{\"unified\":{\"../x\":\"1\"}}"),
	  "linux: resources: unified: '../x' names no file of a cgroup", ERR_INVALID },
	{ LINUX("\"resources\":{\"network\":{\"classID\":1}}"),
	  "linux: resources: network: not supported", ERR_UNSUPPORTED },
	{ PROCESS("\"execCPUAffinity\":{\"initial\":\"3-1\"}"),
	  "process: execCPUAffinity: initial: '3-1' is no list such as 0-3,7", ERR_INVALID },
	{ LINUX("\"memoryPolicy\":{\"nodes\":\"0\"}"), "linux: memoryPolicy: mode: missing",
	  ERR_INVALID },
	{ LINUX("\"memoryPolicy\":{\"mode\":\"MPOL_BINT\",\"nodes\":\"0\"}"),
	  "linux: memoryPolicy: mode: 'MPOL_BINT' is not known, did you mean 'MPOL_BIND'?",
	  ERR_INVALID },
	{ LINUX("\"netDevices\":{\"eth0\":{}}"),
	  "linux: netDevices: there is no network namespace to move them to", ERR_INVALID },
	{ LINUX("\"netDevices\":{\"a/b\":{\"name\":\"x\"}}"),
	  "linux: netDevices: a/b: 'a/b' is no name of a link", ERR_INVALID },
	{ LINUX("\"netDevices\":{\"eth0\":{\"nome\":\"x\"}}"),
	  "linux: netDevices: eth0: unknown member 'nome', did you mean 'name'?", ERR_INVALID },
	{ LINUX("\"netDevices\":[]"), "linux: netDevices: expected an object", ERR_INVALID },
	{ LINUX("\"intelRdt\":{\"closID\":\"..\"}"),
	  "linux: intelRdt: closID: '..' is no name of a directory", ERR_INVALID },
	{ LINUX("\"intelRdt\":{\"enableMBM\":true}"), "linux: intelRdt: enableMBM: not supported",
	  ERR_UNSUPPORTED },
	{ LINUX("\"seccomp\":{},\"seccomp\":{}"), NULL, ERR_INVALID },
	{ LINUX("\"rootfsPropagation\":\"shard\""),
	  "linux: rootfsPropagation: 'shard' is not known, did you mean 'shared'?", ERR_INVALID },
	{ "", NULL, ERR_INVALID },
	{ LINUX("\"seccomp\":{"), NULL, ERR_INVALID },
};

START_TEST(spec_refuses_with_the_path)
{
	struct spec s;
	char line[ERROR_LINE_MAX];

	ck_assert_int_eq(parse(refused[_i].text, &s), -1);
	ck_assert_int_eq(err.kind, refused[_i].kind);
	error_text(&err, line, sizeof(line));
	ck_assert_msg(strncmp(line, "config.json: ", 13) == 0, "%s", line);
	if (refused[_i].message)
		ck_assert_str_eq(line + 13, refused[_i].message);
	ck_assert_ptr_null(s.process);
}
END_TEST

UNIT_MAIN("oci/spec", TEST(spec_reads_every_member), TEST(spec_writes_what_it_read),
	  TEST(spec_of_runc_is_read), TEST(spec_splices_a_borrowed_profile),
	  TEST(spec_process_is_read_alone),
	  TEST_LOOP(spec_lets_empty_members_pass, ARRAY_SIZE(harmless)),
	  TEST_LOOP(spec_refuses_with_the_path, ARRAY_SIZE(refused)))
