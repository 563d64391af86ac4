/*
 * tree.c - tests of src/build/tree.c and stat_cache.c.
 */
#include "store_env.h"

#include "build/tree.h"
#include "util/text.h"

#include <sys/stat.h>

static void fill(struct scratch *s)
{
	scratch_dir(s, "d");
	scratch_dir(s, "d/sub");
	scratch_file(s, "d/sub/x.c", "x");
	scratch_file(s, "d/a.c", "a");
	scratch_file(s, "top.txt", "top");
	scratch_link(s, "d/sub", "ln");
	scratch_link(s, "/top.txt", "abs");
	scratch_link(s, "../../../top.txt", "d/up");
	scratch_link(s, "loop", "loop");
	scratch_link(s, "nowhere", "dangling");
}

static const struct {
	const char *path, *found; /* NULL: not there */
} finds[] = {
	{ "top.txt", "top.txt" },
	{ "d/sub/x.c", "d/sub/x.c" },
	{ "ln/x.c", "d/sub/x.c" },
	{ "abs", "top.txt" },
	{ "d/up", "top.txt" },
	{ "", "" },
	{ ".", "" },
	{ "d/../d/a.c", "d/a.c" },
	{ "../../d", "d" },
	{ "none", NULL },
	{ "top.txt/x", NULL },
	{ "dangling", NULL },
	{ "d/sub/../a.c", "d/a.c" },
	{ "ln", "d/sub" },
};

START_TEST(paths_lead_to_nodes_inside_the_tree)
{
	SCRATCH(s);
	struct tree t;
	struct node *n;
	bool ignored;
	int r;

	fill(&s);
	tree_init(&t, s.fd, "the context");
	r = tree_find(&t, finds[_i].path, &n, &ignored, &err);
	if (!finds[_i].found) {
		ck_assert_int_eq(r, 0);
	} else {
		auto_free char *path = NULL;

		ck_assert_int_eq(r, 1);
		path = node_path(n);
		ck_assert_str_eq(path, finds[_i].found);
	}
	tree_done(&t);
}
END_TEST

START_TEST(a_loop_of_links_is_an_error)
{
	SCRATCH(s);
	struct tree t;
	struct node *n;
	bool ignored;

	fill(&s);
	tree_init(&t, s.fd, "the context");
	FAILS(tree_find(&t, "loop", &n, &ignored, &err), ERR_INVALID);
	tree_done(&t);
}
END_TEST

static const struct {
	const char *pattern, *found;
} matches[] = {
	{ "*.txt", "top.txt" },	   { "d/*.c", "d/a.c" },
	{ "*/*.c", "d/a.c" },	   { "d/*", "d/a.c d/sub d/up" },
	{ "*.none", "" },	   { "d*", "d dangling" },
	{ "ln/*.c", "d/sub/x.c" }, { "d/sub/[x]?c", "d/sub/x.c" },
};

START_TEST(patterns_match_component_by_component)
{
	SCRATCH(s);
	struct tree t;
	nodes found = { 0 };
	struct str got = { 0 };

	fill(&s);
	tree_init(&t, s.fd, "the context");
	OK(tree_match(&t, matches[_i].pattern, &found, &err));
	for (size_t i = 0; i < found.n; i++) {
		auto_free char *path = node_path(found.v[i]);

		str_addf(&got, "%s%s", i ? " " : "", path);
	}
	ck_assert_str_eq(str_get(&got), matches[_i].found);
	str_done(&got);
	vec_done(&found);
	tree_done(&t);
}
END_TEST

START_TEST(ignored_names_are_not_there)
{
	SCRATCH(s);
	struct ignore ig = { 0 };
	struct tree t;
	struct node *n;
	bool ignored;

	fill(&s);
	OK(ignore_add(&ig, "d", &err));
	OK(ignore_add(&ig, "!d/sub/x.c", &err));
	OK(ignore_add(&ig, "top.txt", &err));
	tree_init(&t, s.fd, "the context");
	t.ignore = &ig;
	ck_assert_int_eq(tree_find(&t, "top.txt", &n, &ignored, &err), 0);
	ck_assert(ignored);
	ck_assert_int_eq(tree_find(&t, "abs", &n, &ignored, &err), 0);
	ck_assert_int_eq(tree_find(&t, "d/a.c", &n, &ignored, &err), 0);
	ck_assert_int_eq(tree_find(&t, "d/sub/x.c", &n, &ignored, &err), 1);
	ck_assert_int_eq(tree_find(&t, "none", &n, &ignored, &err), 0);
	ck_assert(!ignored);
	tree_done(&t);
	ignore_done(&ig);
}
END_TEST

