/*
 * clone.c - clone3(2) onto a stack of its own.
 *
 * Never  returns in the child: what is above us on the stack belongs to the parent, who waits.
 */
#include "clone.h"

#include "util/compat.h"
#include "util/mem.h"

#include <errno.h>
#include <linux/sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifdef HOD_SAN
#include <sanitizer/asan_interface.h>
/* a child leaves its frames by exec, and the sanitizer would remember their red zones */
#define stack_is_fresh(p, n) ASAN_UNPOISON_MEMORY_REGION(p, n)
#else
#define stack_is_fresh(p, n) ((void)0)
#endif

#define STACK_SIZE (256 << 10) /* bytes; only what is touched exists */
#define GUARD_SIZE (64 << 10)  /* below it: no access */

/* clone3, and in the child run(arg) on the new stack, then exit with its result. */
static long clone3_run(struct clone_args *args, int (*run)(void *), void *arg)
{
	long result;

#if defined(__x86_64__)
	register int (*f)(void *) __asm__("r12") = run;
	register void *a __asm__("r13") = arg;

	__asm__ volatile("syscall\n\t"
			 "test %%rax, %%rax\n\t"
			 "jnz 1f\n\t"
			 "xor %%ebp, %%ebp\n\t"
			 "mov %%r13, %%rdi\n\t"
			 "call *%%r12\n\t"
			 "mov %%eax, %%edi\n\t"
			 "mov %[leave], %%eax\n\t"
			 "syscall\n\t"
			 "hlt\n"
			 "1:"
			 : "=a"(result)
			 : "0"((long)SYS_clone3), "D"(args), "S"(sizeof(*args)), "r"(f),
			   "r"(a), [leave] "i"(SYS_exit_group)
			 : "rcx", "r11", "memory");
#elif defined(__aarch64__)
	register long x8 __asm__("x8") = SYS_clone3;
	register long x0 __asm__("x0") = (long)args;
	register long x1 __asm__("x1") = sizeof(*args);
	register int (*f)(void *) __asm__("x19") = run;
	register void *a __asm__("x20") = arg;

	__asm__ volatile("svc 0\n\t"
			 "cbnz x0, 1f\n\t"
			 "mov x29, xzr\n\t"
			 "mov x30, xzr\n\t"
			 "mov x0, x20\n\t"
			 "blr x19\n\t"
			 "mov x8, %[leave]\n\t"
			 "svc 0\n"
			 "1:"
			 : "+r"(x0)
			 : "r"(x8), "r"(x1), "r"(f), "r"(a), [leave] "i"(SYS_exit_group)
			 : "memory");
	result = x0;
#else
	(void)args, (void)run, (void)arg;
	result = -ENOSYS; /* the caller takes the copied way */
#endif
	if (result < 0) {
		errno = (int)-result;
		return -1;
	}
	return result;
}

static struct clone_args clone_prepare(const struct clone_request *r)
{
	struct clone_args args = {
		.flags = r->flags | CLONE_CLEAR_SIGHAND,
		.exit_signal = r->flags & CLONE_PARENT ? 0 : SIGCHLD,
	};

	if (r->pidfd) {
		args.flags |= CLONE_PIDFD;
		args.pidfd = (uintptr_t)r->pidfd;
	}
	if (r->tid) {
		args.flags |= CLONE_PARENT_SETTID;
		args.parent_tid = (uintptr_t)r->tid;
	}
	if (r->cgroup >= 0) {
		args.flags |= CLONE_INTO_CGROUP;
		args.cgroup = (uint64_t)r->cgroup;
	}
	return args;
}

pid_t clone_shared(const struct clone_request *r)
{
	struct clone_args args = clone_prepare(r);
	char *stack = mmap(NULL, STACK_SIZE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK | MAP_NORESERVE, -1, 0);
	long pid;
	int saved;

	if (stack == MAP_FAILED)
		return -1;
	stack_is_fresh(stack, STACK_SIZE);
	mprotect(stack, GUARD_SIZE, PROT_NONE);
	args.flags |= CLONE_VM | CLONE_VFORK;
	args.stack = (uintptr_t)stack;
	args.stack_size = STACK_SIZE;
	pid = clone3_run(&args, r->run, r->arg);
	saved = errno;
	munmap(stack, STACK_SIZE);
	errno = saved;
	return (pid_t)pid;
}

pid_t clone_copied(const struct clone_request *r)
{
	struct clone_args args = clone_prepare(r);
	long pid = sys_clone3(&args, sizeof(args));

	if (pid < 0 && errno == ENOSYS) { /* the old call cannot reset the handlers */
		args.flags &= ~(uint64_t)CLONE_CLEAR_SIGHAND;
		pid = sys_clone3(&args, sizeof(args));
	}
	if (pid == 0)
		_exit(r->run(r->arg));
	return (pid_t)pid;
}
