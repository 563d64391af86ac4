/*
 * health.h - health.json in a container's directory: what its health check has found so far.
 *
 * Written by the monitor alone, from the start of a run on; absent when there is no health check.
 * What it says holds while the container runs, and afterwards tells how it was at the end.
 */
#ifndef STORE_HEALTH_H
#define STORE_HEALTH_H

#include "store/container.h"

#define HEALTH_FILE	  "health.json"
#define HEALTH_LOG_MAX	  5    /* results that are kept */
#define HEALTH_OUTPUT_MAX 4096 /* bytes that are kept of what one printed */

#define HEALTH_STARTING	 "starting"
#define HEALTH_HEALTHY	 "healthy"
#define HEALTH_UNHEALTHY "unhealthy"

struct health_entry {
	int64_t start_ns, end_ns;
	int64_t exit_code; /* -1: it could not be run, or took too long; output says which */
	char *output;
};
struct health {
	char *status; /* one of the three above */
	int64_t failing_streak;
	VEC(struct health_entry) log; /* oldest first */
};
extern const struct field health_fields[];
void health_done(struct health *h);
/* Zeroed before: 1, 0 there is none, -1 (ERR_INVALID: damaged). Works for containers out of a list. */
int health_load(struct store *st, const struct container *c, struct health *h, struct error *err);

#endif
