/*
 * attack.c - what a hostile program in a container tries; built static by attacks_*.bats.
 *
 *	attack calls        one line for each forbidden system call: its name and what became of it
 *	attack keyring      the number of its session keyring
 *	attack hunt FILE    looks for the runtime among processes until FILE is there
 *	attack swap A B     exchanges two names again and again, until it is killed
 *
 * Never  does harm where it succeeds: it only tells that it has.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define HIGH_BIT                                                                                   \
	(1ULL << 32) /* which the kernel does not look at, and a careless filter compares */

static long try_af_alg(void)
{
	return socket(38, SOCK_SEQPACKET, 0);
}

static long try_af_alg_high(void)
{
	return syscall(SYS_socket, HIGH_BIT | 38, SOCK_SEQPACKET, 0);
}

static long try_af_vsock(void)
{
	return socket(40, SOCK_STREAM, 0);
}

static long try_io_uring(void)
{
	return syscall(425, 1, NULL);
}

static long try_add_key(void)
{
	return syscall(SYS_add_key, "user", "name", "x", 1UL, KEY_SPEC_SESSION_KEYRING);
}

static long try_request_key(void)
{
	return syscall(SYS_request_key, "user", "name", NULL, 0);
}

static long try_keyctl(void)
{
	return syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 0);
}

static long try_unshare_user(void)
{
	return unshare(CLONE_NEWUSER);
}

static long try_clone_user(void)
{
	long pid = syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, NULL, NULL, NULL, 0);

	if (pid == 0)
		_exit(0);
	return pid;
}

static long try_clone3(void)
{
	uint64_t args[8] = { 0 };
	long pid;

	args[4] = SIGCHLD;
	pid = syscall(SYS_clone3, args, sizeof(args));
	if (pid == 0)
		_exit(0);
	return pid;
}

static long try_mount(void)
{
	return mount("t", "/tmp", "tmpfs", 0, NULL);
}

static long try_setns(void)
{
	int fd = open("/proc/self/ns/net", O_RDONLY);

	return setns(fd, 0);
}

static long try_bpf(void)
{
	return syscall(SYS_bpf, 0, NULL, 0);
}

static long try_userfaultfd(void)
{
	return syscall(SYS_userfaultfd, 1);
}

static long try_perf(void)
{
	return syscall(SYS_perf_event_open, NULL, 0, -1, -1, 0);
}

static long try_handle(void)
{
	return syscall(SYS_open_by_handle_at, AT_FDCWD, NULL, 0);
}

static long try_module(void)
{
	return syscall(SYS_init_module, NULL, 0, "");
}

static long try_tiocsti(void)
{
	return ioctl(0, TIOCSTI, "x");
}

static long try_tiocsti_high(void)
{
	return syscall(SYS_ioctl, 0, HIGH_BIT | TIOCSTI, "x");
}

static long try_tioclinux(void)
{
	char paste = 3;

	return ioctl(0, TIOCLINUX, &paste);
}

/* A terminal of the caller as our own: we are in a session that has none. */
static long try_dev_tty(void)
{
	return open("/dev/tty", O_RDWR);
}

#ifdef __x86_64__
static long try_x32(void)
{
	return syscall(0x40000000 + SYS_getpid);
}

/* The calls of 32 bits hand their arguments over in memory, where no filter sees them. */
static long try_socketcall(void)
{
	uint32_t *args = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	long r;

	args[0] = 38;
	args[1] = SOCK_SEQPACKET;
	args[2] = 0;
	__asm__ volatile("int $0x80"
			 : "=a"(r)
			 : "a"(102L), "b"(1L), "c"(args)
			 : "memory", "r8", "r9", "r10", "r11");
	if (r >= 0)
		return r;
	errno = (int)-r;
	return -1;
}
#endif

static const struct {
	const char *name;
	long (*try)(void);
} calls[] = {
	{ "af_alg", try_af_alg },
	{ "af_alg_high_bits", try_af_alg_high },
	{ "af_vsock", try_af_vsock },
#ifdef __x86_64__
	{ "socketcall_32", try_socketcall },
	{ "x32", try_x32 },
#endif
	{ "io_uring", try_io_uring },
	{ "add_key", try_add_key },
	{ "request_key", try_request_key },
	{ "keyctl", try_keyctl },
	{ "clone_user", try_clone_user },
	{ "clone3", try_clone3 },
	{ "mount", try_mount },
	{ "setns", try_setns },
	{ "bpf", try_bpf },
	{ "userfaultfd", try_userfaultfd },
	{ "perf_event_open", try_perf },
	{ "open_by_handle_at", try_handle },
	{ "init_module", try_module },
	{ "tiocsti", try_tiocsti },
	{ "tiocsti_high_bits", try_tiocsti_high },
	{ "tioclinux", try_tioclinux },
	{ "dev_tty", try_dev_tty },
	{ "unshare_user", try_unshare_user }, /* last: it would change the answers of the others */
};

static int do_calls(void)
{
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		printf("%s %s\n", calls[i].name,
		       calls[i].try() < 0 ? strerrorname_np(errno) : "succeeds");
	return 0;
}

static int do_keyring(void)
{
	long id = syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 0);

	if (id < 0)
		printf("%s\n", strerrorname_np(errno));
	else
		printf("%ld\n", id);
	return 0;
}

/* Its program is larger than ours, and no file of this image. */
static void look_at(const char *pid, const struct stat *ours, off_t larger)
{
	char path[300], target[300] = "";
	struct stat st;
	int fd;

	snprintf(path, sizeof(path), "/proc/%s/exe", pid);
	fd = open(path, O_RDONLY);
	if (fd < 0)
		return;
	if (readlink(path, target, sizeof(target) - 1) > 0 && fstat(fd, &st) == 0 &&
	    st.st_size > larger && st.st_dev != ours->st_dev)
		printf("opened %s of process %s\n", target, pid);
	close(fd);
}

static int do_hunt(const char *until)
{
	struct stat ours, busybox;

	if (stat("/proc/self/exe", &ours) < 0 || stat("/bin/busybox", &busybox) < 0)
		return 1;
	printf("hunting\n");
	fflush(stdout);
	while (access(until, F_OK) < 0) {
		DIR *d = opendir("/proc");
		struct dirent *e;

		while (d && (e = readdir(d)))
			if (e->d_name[0] >= '1' && e->d_name[0] <= '9' && atoi(e->d_name) != getpid())
				look_at(e->d_name, &ours, busybox.st_size);
		if (d)
			closedir(d);
	}
	return 0;
}

static int do_swap(const char *a, const char *b)
{
	for (;;)
		if (syscall(SYS_renameat2, AT_FDCWD, a, AT_FDCWD, b, 2 /* RENAME_EXCHANGE */) < 0)
			return 1;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	if (strcmp(what, "calls") == 0)
		return do_calls();
	if (strcmp(what, "keyring") == 0)
		return do_keyring();
	if (strcmp(what, "hunt") == 0 && argc == 3)
		return do_hunt(argv[2]);
	if (strcmp(what, "swap") == 0 && argc == 4)
		return do_swap(argv[2], argv[3]);
	fprintf(stderr, "attack calls|keyring|hunt FILE|swap A B\n");
	return 2;
}
