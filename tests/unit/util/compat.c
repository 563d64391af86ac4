/* Fallbacks for system calls that a kernel, or an outer container's filter, does not have. */
#include "unit.h"

#include "util/compat.h"
#include "util/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void lose_syscall(long nr)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)nr, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = { ARRAY_SIZE(code), code };

	ck_assert_int_eq(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
	ck_assert_int_eq(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog, 0, 0), 0);
}

START_TEST(close_range_closes_its_range_only)
{
	int fds[300];

	if (_i)
		lose_syscall(SYS_close_range);
	for (int i = 0; i < 300; i++)
		fds[i] = open("/dev/null", O_RDONLY);
	ck_assert_int_eq(sys_close_range((unsigned)fds[10], (unsigned)fds[280], 0), 0);
	for (int i = 0; i < 300; i++)
		ck_assert_int_eq(fcntl(fds[i], F_GETFD), i >= 10 && i <= 280 ? -1 : 0);
}
END_TEST

START_TEST(close_range_can_mark_for_exec)
{
	int a = open("/dev/null", O_RDONLY), b = open("/dev/null", O_RDONLY);

	if (_i)
		lose_syscall(SYS_close_range);
	ck_assert_int_eq(sys_close_range((unsigned)b, ~0U, CLOSE_RANGE_CLOEXEC), 0);
	ck_assert_int_eq(fcntl(a, F_GETFD), 0);
	ck_assert_int_eq(fcntl(b, F_GETFD), FD_CLOEXEC);
}
END_TEST

START_TEST(clone3_makes_a_child_with_a_pidfd)
{
	int pidfd = -1, status;
	struct clone_args args = { .flags = CLONE_PIDFD,
				   .pidfd = (uint64_t)(uintptr_t)&pidfd,
				   .exit_signal = SIGCHLD };
	long pid;

	if (_i)
		lose_syscall(SYS_clone3);
	pid = sys_clone3(&args, sizeof(args));
	if (pid == 0)
		_exit(7);
	ck_assert_int_gt(pid, 0);
	ck_assert_int_ge(pidfd, 0);
	ck_assert_int_eq(waitpid((pid_t)pid, &status, 0), (pid_t)pid);
	ck_assert_int_eq(WEXITSTATUS(status), 7);
	/* the descriptor is that of the child, which is no more */
	ck_assert_int_eq(sys_pidfd_send_signal(pidfd, 0, NULL, 0), -1);
	ck_assert_int_eq(errno, ESRCH);
}
END_TEST

START_TEST(clone3_that_cannot_be_imitated_stays_enosys)
{
	struct clone_args args = { .flags = CLONE_INTO_CGROUP, .exit_signal = SIGCHLD };

	lose_syscall(SYS_clone3);
	ck_assert_int_eq(sys_clone3(&args, sizeof(args)), -1);
	ck_assert_int_eq(errno, ENOSYS);
}
END_TEST

START_TEST(memfd_does_without_flags_that_old_kernels_lack)
{
	int fd = sys_memfd("test", 0x10U /* MFD_EXEC */ | 1U /* MFD_CLOEXEC */);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
}
END_TEST

UNIT_MAIN("util/compat", TEST_LOOP(close_range_closes_its_range_only, 2),
	  TEST_LOOP(close_range_can_mark_for_exec, 2),
	  TEST_LOOP(clone3_makes_a_child_with_a_pidfd, 2),
	  TEST(clone3_that_cannot_be_imitated_stays_enosys),
	  TEST(memfd_does_without_flags_that_old_kernels_lack))
