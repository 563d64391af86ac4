/* Volumes. */
#include "store_env.h"

#include "store/volume.h"

START_TEST(volume_comes_back_as_it_was_made)
{
	ENV(e);
	struct strmap labels = { 0 };
	struct volume v;
	auto_close int data = -1;
	struct stat st;
	mode_t old = umask(077);

	strmap_set(&labels, "a", "b");
	OK(volume_create(&e.st, "data", &labels, NULL, &v, &err));
	umask(old);
	volume_done(&v);
	ck_assert_int_eq(volume_find(&e.st, "data", &v, &err), 1);
	ck_assert_str_eq(strmap_get(&v.labels, "a"), "b");
	ck_assert(!v.filled && !v.anonymous);
	ck_assert_int_gt(v.created_ns, 0);
	OK(volume_set_filled(&e.st, &v, &err));
	volume_done(&v);
	ck_assert_int_eq(volume_find(&e.st, "data", &v, &err), 1);
	ck_assert(v.filled);
	volume_done(&v);
	data = volume_open_data(&e.st, "data", &err);
	OK(data);
	fstat(data, &st);
	ck_assert_uint_eq(st.st_mode & 07777, 0755); /* the container's user reads it */
	strmap_done(&labels);
}
END_TEST

START_TEST(volume_create_refuses_a_second_and_a_bad_name)
{
	ENV(e);
	struct volume v;

	OK(volume_create(&e.st, "data", NULL, NULL, &v, &err));
	volume_done(&v);
	FAILS(volume_create(&e.st, "data", NULL, NULL, &v, &err), ERR_EXISTS);
	FAILS(volume_create(&e.st, "../x", NULL, NULL, &v, &err), ERR_INVALID);
	FAILS(volume_create(&e.st, "a/b", NULL, NULL, &v, &err), ERR_INVALID);
	FAILS(volume_open_data(&e.st, "../volumes/data", &err), ERR_NOTFOUND);
	ck_assert_int_eq(volume_find(&e.st, "../volumes/data", &v, &err), 0);
	OK(volume_create(&e.st, NULL, NULL, NULL, &v, &err));
	ck_assert(v.anonymous);
	ck_assert_uint_eq(strlen(v.name), 64);
	volume_done(&v);
}
END_TEST

START_TEST(volume_in_use_is_not_removed)
{
	ENV(e);
	struct volume v;
	struct container c;
	struct container_mount *m;
	volumes l = { 0 };

	OK(volume_create(&e.st, "data", NULL, NULL, &v, &err));
	env_container(&e, "web", &c);
	m = vec_add(&c.record.mounts);
	m->type = xstrdup("volume");
	m->name = xstrdup("data");
	OK(container_record_save(&e.st, &c, &err));
	FAILS(volume_remove(&e.st, "data", &err), ERR_BUSY);
	OK(container_remove(&e.st, &c, &err));
	OK(volume_remove(&e.st, "data", &err));
	FAILS(volume_remove(&e.st, "data", &err), ERR_NOTFOUND);
	OK(volume_list(&e.st, &l, &err));
	ck_assert_uint_eq(l.n, 0);
	container_done(&c);
	volume_done(&v);
}
END_TEST

START_TEST(volume_lock_keeps_a_second_filler_out)
{
	ENV(e);
	struct volume v;
	int a, status;
	pid_t pid;

	OK(volume_create(&e.st, "data", NULL, NULL, &v, &err));
	volume_done(&v);
	a = volume_lock(&e.st, "data", &err);
	OK(a);
	pid = fork();
	if (pid == 0) {
		int fd = openat(e.st.dirs[STORE_VOLUMES], "data/lock", O_RDWR);

		_exit(lock_try(fd, LOCK_EXCLUSIVE, &err));
	}
	waitpid(pid, &status, 0);
	ck_assert_int_eq(status, 0);
	close(a);
}
END_TEST

START_TEST(volume_that_is_damaged_is_listed_by_name)
{
	ENV(e);
	struct volume v;
	volumes l = { 0 };

	OK(volume_create(&e.st, "bb", NULL, NULL, &v, &err));
	volume_done(&v);
	OK(volume_create(&e.st, "aa", NULL, NULL, &v, &err));
	volume_done(&v);
	OK(file_write(e.st.dirs[STORE_VOLUMES], "aa/volume.json", "{", 1, 0600, false, &err));
	OK(volume_list(&e.st, &l, &err));
	ck_assert_uint_eq(l.n, 2);
	ck_assert_str_eq(l.v[0].name, "aa");
	ck_assert_str_eq(l.v[1].name, "bb");
	volumes_done(&l);
	FAILS(volume_find(&e.st, "aa", &v, &err), ERR_INVALID);
}
END_TEST

UNIT_MAIN("store/volume", TEST(volume_comes_back_as_it_was_made),
	  TEST(volume_create_refuses_a_second_and_a_bad_name), TEST(volume_in_use_is_not_removed),
	  TEST(volume_lock_keeps_a_second_filler_out), TEST(volume_that_is_damaged_is_listed_by_name))
