/* Memory and release by scope. */
#include "unit.h"

#include "util/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

START_TEST(auto_close_closes_and_keeps_errno)
{
	int copy;

	{
		auto_close int fd = open("/dev/null", O_RDONLY);

		copy = fd;
		ck_assert_int_ge(fd, 0);
		errno = EDOM;
	}
	ck_assert_int_eq(errno, EDOM);
	ck_assert_int_eq(fcntl(copy, F_GETFD), -1);
}
END_TEST

START_TEST(take_fd_hands_the_descriptor_on)
{
	int kept;

	{
		auto_close int fd = open("/dev/null", O_RDONLY);

		kept = take_fd(&fd);
		ck_assert_int_eq(fd, -1);
	}
	ck_assert_int_ge(fcntl(kept, F_GETFD), 0);
	close(kept);
}
END_TEST

START_TEST(take_ptr_hands_the_pointer_on)
{
	char *kept;

	{
		auto_free char *p = xstrdup("kept");

		kept = take_ptr(&p);
		ck_assert_ptr_null(p);
	}
	ck_assert_str_eq(kept, "kept");
	free(kept);
}
END_TEST

START_TEST(xstrndup_stops_at_the_end_of_the_string)
{
	auto_free char *a = xstrndup("abc", 2), *b = xstrndup("abc", 9);

	ck_assert_str_eq(a, "ab");
	ck_assert_str_eq(b, "abc");
	ck_assert_ptr_null(xstrdup_or_null(NULL));
}
END_TEST

/* the size is not a constant, so that the compiler does not warn of what we test */
static volatile size_t huge = SIZE_MAX / 2;

START_TEST(xrealloc_of_an_overflowing_size_ends_the_process)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		close(STDERR_FILENO);
		free(xrealloc(NULL, huge, 4));
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status));
	ck_assert_int_eq(WEXITSTATUS(status), 125);
}
END_TEST

START_TEST(xcalloc_is_zeroed_and_never_null)
{
	auto_free unsigned char *p = xcalloc(100, 3), *none = xcalloc(0, 8);

	ck_assert_ptr_nonnull(none);
	for (int i = 0; i < 300; i++)
		ck_assert_int_eq(p[i], 0);
}
END_TEST

UNIT_MAIN("util/mem", TEST(auto_close_closes_and_keeps_errno), TEST(take_fd_hands_the_descriptor_on),
	  TEST(take_ptr_hands_the_pointer_on), TEST(xstrndup_stops_at_the_end_of_the_string),
	  TEST(xrealloc_of_an_overflowing_size_ends_the_process),
	  TEST(xcalloc_is_zeroed_and_never_null))
