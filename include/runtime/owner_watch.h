/*
 * owner_watch.h - chown(2) and mknod(2) of a container whose user namespace has one id only,
 * answered by a thread of its parent.
 *
 * Theory of operation: the filter of runtime/defaults.h (ANNOTATION_FAKE_OWNERS) stops these calls
 * and tells us (seccomp_unotify(2)). The thread opens what is meant as the caller sees it: it takes
 * the caller's root for its own and starts at the caller's working directory or descriptor, so that
 * the kernel does the resolving, and works on the descriptor from then on. A file of the rootfs
 * gets a mark (util/owner_mark.h); a device becomes an empty file with a mark. What stat(2) shows
 * is not changed. A caller that plays tricks reaches its own files only: nothing else can be named
 * from its root, and what is not on the rootfs's mount is not touched.
 */
#ifndef RUNTIME_OWNER_WATCH_H
#define RUNTIME_OWNER_WATCH_H

#include "util/error.h"

#include <stdbool.h>
#include <sys/types.h>

struct owner_watch;

struct owner_watch_options {
	int listener; /* from runtime_options.owners; taken, whatever comes. -1: nothing is started */
	pid_t init;   /* whose root is on the mount in question; it may have ended already */
	int dir;      /* borrowed: where OWNER_NOTES is kept */
	/*
	 * What is not on the rootfs's mount (volumes, /proc) is answered with success, and
	 * forgotten: for RUN. Else the kernel answers as it would.
	 */
	bool lenient;
};
/* *w is NULL when there was nothing to start. */
int owner_watch_start(const struct owner_watch_options *o, struct owner_watch **w, struct error *err);
/* Returns when the thread is gone; callers that wait get ENOSYS. NULL is harmless. */
void owner_watch_stop(struct owner_watch *w);

#endif
