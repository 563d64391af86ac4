/*
 * health.c - the rules of health checks: when the next probe is due, and what a result means.
 *
 * Never  looks at a clock, or at the container.
 */
#include "monitor/health.h"

static const char *const actions[] = {
	[HEALTH_DO_NOTHING] = "none",
	[HEALTH_DO_KILL] = "kill",
	[HEALTH_DO_RESTART] = "restart",
	[HEALTH_DO_STOP] = "stop",
};
static const char *const names[] = {
	[HEALTH_IS_STARTING] = HEALTH_STARTING,
	[HEALTH_IS_GOOD] = HEALTH_HEALTHY,
	[HEALTH_IS_BAD] = HEALTH_UNHEALTHY,
};

int health_action_parse(const char *text, enum health_action *action, struct error *err)
{
	*action = HEALTH_DO_NOTHING;
	for (size_t i = 0; text && i < ARRAY_SIZE(actions); i++) {
		if (!str_eq(text, actions[i]))
			continue;
		*action = (enum health_action)i;
		return 0;
	}
	if (!text)
		return 0;
	return error_set(err, ERR_USAGE, "'%s': must be none, kill, restart or stop", text);
}

void health_plan_done(struct health_plan *p)
{
	strv_done(&p->command);
	memset(p, 0, sizeof(*p));
}

const char *health_status_name(enum health_status s)
{
	return names[s];
}

static bool in_start_period(const struct health_state *s, const struct health_plan *p, int64_t at_ns)
{
	return s->status == HEALTH_IS_STARTING && at_ns - s->started_ns < p->start_period_ns;
}

void health_skip(struct health_state *s, const struct health_plan *p, int64_t now_ns)
{
	s->due_ns = now_ns + (in_start_period(s, p, now_ns) ? p->start_interval_ns : p->interval_ns);
}

void health_begin(struct health_state *s, const struct health_plan *p, int64_t now_ns)
{
	*s = (struct health_state){ .status = HEALTH_IS_STARTING, .started_ns = now_ns };
	health_skip(s, p, now_ns);
}

bool health_result(struct health_state *s, const struct health_plan *p, bool good, int64_t began_ns,
		   int64_t now_ns)
{
	enum health_status before = s->status;

	if (good) {
		s->streak = 0;
		s->status = HEALTH_IS_GOOD;
	} else if (!in_start_period(s, p, began_ns)) {
		s->streak++;
		if (s->streak >= p->retries)
			s->status = HEALTH_IS_BAD;
	}
	health_skip(s, p, now_ns);
	return s->status != before;
}
