/*
 * listener.h - the agent that answers a container's system calls: it is sent the listener.
 *
 * Theory of operation: the socket of linux.seccomp.listenerPath is connected and the text is made
 * before the child exists, which only puts in its own number: it may not allocate, and what the
 * filter holds back from then on would wait for the agent who has not been told yet. Hence a filter
 * that notifies sendmsg(2) is refused (profile.c).
 *
 * Spec   runtime-spec 1.2 config-linux.md "The Container Process State".
 */
#ifndef RUNTIME_LISTENER_H
#define RUNTIME_LISTENER_H

#include "runtime/hooks.h"
#include "util/error.h"
#include "util/str.h"

struct listener {
	int sock;		       /* connected; -1: there is none */
	struct str head, middle, tail; /* around the two places where the number stands */
	char pid[16];
};
/* json: linux.seccomp, a profile that notifies. */
int listener_prepare(const char *json, const struct hook_state *st, const char *status,
		     struct listener *l, struct error *err);
void listener_done(struct listener *l);
void listener_pid(struct listener *l, pid_t pid);
/* The same found out by the process itself while the caller's /proc is at /proc. */
int listener_pid_self(struct listener *l, struct error *err);
/* Between clone and exec: no allocation. */
int listener_send(const struct listener *l, int fd, struct error *err);

#endif
