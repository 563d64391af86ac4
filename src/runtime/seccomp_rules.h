/*
 * seccomp_rules.h - the default system call profile: one line a rule. Included many times, with the
 * macros below defined by the includer (seccomp_plan.h turns them into a table).
 *
 * A name belongs to the first line that names it and of whose capabilities the container has one
 * (0: always). A name whose lines are all out of reach is EPERM: known, and denied. A number that no
 * line knows is ENOSYS, so that a libc newer than this table falls back by itself.
 *
 *	RULE(verdict, caps, names)	   A allow, P EPERM, N ENOSYS, V EINVAL
 *	ONLY(verdict, caps, name, arg, cubes)
 *					   allowed if the argument is in one of the cubes, else verdict
 *	EXCEPT(caps, name, arg, cubes)	   EPERM if it is in one, else allowed
 *	EXCEPT_PAIR(caps, name, arg, cubes, value, arg2, value2)
 *					   as EXCEPT; and EINVAL if arg is value and arg2 is value2
 *	FAKE(names, arg, cubes)		   of a second filter of its own: does nothing, says success
 *	NUMBER(name, number)		   names that the oldest libseccomp we build with does not know;
 *					   the number is the same on every architecture
 *
 * Arguments are C ints: their low 32 bits are compared, as the kernel does (it ignores the others, so
 * comparing all 64 would let a caller slip past; value2 is compared whole: EINVAL there is a service to
 * programs that cope without audit, no protection). A cube is {mask, value}: (arg & mask) == value.
 * Why each line reads as it does: SECURITY.md 3g.
 */
/* clang-format off */

/*
 * 32-bit x86 only: its arguments are behind a pointer, where no filter can look. It stands before the
 * socket calls because libseccomp expands each of those to both ways and refuses contradictions, but
 * lets what is denied as a whole stay so.
 */
RULE(P, 0, "socketcall")

/* files */
RULE(A, 0, "access chdir chmod chown chown32 close close_range copy_file_range creat dup dup2 dup3 "
	   "faccessat faccessat2 fadvise64 fadvise64_64 fallocate fchdir fchmod fchmodat fchmodat2 "
	   "fchown fchown32 fchownat fcntl fcntl64 fdatasync flock fstat fstat64 fstatat64 fstatfs "
	   "fstatfs64 fsync ftruncate ftruncate64 futimesat getcwd getdents getdents64 lchown lchown32 "
	   "link linkat lseek _llseek lstat lstat64 mkdir mkdirat mknod mknodat name_to_handle_at "
	   "newfstatat open openat openat2 pread64 preadv preadv2 pwrite64 pwritev pwritev2 read "
	   "readahead readlink readlinkat readv rename renameat renameat2 rmdir sendfile sendfile64 "
	   "splice stat stat64 statfs statfs64 statx symlink symlinkat sync sync_file_range syncfs tee "
	   "truncate truncate64 umask unlink unlinkat utime utimensat utimensat_time64 utimes write "
	   "writev cachestat file_getattr file_setattr")
RULE(A, 0, "fgetxattr flistxattr fremovexattr fsetxattr getxattr lgetxattr listxattr llistxattr "
	   "lremovexattr lsetxattr removexattr setxattr getxattrat listxattrat removexattrat setxattrat")
/* waiting, events, asynchronous I/O of the old kind */
RULE(A, 0, "epoll_create epoll_create1 epoll_ctl epoll_ctl_old epoll_pwait epoll_pwait2 epoll_wait "
	   "epoll_wait_old eventfd eventfd2 fanotify_mark inotify_add_watch inotify_init inotify_init1 "
	   "inotify_rm_watch io_cancel io_destroy io_getevents io_pgetevents io_pgetevents_time64 "
	   "io_setup io_submit _newselect pause poll ppoll ppoll_time64 pselect6 pselect6_time64 select "
	   "signalfd signalfd4 timerfd_create timerfd_gettime timerfd_gettime64 timerfd_settime "
	   "timerfd_settime64")
