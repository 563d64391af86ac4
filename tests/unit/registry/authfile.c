/*
 * authfile.c - tests of registry/authfile, helper and token_parse: credentials as others wrote them.
 */
#include "unit.h"

#include "registry/client.h"
#include "registry/login.h"
#include "scratch.h"

/* base64 of "me:secret", "other:secret2" */
#define ME    "bWU6c2VjcmV0"
#define OTHER "b3RoZXI6c2VjcmV0Mg=="

static int find(const char *text, const char *host, const char *repository, struct credential *c,
		char **helper)
{
	struct error err = { 0 };

	*c = (struct credential){ 0 };
	return authfile_find(text, strlen(text), host, repository, c, helper, &err);
}

static const struct {
	const char *file, *host, *repository, *user; /* user NULL: there is none */
} cases[] = {
	{ "{\"auths\":{\"r.example\":{\"auth\":\"" ME "\"}}}", "r.example", "a/b", "me" },
	{ "{\"auths\":{\"r.example\":{\"auth\":\"" ME "\"}}}", "other.example", "a/b", NULL },
	{ "{\"auths\":{\"r.example\":{\"auth\":\"" ME "\"}}}", "r.example:5000", "a", NULL },
	{ "{\"auths\":{\"https://index.docker.io/v1/\":{\"auth\":\"" ME "\"}}}", "docker.io",
	  "library/x", "me" },
	{ "{\"auths\":{\"docker.io\":{\"auth\":\"" ME "\"}}}", "docker.io", "library/x", "me" },
	{ "{\"auths\":{\"https://r.example/v2/\":{\"auth\":\"" ME "\"}}}", "r.example", "x", "me" },
	/* the longest wins, and only whole parts of a path count */
	{ "{\"auths\":{\"r.example\":{\"auth\":\"" ME "\"},\"r.example/team\":{\"auth\":\"" OTHER
	  "\"}}}",
	  "r.example", "team/app", "other" },
	{ "{\"auths\":{\"r.example\":{\"auth\":\"" ME "\"},\"r.example/team\":{\"auth\":\"" OTHER
	  "\"}}}",
	  "r.example", "teams/app", "me" },
	{ "{\"auths\":{\"r.example\":{\"username\":\"u\",\"password\":\"p\"}}}", "r.example", "x",
	  "u" },
	{ "{\"auths\":{\"r.example\":{}}}", "r.example", "x", NULL },
	{ "{\"auths\":{\"r.example\":{\"auth\":\"!!\"}}}", "r.example", "x", NULL },
	{ "{}", "r.example", "x", NULL },
	{ "", "r.example", "x", NULL },
};

START_TEST(the_credential_that_fits_best_is_found)
{
	struct credential c;
	int found = find(cases[_i].file, cases[_i].host, cases[_i].repository, &c, NULL);

	ck_assert_int_eq(found, cases[_i].user != NULL);
	if (cases[_i].user)
		ck_assert_str_eq(c.user, cases[_i].user);
	credential_done(&c);
}
END_TEST

START_TEST(identity_tokens_and_registry_tokens_are_known)
{
	struct credential c;

	ck_assert_int_eq(find("{\"auths\":{\"r\":{\"auth\":\"" ME "\",\"identitytoken\":\"idt\"}}}",
			      "r", NULL, &c, NULL),
			 1);
	ck_assert(c.identity);
	ck_assert_str_eq(c.secret, "idt");
	credential_done(&c);
	ck_assert_int_eq(find("{\"auths\":{\"r\":{\"registrytoken\":\"rt\"}}}", "r", NULL, &c, NULL),
			 1);
	ck_assert_str_eq(c.bearer, "rt");
	credential_done(&c);
}
END_TEST

START_TEST(the_helper_of_a_host_goes_before_the_store)
{
	const char *file = "{\"credsStore\":\"all\",\"credHelpers\":{\"r.example\":\"one\"}}";
	auto_free char *one = NULL, *all = NULL;
	struct credential c;

	find(file, "r.example", "x", &c, &one);
	find(file, "other.example", "x", &c, &all);
	ck_assert_str_eq(one, "one");
	ck_assert_str_eq(all, "all");
}
END_TEST

START_TEST(no_message_quotes_a_file_that_is_damaged)
{
	static const char *const texts[] = { "{\"auths\":{\"r\":{\"auth\":\"s3cret", "\"s3cret\"",
					     "{\"Username\":\"u\",\"Secret\":s3cret}" };

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct credential c = { 0 };
		struct error err = { 0 }, e2 = { 0 }, e3 = { 0 };
		char *token = NULL;
		int64_t seconds;

		ck_assert_int_eq(authfile_find(texts[i], strlen(texts[i]), "r", NULL, &c, NULL, &err),
				 -1);
		ck_assert_ptr_null(strstr(err.text, "s3cret"));
		ck_assert_int_eq(helper_parse(texts[i], strlen(texts[i]), &c, &e2), -1);
		ck_assert_ptr_null(strstr(e2.text, "s3cret"));
		ck_assert_int_eq(token_parse(texts[i], strlen(texts[i]), &token, &seconds, &e3), -1);
		ck_assert_ptr_null(strstr(e3.text, "s3cret"));
	}
}
END_TEST

