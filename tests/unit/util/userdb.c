/*
 * userdb.c - tests of util/userdb against small root filesystems made for each test.
 */
#include "unit.h"

#include "util/fd.h"
#include "util/userdb.h"

#include <sys/stat.h>

static const char passwd[] = "root:x:0:0:root:/root:/bin/sh\n"
			     "# a comment\n"
			     "\n"
			     "broken\n"
			     "daemon:x:2:3::/var/daemon:/bin/false\n"
			     "app:x:1000:100:App:/home/app:/bin/sh\n"
			     "nohome:x:1001:100\n"
			     "huge:x:4294967296:0::/:/bin/sh\n"
			     "minus:x:-1:0::/:/bin/sh\n"
			     "empty:x::0::/:/bin/sh\n"
			     "1234:x:0:0::/:/bin/sh\n"
			     "toor:x:0:0::/toor:/bin/sh";
static const char group[] = "root:x:0:\n"
			    "users:x:100:app\n"
			    "wheel:x:10:root,app\n"
			    "apps:x:20:application,app2\n"
			    "audio:x:30:x,app\n"
			    "wheel2:x:10:app\n"
			    "55:x:0:\n"
			    "nogid:x::app\n";

static char dir[] = "/tmp/userdb-XXXXXX";
static int root = -1;
static struct error err;

static void put(const char *name, const char *text)
{
	ck_assert_int_eq(file_write(root, name, text, strlen(text), 0644, false, &err), 0);
}

static void set_up(void)
{
	ck_assert_ptr_nonnull(mkdtemp(dir));
	root = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_eq(mkdirat(root, "etc", 0755), 0);
	put("etc/passwd", passwd);
	put("etc/group", group);
}

static void clean(void)
{
	close(root);
	tree_remove(AT_FDCWD, dir, &err);
}

static const struct {
	const char *text;
	uid_t uid;
	gid_t gid;
	const char *home, *name;
	size_t groups;
} found[] = {
	{ NULL, 0, 0, "/root", "root", 1 },
	{ "", 0, 0, "/root", "root", 1 },
	{ "root", 0, 0, "/root", "root", 1 },
	{ "toor", 0, 0, "/toor", "toor", 0 },
	{ "app", 1000, 100, "/home/app", "app", 2 },  /* wheel, audio; users is its own */
	{ "1000", 1000, 100, "/home/app", "app", 2 }, /* a number with an entry takes its group */
	{ "1000:", 1000, 100, "/home/app", "app", 2 },
	{ "app:10", 1000, 10, "/home/app", "app", 0 }, /* a group given: no others */
	{ "app:audio", 1000, 30, "/home/app", "app", 0 },
	{ "2:wheel", 2, 10, "/var/daemon", "daemon", 0 },
	{ "4711", 4711, 0, "/", NULL, 0 }, /* no entry */
	{ "4711:99", 4711, 99, "/", NULL, 0 },
	{ "nohome", 1001, 100, "/", "nohome", 0 },
	{ "1234", 1234, 0, "/", NULL, 0 }, /* digits are never the name of the entry with uid 0 */
	{ "app:55", 1000, 55, "/home/app", "app", 0 },
	{ "4294967294", 4294967294U, 0, "/", NULL, 0 },
};

START_TEST(user_is_found_by_name_and_number)
{
	struct user u;

	set_up();
	ck_assert_int_eq(user_find(root, found[_i].text, &u, &err), 0);
	ck_assert_uint_eq(u.uid, found[_i].uid);
	ck_assert_uint_eq(u.gid, found[_i].gid);
	ck_assert_str_eq(u.home, found[_i].home);
	if (found[_i].name)
		ck_assert_str_eq(u.name, found[_i].name);
	else
		ck_assert_ptr_null(u.name);
	ck_assert_uint_eq(u.groups.n, found[_i].groups);
	user_done(&u);
	clean();
}
END_TEST

static const struct {
	const char *text;
	enum error_kind kind;
	const char *message;
} refused[] = {
	{ "nobody", ERR_NOTFOUND, "no user 'nobody' in /etc/passwd" },
	{ "app:nogroup", ERR_NOTFOUND, "no group 'nogroup' in /etc/group" },
	{ "4294967295", ERR_INVALID, "'4294967295' is not between 0 and 4294967294" },
	{ "4294967296", ERR_INVALID, "'4294967296' is not between 0 and 4294967294" },
	{ "18446744073709551616", ERR_INVALID, NULL }, /* 2^64 is not 0 */
	{ "app:4294967296", ERR_INVALID, NULL },
	{ "-u", ERR_NOTFOUND, NULL },
	{ " 1", ERR_NOTFOUND, NULL }, /* crun's CVE-2026-30892 read it as 0 */
	{ "-1", ERR_NOTFOUND, NULL },
	{ "+0", ERR_NOTFOUND, NULL },
	{ "0x0", ERR_NOTFOUND, NULL },
	{ "huge", ERR_NOTFOUND, NULL }, /* an entry whose uid overflows is no entry */
	{ "minus", ERR_NOTFOUND, NULL },
	{ "empty", ERR_NOTFOUND, NULL },
	{ "broken", ERR_NOTFOUND, NULL },
	{ "app:nogid", ERR_NOTFOUND, NULL },
	{ ":", ERR_INVALID, NULL },
	{ ":wheel", ERR_INVALID, "no user before the colon of ':wheel'" },
	{ "app:10:10", ERR_NOTFOUND, NULL },
};

