/*
 * trampoline.c - makes the last exec into a container, so that the program which the container's
 * /proc/self/exe and #! lines can name at that moment is this one, sealed, and not hod
 * (CVE-2019-5736). See trampoline.h.
 *
 * Linked without any library; its bytes are embedded in hod (Makefile, out/gen/trampoline_program.h).
 *
 * usage: PATH ERROR-FD ARGV0 [ARG...]	executes PATH; on failure writes errno as an int to ERROR-FD
 */
#include <asm/unistd.h>
#include <stddef.h>

#define EXIT_NOEXEC    126
#define EXIT_NOCOMMAND 127
#define ENOENT	       2
#define F_SETFD	       2
#define FD_CLOEXEC     1

#if defined(__x86_64__)
static long call(long n, long a, long b, long c)
{
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(n), "D"(a), "S"(b), "d"(c)
			 : "rcx", "r11", "memory");
	return result;
}
__asm__(".text\n.global _start\n_start:\n"
	"	xor %ebp, %ebp\n	mov %rsp, %rdi\n	and $-16, %rsp\n	call "
	"start\n");
#elif defined(__aarch64__)
static long call(long n, long a, long b, long c)
{
	register long x8 __asm__("x8") = n;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;

	__asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2) : "memory");
	return x0;
}
__asm__(".text\n.global _start\n_start:\n	mov x29, xzr\n	mov x0, sp\n	bl start\n");
#else
#error "the trampoline knows x86_64 and aarch64"
#endif

static _Noreturn void leave(int code)
{
	for (;;)
		call(__NR_exit_group, code, 0, 0);
}

void start(char **stack);

/* stack: argc, argv..., NULL, envp..., as the kernel lays it out */
__attribute__((used)) void start(char **stack)
{
	size_t argc = (size_t)stack[0];
	char **argv = stack + 1, **envp = argv + argc + 1;
	int fd = 0, error;

	if (argc < 3) /* something of the container's has called us by our /proc/self/exe */
		leave(EXIT_NOEXEC);
	for (const char *c = argv[1]; *c; c++)
		fd = fd * 10 + (*c - '0');
	call(__NR_fcntl, fd, F_SETFD,
	     FD_CLOEXEC); /* closed by the exec, it says that there was one */
	error = (int)-call(__NR_execve, (long)argv[0], (long)(argv + 2), (long)envp);
	call(__NR_write, fd, (long)&error, sizeof(error));
	leave(error == ENOENT ? EXIT_NOCOMMAND : EXIT_NOEXEC);
}
