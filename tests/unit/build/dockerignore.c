/*
 * dockerignore.c - tests of src/build/dockerignore.c and glob.c.
 */
#include "unit.h"

#include "build/dockerignore.h"

static const struct {
	const char *pattern, *path;
	int want; /* -1: a bad pattern */
} globs[] = {
	/* Go's path/filepath, "Match" */
	{ "abc", "abc", 1 },
	{ "*", "abc", 1 },
	{ "*c", "abc", 1 },
	{ "a*", "a", 1 },
	{ "a*", "ab/c", 0 },
	{ "a*/b", "abc/b", 1 },
	{ "a*/b", "a/c/b", 0 },
	{ "a*b*c*d*e*", "axbxcxdxexxx", 1 },
	{ "ab[c]", "abc", 1 },
	{ "ab[b-d]", "abc", 1 },
	{ "ab[e-g]", "abc", 0 },
	{ "ab[^c]", "abc", 0 },
	{ "ab[^e-g]", "abc", 1 },
	{ "a\\*b", "a*b", 1 },
	{ "a\\*b", "ab", 0 },
	{ "a?b",
	  "a\xe2\x98\xba"
	  "b",
	  1 },
	{ "a[^a]b",
	  "a\xe2\x98\xba"
	  "b",
	  1 },
	{ "a???b",
	  "a\xe2\x98\xba"
	  "b",
	  0 },
	{ "a?b", "a/b", 0 },
	{ "a*b", "a/b", 0 },
	{ "[\\]a]", "]", 1 },
	{ "[x\\-]", "-", 1 },
	{ "[[]", "[", 1 },
	{ "arr[[]0].txt", "arr[0].txt", 1 },
	{ "[]a]", "]", -1 },
	{ "[-]", "-", -1 },
	{ "[x-]", "x", -1 },
	{ "[a-b-c]", "a", -1 },
	{ "[", "a", -1 },
	{ "[^", "a", -1 },
	{ "a[", "a", -1 },
	{ "a\\", "a", -1 },
	{ "*x", "xxx", 1 },
	{ "", "", 1 },
	{ "", "a", 0 },
	{ "**", "a/b", 0 },
};

START_TEST(glob_matches_as_go_does)
{
	struct error err = { 0 };
	struct glob g;
	int r = glob_parse(globs[_i].pattern, GLOB_MATCH, &g, &err);

	if (globs[_i].want < 0) {
		ck_assert_msg(r < 0, "%s", globs[_i].pattern);
		return;
	}
	ck_assert_int_eq(r, 0);
	ck_assert_msg(glob_match(&g, globs[_i].path) == (globs[_i].want == 1), "%s %s",
		      globs[_i].pattern, globs[_i].path);
	glob_done(&g);
}
END_TEST

static const struct {
	const char *rules, *path;
	bool out;
} files[] = {
	{ "a", "a", true },
	{ "a", "a/b/c", true },
	{ "a", "b/a", false },
	{ "/a", "a", true },
	{ "a/", "a/x", true },
	{ "./a/../b", "b", true },
	{ "*.c", "x.c", true },
	{ "*.c", "d/x.c", false },
	{ "*/x", "d/x", true },
	{ "**/*.c", "x.c", true },
	{ "**/*.c", "a/b/x.c", true },
	{ "**", "a/b", true },
	{ "a/**", "a/b/c", true },
	{ "a/**", "a", false },
	{ "a/**/z", "a/z", true },
	{ "a/**/z", "a/b/c/z", true },
	{ "a/**/z", "az", false },
	{ "**/a/b", "x/a/b", true },
	{ "**/a/b", "xa/b", false },
	{ "**/a", "xa", false },
	{ "**.md", "docs/x.md", true },
	{ "a?c", "abc", true },
	{ "a?c", "a/c", false },
	{ "[a-c]x", "bx", true },
	{ "a.c", "abc", false },
	{ "a+b(c)$", "a+b(c)$", true },
	{ "#a\na", "a", true },
	{ "#a", "#a", false },
	{ " #a", "#a", true },
	{ "  a  \n", "a", true },
	{ "\n\n\na\r\n", "a", true },
	{ "*\n!a", "a", false },
	{ "*\n!a", "a/b", false },
	{ "*\n!a", "b", true },
	{ "a\n!a/keep", "a/keep", false },
	{ "a\n!a/keep", "a/keep/x", false },
	{ "a\n!a/keep", "a/drop", true },
	{ "!a\na", "a", true },
	{ "*.md\n!README*.md\nREADME-secret.md", "README-secret.md", true },
	{ "*.md\n!README*.md\nREADME-secret.md", "README.md", false },
	{ "! a", "a", false },
	{ "*\n! a ", "a", false },
	{ "\xef\xbb\xbf"
	  "a",
	  "a", true },
	{ "..", "a", false },
};

START_TEST(last_matching_rule_decides)
{
	struct error err = { 0 };
	struct ignore ig = { 0 };

	ck_assert_int_eq(ignore_parse(files[_i].rules, strlen(files[_i].rules), &ig, &err), 0);
	ck_assert_msg(ignore_path(&ig, files[_i].path) == files[_i].out, "rules:\n%s\npath: %s",
		      files[_i].rules, files[_i].path);
	ignore_done(&ig);
}
END_TEST

START_TEST(a_bad_rule_names_its_line)
{
	struct error err = { 0 };
	struct ignore ig = { 0 };
	char line[ERROR_LINE_MAX];

	ck_assert_int_eq(ignore_parse("a\n\n[x\n", 6, &ig, &err), -1);
	ck_assert_str_eq(error_text(&err, line, sizeof(line)), "line 3: bad pattern '[x'");
	ignore_done(&ig);
	err = (struct error){ 0 };
	ck_assert_int_eq(ignore_parse("!\n", 2, &ig, &err), -1);
	ignore_done(&ig);
}
END_TEST

START_TEST(a_walk_knows_when_nothing_below_can_return)
{
	struct error err = { 0 };
	struct ignore ig = { 0 };

	ck_assert_int_eq(ignore_parse("*\n!a/b/*.c\n", 11, &ig, &err), 0);
	ck_assert(ignore_may_return(&ig, "a"));
	ck_assert(ignore_may_return(&ig, "a/b"));
	ck_assert(!ignore_may_return(&ig, "a/c"));
	ck_assert(!ignore_may_return(&ig, "b"));
	ck_assert(!ignore_may_return(&ig, "a/b/c"));
	ignore_done(&ig);
}
END_TEST

START_TEST(many_stars_take_no_time)
{
	struct error err = { 0 };
	struct glob g;
	char path[2001], pattern[401];

	memset(path, 'a', 2000);
	path[2000] = '\0';
	for (int i = 0; i < 400; i += 2)
		memcpy(pattern + i, "a*", 2);
	pattern[399] = 'b';
	pattern[400] = '\0';
	ck_assert_int_eq(glob_parse(pattern, GLOB_IGNORE, &g, &err), 0);
	ck_assert(!glob_match(&g, path));
	glob_done(&g);
}
END_TEST

UNIT_MAIN("build/dockerignore", TEST_LOOP(glob_matches_as_go_does, ARRAY_SIZE(globs)),
	  TEST_LOOP(last_matching_rule_decides, ARRAY_SIZE(files)), TEST(a_bad_rule_names_its_line),
	  TEST(a_walk_knows_when_nothing_below_can_return), TEST(many_stars_take_no_time))
