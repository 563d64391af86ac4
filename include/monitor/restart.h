/*
 * restart.h - restart policies: whether a container that has ended is started again, and when.
 *
 * The monitor does it, so it holds as long as the monitor lives; after a boot, `hod start
 * --restart-policy` starts what its policy wants. What was stopped on purpose stays stopped.
 */
#ifndef MONITOR_RESTART_H
#define MONITOR_RESTART_H

#include "util/error.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * In a container's directory: made by whoever stops it on purpose before he does, removed by the
 * next start. Only of containers that have a policy.
 */
#define RESTART_STOPPED "stopped"

enum restart_when { RESTART_NO, RESTART_ON_FAILURE, RESTART_ALWAYS, RESTART_UNLESS_STOPPED };
struct restart_policy {
	enum restart_when when;
	int64_t max; /* on-failure: how often at most; 0: no limit */
};
/* "no", "on-failure", "on-failure:N", "always", "unless-stopped"; NULL: no. ERR_USAGE */
int restart_policy_parse(const char *text, struct restart_policy *p, struct error *err);
const char *restart_policy_name(const struct restart_policy *p); /* without the number */

/* Pure. restarts: how often it was done so far. stopped: on purpose. */
bool restart_wanted(const struct restart_policy *p, int exit_code, int64_t restarts, bool stopped);
/*
 * The pause before the next start: 100 ms, doubled each time up to a minute, and from the beginning
 * after a run of ten seconds. before_ns is the last pause, 0 at first.
 */
int64_t restart_pause(int64_t before_ns, int64_t ran_ns);

#endif
