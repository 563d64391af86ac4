/* Columns: at least ten wide, three blanks between, blocks of lines that share a column. */
#include "cmd/columns.h"
#include "unit.h"

static const struct {
	const char *text, *want;
} cases[] = {
	{ "", "" },
	{ "a\n", "a\n" },
	{ "a\tb\n", "a         b\n" },
	{ "CONTAINER ID\tIMAGE\nabc\tbusybox\n", "CONTAINER ID   IMAGE\nabc            busybox\n" },
	{ "a\tb\tc\n1234567890\t2\t3\n", "a            b         c\n1234567890   2         3\n" },
	/* nothing ends the last cell of a line: it has no column */
	{ "a\tb\nlonger than the column\nc\td\n",
	  "a         b\nlonger than the column\nc         d\n" },
	/* an empty cell keeps its column */
	{ "\tb\n", "          b\n" },
	{ "a\t\tc\n", "a                   c\n" },
	/* a trailing tab makes a column of the last cell too */
	{ "a\tb\t\n", "a         b         \n" },
	/* counted in characters: the ellipsis is one */
	{ "\"sleep 1000000000000\xe2\x80\xa6\"\tx\nabcdefghijklmnopqrstuv\ty",
	  "\"sleep 1000000000000\xe2\x80\xa6\"   x\nabcdefghijklmnopqrstuv   y" },
};

START_TEST(columns_are_set_as_docker_sets_them)
{
	auto_done(str) struct str out = { 0 };

	columns_format(cases[_i].text, strlen(cases[_i].text), &out);
	ck_assert_str_eq(str_get(&out), cases[_i].want);
}
END_TEST

START_TEST(columns_leave_tabs_behind_the_last_column)
{
	auto_done(str) struct str text = { 0 }, out = { 0 };

	for (int i = 0; i < 100000; i++)
		str_addc(&text, '\t');
	columns_format(text.s, text.len, &out);
	ck_assert_uint_eq(out.len, COLUMNS_MAX * COLUMNS_MIN_WIDTH + 100000 - COLUMNS_MAX);
}
END_TEST

UNIT_MAIN("cmd/columns", TEST_LOOP(columns_are_set_as_docker_sets_them, ARRAY_SIZE(cases)),
	  TEST(columns_leave_tabs_behind_the_last_column))