START_TEST(an_ignored_directory_need_not_be_readable)
{
	SCRATCH(s);
	struct ignore ig = { 0 };
	struct tree t;
	struct node *n;
	bool ignored;

	fill(&s);
	scratch_dir(&s, "secret");
	ck_assert_int_eq(mkfifoat(s.fd, "secret/fifo", 0600), 0);
	OK(ignore_add(&ig, "secret", &err));
	tree_init(&t, s.fd, "the context");
	t.ignore = &ig;
	OK(tree_find(&t, "d", &n, &ignored, &err));
	for (size_t i = 0; i < t.top->children.n; i++)
		ck_assert_str_ne(t.top->children.v[i]->name, "secret");
	tree_done(&t);
	ignore_done(&ig);
}
END_TEST

static void key_of(struct scratch *s, bool foreign, const struct ignore *exclude,
		   char hex[SHA256_HEX])
{
	struct tree t;
	struct node *n;
	bool ignored;
	struct key k;

	tree_init(&t, s->fd, "the context");
	t.foreign = foreign;
	ck_assert_int_eq(tree_find(&t, "d", &n, &ignored, &err), 1);
	key_begin(&k, "X");
	OK(node_key(&t, n, exclude, "", &k, &err));
	key_end(&k, hex);
	tree_done(&t);
}

static void change(struct scratch *s, int what)
{
	switch (what) {
	case 0:
		scratch_file(s, "d/a.c", "b");
		break;
	case 1:
		ck_assert_int_eq(fchmodat(s->fd, "d/a.c", 0755, 0), 0);
		break;
	case 2:
		ck_assert_int_eq(renameat(s->fd, "d/a.c", s->fd, "d/b.c"), 0);
		break;
	case 3:
		ck_assert_int_eq(unlinkat(s->fd, "d/up", 0), 0);
		scratch_link(s, "other", "d/up");
		break;
	case 4:
		scratch_file(s, "d/sub/new", "");
		break;
	case 5:
		scratch_dir(s, "d/empty");
		break;
	case 6: /* the same content under the same names, but one file */
		ck_assert_int_eq(unlinkat(s->fd, "d/sub/a2.c", 0), 0);
		ck_assert_int_eq(linkat(s->fd, "d/a.c", s->fd, "d/sub/a2.c", 0), 0);
		break;
	case 7: /* what was below sub is now beside it */
		ck_assert_int_eq(renameat(s->fd, "d/sub/x.c", s->fd, "d/x.c"), 0);
		break;
	case 8:
		ck_assert_int_eq(fchmodat(s->fd, "d", 0700, 0), 0);
		break;
	}
}

START_TEST(any_change_of_a_tree_changes_its_key)
{
	SCRATCH(s);
	char before[SHA256_HEX], after[SHA256_HEX];

	fill(&s);
	scratch_file(&s, "d/sub/a2.c", "a");
	key_of(&s, false, NULL, before);
	change(&s, _i);
	key_of(&s, false, NULL, after);
	ck_assert_str_ne(before, after);
}
END_TEST

START_TEST(times_do_not_change_a_key)
{
	SCRATCH(s);
	struct timespec old[2] = { { 1, 0 }, { 1, 0 } };
	char before[SHA256_HEX], after[SHA256_HEX];

	fill(&s);
	key_of(&s, true, NULL, before);
	ck_assert_int_eq(utimensat(s.fd, "d/a.c", old, 0), 0);
	ck_assert_int_eq(utimensat(s.fd, "d", old, 0), 0);
	key_of(&s, true, NULL, after);
	ck_assert_str_eq(before, after);
}
END_TEST

START_TEST(what_is_excluded_does_not_count)
{
	SCRATCH(s);
	struct ignore ig = { 0 };
	char before[SHA256_HEX], after[SHA256_HEX];

	fill(&s);
	OK(ignore_add(&ig, "*.c", &err));
	key_of(&s, false, &ig, before);
	scratch_file(&s, "d/a.c", "changed");
	key_of(&s, false, &ig, after);
	ck_assert_str_eq(before, after);
	scratch_file(&s, "d/sub/x.c", "changed");
	key_of(&s, false, &ig, after);
	ck_assert_str_ne(before, after);
	ignore_done(&ig);
}
END_TEST