START_TEST(a_helper_answers_with_a_password_or_a_token)
{
	const char *password = "{\"ServerURL\":\"r\",\"Username\":\"u\",\"Secret\":\"p\"}";
	const char *identity = "{\"ServerURL\":\"r\",\"Username\":\"<token>\",\"Secret\":\"idt\"}";
	struct credential c = { 0 };
	struct error err = { 0 };

	ck_assert_int_eq(helper_parse(password, strlen(password), &c, &err), 0);
	ck_assert_str_eq(c.user, "u");
	ck_assert(!c.identity);
	credential_done(&c);
	ck_assert_int_eq(helper_parse(identity, strlen(identity), &c, &err), 0);
	ck_assert_ptr_null(c.user);
	ck_assert(c.identity);
	credential_done(&c);
}
END_TEST

static const struct {
	const char *text, *token;
	int64_t seconds;
} tokens[] = {
	{ "{\"token\":\"abc\",\"expires_in\":300}", "abc", 300 },
	{ "{\"access_token\":\"abc\"}", "abc", 60 },
	{ "{\"token\":\"\",\"access_token\":\"abc\"}", "abc", 60 },
	{ "{\"token\":\"abc\",\"expires_in\":-5}", "abc", 60 },
	{ "{\"token\":\"a\\r\\nX: y\"}", NULL, 0 },
	{ "{\"token\":7}", NULL, 0 },
	{ "[]", NULL, 0 },
	{ "", NULL, 0 },
};

START_TEST(token_answers_are_read)
{
	struct error err = { 0 };
	auto_free char *token = NULL;
	int64_t seconds;
	int r = token_parse(tokens[_i].text, strlen(tokens[_i].text), &token, &seconds, &err);

	ck_assert_int_eq(r, tokens[_i].token ? 0 : -1);
	if (!tokens[_i].token)
		return;
	ck_assert_str_eq(token, tokens[_i].token);
	ck_assert_int_eq(seconds, tokens[_i].seconds);
}
END_TEST

START_TEST(the_files_are_read_in_their_order)
{
	struct registry_options o;
	auto_done(strv) struct strv all = { 0 }, only = { 0 }, docker = { 0 };

	registry_options_init(&o);
	unsetenv("REGISTRY_AUTH_FILE");
	unsetenv("DOCKER_CONFIG");
	setenv("HOME", "/h", 1);
	setenv("XDG_RUNTIME_DIR", "/run/x", 1);
	authfile_paths(&o, &all);
	ck_assert_uint_eq(all.n, 3);
	ck_assert_str_eq(all.v[0], "/run/x/containers/auth.json");
	ck_assert_str_eq(all.v[1], "/h/.config/containers/auth.json");
	ck_assert_str_eq(all.v[2], "/h/.docker/config.json");
	setenv("DOCKER_CONFIG", "/d", 1);
	authfile_paths(&o, &docker);
	ck_assert_str_eq(docker.v[0], "/d/config.json");
	setenv("REGISTRY_AUTH_FILE", "/one", 1);
	authfile_paths(&o, &only);
	ck_assert_uint_eq(only.n, 1);
	ck_assert_str_eq(only.v[0], "/one");
}
END_TEST

START_TEST(base64_is_rfc_4648)
{
	static const char *const pairs[][2] = {
		{ "", "" },	   { "f", "Zg==" },	   { "fo", "Zm8=" },
		{ "foo", "Zm9v" }, { "foob", "Zm9vYg==" }, { "foobar", "Zm9vYmFy" }
	};
	auto_done(str) struct str bad = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
		auto_done(str) struct str out = { 0 }, back = { 0 };

		base64_encode(pairs[i][0], strlen(pairs[i][0]), &out);
		ck_assert_str_eq(str_get(&out), pairs[i][1]);
		ck_assert(base64_decode(pairs[i][1], &back));
		ck_assert_str_eq(str_get(&back), pairs[i][0]);
	}
	ck_assert(!base64_decode("Z", &bad));
	ck_assert(!base64_decode("Zg==Zg", &bad));
	ck_assert(!base64_decode("Z g=", &bad));
}
END_TEST

START_TEST(hosts_are_taken_as_they_are_typed)
{
	static const char *const pairs[][2] = { { NULL, "docker.io" },
						{ "https://index.docker.io/v1/", "docker.io" },
						{ "http://localhost:5000/", "localhost:5000" },
						{ "r.example/team", "r.example" } };

	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
		auto_free char *host = registry_host_typed(pairs[i][0]);

		ck_assert_str_eq(host, pairs[i][1]);
	}
}
END_TEST

UNIT_MAIN("registry/authfile", TEST_LOOP(the_credential_that_fits_best_is_found, ARRAY_SIZE(cases)),
	  TEST(identity_tokens_and_registry_tokens_are_known),
	  TEST(the_helper_of_a_host_goes_before_the_store),
	  TEST(no_message_quotes_a_file_that_is_damaged),
	  TEST(a_helper_answers_with_a_password_or_a_token),
	  TEST_LOOP(token_answers_are_read, ARRAY_SIZE(tokens)),
	  TEST(the_files_are_read_in_their_order), TEST(base64_is_rfc_4648),
	  TEST(hosts_are_taken_as_they_are_typed))
