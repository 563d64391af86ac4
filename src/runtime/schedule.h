/*
 * schedule.h - how the processor and disks are shared with a container's process, and whom the
 * kernel pretends to be.
 *
 * Spec   runtime-spec 1.2 config.md "scheduler", "ioPriority"; config-linux.md "Personality".
 */
#ifndef RUNTIME_SCHEDULE_H
#define RUNTIME_SCHEDULE_H

#include "oci/spec.h"

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
	bool scheduler, io, persona; /* which are asked for */
	struct scheduler_attributes attributes;
	int io_priority;
	unsigned long personality;
};
/* The members were checked when the spec was read. */
void schedule_plan(const struct spec_process *p, const struct spec_personality *persona,
		   struct schedule *s);
/* Between clone and exec: no allocation. */
int schedule_apply(const struct schedule *s, struct error *err);

#endif
