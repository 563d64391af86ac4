/*
 * event_run.h - what happens to a container that runs, told in the journal of events.
 */
#ifndef MONITOR_EVENT_RUN_H
#define MONITOR_EVENT_RUN_H

#include "monitor/health.h"
#include "util/str.h"

struct monitor;

void event_started(struct monitor *m); /* with its networks and volumes */
void event_ended(struct monitor *m);   /* as its state says */
/* line: memory that is there already; event_health_reserve makes it. Nothing is allocated. */
void event_health(struct monitor *m, enum health_status status, struct str *line);
void event_health_reserve(const struct monitor *m, struct str *line);

#endif
