/*
 * report.h - how a container ended and what it used, for whoever ran it (`run --report`).
 */
#ifndef MONITOR_REPORT_H
#define MONITOR_REPORT_H

#include "store/container.h"

/*
 * Writes one JSON object, ended by a newline: {"id","name","image","imageDigest","startedAt",
 * "finishedAt","wallUsec","exitCode","reason","oomKilled","error","usage"}. Failure is logged only.
 */
void report_write(int fd, const struct container *c);

#endif
