/* Strings, lists, maps, and the escaping of foreign text. */
#include "unit.h"

#include "util/str.h"

START_TEST(str_grows_and_stays_terminated)
{
	struct str s = { 0 };

	ck_assert_str_eq(str_get(&s), "");
	for (int i = 0; i < 1000; i++)
		str_addf(&s, "%d,", i);
	ck_assert_uint_eq(s.len, strlen(s.s));
	ck_assert(str_starts(s.s, "0,1,2,"));
	ck_assert(str_ends(s.s, ",998,999,"));
	str_clear(&s);
	ck_assert_str_eq(str_get(&s), "");
	str_addn(&s, "a\0b", 3);
	ck_assert_uint_eq(s.len, 3);
	ck_assert_int_eq(memcmp(s.s, "a\0b", 4), 0);
	str_done(&s);
}
END_TEST

START_TEST(str_addf_takes_text_longer_than_its_room)
{
	auto_done(str) struct str s = { 0 };
	char big[5000];

	memset(big, 'q', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	str_addf(&s, "<%s>", big);
	ck_assert_uint_eq(s.len, sizeof(big) + 1);
	ck_assert(str_ends(s.s, "q>"));
}
END_TEST

START_TEST(str_take_gives_the_empty_string_for_nothing)
{
	struct str s = { 0 };
	auto_free char *t = str_take(&s);

	ck_assert_str_eq(t, "");
	ck_assert_ptr_null(s.s);
}
END_TEST

static const struct {
	const char *in, *out;
} escapes[] = {
	{ "plain text", "plain text" },
	{ "\x1b[31mred\x1b[0m", "\\x1b[31mred\\x1b[0m" },
	{ "a\nb\rc\td", "a\\x0ab\\x0dc\\x09d" },
	{ "\x7f", "\\x7f" },
	{ "\xc2\x9b", "\\xc2\\x9b" },					  /* C1: CSI */
	{ "\xe2\x80\xa8\xe2\x80\xa9", "\\xe2\\x80\\xa8\\xe2\\x80\\xa9" }, /* U+2028, U+2029 */
	{ "\xe2\x80\xae", "\\xe2\\x80\\xae" },		/* right-to-left override */
	{ "\xe2\x81\xa6", "\\xe2\\x81\\xa6" },		/* isolate */
	{ "\xc0\x80", "\\xc0\\x80" },			/* overlong NUL */
	{ "\xed\xa0\x80", "\\xed\\xa0\\x80" },		/* surrogate */
	{ "\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80" }, /* over U+10FFFF */
	{ "\xe2\x82", "\\xe2\\x82" },			/* cut */
	{ "\xf0\x9f\x90\xb3 \xe2\x82\xac \xc3\xa9", "\xf0\x9f\x90\xb3 \xe2\x82\xac \xc3\xa9" },
};

START_TEST(str_add_escaped_leaves_nothing_for_a_terminal_to_obey)
{
	auto_done(str) struct str s = { 0 };

	str_add_escaped(&s, escapes[_i].in, strlen(escapes[_i].in), false);
	ck_assert_str_eq(str_get(&s), escapes[_i].out);
}
END_TEST

START_TEST(str_add_escaped_keeps_tabs_on_request_only_and_escapes_nul)
{
	auto_done(str) struct str s = { 0 };

	str_add_escaped(&s, "a\tb\0c", 5, true);
	ck_assert_str_eq(s.s, "a\tb\\x00c");
}
END_TEST

static const struct {
	const char *in, *out;
} jsons[] = {
	{ "a\"b\\c/d", "\"a\\\"b\\\\c/d\"" },
	{ "\b\t\n\f\r\v\x1b", "\"\\b\\t\\n\\f\\r\\u000b\\u001b\"" },
	{ "\x7f", "\"\\u007f\"" },
	{ "\xff"
	  "z",
	  "\"\\ufffdz\"" },
	{ "\xe2\x80\xae", "\"\\u202e\"" },
	{ "\xc3\xa9", "\"\xc3\xa9\"" },
	{ "", "\"\"" },
};

START_TEST(str_add_json_is_a_json_string)
{
	auto_done(str) struct str s = { 0 };

	str_add_json(&s, jsons[_i].in);
	ck_assert_str_eq(s.s, jsons[_i].out);
}
END_TEST

static const struct {
	const char *in;
	bool ok;
	uint64_t value;
} numbers[] = {
	{ "0", true, 0 },
	{ "007", true, 7 },
	{ "18446744073709551615", true, UINT64_MAX },
	{ "18446744073709551616", false, 0 },
	{ "99999999999999999999999", false, 0 },
	{ "", false, 0 },
	{ "-1", false, 0 },
	{ "+1", false, 0 },
	{ " 1", false, 0 },
	{ "1 ", false, 0 },
	{ "0x10", false, 0 },
};

START_TEST(str_u64_takes_whole_decimal_numbers_only)
{
	uint64_t v = 12345;

	ck_assert_int_eq(str_u64(numbers[_i].in, &v), numbers[_i].ok);
	ck_assert_uint_eq(v, numbers[_i].ok ? numbers[_i].value : 12345);
}
END_TEST

START_TEST(str_i64_reaches_both_ends_of_its_range)
{
	int64_t v;

	ck_assert(str_i64("-9223372036854775808", &v));
	ck_assert_int_eq(v, INT64_MIN);
	ck_assert(str_i64("9223372036854775807", &v));
	ck_assert_int_eq(v, INT64_MAX);
	ck_assert(!str_i64("9223372036854775808", &v));
	ck_assert(!str_i64("-9223372036854775809", &v));
	ck_assert(!str_i64("--1", &v));
	ck_assert(!str_i64("-", &v));
	ck_assert(!str_i64(NULL, &v));
}
END_TEST

START_TEST(strv_stays_an_argv)
{
	auto_done(strv) struct strv l = { 0 };
	auto_free char *joined = NULL;

	strv_split(&l, "b,,a", ',');
	ck_assert_uint_eq(l.n, 3);
	ck_assert_ptr_null(l.v[3]);
	ck_assert_str_eq(l.v[1], "");
	strv_copy(&l, &l);
	ck_assert_uint_eq(l.n, 6);
	strv_sort(&l);
	strv_remove(&l, 0);
	joined = strv_join(&l, "-");
	ck_assert_str_eq(joined, "-a-a-b-b");
	ck_assert_ptr_null(l.v[l.n]);
	ck_assert(strv_has(&l, "a"));
	ck_assert(!strv_has(&l, "c"));
}
END_TEST

START_TEST(strv_env_replaces_whole_names_only)
{
	auto_done(strv) struct strv l = { 0 };

	strv_add(&l, "PATH=/bin");
	strv_add(&l, "PA=1");
	strv_env_set(&l, "PA", "2=3");
	strv_env_set(&l, "NEW", "");
	ck_assert_str_eq(strv_env_get(&l, "PATH"), "/bin");
	ck_assert_str_eq(strv_env_get(&l, "PA"), "2=3");
	ck_assert_str_eq(strv_env_get(&l, "NEW"), "");
	ck_assert_ptr_null(strv_env_get(&l, "P"));
	strv_env_unset(&l, "PATH");
	ck_assert_ptr_null(strv_env_get(&l, "PATH"));
	ck_assert_uint_eq(l.n, 2);
}
END_TEST

START_TEST(strmap_is_sorted_and_replaces)
{
	auto_done(strmap) struct strmap m = { 0 }, copy = { 0 };

	strmap_set(&m, "b", "1");
	strmap_set(&m, "a", "2");
	strmap_set(&m, "c", "3");
	strmap_set(&m, "b", "4");
	ck_assert_uint_eq(m.n, 3);
	ck_assert_str_eq(m.v[0].key, "a");
	ck_assert_str_eq(strmap_get(&m, "b"), "4");
	ck_assert_ptr_null(strmap_get(&m, "bb"));
	strmap_copy(&copy, &m);
	ck_assert(strmap_unset(&m, "b"));
	ck_assert(!strmap_unset(&m, "b"));
	ck_assert_uint_eq(m.n, 2);
	ck_assert_str_eq(strmap_get(&copy, "b"), "4");
}
END_TEST

static const char *const words[] = { "build", "pull", "push", "ps", "rm", "rmi", "volume" };
static const struct {
	const char *typed, *meant;
} typos[] = {
	{ "biuld", "build" }, { "vollume", "volume" }, { "pul", "pull" }, { "xyzzy", NULL },
	{ "", NULL },	      { "q", NULL },
};

START_TEST(str_nearest_knows_what_was_meant)
{
	const char *got = str_nearest(typos[_i].typed, words, ARRAY_SIZE(words));

	if (typos[_i].meant)
		ck_assert_pstr_eq(got, typos[_i].meant);
	else
		ck_assert_ptr_null(got);
}
END_TEST

START_TEST(str_eq_of_null_is_equal_to_null_only)
{
	ck_assert(str_eq(NULL, NULL));
	ck_assert(!str_eq(NULL, ""));
	ck_assert(str_eq("a", "a"));
	ck_assert(str_empty(NULL) && str_empty("") && !str_empty(" "));
	ck_assert(str_starts("abc", "") && !str_starts("ab", "abc"));
	ck_assert(str_ends("abc", "bc") && !str_ends("c", "bc"));
}
END_TEST

START_TEST(str_is_one_of_words_means_the_whole_word)
{
	static const char *const answers[] = { "yes", "no" };

	ck_assert(str_is_one_of("no", answers, 2));
	ck_assert(!str_is_one_of("no", answers, 1));
	ck_assert(!str_is_one_of("n", answers, 2));
	ck_assert(!str_is_one_of("nor", answers, 2));
	ck_assert(!str_is_one_of(NULL, answers, 2));
}
END_TEST

UNIT_MAIN("util/str", TEST(str_is_one_of_words_means_the_whole_word),
	  TEST(str_grows_and_stays_terminated), TEST(str_addf_takes_text_longer_than_its_room),
	  TEST(str_take_gives_the_empty_string_for_nothing),
	  TEST_LOOP(str_add_escaped_leaves_nothing_for_a_terminal_to_obey, ARRAY_SIZE(escapes)),
	  TEST(str_add_escaped_keeps_tabs_on_request_only_and_escapes_nul),
	  TEST_LOOP(str_add_json_is_a_json_string, ARRAY_SIZE(jsons)),
	  TEST_LOOP(str_u64_takes_whole_decimal_numbers_only, ARRAY_SIZE(numbers)),
	  TEST(str_i64_reaches_both_ends_of_its_range), TEST(strv_stays_an_argv),
	  TEST(strv_env_replaces_whole_names_only), TEST(strmap_is_sorted_and_replaces),
	  TEST_LOOP(str_nearest_knows_what_was_meant, ARRAY_SIZE(typos)),
	  TEST(str_eq_of_null_is_equal_to_null_only))
