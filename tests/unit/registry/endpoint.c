/*
 * endpoint.c - tests of registry/endpoint and util/settings: mirrors, insecure, blocked.
 */
#include "unit.h"

#include "registry/endpoint.h"

static void load(const char *text, struct settings *s)
{
	struct error err = { 0 };
	char line[ERROR_LINE_MAX];

	ck_assert_msg(settings_parse(text, strlen(text), s, &err) == 0, "%s",
		      error_text(&err, line, sizeof(line)));
}

/* "host/repository" of each endpoint, with blanks between */
static const struct {
	const char *settings, *host, *repository, *found; /* found NULL: blocked */
} cases[] = {
	{ "{}", "docker.io", "library/x", "docker.io/library/x" },
	{ "{\"registry-mirrors\":[\"https://m.example\",\"http://n:5000/hub/\"]}", "docker.io",
	  "library/x", "https://m.example/library/x http://n:5000/hub/library/x docker.io/library/x" },
	{ "{\"registry-mirrors\":[\"https://m.example\"]}", "quay.io", "a/b", "quay.io/a/b" },
	{ "{\"registries\":[{\"prefix\":\"quay.io\",\"mirrors\":[\"m.example/quay\"]}]}", "quay.io",
	  "a/b", "m.example/quay/a/b quay.io/a/b" },
	{ "{\"registries\":[{\"prefix\":\"quay.io/a\",\"location\":\"in.example/b\"}]}", "quay.io",
	  "a/c", "in.example/b/c" },
	{ "{\"registries\":[{\"prefix\":\"quay.io/a\",\"location\":\"in.example/b\"}]}", "quay.io",
	  "ab/c", "quay.io/ab/c" },
	{ "{\"registries\":[{\"prefix\":\"quay.io\",\"mirrors\":[\"m\"]},{\"prefix\":\"quay.io/"
	  "a\",\"mirrors\":[]}]}",
	  "quay.io", "a/c", "quay.io/a/c" },
	{ "{\"blocked-registries\":[\"quay.io/evil\"]}", "quay.io", "evil/x", NULL },
	{ "{\"blocked-registries\":[\"quay.io/evil\"]}", "quay.io", "evils/x", "quay.io/evils/x" },
	{ "{\"registries\":[{\"prefix\":\"*.example\",\"blocked\":true}]}", "r.example", "x", NULL },
	{ "{\"registries\":[{\"prefix\":\"*.example\",\"blocked\":true}]}", "example", "x",
	  "example/x" },
};

START_TEST(endpoints_are_tried_in_their_order)
{
	struct settings s;
	endpoints l = { 0 };
	struct error err = { 0 };
	auto_done(strv) struct strv got = { 0 };
	auto_free char *joined = NULL;
	int r;

	load(cases[_i].settings, &s);
	r = endpoints_find(&s, cases[_i].host, cases[_i].repository, false, &l, &err);
	ck_assert_int_eq(r, cases[_i].found ? 0 : -1);
	vec_each (&l, e)
		strv_addf(&got, "%s/%s", e->host, e->repository);
	joined = strv_join(&got, " ");
	if (cases[_i].found)
		ck_assert_str_eq(joined, cases[_i].found);
	endpoints_done(&l);
	settings_done(&s);
}
END_TEST

static const struct {
	const char *settings, *name, *bare;
	bool insecure;
} insecure[] = {
	{ "{}", "registry.example", "registry.example", false },
	{ "{}", "localhost:5000", "localhost", true },
	{ "{}", "127.3.2.1:5000", "127.3.2.1", true },
	{ "{}", "10.0.0.1", "10.0.0.1", false },
	{ "{\"insecure-registries\":[\"10.0.0.0/8\"]}", "10.0.0.1:5000", "10.0.0.1", true },
	{ "{\"insecure-registries\":[\"r.example:5000\"]}", "r.example:5000", "r.example", true },
	{ "{\"insecure-registries\":[\"r.example:5000\"]}", "r.example", "r.example", false },
	{ "{\"registries\":[{\"prefix\":\"localhost:5000\",\"insecure\":false}]}", "localhost:5000",
	  "localhost", false },
};

START_TEST(only_what_is_said_or_this_machine_is_insecure)
{
	struct settings s;

	load(insecure[_i].settings, &s);
	ck_assert_int_eq(registry_is_insecure(&s, insecure[_i].name, insecure[_i].bare),
			 insecure[_i].insecure);
	settings_done(&s);
}
END_TEST

