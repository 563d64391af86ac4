/*
 * schedule.h - how processors, memory nodes and disks are shared with a container's process, and
 * whom the kernel pretends to be.
 *
 * Spec   runtime-spec 1.3 config.md "scheduler", "ioPriority", "execCPUAffinity"; config-linux.md
 *        "Personality", "Memory policy".
 */
#ifndef RUNTIME_SCHEDULE_H
#define RUNTIME_SCHEDULE_H

#include "oci/spec.h"
#include "util/bits.h"

#include <stdbool.h>
#include <stdint.h>

/* As sched_setattr(2) takes it: glibc has no declaration. */
struct scheduler_attributes {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
};
struct schedule {
	bool scheduler, io, persona, memory, affinity; /* which are asked for */
	struct scheduler_attributes attributes;
	int io_priority;
	unsigned long personality;
	int memory_mode; /* with its flags */
	struct bits nodes, processors;
};
/* The members were checked when the spec was read. */
void schedule_plan(const struct spec_process *p, const struct spec_linux *l, struct schedule *s);
/*
 * Of exec: where the process is to be at last, and until it is in the container's cgroup. What was
 * asked for in neither place is left alone; *before is what to give back to schedule_affinity_end.
 */
void schedule_plan_affinity(const struct spec_affinity *a, struct schedule *s);
int schedule_affinity_begin(const struct spec_affinity *a, struct bits *before, struct error *err);
void schedule_affinity_end(const struct spec_affinity *a, const struct bits *before);
/* Between clone and exec: no allocation. */
int schedule_apply(const struct schedule *s, struct error *err);

#endif
