/*
 * confine.c - Landlock around one thread.
 *
 * Spec   landlock(7); Documentation/userspace-api/landlock.rst: rights by ABI version.
 */
#include "util/confine.h"

#include "util/fd.h"
#include "util/log.h"
#include "util/mem.h"

#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The kernel's, which the headers that we are built with may be too old for. */
#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_add_rule	    445
#define SYS_landlock_restrict_self  446
#endif
#define RULESET_VERSION	  1U /* a flag: only tell the ABI */
#define RULE_PATH_BENEATH 1
#define FS_EXECUTE	  (UINT64_C(1) << 0)
#define FS_ALL_1	  ((UINT64_C(1) << 13) - 1) /* of ABI 1: all but what follows */
#define FS_REFER	  (UINT64_C(1) << 13)	    /* 2: links and renames between directories */
#define FS_TRUNCATE	  (UINT64_C(1) << 14)	    /* 3 */
#define NET_TCP		  UINT64_C(3)		    /* 4: bind, connect */
#define SCOPE_ABSTRACT	  UINT64_C(1)		    /* 6: abstract Unix sockets */

struct ruleset {
	uint64_t fs, net, scoped;
};
struct __attribute__((packed)) beneath {
	uint64_t allowed;
	int32_t fd;
};

struct work {
	int tree;
	int (*fn)(void *arg, struct error *err);
	void *arg;
	struct error err;
	int result;
};

static long abi(void)
{
	return syscall(SYS_landlock_create_ruleset, NULL, 0, RULESET_VERSION);
}

bool confine_works(void)
{
	return abi() >= 2;
}

/* 0, or -1 and errno. */
static int confine(int tree)
{
	struct ruleset set = { .fs = FS_ALL_1 | FS_REFER };
	size_t size = sizeof(set.fs);
	struct beneath rule = { .fd = tree };
	auto_close int fd = -1;
	long version = abi();

	if (version < 2) {
		errno = ENOSYS;
		return -1;
	}
	if (version >= 3)
		set.fs |= FS_TRUNCATE;
	if (version >= 4) {
		set.net = NET_TCP;
		size = offsetof(struct ruleset, scoped);
	}
	if (version >= 6) {
		set.scoped = SCOPE_ABSTRACT;
		size = sizeof(set);
	}
	rule.allowed = set.fs & ~FS_EXECUTE;
	fd = (int)syscall(SYS_landlock_create_ruleset, &set, size, 0);
	if (fd < 0 || syscall(SYS_landlock_add_rule, fd, RULE_PATH_BENEATH, &rule, 0) < 0 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) /* of this thread */
		return -1;
	return syscall(SYS_landlock_restrict_self, fd, 0) < 0 ? -1 : 0;
}

static void *work_main(void *arg)
{
	struct work *w = arg;

	if (confine(w->tree) < 0)
		log_debug("confine: no Landlock (errno %d)", errno);
	w->result = w->fn(w->arg, &w->err);
	return NULL;
}

int confine_run(int tree, int (*fn)(void *arg, struct error *err), void *arg, struct error *err)
{
	struct work w = { .tree = tree, .fn = fn, .arg = arg };
	pthread_t thread;

	if (pthread_create(&thread, NULL, work_main, &w) != 0) {
		log_debug("confine: no thread");
		return fn(arg, err);
	}
	pthread_join(thread, NULL);
	if (w.result < 0)
		*err = w.err;
	return w.result;
}
