/*
 * spec.c - request -> config.json, by golden files in tests/data/engine.
 *
 * The system call filter is replaced by the name of its kind: its text is the runtime's business.
 */
#include "engine/spec.h"
#include "unit.h"

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

struct fixture {
	struct run_request request;
	struct image_settings image;
	struct host_facts facts;
	struct user user;
	struct resolved_mounts mounts;
};

static void fixture_init(struct fixture *f)
{
	memset(f, 0, sizeof(*f));
	run_request_init(&f->request);
	fields_init(image_settings_fields, &f->image);
	vec_push(&f->facts.uids, ((struct id_map){ 0, 0, UINT32_MAX }));
	vec_push(&f->facts.gids, ((struct id_map){ 0, 0, UINT32_MAX }));
	f->facts.can_mknod = f->facts.mqueue = true;
	f->facts.max_nofile_known = true;
	f->facts.nofile_soft = 1024;
	f->facts.nofile_hard = 4194304;
	f->user.home = xstrdup("/root");
	strv_add(&f->image.cmd, "sh");
}

static void be_rootless(struct fixture *f)
{
	f->facts.userns.mode = USERNS_RANGE;
	f->facts.userns.caller_uid = 1000;
	f->facts.userns.caller_gid = 100;
	f->facts.can_mknod = false;
	f->facts.uids.n = f->facts.gids.n = 0;
	vec_push(&f->facts.uids, ((struct id_map){ 0, 1000, 1 }));
	vec_push(&f->facts.uids, ((struct id_map){ 1, 100000, 65536 }));
	vec_push(&f->facts.gids, ((struct id_map){ 0, 100, 1 }));
	vec_push(&f->facts.gids, ((struct id_map){ 1, 100000, 65536 }));
}

static void fixture_done(struct fixture *f)
{
	run_request_done(&f->request);
	fields_done(image_settings_fields, &f->image);
	host_facts_done(&f->facts);
	user_done(&f->user);
	resolved_mounts_done(&f->mounts);
}

static int make(struct fixture *f, struct spec *out, struct error *err)
{
	struct spec_input in = {
		.request = &f->request,
		.image = &f->image,
		.facts = &f->facts,
		.user = &f->user,
		.id = ID,
		.etc_dir = "/store/containers/" ID,
		.hostname = "0123456789ab",
		.rootfs = "/store/rootfs",
		.init = "/store/cache/init-1",
		.mounts = &f->mounts,
	};

	return spec_make(&in, out, err);
}

static void plain(struct fixture *f)
{
}

static void user_with_capability(struct fixture *f)
{
	f->request.user = xstrdup("1000:1000");
	f->user.uid = f->user.gid = 1000;
	strv_add(&f->request.cap_add, "net_admin");
	strv_add(&f->request.cap_drop, "ALL");
	strv_add(&f->request.security_opt, "no-new-privileges");
}

static void privileged(struct fixture *f)
{
	f->request.privileged = true;
}

/* Limits, a device and its rule; the default of pids is known to be one. */
static void limited(struct fixture *f)
{
	struct spec_device_rule *rule = vec_add(&f->mounts.rules);

	f->facts.cgroup2 = true;
	f->request.limits.memory = 64 << 20;
	f->request.limits.nano_cpus = 500000000;
	f->request.limits.blkio_weight = 500;
	strmap_set(&f->request.limits.cgroup_conf, "memory.high", "48m");
	f->request.cgroup_parent = xstrdup("/jobs/7");
	rule->allow = true;
	rule->type = xstrdup("c");
	rule->access = xstrdup("rw");
	rule->major = 10;
	rule->minor = 229;
}

static void host_namespaces(struct fixture *f)
{
	f->request.network = xstrdup("host");
	f->request.pid = xstrdup("host");
	f->request.ipc = xstrdup("host");
	f->request.uts = xstrdup("host");
}

static void rootless_host_namespaces(struct fixture *f)
{
	be_rootless(f);
	host_namespaces(f);
}

static void rootless_keep_id(struct fixture *f)
{
	be_rootless(f);
	f->request.userns = xstrdup("keep-id");
	f->user.uid = 1000;
	f->user.gid = 100;
}

static void rootless_single_step(struct fixture *f)
{
	be_rootless(f);
	f->facts.userns.mode = USERNS_SINGLE;
	f->facts.uids.n = f->facts.gids.n = 1;
	f->request.build_step = true;
}

static void files(struct fixture *f)
{
	struct spec_mount *m = vec_add(&f->mounts.v);

	m->type = xstrdup("bind");
	m->source = xstrdup("/host/resolv");
	m->destination = xstrdup("/etc/resolv.conf");
	strv_add(&m->options, "rbind");
	m = vec_add(&f->mounts.v);
	m->type = xstrdup("tmpfs");
	m->source = xstrdup("tmpfs");
	m->destination = xstrdup("/a");
	f->request.read_only = true;
	f->request.read_only_tmpfs = 1;
	f->request.init = true;
	f->request.tty = true;
	f->request.shm_size = 1 << 20;
	f->request.workdir = xstrdup("/work");
	strv_add(&f->image.env, "PATH=/bin");
	strv_add(&f->image.env, "BROKEN");
	strv_add(&f->image.env, "GONE=1");
	strv_add(&f->request.env, "GONE");
	strv_add(&f->request.env, "A=b=c");
	strv_add(&f->request.args, "id");
	f->request.has_entrypoint = true;
}

