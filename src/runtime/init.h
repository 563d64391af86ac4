/*
 * init.h - the process that becomes the container's, from its birth to its exec.
 */
#ifndef RUNTIME_INIT_H
#define RUNTIME_INIT_H

#include "plan.h"

#include <stdbool.h>

/*
 * What init has at hand. In a shared address space err is the caller's own; in a copied one, or
 * while the caller waits for an answer, errors go over sock.
 */
struct init {
	const struct plan *plan;
	struct error *err;
	int sock;		 /* -1: shared memory, nobody to talk to */
	bool failed;		 /* shared memory: tells a failure from an exec */
	struct error own;	 /* where err points to in a copied address space */
	bool maps;		 /* a user namespace whose maps the caller writes */
	bool wait;		 /* READY, and wait for START */
	int root;		 /* the container's root */
	int proc, sys, dev, pts; /* mounts of ours, trusted; -1 */
	int null;  /* the null device, checked, where it first hides a file; -1: not yet */
	int empty; /* a read-only empty directory that masks others; -1: not yet */
	int slave; /* of the terminal, or -1 */
};

int init_run(void *init); /* of clone_request; does not return on success */

struct step {
	const char *name;
	int (*run)(struct init *in, struct error *err);
};
int steps_run(const struct step *steps, size_t n, struct init *in, struct error *err);

/* mounts.c */
int step_root(struct init *in, struct error *err);
int step_mounts(struct init *in, struct error *err);
int step_pivot(struct init *in, struct error *err);
int empty_tree(struct init *in, struct error *err); /* to be attached: a read-only empty directory */
/* devices.c */
int step_devices(struct init *in, struct error *err);
int step_masks(struct init *in, struct error *err);
/* terminal.c */
int step_terminal(struct init *in, struct error *err);
int terminal_take(const struct plan_process *p, int ptmx, int *slave, struct error *err);

/* time.c */
int step_time(struct init *in, struct error *err);

/* A detached procfs when the container has none of its own; in->proc. */
int init_proc(struct init *in, struct error *err);

#endif
