/*
 * floor.c - the least a container start can cost here: the same namespaces, mounts and exec, and nothing else.
 *
 * Owns   nothing; it is only measured, by run.sh, beside hod and its peers.
 * Never  grows features: no store, no specification, no log, no system call filter, no error recovery.
 *
 *	floor fork|vfork|rootless DIR PROGRAM [ARG...]
 *
 * DIR holds lower/ (a root filesystem), upper/, work/ and merged/. "vfork" sets the container up in the
 * parent's memory (CLONE_VM|CLONE_VFORK), "rootless" maps the ids of the caller's subordinate range by
 * newuidmap and newgidmap first, as any program without root must. Exits with the program's status.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <pwd.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#define NAMESPACES                                                                                 \
	(CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP)

struct floor {
	const char *dir;
	char **argv;
	char overlay[4096]; /* options of the overlay mount */
	int rootless;
	int go[2]; /* rootless: the child waits here until its ids are mapped */
};

static void die(const char *what)
{
	fprintf(stderr, "floor: %s: %s\n", what, strerror(errno));
	_exit(125);
}

static void need(int result, const char *what)
{
	if (result < 0)
		die(what);
}

static const struct {
	const char *name;
	int major, minor;
} devices[] = {
	{ "null", 1, 3 }, { "zero", 1, 5 },   { "full", 1, 7 },
	{ "tty", 5, 0 },  { "random", 1, 8 }, { "urandom", 1, 9 },
};

/* Nodes as root; without root they cannot be made, so the host's are bound. */
static void make_devices(int rootless)
{
	char path[64], host[64];

	for (size_t i = 0; i < sizeof(devices) / sizeof(*devices); i++) {
		snprintf(path, sizeof(path), "dev/%s", devices[i].name);
		if (!rootless) {
			need(mknod(path, S_IFCHR | 0666, makedev(devices[i].major, devices[i].minor)),
			     path);
			continue;
		}
		int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
		need(fd, path);
		close(fd);
		snprintf(host, sizeof(host), "/dev/%s", devices[i].name);
		need(mount(host, path, NULL, MS_BIND, NULL), path);
	}
}

static int child(void *arg)
{
	struct floor *f = arg;
	char byte;

	if (f->rootless) {
		close(f->go[1]);
		if (read(f->go[0], &byte, 1) != 1)
			_exit(125);
		need(setresgid(0, 0, 0), "setresgid");
		need(setresuid(0, 0, 0), "setresuid");
	}
	umask(0);
	need(chdir(f->dir), f->dir);
	need(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), "private");
	need(mount("overlay", "merged", "overlay", MS_NODEV, f->overlay), "overlay");
	need(chdir("merged"), "merged");
	need(mount("proc", "proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL), "proc");
	need(mount("tmpfs", "dev", "tmpfs", MS_NOSUID, "mode=755,size=64k"), "dev");
	make_devices(f->rootless);
	need(mkdir("dev/pts", 0755), "dev/pts");
	need(mkdir("dev/shm", 0755), "dev/shm");
	need(mount("devpts", "dev/pts", "devpts", MS_NOSUID | MS_NOEXEC, "newinstance,ptmxmode=0666"),
	     "devpts");
	need(mount("shm", "dev/shm", "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=1777"),
	     "shm");
	need(symlink("pts/ptmx", "dev/ptmx"), "ptmx");
	need(symlink("/proc/self/fd", "dev/fd"), "fd");
	need(symlink("/proc/self/fd/0", "dev/stdin"), "stdin");
	need(symlink("/proc/self/fd/1", "dev/stdout"), "stdout");
	need(symlink("/proc/self/fd/2", "dev/stderr"), "stderr");
	need(sethostname("floor", 5), "sethostname");
	need((int)syscall(SYS_pivot_root, ".", "."), "pivot_root");
	need(umount2(".", MNT_DETACH), "umount");
	need(chdir("/"), "/");
	execv(f->argv[0], f->argv);
	die(f->argv[0]);
	return 125;
}

static pid_t start(struct floor *f, int vm, uint64_t flags)
{
	static char stack[65536] __attribute__((aligned(16)));

	if (vm)
		return clone(child, stack + sizeof(stack),
			     (int)flags | CLONE_VM | CLONE_VFORK | SIGCHLD, f);
	struct clone_args args = { .flags = flags, .exit_signal = SIGCHLD };
	pid_t pid = (pid_t)syscall(SYS_clone3, &args, sizeof(args));
	if (pid == 0)
		_exit(child(f));
	return pid;
}

/* First line of file that begins with name and a colon: its start and count. */
static void find_range(const char *file, const char *name, char first[16], char count[16])
{
	char line[256], want[64];
	FILE *in = fopen(file, "re");

	snprintf(want, sizeof(want), "%s:", name);
	while (in && fgets(line, sizeof(line), in))
		if (!strncmp(line, want, strlen(want)) &&
		    sscanf(line + strlen(want), "%15[0-9]:%15[0-9]", first, count) == 2) {
			fclose(in);
			return;
		}
	errno = ENOENT;
	die(file);
}

static pid_t spawn_map(const char *helper, const char *file, pid_t pid, unsigned id, const char *name)
{
	char target[16], own[16], first[16], count[16];

	find_range(file, name, first, count);
	snprintf(target, sizeof(target), "%d", (int)pid);
	snprintf(own, sizeof(own), "%u", id);
	pid_t helper_pid = vfork();
	if (helper_pid == 0) {
		execl(helper, helper, target, "0", own, "1", "1", first, count, (char *)NULL);
		_exit(125);
	}
	return helper_pid;
}

static void map_ids(struct floor *f, pid_t pid)
{
	struct passwd *pw = getpwuid(getuid());
	int status, bad = 0;

	if (!pw)
		die("who am I");
	pid_t u = spawn_map("/usr/bin/newuidmap", "/etc/subuid", pid, getuid(), pw->pw_name);
	pid_t g = spawn_map("/usr/bin/newgidmap", "/etc/subgid", pid, getgid(), pw->pw_name);
	need(waitpid(u, &status, 0), "wait");
	bad |= status;
	need(waitpid(g, &status, 0), "wait");
	if (bad | status)
		die("newuidmap or newgidmap");
	need((int)write(f->go[1], "", 1), "go");
}

int main(int argc, char **argv)
{
	struct floor f = { 0 };
	int status;

	if (argc < 4) {
		fputs("usage: floor fork|vfork|rootless DIR PROGRAM [ARG...]\n", stderr);
		return 125;
	}
	f.dir = argv[2];
	f.argv = argv + 3;
	f.rootless = !strcmp(argv[1], "rootless");
	snprintf(f.overlay, sizeof(f.overlay), "lowerdir=lower,upperdir=upper,workdir=work%s",
		 f.rootless ? ",userxattr" : "");
	if (f.rootless)
		need(pipe2(f.go, O_CLOEXEC), "pipe");
	pid_t pid = start(&f, !strcmp(argv[1], "vfork"),
			  NAMESPACES | (f.rootless ? (uint64_t)CLONE_NEWUSER : 0));
	need(pid, "clone");
	if (f.rootless)
		map_ids(&f, pid);
	need(waitpid(pid, &status, 0), "wait");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
