/*
 * compat.h - kernel features that libc does not wrap or that may be absent, each with its fallback.
 *
 * Functions named sys_ are the bare system call (-1 and errno); safe between clone and exec.
 */
#ifndef UTIL_COMPAT_H
#define UTIL_COMPAT_H

#include <linux/mount.h>
#include <linux/openat2.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/types.h>

#ifndef MOVE_MOUNT_BENEATH
#define MOVE_MOUNT_BENEATH 0x00000200
#endif

long sys_clone3(struct clone_args *args, size_t size);
int sys_openat2(int dirfd, const char *path, struct open_how *how, size_t size);
int sys_close_range(unsigned first, unsigned last, unsigned flags);
int sys_pidfd_open(pid_t pid, unsigned flags);
int sys_pidfd_send_signal(int pidfd, int sig, siginfo_t *info, unsigned flags);
int sys_fsopen(const char *fstype, unsigned flags);
int sys_fsconfig(int fd, unsigned cmd, const char *key, const void *value, int aux);
int sys_fsmount(int fd, unsigned flags, unsigned attr);
int sys_move_mount(int from, const char *from_path, int to, const char *to_path, unsigned flags);
int sys_open_tree(int dirfd, const char *path, unsigned flags);
int sys_mount_setattr(int dirfd, const char *path, unsigned flags, struct mount_attr *attr,
		      size_t size);
int sys_pivot_root(const char *new_root, const char *put_old);
int sys_memfd(const char *name, unsigned flags);

#endif
