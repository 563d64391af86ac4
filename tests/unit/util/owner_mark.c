/*
 * owner_mark.c - marks on files, and the notes that stand in for them.
 */
#include "unit.h"
#include "scratch.h"

#include "util/fd.h"
#include "util/owner_mark.h"

#include <errno.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

static int make(int dir, const char *name)
{
	int fd = openat(dir, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	ck_assert_int_ge(fd, 0);
	return fd;
}

START_TEST(owner_mark_comes_back_by_every_way)
{
	SCRATCH(s);
	auto_close int fd = make(s.fd, "f");
	auto_close int path = openat(s.fd, "f", O_PATH | O_CLOEXEC);
	auto_close int proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	auto_close int home = openat(s.fd, ".", O_PATH | O_CLOEXEC);
	const struct owner_mark m = { 12, 4294967294U, S_IFCHR, makedev(1, 3) };
	struct owner_mark got = { 0 };

	ck_assert_int_eq(owner_mark_get(-1, path, &got), 0);
	ck_assert_int_eq(owner_mark_set(-1, path, &m), 0);
	ck_assert_int_eq(owner_mark_read(fd, &got), 1);
	ck_assert_uint_eq(got.uid, 12);
	ck_assert_uint_eq(got.gid, 4294967294U);
	ck_assert_uint_eq(got.type, S_IFCHR);
	ck_assert_uint_eq(got.rdev, makedev(1, 3));
	ck_assert_int_eq(owner_mark_get_at(s.fd, "f", &got), 1);
	ck_assert_int_eq(owner_mark_get(proc, path, &got), 1);
	ck_assert_int_eq(fchdir(home), 0);
}
END_TEST

START_TEST(owner_mark_of_root_is_none)
{
	SCRATCH(s);
	auto_close int fd = make(s.fd, "f");
	struct owner_mark m = { 1, 1, 0, 0 };

	ck_assert_int_eq(owner_mark_set(-1, fd, &m), 0);
	m.uid = m.gid = 0;
	ck_assert_int_eq(owner_mark_set(-1, fd, &m), 0);
	ck_assert_int_eq(owner_mark_set(-1, fd, &m), 0);
	ck_assert_int_lt(fgetxattr(fd, OWNER_MARK, NULL, 0), 0);
}
END_TEST

static const char *const damaged[] = {
	"",	 "1",	 "1:",		 ":1",	"1:2:3",	"1:2:3:4",   "1:2 ",
	"1:2:x", "-1:2", "1:2:20000:3:", "a:b", "1:2:100644:0", "1:2:20000:"
};

START_TEST(owner_mark_that_is_damaged_is_none)
{
	SCRATCH(s);
	auto_close int fd = make(s.fd, "f");
	struct owner_mark m;

	ck_assert_int_eq(fsetxattr(fd, OWNER_MARK, damaged[_i], strlen(damaged[_i]), 0), 0);
	ck_assert_msg(owner_mark_read(fd, &m) == 0, "'%s'", damaged[_i]);
}
END_TEST

START_TEST(owner_mark_on_a_link_is_not_supported)
{
	SCRATCH(s);
	auto_close int fd = -1;
	const struct owner_mark m = { 1, 1, 0, 0 };

	ck_assert_int_eq(symlinkat("f", s.fd, "l"), 0);
	fd = openat(s.fd, "l", O_PATH | O_NOFOLLOW | O_CLOEXEC);
	ck_assert_int_eq(owner_mark_set(-1, fd, &m), -1);
	ck_assert_int_eq(errno, ENOTSUP);
	ck_assert_int_eq(owner_mark_set_at(s.fd, "l", &m), -1);
	ck_assert_int_eq(errno, ENOTSUP);
}
END_TEST

START_TEST(owner_note_found_is_the_last_of_its_file)
{
	SCRATCH(s);
	auto_close int notes = openat(s.fd, "n", O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
	struct owner_mark m = { 0 };

	for (unsigned i = 0; i < 1000; i++) {
		struct owner_note n = { { i % 300, 5, i % 300 }, { i, i, 0, 0 } };

		ck_assert_int_eq(owner_note_add(notes, &n), 0);
	}
	ck_assert_int_eq(owner_note_find(notes, &(struct owner_key){ 7, 5, 7 }, &m), 1);
	ck_assert_uint_eq(m.uid, 907);
	ck_assert_int_eq(owner_note_find(notes, &(struct owner_key){ 150, 5, 150 }, &m), 1);
	ck_assert_uint_eq(m.uid, 750);
	/* the number was used again */
	ck_assert_int_eq(owner_note_find(notes, &(struct owner_key){ 7, 6, 7 }, &m), 0);
}
END_TEST

START_TEST(owner_key_tells_two_files_of_one_number_apart)
{
	SCRATCH(s);
	auto_close int fd = make(s.fd, "f");
	struct owner_key key, by_path;
	uint64_t mount = 0;

	ck_assert_int_eq(owner_key_of(fd, &key, &mount), 0);
	ck_assert_uint_ne(key.ino, 0);
	ck_assert_uint_ne(mount, 0);
	by_path = owner_key_by_path("a/b", &key);
	ck_assert_uint_ne(by_path.ino, owner_key_by_path("a/c", &key).ino);
	ck_assert_int_eq(by_path.born_s, key.born_s);
}
END_TEST

UNIT_MAIN("util/owner_mark", TEST(owner_mark_comes_back_by_every_way),
	  TEST(owner_mark_of_root_is_none),
	  TEST_LOOP(owner_mark_that_is_damaged_is_none, ARRAY_SIZE(damaged)),
	  TEST(owner_mark_on_a_link_is_not_supported), TEST(owner_note_found_is_the_last_of_its_file),
	  TEST(owner_key_tells_two_files_of_one_number_apart))