/* memory */
RULE(A, 0, "brk get_mempolicy madvise map_shadow_stack mbind membarrier memfd_create memfd_secret "
	   "mincore mlock mlock2 mlockall mmap mmap2 mprotect mremap mseal msync munlock munlockall "
	   "munmap pkey_alloc pkey_free pkey_mprotect remap_file_pages set_mempolicy "
	   "set_mempolicy_home_node")
/* processes, threads, identities */
RULE(A, 0, "capget capset execve execveat exit exit_group fork futex futex_requeue futex_time64 "
	   "futex_wait futex_waitv futex_wake get_robust_list get_thread_area getcpu getegid getegid32 "
	   "geteuid geteuid32 getgid getgid32 getgroups getgroups32 getpgid getpgrp getpid getppid "
	   "getpriority getresgid getresgid32 getresuid getresuid32 getrlimit getrusage getsid gettid "
	   "getuid getuid32 ioprio_get ioprio_set kill landlock_add_rule landlock_create_ruleset "
	   "landlock_restrict_self lsm_get_self_attr lsm_list_modules lsm_set_self_attr pidfd_open "
	   "pidfd_send_signal prctl prlimit64 process_mrelease process_vm_readv process_vm_writev ptrace "
	   "restart_syscall rseq sched_get_priority_max sched_get_priority_min sched_getaffinity "
	   "sched_getattr sched_getparam sched_getscheduler sched_rr_get_interval "
	   "sched_rr_get_interval_time64 sched_setaffinity sched_setattr sched_setparam "
	   "sched_setscheduler sched_yield seccomp set_robust_list set_thread_area set_tid_address "
	   "setfsgid setfsgid32 setfsuid setfsuid32 setgid setgid32 setgroups setgroups32 setpgid "
	   "setpriority setregid setregid32 setresgid setresgid32 setresuid setresuid32 setreuid "
	   "setreuid32 setrlimit setsid setuid setuid32 sysinfo times tgkill tkill ugetrlimit uname "
	   "vfork wait4 waitid waitpid arch_prctl modify_ldt set_tls cacheflush breakpoint "
	   "arm_fadvise64_64 arm_sync_file_range sync_file_range2 riscv_flush_icache")
/* signals, time, randomness */
RULE(A, 0, "rt_sigaction rt_sigpending rt_sigprocmask rt_sigqueueinfo rt_sigreturn rt_sigsuspend "
	   "rt_sigtimedwait rt_sigtimedwait_time64 rt_tgsigqueueinfo sigaction sigaltstack signal "
	   "sigpending sigprocmask sigreturn sigsuspend uretprobe adjtimex alarm clock_adjtime "
	   "clock_adjtime64 clock_getres clock_getres_time64 clock_gettime clock_gettime64 "
	   "clock_nanosleep clock_nanosleep_time64 getitimer getrandom gettimeofday nanosleep setitimer "
	   "time timer_create timer_delete timer_getoverrun timer_gettime timer_gettime64 timer_settime "
	   "timer_settime64")
/* System V and POSIX messages */
RULE(A, 0, "ipc mq_getsetattr mq_notify mq_open mq_timedreceive mq_timedreceive_time64 mq_timedsend "
	   "mq_timedsend_time64 mq_unlink msgctl msgget msgrcv msgsnd semctl semget semop semtimedop "
	   "semtimedop_time64 shmat shmctl shmdt shmget")
/* pipes and sockets */
RULE(A, 0, "accept accept4 bind connect getpeername getsockname getsockopt listen pipe pipe2 recv "
	   "recvfrom recvmmsg recvmmsg_time64 recvmsg send sendmmsg sendmsg sendto setsockopt shutdown "
	   "socketpair")
/* only looks at mounts */
RULE(A, 0, "statmount listmount")

