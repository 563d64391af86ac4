/*
 * processes.h - the processes of a container, as the host's /proc tells of them: top, stats.
 */
#ifndef CMD_PROCESSES_H
#define CMD_PROCESSES_H

#include "runtime/cgroup.h"
#include "store/container.h"

struct process_facts {
	int64_t pid, ppid, pgid, session, tty, nice, threads;
	char state;
	uint64_t cpu_usec;   /* user and system */
	int64_t started_sec; /* since 1970 */
	uint64_t virtual_bytes, resident_bytes;
	uint32_t uid;
	char *name, *command; /* command: its arguments, or [name] */
};
typedef VEC(struct process_facts) process_list;

/* By its cgroup; without one the init and all that descend from it. One that ends is left out. */
int processes_read(const struct container *c, process_list *list, struct error *err);
void process_list_done(process_list *list);

#endif
