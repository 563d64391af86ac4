/*
 * exit_record.h - state.json: that a container runs, and how it ended.
 */
#ifndef MONITOR_EXIT_RECORD_H
#define MONITOR_EXIT_RECORD_H

#include "runtime/runtime.h"
#include "store/container.h"

#include <signal.h>
#include <sys/resource.h>

/* 0..255, or 128 + the signal. */
int exit_code_of(const siginfo_t *info);

enum exit_cause { EXIT_ITSELF, EXIT_TIMEOUT, EXIT_TIMEOUT_KILLED, EXIT_UNHEALTHY };
/* Fills and writes the state of a container that runs now. */
int record_running(struct store *st, struct container *c, const struct runtime_process *p,
		   struct error *err);
/* Fills that of one that ended; who calls writes it. */
void record_exit(struct container *c, const siginfo_t *info, const struct rusage *usage,
		 enum exit_cause cause);
/* Of one that could not be started: why, and the exit code that follows from it. st NULL: not kept. */
void record_failure(struct store *st, struct container *c, const struct error *why);

#endif
