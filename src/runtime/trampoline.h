/*
 * trampoline.h - a sealed program between hod and the container's command.
 *
 * Theory of operation: while a process executes a container's command, its /proc/self/exe still
 * names the old program, and a command or an interpreter line "/proc/self/exe" would start hod
 * inside the container, where root could then open it for writing and wait for it to end
 * (CVE-2019-5736). Where the owner of hod is mapped into the container we therefore execute a few
 * hundred bytes in a sealed memfd first, which make that exec: that costs a fifth of a second copy
 * of hod. The name of its error pipe and the arguments are prepared here, for the child does not
 * allocate.
 */
#ifndef RUNTIME_TRAMPOLINE_H
#define RUNTIME_TRAMPOLINE_H

#include "plan.h"

/* Fills p's trampoline members; *errors is the end of a pipe to read from. */
int trampoline_make(struct plan_process *p, int *errors, struct error *err);
/* After the child has gone on: waits for the last exec; its failure becomes err. */
int trampoline_wait(const struct plan_process *p, int errors, struct error *err);

#endif