/* a terminal cannot be typed into (TIOCSTI), nor a console's selection (TIOCLINUX) */
EXCEPT(0, "ioctl", 1, CUBES({ 0xffffffff, 0x5412 }, { 0xffffffff, 0x541c }))
/* AF_ALG writes to shared page cache, AF_VSOCK reaches the hypervisor; audit needs its capability */
EXCEPT(CAP(AUDIT_WRITE), "socket", 0, CUBES({ 0xffffffff, 38 }, { 0xffffffff, 40 }))
EXCEPT_PAIR(0, "socket", 0, CUBES({ 0xffffffff, 38 }, { 0xffffffff, 40 }), 16, 2, 9)
/* Linux, its 32-bit kind, without randomization each, and the question */
ONLY(N, 0, "personality", 0, CUBES({ ~0x20008u, 0 }, { 0xffffffff, 0xffffffff }))

/* what a capability opens */
RULE(A, CAP(SYS_ADMIN) | NESTED,
     "clone clone3 fsconfig fsmount fsopen fspick mount mount_setattr move_mount open_tree "
     "open_tree_attr pivot_root setdomainname sethostname setns umount umount2 unshare")
RULE(A, CAP(SYS_ADMIN),
     "bpf fanotify_init lookup_dcookie perf_event_open quotactl quotactl_fd syslog")
RULE(A, NESTED, "keyctl")
/* no new namespaces; clone3's flags are behind a pointer, and libc falls back to clone */
ONLY(P, 0, "clone", 0, CUBES({ 0x7e020000, 0 }))
RULE(N, 0, "clone3")
RULE(A, CAP(DAC_READ_SEARCH), "open_by_handle_at")
RULE(A, CAP(SYS_CHROOT), "chroot")
RULE(A, CAP(SYS_PTRACE), "kcmp pidfd_getfd process_madvise")
RULE(A, CAP(SYS_TIME), "clock_settime clock_settime64 settimeofday stime")
RULE(A, CAP(SYSLOG), "syslog")
RULE(A, CAP(BPF), "bpf")
RULE(A, CAP(PERFMON), "perf_event_open")
RULE(A, CAP(SYS_MODULE), "delete_module finit_module init_module")
RULE(A, CAP(SYS_RAWIO), "ioperm iopl")
RULE(A, CAP(SYS_PACCT), "acct")
RULE(A, CAP(SYS_BOOT), "reboot")
RULE(A, CAP(SYS_TTY_CONFIG), "vhangup")

/* known, and denied to everybody */
RULE(N, 0, "io_uring_enter io_uring_register io_uring_setup")
RULE(P, 0, "add_key bdflush create_module get_kernel_syms kexec_file_load kexec_load keyctl listns "
	   "migrate_pages move_pages nfsservctl nice oldfstat oldlstat oldolduname oldstat olduname "
	   "query_module request_key sgetmask ssetmask swapoff swapon sysfs _sysctl uselib userfaultfd "
	   "ustat vm86 vm86old vmsplice")

/* x86-64 alone has it; the number is free elsewhere */
NUMBER(uretprobe, 335)
NUMBER(statmount, 457)
NUMBER(listmount, 458)
NUMBER(lsm_get_self_attr, 459)
NUMBER(lsm_set_self_attr, 460)
NUMBER(lsm_list_modules, 461)
NUMBER(mseal, 462)
NUMBER(setxattrat, 463)
NUMBER(getxattrat, 464)
NUMBER(listxattrat, 465)
NUMBER(removexattrat, 466)
NUMBER(open_tree_attr, 467)
NUMBER(file_getattr, 468)
NUMBER(file_setattr, 469)
NUMBER(listns, 470)

/* Single-id user namespaces (DESIGN.md 5): what cannot be stored is answered with success. */
FAKE("chown chown32 fchown fchown32 fchownat lchown lchown32 setgroups setgroups32", 0,
     CUBES({ 0, 0 }))
FAKE("mknod", 1, CUBES({ 0170000, 0020000 }, { 0170000, 0060000 }))
FAKE("mknodat", 2, CUBES({ 0170000, 0020000 }, { 0170000, 0060000 }))
