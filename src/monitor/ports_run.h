/*
 * ports_run.h - the published ports of a container that runs: what carries them is started again.
 */
#ifndef MONITOR_PORTS_RUN_H
#define MONITOR_PORTS_RUN_H

#include "loop.h"

#include <stdbool.h>

struct monitor;

struct ports_watch {
	struct watch control; /* net_ports_watch */
	struct watch joiner;  /* the child that joins the group anew; fd -1: none does */
	bool down, alone;     /* what is to be done at due_ns: net_ports_start, net_ports_join */
	int64_t due_ns;	      /* 0: nothing */
	int64_t pause_ns, begun_ns;
};

/* The network is up: from here on the loop is told. Harmless when that was known. */
void ports_begin(struct monitor *m);
/* It is about to go down. */
void ports_end(struct monitor *m);
/* When ports_turn has something to do; 0: never. CLOCK_MONOTONIC */
int64_t ports_due(const struct ports_watch *p);
void ports_turn(struct monitor *m);

#endif
