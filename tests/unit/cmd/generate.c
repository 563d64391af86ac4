/*
 * A container in the words of systemd, cron, Slurm and Kubernetes: golden files in
 * tests/data/generate, and the fields that the API of Kubernetes says must be there.
 */
#include "cmd/command.h"
#include "cmd/generate.h"
#include "unit.h"

/* These are of main.c, which is not in the library. */
int app_prepare(struct app *app, unsigned needs, struct error *err)
{
	return error_set(err, ERR_BUG, "nothing is prepared in a test");
}

int app_join(struct app *app, const struct container *c, struct error *err)
{
	return app_prepare(app, 0, err);
}

struct fixture {
	struct container container;
	struct run_request request;
	struct image_settings image;
	struct generate_input in;
};

static struct container_mount *add_mount(struct fixture *f, const char *type, const char *source,
					 const char *destination)
{
	struct container_mount *m = vec_add(&f->container.record.mounts);

	m->type = xstrdup(type);
	if (strcmp(type, "volume") == 0)
		m->name = xstrdup(source);
	m->source = xstrdup(source);
	m->destination = xstrdup(destination);
	m->propagation = xstrdup("rprivate");
	m->rw = true;
	return m;
}

static void fixture_init(struct fixture *f)
{
	struct container_record *r = &f->container.record;

	memset(f, 0, sizeof(*f));
	container_init(&f->container);
	run_request_init(&f->request);
	fields_init(image_settings_fields, &f->image);
	f->in = (struct generate_input){ "/usr/bin/hod", NULL, r, &f->request, &f->image, true };
	r->name = xstrdup("web_1");
	r->image_id = xstrdup("0123456789abcdef");
	r->path = xstrdup("serve");
	strv_add(&r->args, "it's");
	f->request.image = xstrdup("registry.example/web:1");
	strv_add(&f->request.args, "serve");
	strv_add(&f->request.args, "it's");
}

/* Everything that the generators know a word for. */
static void fill(struct fixture *f)
{
	struct run_request *r = &f->request;
	struct error err = { 0 };

	strv_add(&r->env, "A=x \"y\" $z 100% \\");
	strv_add(&r->env, "EMPTY=");
	r->user = xstrdup("100:200");
	r->workdir = xstrdup("/srv");
	r->hostname = xstrdup("box");
	r->read_only = r->tty = true;
	strv_add(&r->cap_drop, "ALL");
	strv_add(&r->cap_add, "CAP_NET_BIND_SERVICE");
	strv_add(&r->security_opt, "no-new-privileges");
	strv_add(&r->dns, "192.0.2.1");
	strv_add(&r->add_host, "db:192.0.2.2");
	strmap_set(&r->labels, "tier", "front");
	r->restart = xstrdup("always");
	ck_assert_int_eq(ports_parse("127.0.0.1:8080:80", &r->publish, &err), 0);
	ck_assert_int_eq(ports_parse("53:53/udp", &r->publish, &err), 0);
	f->container.record.stop_timeout = r->stop_timeout = 30;
	strv_add(&f->image.exposed_ports, "80/tcp");
	strv_add(&f->image.exposed_ports, "53/udp");
	add_mount(f, "bind", "/etc/web,1", "/etc/web")->rw = false;
	add_mount(f, "volume", "Data_1", "/data");
	strv_add(&add_mount(f, "tmpfs", "tmpfs", "/scratch")->options, "size=64m");
	add_mount(f, "volume", "0123456789", "/var/lib/of-the-image")->anonymous = true;
}

static void fixture_done(struct fixture *f)
{
	container_done(&f->container);
	run_request_done(&f->request);
	fields_done(image_settings_fields, &f->image);
}

static void kube_text(struct fixture *f, const struct kube_options *o, struct str *out)
{
	struct error err = { 0 };
	json_t *documents = generate_kube(&f->in, o, &err);

	ck_assert_msg(documents != NULL, "%s", err.kind ? "refused" : "NULL without an error");
	yaml_print(documents, out);
	json_decref(documents);
}

START_TEST(a_unit_is_as_expected)
{
	struct fixture f;
	struct error err = { 0 };
	auto_done(str) struct str out = { 0 };

	fixture_init(&f);
	if (_i)
		fill(&f);
	f.in.store = _i ? "/srv/my store" : NULL;
	f.in.root = _i;
	ck_assert_int_eq(generate_systemd(&f.in, &out, &err), 0);
	unit_golden(_i ? "generate/full.service" : "generate/plain.service", str_get(&out));
	fixture_done(&f);
}
END_TEST

START_TEST(a_crontab_line_is_as_expected)
{
	struct fixture f;
	struct error err = { 0 };
	auto_done(str) struct str out = { 0 };

	fixture_init(&f);
	if (_i)
		fill(&f);
	ck_assert_int_eq(generate_cron(&f.in, _i ? "5 4 * * mon-fri" : "@daily", &out, &err), 0);
	unit_golden(_i ? "generate/full.cron" : "generate/plain.cron", str_get(&out));
	fixture_done(&f);
}
END_TEST

