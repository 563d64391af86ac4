/*
 * compat.c - system calls that libc does not wrap, and what we do on kernels without them.
 *
 * Never  allocates: everything here runs between clone and exec too.
 */
#include "util/compat.h"

#include "util/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/close_range.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/*
 * Before Linux 5.3 there is no clone3; clone(2) can do the same unless the child gets a stack of
 * its own, a cgroup, chosen process numbers or cleared signal handlers.
 */
long sys_clone3(struct clone_args *args, size_t size)
{
	long r = syscall(SYS_clone3, args, size);
	unsigned long flags;
	int pidfd = -1;

	if (r >= 0 || errno != ENOSYS)
		return r;
	if (args->flags >> 32 || args->stack || (size > CLONE_ARGS_SIZE_VER0 && args->set_tid_size) ||
	    args->flags & (CLONE_SETTLS | CLONE_PARENT_SETTID | CLONE_CHILD_SETTID)) {
		errno = ENOSYS;
		return -1;
	}
	flags = (unsigned long)(args->flags | (args->exit_signal & 0xff));
#if defined(__s390x__)
	r = syscall(SYS_clone, NULL, flags, &pidfd, NULL, NULL);
#else
	r = syscall(SYS_clone, flags, NULL, &pidfd, NULL, NULL);
#endif
	if (r > 0 && args->flags & CLONE_PIDFD)
		*(int *)(uintptr_t)args->pidfd = pidfd;
	return r;
}

int sys_openat2(int dirfd, const char *path, struct open_how *how, size_t size)
{
	return (int)syscall(SYS_openat2, dirfd, path, how, size);
}

static int close_one(unsigned fd, unsigned flags)
{
	if (flags & CLOSE_RANGE_CLOEXEC)
		return fcntl((int)fd, F_SETFD, FD_CLOEXEC);
	return close((int)fd);
}

/* The descriptor number a /proc/self/fd entry stands for, or -1. */
static int fd_number(const char *name)
{
	int n = 0;

	if (!*name)
		return -1;
	for (; *name; name++) {
		if (*name < '0' || *name > '9' || n > INT_MAX / 10 - 1)
			return -1;
		n = n * 10 + (*name - '0');
	}
	return n;
}

/* Closes what /proc/self/fd lists; without /proc, every number that the limit allows. */
static int close_range_slowly(unsigned first, unsigned last, unsigned flags)
{
	struct dirent64 {
		uint64_t ino;
		int64_t off;
		unsigned short reclen;
		unsigned char type;
		char name[];
	} * d;
	char buf[4096] __attribute__((aligned(8)));
	auto_close int dir = open("/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct rlimit limit;
	long n;

	if (dir < 0) {
		if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
			return -1;
		for (unsigned fd = first; fd <= last && fd < limit.rlim_cur; fd++)
			close_one(fd, flags);
		return 0;
	}
	while ((n = syscall(SYS_getdents64, dir, buf, sizeof(buf))) > 0)
		for (long at = 0; at < n; at += d->reclen) {
			int fd;

			d = (struct dirent64 *)(void *)(buf + at);
			fd = fd_number(d->name);
			if (fd >= 0 && fd != dir && (unsigned)fd >= first && (unsigned)fd <= last)
				close_one((unsigned)fd, flags);
		}
	return n < 0 ? -1 : 0;
}

int sys_close_range(unsigned first, unsigned last, unsigned flags)
{
	if (syscall(SYS_close_range, first, last, flags) == 0)
		return 0;
	/* EINVAL: 5.9 and 5.10 have the call but not CLOSE_RANGE_CLOEXEC */
	if (first > last || (errno != ENOSYS && errno != EINVAL))
		return -1;
	return close_range_slowly(first, last, flags);
}

int sys_pidfd_open(pid_t pid, unsigned flags)
{
	return (int)syscall(SYS_pidfd_open, pid, flags);
}

int sys_pidfd_send_signal(int pidfd, int sig, siginfo_t *info, unsigned flags)
{
	return (int)syscall(SYS_pidfd_send_signal, pidfd, sig, info, flags);
}

int sys_fsopen(const char *fstype, unsigned flags)
{
	return (int)syscall(SYS_fsopen, fstype, flags);
}

int sys_fsconfig(int fd, unsigned cmd, const char *key, const void *value, int aux)
{
	return (int)syscall(SYS_fsconfig, fd, cmd, key, value, aux);
}

int sys_fsmount(int fd, unsigned flags, unsigned attr)
{
	return (int)syscall(SYS_fsmount, fd, flags, attr);
}

int sys_move_mount(int from, const char *from_path, int to, const char *to_path, unsigned flags)
{
	return (int)syscall(SYS_move_mount, from, from_path, to, to_path, flags);
}

int sys_open_tree(int dirfd, const char *path, unsigned flags)
{
	return (int)syscall(SYS_open_tree, dirfd, path, flags);
}

int sys_mount_setattr(int dirfd, const char *path, unsigned flags, struct mount_attr *attr,
		      size_t size)
{
	return (int)syscall(SYS_mount_setattr, dirfd, path, flags, attr, size);
}

int sys_pivot_root(const char *new_root, const char *put_old)
{
	return (int)syscall(SYS_pivot_root, new_root, put_old);
}

int sys_memfd(const char *name, unsigned flags)
{
	int fd = (int)syscall(SYS_memfd_create, name, flags);

#ifdef MFD_EXEC
	const unsigned exec_flags = MFD_EXEC | MFD_NOEXEC_SEAL;
#else
	const unsigned exec_flags = 0x10U | 0x08U;
#endif
	/* before 6.3 the two are unknown, and every memfd is executable */
	if (fd < 0 && errno == EINVAL && flags & exec_flags)
		fd = (int)syscall(SYS_memfd_create, name, flags & ~exec_flags);
	return fd;
}