/* ---- digests by stat ---- */

static bool known(struct env *e, struct scratch *s, const char *name, unsigned char digest[32])
{
	struct stat_cache c;
	struct stat st;
	bool found;

	OK(stat_cache_open(&e->st, s->fd, &c, &err));
	ck_assert_int_eq(fstatat(s->fd, name, &st, 0), 0);
	found = stat_cache_find(&c, &st, digest);
	stat_cache_done(&c);
	return found;
}

static void note(struct env *e, struct scratch *s, const char *name, unsigned char mark,
		 int64_t read_ns)
{
	unsigned char digest[32];
	struct stat_cache c;
	struct stat st;

	memset(digest, mark, sizeof(digest));
	OK(stat_cache_open(&e->st, s->fd, &c, &err));
	ck_assert_int_eq(fstatat(s->fd, name, &st, 0), 0);
	stat_cache_add(&c, &st, read_ns, digest);
	OK(stat_cache_save(&e->st, &c, &err));
	stat_cache_done(&c);
}

START_TEST(a_digest_is_found_until_the_file_changes)
{
	ENV(e);
	SCRATCH(s);
	unsigned char digest[32];
	int64_t later = time_now_ns() + 10 * NSEC_PER_SEC;

	scratch_file(&s, "a", "1");
	scratch_file(&s, "b", "1");
	scratch_file(&s, "c", "1");
	ck_assert(!known(&e, &s, "a", digest));
	note(&e, &s, "a", 1, later);
	note(&e, &s, "b", 2, later);
	note(&e, &s, "c", 3, later);
	note(&e, &s, "b", 4, later);
	ck_assert(known(&e, &s, "a", digest));
	ck_assert_int_eq(digest[0], 1);
	ck_assert(known(&e, &s, "b", digest));
	ck_assert_int_eq(digest[31], 4);
	ck_assert(known(&e, &s, "c", digest));
	scratch_file(&s, "a", "22");
	ck_assert(!known(&e, &s, "a", digest));
	ck_assert(known(&e, &s, "c", digest));
}
END_TEST

START_TEST(a_file_changed_just_now_is_not_noted)
{
	ENV(e);
	SCRATCH(s);
	unsigned char digest[32];

	scratch_file(&s, "a", "1");
	note(&e, &s, "a", 1, time_now_ns());
	ck_assert(!known(&e, &s, "a", digest));
}
END_TEST

START_TEST(a_damaged_cache_is_an_empty_one)
{
	ENV(e);
	SCRATCH(s);
	struct strv names = { 0 };
	unsigned char digest[32];
	int cache;

	scratch_file(&s, "a", "1");
	note(&e, &s, "a", 1, time_now_ns() + 10 * NSEC_PER_SEC);
	cache = store_dir(&e.st, STORE_CACHE, &err);
	OK(dir_list(cache, &names, &err));
	ck_assert_uint_eq(names.n, 1);
	OK(file_write(cache, names.v[0], "hodstat1 and more than a header has", 30, 0600, false,
		      &err));
	ck_assert(!known(&e, &s, "a", digest));
	note(&e, &s, "a", 1, time_now_ns() + 10 * NSEC_PER_SEC);
	ck_assert(known(&e, &s, "a", digest));
	strv_done(&names);
}
END_TEST

UNIT_MAIN("build/tree", TEST_LOOP(paths_lead_to_nodes_inside_the_tree, ARRAY_SIZE(finds)),
	  TEST(a_loop_of_links_is_an_error),
	  TEST_LOOP(patterns_match_component_by_component, ARRAY_SIZE(matches)),
	  TEST(ignored_names_are_not_there), TEST(an_ignored_directory_need_not_be_readable),
	  TEST_LOOP(any_change_of_a_tree_changes_its_key, 9), TEST(times_do_not_change_a_key),
	  TEST(what_is_excluded_does_not_count), TEST(a_digest_is_found_until_the_file_changes),
	  TEST(a_file_changed_just_now_is_not_noted), TEST(a_damaged_cache_is_an_empty_one))
