/*
 * netns.c - making and entering a network namespace without leaving our own.
 *
 * Without root there is no way back into the host's namespace. So a child goes, which shares our
 * memory and descriptors (0.02 ms instead of a fork's 0.65): it opens the descriptors there, and
 * they are ours.
 */
#include "netns.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define STACK_SIZE (64 << 10)

struct visit {
	int ns, sock;
	bool made;
	int failed; /* errno */
};

static int visit(void *arg)
{
	struct visit *v = arg;

	if (v->ns >= 0 ? setns(v->ns, CLONE_NEWNET) < 0 : unshare(CLONE_NEWNET) < 0)
		goto fail;
	if (v->ns < 0) {
		v->ns = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
		v->made = true;
	}
	if (v->ns < 0)
		goto fail;
	v->sock = rtnl_socket();
	if (v->sock < 0)
		goto fail;
	return 0;
fail:
	v->failed = errno;
	return 1;
}

int netns_open(int *ns, struct rtnl *inside, struct error *err)
{
	struct visit v = { .ns = *ns, .sock = -1 };
	sigset_t all, before;
	pid_t pid;
	char *stack = mmap(NULL, STACK_SIZE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);

	if (stack == MAP_FAILED)
		return error_sys(err, "map a stack");
	sigfillset(&all); /* a handler must not run in the child: it has our memory */
	sigprocmask(SIG_SETMASK, &all, &before);
	pid = clone(visit, stack + STACK_SIZE, CLONE_VM | CLONE_VFORK | CLONE_FILES | SIGCHLD, &v);
	if (pid < 0)
		v.failed = errno;
	else
		while (waitpid(pid, NULL, __WALL) < 0 && errno == EINTR)
			;
	sigprocmask(SIG_SETMASK, &before, NULL);
	munmap(stack, STACK_SIZE);
	if (v.failed) {
		if (v.made)
			auto_close_fd(&v.ns);
		errno = v.failed;
		return error_sys(err, "make a network namespace");
	}
	*ns = v.ns;
	inside->sock = v.sock;
	inside->seq = 0;
	return 0;
}
