/*
 * docker_config.c - tests of registry/docker_config: proxies as docker gives them to containers.
 */
#include "unit.h"

#include "registry/docker_config.h"
#include "util/mem.h"

static const struct {
	const char *file, *given, *env;
} cases[] = {
	{ "", "", "" },
	{ "{\"auths\":{}}", "", "" },
	{ "{\"proxies\":{\"default\":{\"httpProxy\":\"http://p:1\",\"noProxy\":\"\"}}}", "",
	  "HTTP_PROXY=http://p:1 http_proxy=http://p:1" },
	/* what is given stays, also without a value, and only in its own case */
	{ "{\"proxies\":{\"default\":{\"httpsProxy\":\"http://p:1\",\"allProxy\":\"x\"}}}",
	  "HTTPS_PROXY= all_proxy", "https_proxy=http://p:1 ALL_PROXY=x" },
	{ "{\"proxies\":{\"tcp://there:2375\":{\"httpProxy\":\"http://p:1\"}}}", "", "" },
};

START_TEST(proxies_are_set_in_both_cases_unless_given)
{
	auto_done(strv) struct strv given = { 0 }, env = { 0 };
	auto_free char *joined = NULL;
	struct error err = { 0 };

	strv_split(&given, cases[_i].given, ' ');
	ck_assert_int_eq(docker_config_proxies_parse(cases[_i].file, strlen(cases[_i].file), &env,
						     &given, &err),
			 0);
	joined = strv_join(&env, " ");
	ck_assert_str_eq(joined ? joined : "", cases[_i].env);
}
END_TEST

START_TEST(a_broken_file_is_refused_without_its_text)
{
	const char *text = "{\"auths\":{\"h\":{\"auth\":\"c2VjcmV0\"";
	struct strv env = { 0 };
	struct error err = { 0 };

	ck_assert_int_eq(docker_config_proxies_parse(text, strlen(text), &env, NULL, &err), -1);
	ck_assert_ptr_null(strstr(err.text, "c2VjcmV0"));
}
END_TEST

UNIT_MAIN("registry/docker_config",
	  TEST_LOOP(proxies_are_set_in_both_cases_unless_given, ARRAY_SIZE(cases)),
	  TEST(a_broken_file_is_refused_without_its_text))
