/*
 * expand.c - tests of src/build/expand.c and pattern.c. Expectations are those of a POSIX shell
 * and of the Dockerfile reference.
 */
#include "unit.h"

#include "build/expand.h"

static void set_env(struct strv *env)
{
	strv_add(env, "v=value");
	strv_add(env, "empty=");
	strv_add(env, "path=/usr/lib/a.tar.gz");
	strv_add(env, "star=a*b?c");
	strv_add(env, "utf=한국어");
	strv_add(env, "words=a b  c");
	strv_add(env, "p=lib");
}

static const struct {
	const char *word, *want; /* want NULL: an error */
} words[] = {
	{ "", "" },
	{ "plain text", "plain text" },
	{ "$v", "value" },
	{ "${v}", "value" },
	{ "x$v.y", "xvalue.y" },
	{ "x${v}y", "xvaluey" },
	{ "$vy", "" },
	{ "$unset", "" },
	{ "$", "$" },
	{ "$.", "$." },
	{ "a$ b", "a$ b" },
	{ "\\$v", "$v" },
	{ "\\\\$v", "\\value" },
	{ "a\\b", "ab" },
	{ "a\\", "a" },
	{ "'$v'", "$v" },
	{ "\"$v\"", "value" },
	{ "\"\\$v\"", "$v" },
	{ "\"\\t\"", "\\t" },
	{ "\"a\\\"b\"", "a\"b" },
	{ "\"a'$v'\"", "a'value'" },
	{ "'a\\'", "a\\" },
	{ "'a", NULL },
	{ "\"a", NULL },
	{ "\"a\\\"", NULL },
	{ "$1", "" },
	{ "$12x", "x" },
	{ "$@a", "a" },
	{ "$$v", "v" },
	{ "$#$*$?$-$!", "" },
	{ "${}", NULL },
	{ "${", NULL },
	{ "${v", NULL },
	{ "${.}", NULL },
	{ "${:}", NULL },
	{ "${{v}}", NULL },
	{ "${v:=x}", NULL },
	{ "${v=x}", NULL },
	{ "${v:x}", NULL },
	{ "${v:}", NULL },
	{ "${v:-w}", "value" },
	{ "${empty:-w}", "w" },
	{ "${empty-w}", "" },
	{ "${unset:-w}", "w" },
	{ "${unset-w}", "w" },
	{ "${unset:-}", "" },
	{ "${v:+w}", "w" },
	{ "${v+w}", "w" },
	{ "${empty:+w}", "" },
	{ "${empty+w}", "w" },
	{ "${unset+w}", "" },
	{ "${unset:-${empty:-$v}}", "value" },
	{ "${unset:-\"}\"}", "}" },
	{ "${unset:-\\}}", "}" },
	{ "${unset:-'a b'}", "a b" },
	{ "${v:-", NULL },
	{ "${v:?no}", "value" },
	{ "${v?no}", "value" },
	{ "${empty?no}", "" },
	{ "${empty:?no}", NULL },
	{ "${unset?no}", NULL },
	{ "${unset:?}", NULL },
	{ "${path#*/}", "usr/lib/a.tar.gz" },
	{ "${path##*/}", "a.tar.gz" },
	{ "${path%.*}", "/usr/lib/a.tar" },
	{ "${path%%.*}", "/usr/lib/a" },
	{ "${path#/u?r}", "/lib/a.tar.gz" },
	{ "${path#nothing}", "/usr/lib/a.tar.gz" },
	{ "${path%%*}", "" },
	{ "${path#*}", "/usr/lib/a.tar.gz" },
	{ "${path#}", "/usr/lib/a.tar.gz" },
	{ "${path##*$p/}", "a.tar.gz" },
	{ "${star#a\\*}", "b?c" },
	{ "${star%\\?c}", "a*b" },
	{ "${star#a\\x}", NULL },
	{ "${utf#?}", "국어" },
	{ "${utf%?}", "한국" },
	{ "${unset#x}", "" },
	{ "${path:#x}", NULL },
	{ "${v/l/L}", "vaLue" },
	{ "${path/./-}", "/usr/lib/a-tar.gz" },
	{ "${path//./-}", "/usr/lib/a-tar-gz" },
	{ "${path//\\//:}", ":usr:lib:a.tar.gz" },
	{ "${path/u*b/X}", "/X/a.tar.gz" },
	{ "${path//[a-z]/X}", "/usr/lib/a.tar.gz" },
	{ "${path/usr/$v}", "/value/lib/a.tar.gz" },
	{ "${v/x}", NULL },
	{ "${v/x/y", NULL },
	{ "${v//e/}", "valu" },
	{ "${utf/국/x}", "한x어" },
};

