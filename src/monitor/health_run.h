/*
 * health_run.h - the health check of one container, while its monitor serves it.
 */
#ifndef MONITOR_HEALTH_RUN_H
#define MONITOR_HEALTH_RUN_H

#include "loop.h"
#include "monitor/health.h"

struct monitor;

struct health_watch {
	const struct health_plan *plan; /* NULL: there is no health check */
	struct health_state state;
	struct watch helper; /* the child that makes a probe; fd -1: none does */
	/* of memory that is shared with the helper: the last results, and the next one */
	struct probe_result *ring;
	size_t n;		   /* results of this run of the container */
	int64_t began_ns, late_ns; /* of the probe: its start, and when the helper is given up */
	struct str text;
};

/* Before the container starts: all memory that will be needed. */
int health_open(struct monitor *m, struct error *err);
/* A run begins: before its state is written, so that the two are never of different runs. */
void health_start(struct monitor *m);
/* When health_turn has something to do; 0: never. CLOCK_MONOTONIC */
int64_t health_due(const struct health_watch *h);
void health_turn(struct monitor *m);
void health_stop(struct monitor *m); /* the run is over: nobody probes any more */
void health_close(struct monitor *m);

#endif
