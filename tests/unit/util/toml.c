/*
 * toml.c - tests of util/toml.
 */
#include "unit.h"

#include "util/mem.h"
#include "util/toml.h"

/* json NULL: refused, and the error has `line` in it */
static const struct {
	const char *toml, *json, *line;
} cases[] = {
	{ "", "{}", NULL },
	{ "# all\r\n\n  # comment", "{}", NULL },
	{ "a = 1\nb=\"x\" # no part of it\nc = true", "{\"a\":1,\"b\":\"x\",\"c\":true}", NULL },
	{ "a.b = -7\n\"c d\".e = 1_000", "{\"a\":{\"b\":-7},\"c d\":{\"e\":1000}}", NULL },
	{ "s = \"\\\"\\\\\\n\\u00e9\\U0001F600\"",
	  "{\"s\":\"\\\"\\\\\\n\xc3\xa9\xf0\x9f\x98\x80\"}", NULL },
	{ "s = 'C:\\x'", "{\"s\":\"C:\\\\x\"}", NULL },
	{ "s = \"\"\"\none \\\n   two\n\"\"\"\"", "{\"s\":\"one two\\n\\\"\"}", NULL },
	{ "s = '''\na\\'b'''", "{\"s\":\"a\\\\'b\"}", NULL },
	{ "l = [ 1, # one\n 'two',\n]\n", "{\"l\":[1,\"two\"]}", NULL },
	{ "t = {a = 1, b.c = []}", "{\"t\":{\"a\":1,\"b\":{\"c\":[]}}}", NULL },
	{ "[a.b]\nc=1\n[a]\nd=2", "{\"a\":{\"b\":{\"c\":1},\"d\":2}}", NULL },
	{ "[[r]]\np='x'\n[[r.m]]\nl=1\n[[r.m]]\nl=2\n[[r]]\np='y'",
	  "{\"r\":[{\"p\":\"x\",\"m\":[{\"l\":1},{\"l\":2}]},{\"p\":\"y\"}]}", NULL },
	{ "a = 1\na = 2", NULL, "line 2" },
	{ "[a]\n[a]", NULL, "line 2" },
	{ "a = 1\n[a.b]", NULL, "line 2" },
	{ "a = [1]\n[[a]]", NULL, "line 2" },
	{ "[[a]]\n[a]", NULL, "line 2" },
	{ "\na = \"x\n", NULL, "line 2" },
	{ "a = 1.5", NULL, "whole number" },
	{ "a = 1979-05-27", NULL, "whole number" },
	{ "a = 1 b = 2", NULL, "more on the line" },
	{ "a", NULL, "'='" },
	{ "= 1", NULL, "key" },
	{ "[a", NULL, "']'" },
	{ "l = [1 2]", NULL, "list" },
	{ "s = \"\\q\"", NULL, "backslash" },
	{ "s = \"\\ud800\"", NULL, "character" },
	{ "s = \"\xff\"", NULL, "UTF-8" },
	{ "l = [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", NULL, "inside each other" },
};

START_TEST(tables_lists_and_strings_are_read_as_the_spec_has_them)
{
	struct error err = { 0 };
	json_t *got = toml_parse(cases[_i].toml, strlen(cases[_i].toml), &err);
	json_t *want = cases[_i].json ? json_loads(cases[_i].json, 0, NULL) : NULL;
	char line[ERROR_LINE_MAX];

	if (want)
		ck_assert_msg(got && json_equal(got, want), "%s: %s", cases[_i].toml,
			      got ? json_dumps(got, 0) : error_text(&err, line, sizeof(line)));
	else
		ck_assert_msg(!got && strstr(err.text, cases[_i].line), "%s: %s", cases[_i].toml,
			      got ? "taken" : err.text);
	json_decref(got);
	json_decref(want);
}
END_TEST

UNIT_MAIN("util/toml",
	  TEST_LOOP(tables_lists_and_strings_are_read_as_the_spec_has_them, ARRAY_SIZE(cases)))
