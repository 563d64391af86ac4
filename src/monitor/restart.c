/*
 * restart.c - restart policies: what they say of a container that has ended.
 */
#include "monitor/restart.h"

#include "util/str.h"
#include "util/text.h"

#define PAUSE_FIRST_NS (100 * 1000000LL)
#define PAUSE_MAX_NS   (60 * NSEC_PER_SEC)
#define LONG_RUN_NS    (10 * NSEC_PER_SEC)

static const char *const names[] = {
	[RESTART_NO] = "no",
	[RESTART_ON_FAILURE] = "on-failure",
	[RESTART_ALWAYS] = "always",
	[RESTART_UNLESS_STOPPED] = "unless-stopped",
};

int restart_policy_parse(const char *text, struct restart_policy *p, struct error *err)
{
	const char *colon = strchrnul(text ? text : "", ':');
	uint64_t max = 0;

	*p = (struct restart_policy){ RESTART_NO, 0 };
	if (!text)
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (strlen(names[i]) != (size_t)(colon - text) ||
		    strncmp(names[i], text, strlen(names[i])) != 0)
			continue;
		if (*colon &&
		    (i != RESTART_ON_FAILURE || !str_u64(colon + 1, &max) || max > INT32_MAX))
			break;
		*p = (struct restart_policy){ (enum restart_when)i, (int64_t)max };
		return 0;
	}
	return error_set(
		err, ERR_USAGE,
		"restart policy '%s': must be no, on-failure[:N], always or unless-stopped", text);
}

const char *restart_policy_name(const struct restart_policy *p)
{
	return names[p->when];
}

bool restart_wanted(const struct restart_policy *p, int exit_code, int64_t restarts, bool stopped)
{
	if (stopped || p->when == RESTART_NO)
		return false;
	if (p->when == RESTART_ON_FAILURE)
		return exit_code != 0 && (p->max == 0 || restarts < p->max);
	return true;
}

int64_t restart_pause(int64_t before_ns, int64_t ran_ns)
{
	if (before_ns <= 0 || ran_ns >= LONG_RUN_NS)
		return PAUSE_FIRST_NS;
	return MIN(before_ns * 2, PAUSE_MAX_NS);
}