START_TEST(word_is_expanded_as_the_reference_says)
{
	auto_done(strv) struct strv env = { 0 };
	struct error err = { 0 };
	auto_free char *out = NULL;
	int r;

	set_env(&env);
	r = expand_word(words[_i].word, '\\', &env, &out, &err);
	if (!words[_i].want) {
		ck_assert_msg(r < 0, "'%s' gave '%s'", words[_i].word, out ? out : "");
		ck_assert_int_eq(err.kind, ERR_INVALID);
		return;
	}
	ck_assert_msg(r == 0, "'%s': %s", words[_i].word, err.text);
	ck_assert_str_eq(out, words[_i].want);
}
END_TEST

START_TEST(message_of_a_mandatory_variable_is_shown)
{
	auto_done(strv) struct strv env = { 0 };
	struct error err = { 0 };
	char *out = NULL;

	set_env(&env);
	ck_assert_int_eq(expand_word("${unset:?give $v}", '\\', &env, &out, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.text, "unset: give value"));
}
END_TEST

START_TEST(backtick_can_be_the_escape)
{
	auto_done(strv) struct strv env = { 0 };
	struct error err = { 0 };
	auto_free char *out = NULL;

	set_env(&env);
	ck_assert_int_eq(expand_word("c:\\x`$v\\$v", '`', &env, &out, &err), 0);
	ck_assert_str_eq(out, "c:\\x$v\\value");
}
END_TEST

static const struct {
	const char *word, *want; /* joined by '|' */
} split[] = {
	{ "$words", "a|b|c" },	     { "'$words'", "$words" }, { "\"$words\"", "a b  c" },
	{ "x${words}y", "xa|b|cy" }, { "80 81", "80|81" },     { "$empty", "" },
	{ "a\\ b", "a b" },
};

START_TEST(words_are_split_after_the_replacement)
{
	auto_done(strv) struct strv env = { 0 }, out = { 0 };
	struct error err = { 0 };
	auto_free char *joined = NULL;

	set_env(&env);
	ck_assert_int_eq(expand_words(split[_i].word, '\\', &env, &out, &err), 0);
	joined = strv_join(&out, "|");
	ck_assert_str_eq(joined, split[_i].want);
}
END_TEST

START_TEST(growth_stops_at_the_limit)
{
	auto_done(strv) struct strv env = { 0 };
	struct error err = { 0 };
	char *out = NULL;
	int i;

	strv_add(&env, "a=0123456789");
	for (i = 0; i < 64; i++) {
		if (expand_word("$a$a", '\\', &env, &out, &err) < 0)
			break;
		strv_env_set(&env, "a", out);
		free(out);
	}
	ck_assert_int_lt(i, 64);
	ck_assert_int_eq(err.kind, ERR_LIMIT);
}
END_TEST

START_TEST(nesting_stops_at_the_limit)
{
	auto_done(strv) struct strv env = { 0 };
	struct error err = { 0 };
	struct str word = { 0 };
	char *out = NULL;

	for (int i = 0; i < 10000; i++)
		str_add(&word, "${x:-");
	ck_assert_int_eq(expand_word(word.s, '\\', &env, &out, &err), -1);
	ck_assert_int_eq(err.kind, ERR_LIMIT);
	str_done(&word);
}
END_TEST

START_TEST(a_costly_pattern_stops_at_the_limit)
{
	auto_done(strv) struct strv env = { 0 };
	struct error err = { 0 };
	struct str value = { 0 };
	char *out = NULL;

	str_add(&value, "a=");
	for (int i = 0; i < 60000; i++)
		str_addc(&value, 'x');
	strv_add(&env, value.s);
	value.s[30000] = '\0';
	strv_env_set(&env, "p", value.s + 2);
	ck_assert_int_eq(expand_word("${a/${p}y/z}", '\\', &env, &out, &err), -1);
	ck_assert_int_eq(err.kind, ERR_LIMIT);
	str_done(&value);
}
END_TEST

UNIT_MAIN("build/expand", TEST_LOOP(word_is_expanded_as_the_reference_says, ARRAY_SIZE(words)),
	  TEST(message_of_a_mandatory_variable_is_shown), TEST(backtick_can_be_the_escape),
	  TEST_LOOP(words_are_split_after_the_replacement, ARRAY_SIZE(split)),
	  TEST(growth_stops_at_the_limit), TEST(nesting_stops_at_the_limit),
	  TEST(a_costly_pattern_stops_at_the_limit))
