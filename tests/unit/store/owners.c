/* The sidecar of owners. */
#include "store_env.h"

#include "store/owners.h"

#include <sys/sysmacros.h>

START_TEST(owners_come_back_as_they_were_set)
{
	SCRATCH(s);
	auto_done(owners) struct owners o = { 0 }, back = { 0 };
	const struct owner *e;

	owners_set(&o, "usr/bin/x", 4294967294U, 0, S_IFREG | 04755, 0);
	owners_set(&o, "dev/null", 0, 5, S_IFCHR | 0666, makedev(1, 3));
	owners_set(&o, "with space\nand \\ and \xc3\xa9", 1, 2, S_IFREG | 0600, 0);
	OK(owners_save(s.fd, &o, &err));
	OK(owners_load(s.fd, &back, &err));
	ck_assert_uint_eq(back.v.n, 3);
	e = owners_find(&back, "usr/bin/x");
	ck_assert_ptr_nonnull(e);
	ck_assert_uint_eq(e->uid, 4294967294U);
	ck_assert_uint_eq(e->mode, S_IFREG | 04755);
	e = owners_find(&back, "dev/null");
	ck_assert_uint_eq(e->rdev, makedev(1, 3));
	ck_assert_uint_eq(e->gid, 5);
	ck_assert_ptr_nonnull(owners_find(&back, "with space\nand \\ and \xc3\xa9"));
	ck_assert_ptr_null(owners_find(&back, "usr/bin"));
}
END_TEST

START_TEST(owners_set_last_wins)
{
	auto_done(owners) struct owners o = { 0 };

	for (unsigned i = 0; i < 100; i++)
		owners_set(&o, i % 2 ? "a" : "b", i, 0, S_IFREG, 0);
	ck_assert_uint_eq(owners_find(&o, "a")->uid, 99);
	ck_assert_uint_eq(owners_find(&o, "b")->uid, 98);
	ck_assert_uint_eq(o.v.n, 2);
}
END_TEST

START_TEST(owners_absent_is_empty)
{
	SCRATCH(s);
	auto_done(owners) struct owners o = { 0 };

	OK(owners_load(s.fd, &o, &err));
	ck_assert_ptr_null(owners_find(&o, "x"));
}
END_TEST

static const char *const damaged[] = {
	"1 2 644 0\n",	   "1 2 888 0 a\n",	     "-1 2 644 0 a\n",
	"1 2 644 0 a b\n", "4294967296 0 644 0 a\n", "1 2 644 0 a\\x0\n",
	"1 2 644 0 a\\\n", "1 2 644 0 a\\x00\n",     "1 2 12345678 0 a\n",
};

START_TEST(owners_that_are_damaged_are_invalid)
{
	SCRATCH(s);
	struct owners o = { 0 };

	scratch_file(&s, "owners", damaged[_i]);
	FAILS(owners_load(s.fd, &o, &err), ERR_INVALID);
	ck_assert_uint_eq(o.v.n, 0);
}
END_TEST

UNIT_MAIN("store/owners", TEST(owners_come_back_as_they_were_set), TEST(owners_set_last_wins),
	  TEST(owners_absent_is_empty),
	  TEST_LOOP(owners_that_are_damaged_are_invalid, ARRAY_SIZE(damaged)))
