/*
 * process.h - from here on the process is the container's: attributes, identity, exec.
 *
 * What create and exec have in common, in the order in which it must happen.
 */
#ifndef RUNTIME_PROCESS_H
#define RUNTIME_PROCESS_H

#include "plan.h"

/* Session, death signal, not traceable; first of all. */
int process_begin(const struct plan_process *p, struct error *err);
/* When the plan says so. A change of user disarms it. ERR_INTERRUPTED: the parent is gone already. */
int process_die_with_parent(const struct plan_process *p, struct error *err);
/*
 * oom score and label, written through proc: a descriptor of a trusted procfs, or -1 for /proc
 * while that is still the host's.
 */
int process_proc(const struct plan_process *p, int proc, struct error *err);
/*
 * Working directory, standard streams, limits, identity, capabilities, filter, exec. slave: of the
 * terminal or -1. Does not return on success.
 */
int process_execute(const struct plan_process *p, int slave, struct error *err);
/* Is there a command to be executed? The errors are those of process_execute. Inside the container. */
int process_look(const struct plan_process *p, struct error *err);
/* Identity, capabilities, no_new_privs, filter: what a hook inside gets as well, see hooks.c. */
int process_privileges(const struct plan_process *p, struct error *err);
/*
 * Docker's words for a command that could not be executed; path NULL: none was found in PATH. What
 * is at the path was asked by the one who sees it: inside the container.
 */
enum command_found { FOUND_NOTHING, FOUND_FILE, FOUND_DIRECTORY };
int command_error(const struct plan_process *p, const char *path, enum command_found found, int sys,
		  struct error *err);

#endif