START_TEST(a_batch_script_is_as_expected)
{
	struct fixture f;
	struct error err = { 0 };
	auto_done(str) struct str out = { 0 };

	fixture_init(&f);
	strv_add(&f.request.env, "A=b c");
	f.request.timeout = 90;
	ck_assert_int_eq(generate_slurm(&f.in, &out, &err), 0);
	unit_golden("generate/plain.slurm", str_get(&out));
	fixture_done(&f);
}
END_TEST

static const struct kube_options all_kinds[] = {
	{ "deployment", NULL, 3 },
	{ "pod", NULL, UNSET },
	{ "job", NULL, UNSET },
	{ "cronjob", "0 3 * * *", UNSET },
};

START_TEST(objects_of_kubernetes_are_as_expected)
{
	struct fixture f;
	auto_done(str) struct str out = { 0 };
	auto_free char *path = xasprintf("generate/%s.yaml", all_kinds[_i].kind);

	fixture_init(&f);
	fill(&f);
	kube_text(&f, &all_kinds[_i], &out);
	unit_golden(path, str_get(&out));
	fixture_done(&f);
}
END_TEST

/* "a.b.0.c": the value there, or NULL */
static json_t *at(json_t *o, const char *path)
{
	auto_done(strv) struct strv parts = { 0 };

	strv_split(&parts, path, '.');
	strv_each (&parts, i)
		o = json_is_array(o) ? json_array_get(o, strtoul(parts.v[i], NULL, 10))
				     : json_object_get(o, parts.v[i]);
	return o;
}

/* What the published OpenAPI schema of the API marks as required, by kind. */
static const struct {
	const char *kind, *version, *required[8];
} schema[] = {
	{ "Pod", "v1", { "spec.containers.0.name", "spec.containers.0.image" } },
	{ "Deployment",
	  "apps/v1",
	  { "spec.selector.matchLabels.app", "spec.template.metadata.labels.app",
	    "spec.template.spec.containers.0.name" } },
	{ "Job",
	  "batch/v1",
	  { "spec.template.spec.containers.0.name", "spec.template.spec.restartPolicy" } },
	{ "CronJob",
	  "batch/v1",
	  { "spec.schedule", "spec.jobTemplate.spec.template.spec.containers.0.name" } },
	{ "Service", "v1", { "spec.ports.0.port", "spec.ports.1.name", "spec.selector.app" } },
	{ "PersistentVolumeClaim", "v1", { "spec.accessModes.0", "spec.resources.requests.storage" } },
};

START_TEST(required_fields_of_every_object_are_there)
{
	struct fixture f;
	struct error err = { 0 };
	json_t *documents, *d;
	size_t i, known = 0;

	fixture_init(&f);
	fill(&f);
	documents = generate_kube(&f.in, &all_kinds[_i], &err);
	ck_assert_ptr_nonnull(documents);
	json_array_foreach (documents, i, d) {
		const char *kind = json_string_value(at(d, "kind"));

		ck_assert_ptr_nonnull(at(d, "metadata.name"));
		for (size_t s = 0; s < ARRAY_SIZE(schema); s++) {
			if (strcmp(schema[s].kind, kind) != 0)
				continue;
			known++;
			ck_assert_str_eq(json_string_value(at(d, "apiVersion")), schema[s].version);
			for (const char *const *r = schema[s].required; *r; r++)
				ck_assert_msg(at(d, *r) != NULL, "%s without %s", kind, *r);
		}
	}
	ck_assert_uint_eq(known, json_array_size(documents));
	json_decref(documents);
	fixture_done(&f);
}
END_TEST

static void with_ulimit(struct run_request *r)
{
	struct request_ulimit *u = vec_add(&r->ulimits);

	u->name = xstrdup("nofile");
}

static void with_user_name(struct run_request *r)
{
	r->user = xstrdup("app");
}

static void with_timeout(struct run_request *r)
{
	r->timeout = 10;
}

static void with_pids(struct run_request *r)
{
	r->limits.pids_limit = 5;
}

START_TEST(limits_and_networks_go_along)
{
	struct fixture f;
	struct error err = { 0 };
	auto_done(str) struct str kube = { 0 }, slurm = { 0 };
	auto_done(strv) struct strv words = { 0 };

	fixture_init(&f);
	f.request.limits.memory = 64 << 20;
	f.request.limits.nano_cpus = 1500000000;
	kube_text(&f, &all_kinds[1], &kube);
	ck_assert_ptr_nonnull(strstr(kube.s, "memory: \"67108864\""));
	ck_assert_ptr_nonnull(strstr(kube.s, "cpu: \"1500m\""));
	ck_assert_int_eq(generate_slurm(&f.in, &slurm, &err), 0);
	ck_assert_ptr_nonnull(strstr(slurm.s, "#SBATCH --mem=64M\n#SBATCH --cpus-per-task=2\n"));
	ck_assert_int_eq(request_add_network(&f.request, "front:alias=web", &err), 0);
	ck_assert_int_eq(request_add_network(&f.request, "back:ip=10.9.8.7", &err), 0);
	run_words(&f.in, NULL, &words);
	ck_assert(strv_has(&words, "--network=front"));
	ck_assert(strv_has(&words, "--network-alias=web"));
	ck_assert(strv_has(&words, "--network=name=back,ip=10.9.8.7"));
	ck_assert(strv_has(&words, "--memory=67108864"));
	ck_assert(strv_has(&words, "--cpus=1.500000000"));
	fixture_done(&f);
}
END_TEST