START_TEST(user_is_never_root_by_accident)
{
	struct user u;
	char line[ERROR_LINE_MAX];

	set_up();
	ck_assert_int_eq(user_find(root, refused[_i].text, &u, &err), -1);
	ck_assert_int_eq(err.kind, refused[_i].kind);
	if (refused[_i].message)
		ck_assert_str_eq(error_text(&err, line, sizeof(line)), refused[_i].message);
	clean();
}
END_TEST

START_TEST(user_needs_no_files_for_numbers_and_root)
{
	struct user u;

	ck_assert_int_eq(user_find(-1, "12:34", &u, &err), 0);
	ck_assert_uint_eq(u.uid, 12);
	ck_assert_uint_eq(u.gid, 34);
	user_done(&u);
	ck_assert_int_eq(user_find(-1, "root", &u, &err), 0);
	ck_assert_uint_eq(u.uid, 0);
	user_done(&u);
	ck_assert_int_eq(user_find(-1, "app", &u, &err), -1);
	ck_assert_int_eq(err.kind, ERR_NOTFOUND);
}
END_TEST

START_TEST(user_files_that_are_fifos_are_refused_at_once)
{
	struct user u;

	set_up();
	ck_assert_int_eq(unlinkat(root, "etc/passwd", 0), 0);
	ck_assert_int_eq(mkfifoat(root, "etc/passwd", 0644), 0);
	ck_assert_int_eq(user_find(root, "app", &u, &err), -1);
	ck_assert_int_eq(err.kind, ERR_INVALID);
	clean();
}
END_TEST

START_TEST(user_files_are_found_inside_the_root_only)
{
	struct user u;

	set_up();
	ck_assert_int_eq(unlinkat(root, "etc/passwd", 0), 0);
	put("etc/inner", "in:x:5:5::/:/bin/sh\n");
	ck_assert_int_eq(symlinkat("/../../../../etc/inner", root, "etc/passwd"), 0);
	ck_assert_int_eq(user_find(root, "in", &u, &err), 0);
	ck_assert_uint_eq(u.uid, 5);
	user_done(&u);
	clean();
}
END_TEST

START_TEST(user_files_have_limits)
{
	struct user u;
	char *big = xcalloc(1, (1 << 20) + 2);

	set_up();
	memset(big, '\n', (1 << 20) + 1);
	put("etc/passwd", big);
	ck_assert_int_eq(user_find(root, "app", &u, &err), -1);
	ck_assert_int_eq(err.kind, ERR_LIMIT);
	memset(big, 'x', 4097);
	big[4097] = '\0';
	put("etc/passwd", big);
	error_clear(&err);
	ck_assert_int_eq(user_find(root, "app", &u, &err), -1);
	ck_assert_int_eq(err.kind, ERR_LIMIT);
	free(big);
	clean();
}
END_TEST

START_TEST(owner_without_group_has_the_same_number)
{
	uid_t uid;
	gid_t gid;

	set_up();
	ck_assert_int_eq(user_find_owner(root, "app", &uid, &gid, &err), 0);
	ck_assert_uint_eq(uid, 1000);
	ck_assert_uint_eq(gid, 1000);
	ck_assert_int_eq(user_find_owner(root, "55", &uid, &gid, &err), 0);
	ck_assert_uint_eq(gid, 55);
	ck_assert_int_eq(user_find_owner(root, "app:audio", &uid, &gid, &err), 0);
	ck_assert_uint_eq(gid, 30);
	clean();
}
END_TEST

UNIT_MAIN("util/userdb", TEST_LOOP(user_is_found_by_name_and_number, ARRAY_SIZE(found)),
	  TEST_LOOP(user_is_never_root_by_accident, ARRAY_SIZE(refused)),
	  TEST(user_needs_no_files_for_numbers_and_root),
	  TEST(user_files_that_are_fifos_are_refused_at_once),
	  TEST(user_files_are_found_inside_the_root_only), TEST(user_files_have_limits),
	  TEST(owner_without_group_has_the_same_number))
