/*
 * health.h - health checks: a command that is run inside of a container again and again, and what
 * its results mean. Pure, but for probe_run.
 *
 * The rules are docker's. A container is starting until a probe succeeds, and healthy then. So many
 * failures in a row as `retries` says make it unhealthy, until one succeeds. Failures in the start
 * period, before the first success, do not count; in it, while starting, the start interval is
 * between two probes, else the interval. The first comes one interval after the start.
 */
#ifndef MONITOR_HEALTH_H
#define MONITOR_HEALTH_H

#include "oci/spec.h"
#include "store/health.h"

#include <stdbool.h>
#include <stdint.h>

/* What is done when a container becomes unhealthy. */
enum health_action {
	HEALTH_DO_NOTHING,
	HEALTH_DO_KILL,	   /* its restart policy then says what comes */
	HEALTH_DO_RESTART, /* whatever its restart policy is */
	HEALTH_DO_STOP,	   /* and it stays stopped */
};
/* "none", "kill", "restart", "stop"; NULL: none. ERR_USAGE */
int health_action_parse(const char *text, enum health_action *action, struct error *err);

struct health_plan {
	struct strv command; /* argv; empty: no health check */
	int64_t interval_ns, timeout_ns, start_period_ns, start_interval_ns;
	int64_t retries;
	enum health_action on_failure;
};
void health_plan_done(struct health_plan *p);

enum health_status { HEALTH_IS_STARTING, HEALTH_IS_GOOD, HEALTH_IS_BAD };
/* "starting", "healthy", "unhealthy": as inspect and the health file have it. */
const char *health_status_name(enum health_status s);

/* Times are of one monotonic clock. */
struct health_state {
	enum health_status status;
	int64_t streak;	    /* failures in a row that count */
	int64_t started_ns; /* the container */
	int64_t due_ns;	    /* the next probe */
};
void health_begin(struct health_state *s, const struct health_plan *p, int64_t now_ns);
/* A probe has ended; began_ns: when it was started. True: the status is another one now. */
bool health_result(struct health_state *s, const struct health_plan *p, bool good, int64_t began_ns,
		   int64_t now_ns);
/* None was made, because the container is paused: the next one. */
void health_skip(struct health_state *s, const struct health_plan *p, int64_t now_ns);

/* ---- one probe ---- */

struct health_probe {
	const struct spec *spec;    /* that the container was started with */
	const struct strv *command; /* argv, run as the container's own user with its environment */
	pid_t init;
	int init_pidfd; /* borrowed */
	int dir;	/* of the container; borrowed */
	bool owned_binary;
	int64_t timeout_ns;
};
struct probe_result {
	int64_t start_ns, end_ns; /* CLOCK_REALTIME */
	int32_t exit_code;	  /* -1: it could not be run, or took too long; output says which */
	bool timed_out;
	bool done; /* filled */
	uint32_t n;
	char output[HEALTH_OUTPUT_MAX + 1]; /* valid UTF-8 without NULs, and a NUL behind */
};
/*
 * Waits for it, and when it takes too long kills it with all that it has started. Allocates, so
 * the monitor has it done by a child.
 */
void probe_run(const struct health_probe *p, struct probe_result *r);

#endif
