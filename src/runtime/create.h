/*
 * create.h - what making a container and making a further process in one have in common.
 */
#ifndef RUNTIME_CREATE_H
#define RUNTIME_CREATE_H

#include "clone.h"
#include "plan.h"

#include <signal.h>

/* While a child shares our memory: signals blocked, and with hide not to be looked into. */
struct guard {
	sigset_t mask;
	int dumpable;
};
void guard_begin(struct guard *g, bool hide);
void guard_end(struct guard *g);

/* Where the child sends the terminal's master: *ours, to be read when it has, or the caller's. */
int console_prepare(const struct runtime_options *o, struct plan_process *p, int *ours,
		    struct error *err);
int console_receive(int sock, int *master, struct error *err);

/* The same for the listener of the fakes: *ours is -1 when nobody asked for it, *listener when none
 * came. */
int owners_prepare(const struct runtime_options *o, struct plan_process *p, int *ours,
		   struct error *err);
int owners_receive(int sock, int *listener, struct error *err);

void child_reap(pid_t pid);
void child_kill(struct runtime_process *p); /* and reaps it */

#endif
