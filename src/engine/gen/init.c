/*
 * init.c - the process of `--init`: reaps zombies, forwards signals, ends as its command ended.
 *
 * A program of its own, linked without any library so that it runs in every image; its bytes are
 * embedded in hod (Makefile, out/gen/init_program.h) and bind-mounted at /run/hod-init.
 *
 * usage: hod-init COMMAND [ARG...]
 */
#include <asm/ioctls.h>
#include <linux/signal.h>
#include <linux/wait.h>
#include <asm/unistd.h>
#include <stddef.h>
#include <stdint.h>

#define EXIT_NOEXEC    126
#define EXIT_NOCOMMAND 127
#define ENOENT	       2
#define EINTR	       4
#define SIGNALS	       64

#if defined(__x86_64__)
static long call(long n, long a, long b, long c, long d)
{
	register long r10 __asm__("r10") = d;
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(n), "D"(a), "S"(b), "d"(c), "r"(r10)
			 : "rcx", "r11", "memory");
	return result;
}
__asm__(".text\n.global _start\n_start:\n"
	"	xor %ebp, %ebp\n	mov %rsp, %rdi\n	and $-16, %rsp\n	call "
	"start\n");
#elif defined(__aarch64__)
static long call(long n, long a, long b, long c, long d)
{
	register long x8 __asm__("x8") = n;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;

	__asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3) : "memory");
	return x0;
}
__asm__(".text\n.global _start\n_start:\n	mov x29, xzr\n	mov x0, sp\n	bl start\n");
#else
#error "hod-init knows x86_64 and aarch64"
#endif

static _Noreturn void leave(int code)
{
	for (;;)
		call(__NR_exit_group, code, 0, 0, 0);
}

static size_t length(const char *s)
{
	size_t n = 0;

	while (s[n])
		n++;
	return n;
}

static void say(const char *s)
{
	call(__NR_write, 2, (long)s, (long)length(s), 0);
}

/* The value of PATH in the environment, or NULL. */
static const char *find_path(char *const *envp)
{
	for (; *envp; envp++) {
		const char *e = *envp;

		if (e[0] == 'P' && e[1] == 'A' && e[2] == 'T' && e[3] == 'H' && e[4] == '=')
			return e + 5;
	}
	return NULL;
}

static int has_slash(const char *s)
{
	for (; *s; s++)
		if (*s == '/')
			return 1;
	return 0;
}

/* execvpe(3); returns the error number when nothing could be executed. */
static long execute(char *const *argv, char *const *envp)
{
	static char name[8192];
	const char *path = find_path(envp);
	size_t n = length(argv[0]);
	long seen = ENOENT;

	if (has_slash(argv[0]) || !path)
		return -call(__NR_execve, (long)argv[0], (long)argv, (long)envp, 0);
	for (;;) {
		size_t k = 0;
		long failure;

		for (; *path && *path != ':'; path++)
			if (k < sizeof(name) - n - 2)
				name[k++] = *path;
		if (k == 0)
			name[k++] = '.';
		name[k++] = '/';
		if (k + n < sizeof(name)) {
			for (size_t i = 0; i <= n; i++)
				name[k + i] = argv[0][i];
			failure = -call(__NR_execve, (long)name, (long)argv, (long)envp, 0);
			if (failure != ENOENT)
				seen = failure;
		}
		if (!*path)
			return seen;
		path++;
	}
}

static _Noreturn void run_command(char *const *argv, char *const *envp, const uint64_t *old)
{
	int group = (int)call(__NR_getpid, 0, 0, 0, 0);
	long failure;

	/* a group of its own, in the foreground where there is a terminal: ^C reaches it once */
	call(__NR_setpgid, 0, 0, 0, 0);
	call(__NR_ioctl, 0, TIOCSPGRP, (long)&group, 0);
	call(__NR_rt_sigprocmask, SIG_SETMASK, (long)old, 0, sizeof(*old));
	failure = execute(argv, envp);
	say("hod-init: cannot execute '");
	say(argv[0]);
	say(failure == ENOENT ? "': no such file or directory\n" : "'\n");
	leave(failure == ENOENT ? EXIT_NOCOMMAND : EXIT_NOEXEC);
}

/* All that has ended by now; returns the exit code of the command when it is among them, else -1. */
static int reap(long command)
{
	int code = -1, status;

	for (;;) {
		long pid = call(__NR_wait4, -1, (long)&status, WNOHANG, 0);

		if (pid == -EINTR)
			continue;
		if (pid <= 0)
			return code;
		if (pid == command)
			code = (status & 0x7f) ? 128 + (status & 0x7f) : (status >> 8) & 0xff;
	}
}

/* used by _start only */
__attribute__((used)) _Noreturn static void start(long *stack)
{
	long argc = stack[0];
	char **argv = (char **)(stack + 1), **envp = argv + argc + 1;
	uint64_t all = ~0ULL, old;
	long command;

	if (argc < 2) {
		say("hod-init: no command\n");
		leave(EXIT_NOCOMMAND);
	}
	call(__NR_rt_sigprocmask, SIG_SETMASK, (long)&all, (long)&old, sizeof(all));
	command = call(__NR_clone, SIGCHLD, 0, 0, 0);
	if (command < 0) {
		say("hod-init: cannot fork\n");
		leave(EXIT_NOEXEC);
	}
	if (command == 0)
		run_command(argv + 1, envp, &old);
	for (;;) {
		long sig = call(__NR_rt_sigtimedwait, (long)&all, 0, 0, sizeof(all));
		int code;

		if (sig <= 0 || sig > SIGNALS)
			continue;
		if (sig != SIGCHLD) {
			call(__NR_kill, command, sig, 0, 0);
			continue;
		}
		code = reap(command);
		if (code >= 0)
			leave(code);
	}
}
