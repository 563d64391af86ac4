/*
 * schedule.c - see schedule.h.
 */
#include "schedule.h"

#include <linux/ioprio.h>
#include <linux/sched.h>
#include <sys/personality.h>
#include <sys/syscall.h>
#include <unistd.h>

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

void schedule_plan(const struct spec_process *p, const struct spec_personality *persona,
		   struct schedule *s)
{
	*s = (struct schedule){ .scheduler = p->scheduler != NULL,
				.io = p->io_priority != NULL,
				.persona = persona != NULL };
	if (s->scheduler)
		plan_scheduler(p->scheduler, &s->attributes);
	if (s->io)
		s->io_priority = IOPRIO_PRIO_VALUE((int)value_of(p->io_priority->class),
						   (int)or_zero(p->io_priority->priority));
	if (s->persona)
		s->personality = value_of(persona->domain);
}

int schedule_apply(const struct schedule *s, struct error *err)
{
	if (s->scheduler && syscall(SYS_sched_setattr, 0, &s->attributes, 0) < 0)
		return error_sys(err, "process.scheduler");
	if (s->io && syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, s->io_priority) < 0)
		return error_sys(err, "process.ioPriority");
	if (s->persona && personality(s->personality) < 0)
		return error_sys(err, "linux.personality");
	return 0;
}
