/*
 * header.c - tests of registry/header: what servers write into headers.
 */
#include "unit.h"

#include "registry/header.h"

static challenges parse(const char *value)
{
	challenges l = { 0 };
	struct error err = { 0 };
	char text[ERROR_LINE_MAX];

	ck_assert_msg(challenges_parse(value, &l, &err) == 0, "%s: %s", value,
		      error_text(&err, text, sizeof(text)));
	return l;
}

START_TEST(challenges_keep_quoted_commas_and_quotes)
{
	/* docker hub's, with a scope of two actions */
	challenges l =
		parse("Bearer realm=\"https://auth.docker.io/token\",service=\"registry.docker."
		      "io\",scope=\"repository:library/x:pull,push\"");
	challenges q = parse("Basic realm=\"a \\\"b\\\", c\"");

	ck_assert_uint_eq(l.n, 1);
	ck_assert_str_eq(l.v[0].scheme, "bearer");
	ck_assert_str_eq(strmap_get(&l.v[0].params, "realm"), "https://auth.docker.io/token");
	ck_assert_str_eq(strmap_get(&l.v[0].params, "scope"), "repository:library/x:pull,push");
	ck_assert_str_eq(strmap_get(&q.v[0].params, "realm"), "a \"b\", c");
	challenges_done(&l);
	challenges_done(&q);
}
END_TEST

START_TEST(several_challenges_in_one_header_are_told_apart)
{
	/* RFC 9110 11.6.1 */
	challenges l = parse("Basic realm=\"simple\", Newauth realm=\"apps\", type=1, "
			     "title=\"Login to \\\"apps\\\"\"");
	challenges n =
		parse("Negotiate, Negotiate dG9rZW4=, BEARER Realm = \"https://x/\" , service=s");

	ck_assert_uint_eq(l.n, 2);
	ck_assert_str_eq(l.v[0].scheme, "basic");
	ck_assert_str_eq(strmap_get(&l.v[1].params, "title"), "Login to \"apps\"");
	ck_assert_uint_eq(n.n, 3);
	ck_assert_ptr_nonnull(challenge_find(&n, "bearer"));
	ck_assert_str_eq(strmap_get(&challenge_find(&n, "bearer")->params, "service"), "s");
	ck_assert_ptr_null(challenge_find(&n, "basic"));
	challenges_done(&l);
	challenges_done(&n);
}
END_TEST

static const char *const broken[] = { "Bearer realm=\"unclosed", "=", "Bearer a=\"x", "\"" };

START_TEST(a_broken_challenge_is_refused)
{
	challenges l = { 0 };
	struct error err = { 0 };

	ck_assert_int_eq(challenges_parse(broken[_i], &l, &err), -1);
	ck_assert_int_eq(err.kind, ERR_INVALID);
	challenges_done(&l);
}
END_TEST

START_TEST(retry_after_is_seconds_or_a_date)
{
	ck_assert_int_eq(retry_after_parse("120", 0), 120);
	ck_assert_int_eq(retry_after_parse("0", 0), 0);
	/* RFC 9110's example; 784111777 is Sun, 06 Nov 1994 08:49:37 GMT */
	ck_assert_int_eq(retry_after_parse("Sun, 06 Nov 1994 08:49:37 GMT", 784111770), 7);
	ck_assert_int_eq(retry_after_parse("Sun, 06 Nov 1994 08:49:37 GMT", 784111780), 0);
	ck_assert_int_eq(retry_after_parse("soon", 0), -1);
	ck_assert_int_eq(retry_after_parse("-1", 0), -1);
	ck_assert_int_eq(retry_after_parse("99999999999999999999", 0), -1);
}
END_TEST

static const struct {
	const char *text;
	bool valid;
	long long first, last, total;
} ranges[] = {
	{ "bytes 10-19/20", true, 10, 19, 20 }, { "bytes 0-0/1", true, 0, 0, 1 },
	{ "bytes 5-9/*", true, 5, 9, -1 },	{ "bytes 10-9/20", false, 0, 0, 0 },
	{ "bytes 10-20/20", false, 0, 0, 0 },	{ "bytes */20", false, 0, 0, 0 },
	{ "10-19/20", false, 0, 0, 0 },		{ "bytes 10-19", false, 0, 0, 0 },
	{ "bytes 10-19/20x", false, 0, 0, 0 },
};

START_TEST(content_ranges_are_read)
{
	int64_t first, last, total;

	ck_assert_int_eq(content_range_parse(ranges[_i].text, &first, &last, &total),
			 ranges[_i].valid);
	if (!ranges[_i].valid)
		return;
	ck_assert_int_eq(first, ranges[_i].first);
	ck_assert_int_eq(last, ranges[_i].last);
	ck_assert_int_eq(total, ranges[_i].total);
}
END_TEST

START_TEST(upload_ranges_say_how_much_is_there)
{
	ck_assert_int_eq(upload_range_parse("0-99"), 100);
	ck_assert_int_eq(upload_range_parse("bytes=0-99"), 100);
	ck_assert_int_eq(upload_range_parse("0-0"), 0);
	ck_assert_int_eq(upload_range_parse("5-9"), -1);
	ck_assert_int_eq(upload_range_parse("x"), -1);
	ck_assert_int_eq(upload_range_parse(""), -1);
}
END_TEST

static const struct {
	const char *value, *next;
} links[] = {
	{ "</v2/x/tags/list?last=b&n=2>; rel=\"next\"", "/v2/x/tags/list?last=b&n=2" },
	{ "<a>; rel=next", "a" },
	{ "<first>; rel=\"prev\", <second>; title=\"a, b\"; rel=\"next\"", "second" },
	{ "<a>; rel=\"prev\"", NULL },
	{ "<unclosed; rel=next", NULL },
	{ "", NULL },
};

START_TEST(the_next_link_is_found)
{
	auto_free char *next = link_next(links[_i].value);

	if (links[_i].next)
		ck_assert_str_eq(next, links[_i].next);
	else
		ck_assert_ptr_null(next);
}
END_TEST

START_TEST(a_token_has_no_character_that_could_end_a_header)
{
	ck_assert(token_is_valid("eyJhbGciOi.JIUzI1NiJ9-_~+/=="));
	ck_assert(!token_is_valid(""));
	ck_assert(!token_is_valid("a b"));
	ck_assert(!token_is_valid("a\r\nX: y"));
	ck_assert(!token_is_valid("a=b"));
	ck_assert(!token_is_valid("\xc3\xa4"));
}
END_TEST

UNIT_MAIN("registry/header", TEST(challenges_keep_quoted_commas_and_quotes),
	  TEST(several_challenges_in_one_header_are_told_apart),
	  TEST_LOOP(a_broken_challenge_is_refused, ARRAY_SIZE(broken)),
	  TEST(retry_after_is_seconds_or_a_date),
	  TEST_LOOP(content_ranges_are_read, ARRAY_SIZE(ranges)),
	  TEST(upload_ranges_say_how_much_is_there),
	  TEST_LOOP(the_next_link_is_found, ARRAY_SIZE(links)),
	  TEST(a_token_has_no_character_that_could_end_a_header))