static const char registries_conf[] =
	"unqualified-search-registries = ['quay.io']\n"
	"short-name-mode = 'enforcing'\n"
	"[[registry]]\nprefix = 'quay.io/team'\nlocation = 'in.example:5000/t'\ninsecure = true\n"
	"[[registry.mirror]]\nlocation = 'both.example/q'\n"
	"[[registry.mirror]]\nlocation = 'tags.example'\npull-from-mirror = 'tag-only'\n"
	"[[registry.mirror]]\nlocation = 'digests.example:80'\npull-from-mirror = 'digest-only'\n"
	"insecure = true\n"
	"[[registry]]\nlocation = 'docker.io'\nmirror-by-digest-only = true\n"
	"[[registry.mirror]]\nlocation = 'hub.example'\n"
	"[[registry]]\nprefix = '*.evil.example'\nblocked = true\n"
	"[[registry]]\nlocation = 'quay.io/team'\nblocked = true\n"; /* the first counts */

static const struct {
	const char *host, *repository;
	bool by_digest;
	const char *found;
} conf_cases[] = {
	{ "quay.io", "team/a", false, "both.example/q/a tags.example/a in.example:5000/t/a" },
	{ "quay.io", "team/a", true, "both.example/q/a digests.example:80/a in.example:5000/t/a" },
	{ "quay.io", "other/a", true, "quay.io/other/a" },
	{ "docker.io", "library/x", false, "docker.io/library/x" },
	{ "docker.io", "library/x", true, "hub.example/library/x docker.io/library/x" },
	{ "r.evil.example", "x", false, NULL },
};

START_TEST(registries_conf_of_other_tools_is_understood)
{
	struct settings s;
	endpoints l = { 0 };
	struct error err = { 0 };
	auto_done(strv) struct strv got = { 0 };
	auto_free char *joined = NULL;
	int r;

	load("{}", &s);
	ck_assert_int_eq(registries_conf_parse(registries_conf, strlen(registries_conf), &s, &err),
			 0);
	ck_assert(registry_is_insecure(&s, "digests.example:80", "digests.example"));
	ck_assert(registry_is_insecure(&s, "in.example:5000", "in.example"));
	ck_assert(!registry_is_insecure(&s, "tags.example", "tags.example"));
	r = endpoints_find(&s, conf_cases[_i].host, conf_cases[_i].repository,
			   conf_cases[_i].by_digest, &l, &err);
	ck_assert_int_eq(r, conf_cases[_i].found ? 0 : -1);
	vec_each (&l, e)
		strv_addf(&got, "%s/%s", e->host, e->repository);
	joined = strv_join(&got, " ");
	if (conf_cases[_i].found)
		ck_assert_str_eq(joined, conf_cases[_i].found);
	endpoints_done(&l);
	settings_done(&s);
}
END_TEST

static const char *const bad_confs[] = {
	"[registries.insecure]\nregistries = ['a']\n", /* version 1 */
	"[[registry]]\ninsecure = true\n",
	"[[registry]]\nlocation = 7\n",
	"[[registry]]\nlocation = 'a'\n[[registry.mirror]]\ninsecure = true\n",
	"[[registry]]\nlocation = 'a'\n[[registry.mirror]]\nlocation='b'\npull-from-mirror='no'\n",
};

START_TEST(a_wrong_registries_conf_is_refused)
{
	struct settings s;
	struct error err = { 0 };

	load("{}", &s);
	ck_assert_int_eq(registries_conf_parse(bad_confs[_i], strlen(bad_confs[_i]), &s, &err), -1);
	ck_assert_int_eq(err.kind, ERR_INVALID);
	settings_done(&s);
}
END_TEST

START_TEST(an_unknown_key_is_an_error_with_the_nearest_one)
{
	const char *text = "{\"registry-mirror\":[]}";
	struct settings s;
	struct error err = { 0 };

	ck_assert_int_eq(settings_parse(text, strlen(text), &s, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.text, "registry-mirrors"));
	error_clear(&err);
	text = "{\"auth-realm\":\"everywhere\"}";
	ck_assert_int_eq(settings_parse(text, strlen(text), &s, &err), -1);
}
END_TEST

UNIT_MAIN("registry/endpoint", TEST_LOOP(endpoints_are_tried_in_their_order, ARRAY_SIZE(cases)),
	  TEST_LOOP(only_what_is_said_or_this_machine_is_insecure, ARRAY_SIZE(insecure)),
	  TEST_LOOP(registries_conf_of_other_tools_is_understood, ARRAY_SIZE(conf_cases)),
	  TEST_LOOP(a_wrong_registries_conf_is_refused, ARRAY_SIZE(bad_confs)),
	  TEST(an_unknown_key_is_an_error_with_the_nearest_one))
