/*
 * filter.h - from linux.seccomp of a spec to a filter that is ready to be loaded.
 *
 * Theory of operation: the text of an embedded default profile is recognised by comparing it, and
 * its BPF, made when hod was built, is used as it lies in the program. Any other text is compiled
 * by libseccomp, mapped at first use; the result is kept in the cache directory (when the caller
 * has one) under the digest of the text. All of that happens before the child exists; the child
 * only makes the system call.
 */
#ifndef RUNTIME_FILTER_H
#define RUNTIME_FILTER_H

#include "util/error.h"
#include "util/str.h"

#include <linux/filter.h>

struct seccomp_filter {
	const struct sock_filter *code;
	unsigned short n; /* 0: no filter */
	unsigned flags;	  /* SECCOMP_FILTER_FLAG_ */
	struct str owned; /* where code points to when it was not embedded */
};
void seccomp_filter_done(struct seccomp_filter *f);
/* json: linux.seccomp. ERR_INVALID with the member; ERR_UNSUPPORTED: no libseccomp. */
int seccomp_compile(const char *json, int cache, struct seccomp_filter *f, struct error *err);
/* The second filter of single-id user namespaces. */
void seccomp_fake_owners(struct seccomp_filter *f);
/* Loads it into the calling thread. Between clone and exec: no allocation. */
int seccomp_load(const struct seccomp_filter *f, struct error *err);
/* The same, when its flags ask for a listener: that is returned. */
int seccomp_load_listener(const struct seccomp_filter *f, struct error *err);
/*
 * The same with the calls of seccomp_fake_owners() not answered but told to who has the descriptor
 * that is returned. ERR_UNSUPPORTED: there is such a descriptor already, or the kernel cannot.
 */
int seccomp_listen(const struct seccomp_filter *fakes, struct error *err);

#endif
