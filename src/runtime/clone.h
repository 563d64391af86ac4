/*
 * clone.h - a child in new namespaces, in our memory or in a copy of it.
 *
 * Theory of operation: a forked address space costs 0.65 ms and more, one shared 0.02 ms. So where
 * nobody is needed between the child's birth and its exec, the child runs on a stack of its own in
 * our memory while we wait (CLONE_VM|CLONE_VFORK, as posix_spawn does it). It has its own
 * descriptor table, its own signal handlers (all reset) and, until its exec, our blocked signals.
 * It may call what is safe in a signal handler, and error_*(); it must not change what we rely on.
 */
#ifndef RUNTIME_CLONE_H
#define RUNTIME_CLONE_H

#include <stdint.h>
#include <sys/types.h>

struct clone_request {
	uint64_t flags; /* CLONE_NEW* and CLONE_PARENT, CLONE_FILES */
	int cgroup;	/* a cgroup's directory to be born in, or -1 */
	int *pidfd;	/* receives a descriptor, NULL: none */
	pid_t *tid;	/* receives its number before it runs; only in shared memory it sees it */
	int (*run)(void *arg); /* its result is the exit status, should it come back */
	void *arg;
};
/* The child shares our memory; we go on when it has executed something or ended. -1 and errno. */
pid_t clone_shared(const struct clone_request *r);
/* The child has a copy; run is called in it, and we go on at once. */
pid_t clone_copied(const struct clone_request *r);

#endif