static const struct {
	const char *name;
	void (*change)(struct fixture *f);
} all[] = {
	{ "plain", plain },
	{ "user-with-capability", user_with_capability },
	{ "privileged", privileged },
	{ "limited", limited },
	{ "host-namespaces", host_namespaces },
	{ "rootless-host-namespaces", rootless_host_namespaces },
	{ "rootless-keep-id", rootless_keep_id },
	{ "rootless-single-step", rootless_single_step },
	{ "files", files },
};

START_TEST(request_becomes_the_golden_spec)
{
	auto_free char *path = xasprintf("engine/%s.json", all[_i].name);
	const struct fields_limits limits = { .max_bytes = SPEC_MAX, .max_depth = 64 };
	auto_done(str) struct str text = { 0 };
	auto_done(json) json_t *json = NULL;
	auto_free char *pretty = NULL;
	struct error err = { 0 };
	struct fixture f;
	struct spec spec;

	fixture_init(&f);
	all[_i].change(&f);
	ck_assert_int_eq(make(&f, &spec, &err), 0);
	if (spec.linux_.seccomp || spec.linux_.seccomp_shared) {
		free(spec.linux_.seccomp);
		spec.linux_.seccomp = NULL;
		spec.linux_.seccomp_shared = "\"the default profile\"";
	}
	spec_format(&spec, &text);
	json = json_parse(text.s, text.len, &limits, &err);
	ck_assert_ptr_nonnull(json);
	pretty = json_dumps(json, JSON_INDENT(2));
	unit_golden(path, pretty);
	spec_done(&spec);
	fixture_done(&f);
}
END_TEST

static const struct {
	const char *entrypoint, *args, *image_entrypoint, *image_cmd;
	const char *want; /* NULL: refused */
} commands[] = {
	/* docker's table of ENTRYPOINT and CMD; "-" is an entrypoint given and empty */
	{ NULL, NULL, NULL, "sh", "sh" },
	{ NULL, "ls -l", NULL, "sh", "ls -l" },
	{ NULL, NULL, "tini --", "sh", "tini -- sh" },
	{ NULL, "ls", "tini --", "sh", "tini -- ls" },
	{ "env", NULL, "tini --", "sh", "env" },
	{ "env", "A=b", "tini --", "sh", "env A=b" },
	{ "-", "ls", "tini --", "sh", "ls" },
	{ "-", NULL, "tini --", "sh", NULL },
	{ NULL, NULL, NULL, NULL, NULL },
};

START_TEST(command_follows_entrypoint_and_cmd)
{
	auto_done(strv) struct strv args = { 0 };
	struct error err = { 0 };
	struct fixture f;
	int status;

	fixture_init(&f);
	strv_done(&f.image.cmd);
	if (commands[_i].image_cmd)
		strv_split(&f.image.cmd, commands[_i].image_cmd, ' ');
	if (commands[_i].image_entrypoint)
		strv_split(&f.image.entrypoint, commands[_i].image_entrypoint, ' ');
	if (commands[_i].args)
		strv_split(&f.request.args, commands[_i].args, ' ');
	f.request.has_entrypoint = commands[_i].entrypoint != NULL;
	if (commands[_i].entrypoint && strcmp(commands[_i].entrypoint, "-") != 0)
		strv_split(&f.request.entrypoint, commands[_i].entrypoint, ' ');
	status = spec_command(&f.request, &f.image, &args, &err);
	if (commands[_i].want) {
		auto_free char *line = strv_join(&args, " ");

		ck_assert_int_eq(status, 0);
		ck_assert_str_eq(line, commands[_i].want);
	} else {
		ck_assert_int_eq(status, -1);
		ck_assert_int_eq(err.kind, ERR_INVALID);
	}
	fixture_done(&f);
}
END_TEST

static const char *const bad_options[] = {
	"seccomp",
	"no-new-privileges=maybe",
	"apparmor=x",
	"label=type:x",
	"systempaths=x",
	"nosuch",
	"",
};

START_TEST(security_option_is_refused)
{
	struct error err = { 0 };
	struct fixture f;
	struct spec spec;

	fixture_init(&f);
	strv_add(&f.request.security_opt, bad_options[_i]);
	ck_assert_int_eq(make(&f, &spec, &err), -1);
	spec_done(&spec);
	fixture_done(&f);
}
END_TEST

START_TEST(unknown_capability_is_refused)
{
	struct error err = { 0 };
	struct fixture f;
	struct spec spec;

	fixture_init(&f);
	strv_add(&f.request.cap_add, "FLY");
	ck_assert_int_eq(make(&f, &spec, &err), -1);
	ck_assert_int_eq(err.kind, ERR_USAGE);
	spec_done(&spec);
	fixture_done(&f);
}
END_TEST

UNIT_MAIN("engine/spec", TEST_LOOP(request_becomes_the_golden_spec, ARRAY_SIZE(all)),
	  TEST_LOOP(command_follows_entrypoint_and_cmd, ARRAY_SIZE(commands)),
	  TEST_LOOP(security_option_is_refused, ARRAY_SIZE(bad_options)),
	  TEST(unknown_capability_is_refused))