START_TEST(a_health_check_becomes_probes)
{
	struct fixture f;
	auto_done(str) struct str text = { 0 };

	fixture_init(&f);
	f.request.health_cmd = xstrdup("test -e /ok");
	f.request.health_interval = 1500 * 1000000LL; /* 1.5 s: two whole ones */
	f.request.health_retries = 4;
	kube_text(&f, &all_kinds[0], &text);
	ck_assert_ptr_nonnull(strstr(text.s, "readinessProbe:"));
	ck_assert_ptr_nonnull(strstr(text.s, "test -e /ok"));
	ck_assert_ptr_nonnull(strstr(text.s, "periodSeconds: 2"));
	ck_assert_ptr_nonnull(strstr(text.s, "timeoutSeconds: 30"));
	ck_assert_ptr_nonnull(strstr(text.s, "failureThreshold: 4"));
	ck_assert_ptr_null(strstr(text.s, "livenessProbe:"));
	ck_assert_ptr_null(strstr(text.s, "startupProbe:"));
	f.request.health_on_failure = xstrdup("restart");
	f.request.health_start_period = 60 * 1000000000LL;
	str_clear(&text);
	kube_text(&f, &all_kinds[0], &text);
	ck_assert_ptr_nonnull(strstr(text.s, "livenessProbe:"));
	/* 60 s at one every 5, and then as often as it may fail */
	ck_assert_ptr_nonnull(strstr(text.s, "failureThreshold: 16"));
	fixture_done(&f);
}
END_TEST

START_TEST(what_kubernetes_has_no_word_for_is_refused_by_name)
{
	static const struct {
		void (*ask)(struct run_request *r);
		const char *text;
	} cases[] = {
		{ with_ulimit, "--ulimit" },
		{ with_user_name, "'app'" },
		{ with_timeout, "--timeout" },
		{ with_pids, "--pids-limit" },
	};
	struct fixture f;
	struct error err = { 0 };
	char text[512];

	fixture_init(&f);
	cases[_i].ask(&f.request);
	ck_assert_ptr_null(generate_kube(&f.in, &all_kinds[0], &err));
	ck_assert_int_eq(err.kind, ERR_UNSUPPORTED);
	error_text(&err, text, sizeof(text));
	ck_assert_msg(strstr(text, cases[_i].text) != NULL, "%s", text);
	fixture_done(&f);
}
END_TEST

START_TEST(a_schedule_that_is_none_is_refused)
{
	static const char *const bad[] = { "",
					   "daily",
					   "@never",
					   "* * * *",
					   "* * * * * *",
					   "* * * * *;x",
					   "a\nb * * * *",
					   "* * * * %" };
	struct fixture f;
	struct error err = { 0 };
	auto_done(str) struct str out = { 0 };

	fixture_init(&f);
	ck_assert_int_eq(generate_cron(&f.in, bad[_i], &out, &err), -1);
	ck_assert_int_eq(err.kind, ERR_USAGE);
	fixture_done(&f);
}
END_TEST

START_TEST(a_shell_reads_quoted_words_back)
{
	static const char *const words[] = {
		"", "plain", "two words", "it's", "$HOME `id` \\ \"", "a\nb"
	};
	auto_done(str) struct str command = { 0 };
	char got[64] = "";
	FILE *f;

	str_add(&command, "printf %s ");
	shell_quote(&command, words[_i]);
	f = popen(str_get(&command), "r");
	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fread(got, 1, sizeof(got) - 1, f), strlen(words[_i]));
	pclose(f);
	ck_assert_str_eq(got, words[_i]);
}
END_TEST

UNIT_MAIN("cmd/generate", TEST_LOOP(a_unit_is_as_expected, 2),
	  TEST_LOOP(a_crontab_line_is_as_expected, 2), TEST(a_batch_script_is_as_expected),
	  TEST_LOOP(objects_of_kubernetes_are_as_expected, 4),
	  TEST_LOOP(required_fields_of_every_object_are_there, 4),
	  TEST(a_health_check_becomes_probes),
	  TEST_LOOP(what_kubernetes_has_no_word_for_is_refused_by_name, 4),
	  TEST(limits_and_networks_go_along), TEST_LOOP(a_schedule_that_is_none_is_refused, 8),
	  TEST_LOOP(a_shell_reads_quoted_words_back, 6))
