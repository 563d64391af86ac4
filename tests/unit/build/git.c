/* Which words name a repository, and what of it. */
#include "unit.h"

#include "build/git.h"

static struct error err;

static const struct {
	const char *text, *url, *ref, *subdir;
} repositories[] = {
	{ "https://example.org/a.git", "https://example.org/a.git", NULL, NULL },
	{ "https://example.org/a.git#v1", "https://example.org/a.git", "v1", NULL },
	{ "https://example.org/a.git#v1:sub/dir", "https://example.org/a.git", "v1", "sub/dir" },
	{ "https://example.org/a.git#:sub/", "https://example.org/a.git", NULL, "sub" },
	{ "git://example.org/a#x", "git://example.org/a", "x", NULL },
	{ "git@example.org:me/a.git", "git@example.org:me/a.git", NULL, NULL },
	{ "github.com/me/a", "https://github.com/me/a", NULL, NULL },
	{ "https://example.org/a.git?tag=v2&subdir=x", "https://example.org/a.git", "refs/tags/v2",
	  "x" },
	{ "https://example.org/a.git?branch=b", "https://example.org/a.git", "refs/heads/b", NULL },
};

START_TEST(a_repository_is_told_by_its_url)
{
	struct git_source g;

	ck_assert_int_eq(git_source_parse(repositories[_i].text, &g, &err), 1);
	ck_assert_str_eq(g.url, repositories[_i].url);
	ck_assert_pstr_eq(g.ref, repositories[_i].ref);
	ck_assert_pstr_eq(g.subdir, repositories[_i].subdir);
	git_source_done(&g);
}
END_TEST

static const char *const others[] = { ".", "a.git", "https://example.org/a.tar.gz", "-", "/x/y.git" };

START_TEST(other_words_name_none)
{
	struct git_source g;

	ck_assert_int_eq(git_source_parse(others[_i], &g, &err), 0);
}
END_TEST

static const char *const wrong[] = {
	"https://example.org/a.git#--upload-pack=x", "https://example.org/a.git#v1:../up",
	"https://example.org/a.git?nonsense=1",	     "https://example.org/a.git#a b",
	"https://example.org/a.git?branch=-x:y",
};

START_TEST(what_git_would_misunderstand_is_refused)
{
	struct git_source g;

	error_clear(&err);
	ck_assert_int_eq(git_source_parse(wrong[_i], &g, &err), -1);
	ck_assert_int_eq(err.kind, ERR_INVALID);
}
END_TEST

UNIT_MAIN("build/git", TEST_LOOP(a_repository_is_told_by_its_url, 9),
	  TEST_LOOP(other_words_name_none, 5), TEST_LOOP(what_git_would_misunderstand_is_refused, 5))
