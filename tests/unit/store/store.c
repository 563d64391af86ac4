/* Opening a store, its folders and its lock. */
#include "store_env.h"

#include <linux/fs.h>
#include <linux/magic.h>
#include <sys/ioctl.h>
#include <sys/vfs.h>

START_TEST(store_open_without_create_of_nothing_is_an_empty_store)
{
	SCRATCH(s);
	auto_free char *path = xasprintf("%s/none", s.path);
	struct store st;
	containers l = { 0 };
	image_names n = { 0 };
	auto_done(strv) struct strv hexes = { 0 };
	struct container c;

	OK(store_open(path, 0, &st, &err));
	OK(container_list(&st, &l, &err));
	OK(image_name_list(&st, &n, &err));
	OK(layer_list(&st, &hexes, &err));
	container_init(&c);
	ck_assert_int_eq(container_find(&st, "x1", &c, &err), 0);
	ck_assert_uint_eq(l.n + n.n + hexes.n, 0);
	ck_assert(!file_exists(s.fd, "none"));
	FAILS(store_lock(&st, LOCK_SHARED, &err), ERR_NOTFOUND);
	store_close(&st);
}
END_TEST

START_TEST(store_create_makes_all_of_the_path_private)
{
	SCRATCH(s);
	auto_free char *path = xasprintf("%s/a/b", s.path);
	struct store st;
	struct stat stat_;

	OK(store_open(path, STORE_CREATE, &st, &err));
	ck_assert_int_eq(fstat(st.root, &stat_), 0);
	ck_assert_uint_eq(stat_.st_mode & 07777, 0700);
	ck_assert_str_eq(st.path, path);
	for (int i = 0; i < STORE_DIRS; i++) {
		OK(store_dir(&st, (enum store_dir)i, &err));
		fstat(st.dirs[i], &stat_);
		ck_assert_uint_eq(stat_.st_mode & 077, 0);
	}
	store_close(&st);
	OK(store_open(path, 0, &st, &err));
	store_close(&st);
}
END_TEST

START_TEST(store_open_refuses_a_directory_that_is_no_store)
{
	SCRATCH(s);
	struct store st;
	struct stat before, after;

	scratch_file(&s, "precious", "");
	ck_assert_int_eq(fchmod(s.fd, 0755), 0);
	fstat(s.fd, &before);
	FAILS(store_open(s.path, STORE_CREATE, &st, &err), ERR_INVALID);
	fstat(s.fd, &after);
	ck_assert_uint_eq(before.st_mode, after.st_mode);
	ck_assert(!file_exists(s.fd, "format"));
}
END_TEST

START_TEST(store_open_takes_a_fresh_file_system_as_empty)
{
	SCRATCH(s);
	struct store st;

	scratch_dir(&s, "lost+found");
	OK(store_open(s.path, STORE_CREATE, &st, &err));
	store_close(&st);
}
END_TEST

static const struct {
	const char *format;
	enum error_kind kind;
} formats[] = { { "2", ERR_UNSUPPORTED },
		{ "99", ERR_UNSUPPORTED },
		{ "0", ERR_INVALID },
		{ "x", ERR_INVALID },
		{ "../1", ERR_INVALID } };

START_TEST(store_open_refuses_a_format_it_does_not_know)
{
	SCRATCH(s);
	struct store st;

	scratch_link(&s, formats[_i].format, "format");
	FAILS(store_open(s.path, STORE_CREATE, &st, &err), formats[_i].kind);
}
END_TEST

START_TEST(store_open_refuses_the_store_of_another_user)
{
	SCRATCH(s);
	struct store st;

	/* not root, or root of a namespace with one user */
	if (fchown(s.fd, 1234, 0) < 0)
		return;
	FAILS(store_open(s.path, STORE_CREATE, &st, &err), ERR_DENIED);
}
END_TEST

START_TEST(store_open_closes_a_store_that_others_could_read)
{
	SCRATCH(s);
	struct store st;
	struct stat stat_;

	OK(store_open(s.path, STORE_CREATE, &st, &err));
	store_close(&st);
	ck_assert_int_eq(fchmod(s.fd, 0755), 0);
	OK(store_open(s.path, 0, &st, &err));
	fstat(s.fd, &stat_);
	ck_assert_uint_eq(stat_.st_mode & 07777, 0700);
	store_close(&st);
}
END_TEST

START_TEST(store_lock_exclusive_waits_for_the_shared_ones)
{
	ENV(e);
	int a = store_lock(&e.st, LOCK_SHARED, &err), b = store_lock(&e.st, LOCK_SHARED, &err);
	int probe = openat(e.st.root, "lock", O_RDWR | O_CLOEXEC);

	OK(a);
	OK(b);
	ck_assert_int_eq(lock_try(probe, LOCK_EXCLUSIVE, &err), 0);
	close(a);
	close(b);
	ck_assert_int_eq(lock_try(probe, LOCK_EXCLUSIVE, &err), 1);
	close(probe);
}
END_TEST

START_TEST(store_asks_ext4_to_spread_containers)
{
	ENV(e);
	int dir = store_dir(&e.st, STORE_CONTAINERS, &err), flags = 0;
	struct statfs fs;

	OK(dir);
	ck_assert_int_eq(fstatfs(dir, &fs), 0);
	if (fs.f_type == EXT4_SUPER_MAGIC && ioctl(dir, FS_IOC_GETFLAGS, &flags) == 0)
		ck_assert_int_ne(flags & FS_TOPDIR_FL, 0);
}
END_TEST

START_TEST(store_default_path_needs_no_environment)
{
	auto_free char *root = store_default_path(0, &err), *user = NULL, *home = NULL;

	ck_assert_str_eq(root, "/var/lib/hod");
	setenv("HOME", "/home/x", 1);
	user = store_default_path(1, &err);
	ck_assert_str_eq(user, "/home/x/.local/share/hod");
	unsetenv("HOME");
	home = store_default_path(1, &err); /* daemon, on every Debian: /usr/sbin */
	if (home)
		ck_assert(str_ends(home, "/.local/share/hod") && home[0] == '/');
	ck_assert_ptr_null(store_default_path(3999999999U, &err));
	ck_assert_str_ne(err.hint, "");
}
END_TEST

UNIT_MAIN("store/store", TEST(store_open_without_create_of_nothing_is_an_empty_store),
	  TEST(store_create_makes_all_of_the_path_private),
	  TEST(store_open_refuses_a_directory_that_is_no_store),
	  TEST(store_open_takes_a_fresh_file_system_as_empty),
	  TEST_LOOP(store_open_refuses_a_format_it_does_not_know, ARRAY_SIZE(formats)),
	  TEST(store_open_refuses_the_store_of_another_user),
	  TEST(store_open_closes_a_store_that_others_could_read),
	  TEST(store_lock_exclusive_waits_for_the_shared_ones),
	  TEST(store_asks_ext4_to_spread_containers), TEST(store_default_path_needs_no_environment))
