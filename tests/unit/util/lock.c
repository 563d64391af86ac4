/* OFD locks: between descriptions of one process, and by death. */
#include "unit.h"
#include "scratch.h"

#include "util/lock.h"

#include <signal.h>
#include <sys/wait.h>

static struct error err;

static int lock_file(const struct scratch *s)
{
	return openat(s->fd, "lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
}

START_TEST(lock_excludes_other_descriptions)
{
	SCRATCH(s);
	auto_close int a = lock_file(&s), b = lock_file(&s);

	ck_assert_int_eq(lock_held(b, &err), 0);
	ck_assert_int_eq(lock_try(a, LOCK_EXCLUSIVE, &err), 1);
	ck_assert_int_eq(lock_try(b, LOCK_SHARED, &err), 0);
	ck_assert_int_eq(lock_held(b, &err), 1);
	ck_assert_int_eq(lock_held(a, &err), 0); /* one's own forbids nothing */
	lock_drop(a);
	ck_assert_int_eq(lock_try(b, LOCK_EXCLUSIVE, &err), 1);
}
END_TEST

START_TEST(lock_shared_admits_shared_but_not_exclusive)
{
	SCRATCH(s);
	auto_close int a = lock_file(&s), b = lock_file(&s), c = lock_file(&s);

	ck_assert_int_eq(lock_take(a, LOCK_SHARED, &err), 0);
	ck_assert_int_eq(lock_take(b, LOCK_SHARED, &err), 0);
	ck_assert_int_eq(lock_try(c, LOCK_EXCLUSIVE, &err), 0);
	ck_assert_int_eq(lock_held(c, &err), 1);
}
END_TEST

START_TEST(lock_dies_with_its_process)
{
	SCRATCH(s);
	auto_close int mine = lock_file(&s);
	int pipe_fds[2], status;
	char c;
	pid_t pid;

	ck_assert_int_eq(pipe(pipe_fds), 0);
	pid = fork();
	if (pid == 0) {
		int fd = lock_file(&s);

		if (lock_try(fd, LOCK_EXCLUSIVE, &err) != 1 || write(pipe_fds[1], "x", 1) != 1)
			_exit(1);
		pause();
	}
	ck_assert_int_eq(read(pipe_fds[0], &c, 1), 1);
	ck_assert_int_eq(lock_try(mine, LOCK_EXCLUSIVE, &err), 0);
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	ck_assert_int_eq(lock_try(mine, LOCK_EXCLUSIVE, &err), 1);
}
END_TEST

START_TEST(lock_of_a_descriptor_that_is_none_fails)
{
	ck_assert_int_eq(lock_take(-1, LOCK_SHARED, &err), -1);
	ck_assert_int_eq(lock_try(-1, LOCK_SHARED, &err), -1);
	ck_assert_int_eq(lock_held(-1, &err), -1);
}
END_TEST

START_TEST(lock_of_a_directory_excludes_other_descriptions_until_the_last_copy_is_closed)
{
	SCRATCH(s);
	int a = openat(s.fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), copy = dup(a);
	auto_close int b = openat(s.fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	ck_assert_int_eq(lock_dir_try(a, &err), 1);
	ck_assert_int_eq(lock_dir_try(a, &err), 1);
	ck_assert_int_eq(lock_dir_try(b, &err), 0);
	close(a);
	ck_assert_int_eq(lock_dir_try(b, &err), 0);
	close(copy);
	ck_assert_int_eq(lock_dir_try(b, &err), 1);
	ck_assert_int_eq(lock_dir_try(-1, &err), -1);
}
END_TEST

UNIT_MAIN("util/lock", TEST(lock_excludes_other_descriptions),
	  TEST(lock_shared_admits_shared_but_not_exclusive), TEST(lock_dies_with_its_process),
	  TEST(lock_of_a_descriptor_that_is_none_fails),
	  TEST(lock_of_a_directory_excludes_other_descriptions_until_the_last_copy_is_closed))
