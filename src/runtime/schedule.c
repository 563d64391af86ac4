/*
 * schedule.c - see schedule.h.
 */
#include "schedule.h"

#include <linux/ioprio.h>
#include <linux/mempolicy.h>
#include <linux/sched.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef MPOL_F_NUMA_BALANCING
#define MPOL_F_NUMA_BALANCING (1 << 13)
#endif
enum { WEIGHTED_INTERLEAVE = 6 }; /* since Linux 6.9 */

static const struct {
	const char *name;
	unsigned long value;
} words[] = {
	{ "SCHED_OTHER", SCHED_NORMAL },
	{ "SCHED_FIFO", SCHED_FIFO },
	{ "SCHED_RR", SCHED_RR },
	{ "SCHED_BATCH", SCHED_BATCH },
	{ "SCHED_ISO", 4 }, /* reserved by the kernel, which answers for itself */
	{ "SCHED_IDLE", SCHED_IDLE },
	{ "SCHED_DEADLINE", SCHED_DEADLINE },
	{ "SCHED_FLAG_RESET_ON_FORK", SCHED_FLAG_RESET_ON_FORK },
	{ "SCHED_FLAG_RECLAIM", SCHED_FLAG_RECLAIM },
	{ "SCHED_FLAG_DL_OVERRUN", SCHED_FLAG_DL_OVERRUN },
	{ "SCHED_FLAG_KEEP_POLICY", SCHED_FLAG_KEEP_POLICY },
	{ "SCHED_FLAG_KEEP_PARAMS", SCHED_FLAG_KEEP_PARAMS },
	{ "SCHED_FLAG_UTIL_CLAMP_MIN", SCHED_FLAG_UTIL_CLAMP_MIN },
	{ "SCHED_FLAG_UTIL_CLAMP_MAX", SCHED_FLAG_UTIL_CLAMP_MAX },
	{ "IOPRIO_CLASS_RT", IOPRIO_CLASS_RT },
	{ "IOPRIO_CLASS_BE", IOPRIO_CLASS_BE },
	{ "IOPRIO_CLASS_IDLE", IOPRIO_CLASS_IDLE },
	{ "MPOL_DEFAULT", MPOL_DEFAULT },
	{ "MPOL_BIND", MPOL_BIND },
	{ "MPOL_INTERLEAVE", MPOL_INTERLEAVE },
	{ "MPOL_WEIGHTED_INTERLEAVE", WEIGHTED_INTERLEAVE },
	{ "MPOL_PREFERRED", MPOL_PREFERRED },
	{ "MPOL_PREFERRED_MANY", MPOL_PREFERRED_MANY },
	{ "MPOL_LOCAL", MPOL_LOCAL },
	{ "MPOL_F_NUMA_BALANCING", MPOL_F_NUMA_BALANCING },
	{ "MPOL_F_RELATIVE_NODES", MPOL_F_RELATIVE_NODES },
	{ "MPOL_F_STATIC_NODES", MPOL_F_STATIC_NODES },
	{ "LINUX", PER_LINUX },
	{ "LINUX32", PER_LINUX32 },
};

static unsigned long value_of(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (str_eq(words[i].name, name))
			return words[i].value;
	return 0;
}

static uint64_t or_zero(int64_t value)
{
	return value == UNSET ? 0 : (uint64_t)value;
}

static void plan_scheduler(const struct spec_scheduler *from, struct scheduler_attributes *a)
{
	*a = (struct scheduler_attributes){
		.size = sizeof(*a),
		.policy = (uint32_t)value_of(from->policy),
		.nice = (int32_t)or_zero(from->nice),
		.priority = (uint32_t)or_zero(from->priority),
		.runtime = or_zero(from->runtime),
		.deadline = or_zero(from->deadline),
		.period = or_zero(from->period),
	};
	strv_each (&from->flags, i)
		a->flags |= value_of(from->flags.v[i]);
}

static void plan_memory(const struct spec_memory_policy *m, struct schedule *s)
{
	unsigned long mode = value_of(m->mode);

	strv_each (&m->flags, i)
		mode |= value_of(m->flags.v[i]);
	s->memory_mode = (int)mode;
	bits_parse(m->nodes ? m->nodes : "", &s->nodes);
}

void schedule_plan(const struct spec_process *p, const struct spec_linux *l, struct schedule *s)
{
	*s = (struct schedule){ .scheduler = p->scheduler != NULL,
				.io = p->io_priority != NULL,
				.persona = l->personality != NULL,
				.memory = l->memory_policy != NULL };
	if (s->scheduler)
		plan_scheduler(p->scheduler, &s->attributes);
	if (s->io)
		s->io_priority = IOPRIO_PRIO_VALUE((int)value_of(p->io_priority->class),
						   (int)or_zero(p->io_priority->priority));
	if (s->persona)
		s->personality = value_of(l->personality->domain);
	if (s->memory)
		plan_memory(l->memory_policy, s);
}

int schedule_apply(const struct schedule *s, struct error *err)
{
	static const struct bits none;
	/* the kernel wants one more than there are, and no set at all for an empty one */
	bool nodes = memcmp(&s->nodes, &none, sizeof(none)) != 0;

	if (s->scheduler && syscall(SYS_sched_setattr, 0, &s->attributes, 0) < 0)
		return error_sys(err, "process.scheduler");
	if (s->io && syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, s->io_priority) < 0)
		return error_sys(err, "process.ioPriority");
	if (s->persona && personality(s->personality) < 0)
		return error_sys(err, "linux.personality");
	if (s->memory && syscall(SYS_set_mempolicy, s->memory_mode, nodes ? s->nodes.w : NULL,
				 nodes ? BITS_MAX + 1 : 0) < 0)
		return error_sys(err, "linux.memoryPolicy");
	if (s->affinity &&
	    syscall(SYS_sched_setaffinity, 0, sizeof(s->processors), s->processors.w) < 0)
		return error_sys(err, "process.execCPUAffinity");
	return 0;
}

/* ---- exec ---- */

void schedule_plan_affinity(const struct spec_affinity *a, struct schedule *s)
{
	s->affinity = a && (!str_empty(a->initial) || !str_empty(a->final));
	if (!s->affinity)
		return;
	/* what was for the beginning only ends: then all that the cgroup has */
	if (str_empty(a->final))
		memset(&s->processors, 0xff, sizeof(s->processors));
	else
		bits_parse(a->final, &s->processors);
}

int schedule_affinity_begin(const struct spec_affinity *a, struct bits *before, struct error *err)
{
	struct bits initial;

	if (!a || str_empty(a->initial))
		return 0;
	memset(before, 0, sizeof(*before));
	bits_parse(a->initial, &initial);
	if (syscall(SYS_sched_getaffinity, 0, sizeof(*before), before->w) < 0 ||
	    syscall(SYS_sched_setaffinity, 0, sizeof(initial), initial.w) < 0)
		return error_sys(err, "process.execCPUAffinity: initial");
	return 0;
}

void schedule_affinity_end(const struct spec_affinity *a, const struct bits *before)
{
	if (a && !str_empty(a->initial))
		syscall(SYS_sched_setaffinity, 0, sizeof(*before), before->w);
}
