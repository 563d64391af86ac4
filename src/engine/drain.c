/*
 * drain.c - a member of a publish group leaves it: no new connections, and time for the open ones.
 */
#include "prepare.h"

#include "net/group.h"
#include "util/log.h"
#include "util/text.h"

#include <time.h>

#define DRAIN_TIME 10		  /* seconds */
#define LOOK_AGAIN (20 * 1000000) /* ns: nothing tells when the last connection ends */
#define LOOKS_IDLE 2		  /* in a row: one may be on its way between two processes */

static int64_t drain_time_of(const struct container *c)
{
	auto_done(json) json_t *request =
		c->record.request ? json_loads(c->record.request, 0, NULL) : NULL;
	const json_t *value = json_object_get(request, "drainTime");

	return json_is_integer(value) ? json_integer_value(value) : DRAIN_TIME;
}

static int wait_idle(struct netdir *d, const struct lease *l, pid_t pid, int64_t end_ns,
		     struct error *err)
{
	const struct timespec pause = { .tv_nsec = LOOK_AGAIN };

	for (int idle = 0; idle < LOOKS_IDLE && time_monotonic_ns() < end_ns;) {
		int n = group_connections(d, l, pid, err);

		if (n < 0)
			return -1;
		idle = n == 0 ? idle + 1 : 0;
		nanosleep(&pause, NULL);
	}
	return 0;
}

int container_leave_group(struct engine *e, const struct container *c, bool drain, struct error *err)
{
	const struct userns *u = &e->facts.userns;
	struct netdir d = { .fd = -1 };
	struct lease l = { 0 };
	int r = netdir_open(u->caller_uid, u->caller_uid != 0, false, &d, err), status;

	if (r > 0)
		r = netdir_find(&d, c->id, &l, err);
	status = r < 0 ? -1 : 0;
	if (r > 0 && l.group) {
		status = group_set(&d, c->id, GROUP_LEAVE, err);
		if (status == 0 && drain)
			status = wait_idle(&d, &l, (pid_t)c->state.pid,
					   time_monotonic_ns() + drain_time_of(c) * NSEC_PER_SEC,
					   err);
	}
	if (r > 0)
		lease_done(&l);
	netdir_close(&d);
	return status;
}
