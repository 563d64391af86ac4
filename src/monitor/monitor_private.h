/*
 * monitor_private.h - one monitor, all of it, and the steps of its life that have files of their own.
 */
#ifndef MONITOR_PRIVATE_H
#define MONITOR_PRIVATE_H

#include "attach_server.h"
#include "event_run.h"
#include "exit_record.h"
#include "group_run.h"
#include "health_run.h"
#include "log_driver.h"
#include "monitor/monitor.h"
#include "ports_run.h"
#include "runtime/owner_watch.h"
#include "signals.h"
#include "streams.h"
#include "terminal.h"

struct monitor {
	const struct monitor_job *job;
	struct container *c;
	struct monitor_result *result; /* or NULL */
	bool foreground; /* we are the command; else a child in a session of its own */
	bool tty;
	int session; /* the other end of a client that is attached from the beginning, or -1 */

	struct loop loop;
	struct signals signals;
	struct watch child;
	struct terminal terminal; /* the caller's, in the foreground */
	struct attach_server server;
	bool serving; /* server is open */

	struct net net;
	struct runtime_process process;
	struct owner_watch *owners; /* NULL but in single mode */
	struct health_watch health;
	struct group_watch group;
	struct ports_watch ports;
	char *notify_socket; /* the job's; the environment that it came from is wiped */
	int rootfs;	     /* of the next start: the job's, then ours; -1: to be mounted */
	int ends[3];	     /* the container's standard streams, until it has them */
	bool lent[3];	     /* they are the caller's own */
	int master;	     /* of its terminal; belongs to the first stream */

	bool exited, hurry; /* hurry: nobody waits for what is not delivered yet */
	int exit_code;	    /* -1: not known (yet) */
	enum exit_cause cause;
	int64_t deadline_ns, interrupted_ns; /* CLOCK_MONOTONIC; 0: none */
	int64_t kill_ns;		     /* of one that was told to end; 0: none */
	int64_t begun_ns;		     /* CLOCK_MONOTONIC: of this run */
	int64_t pause_ns;		     /* the last one between two runs; 0: none yet */
	bool stopping;			     /* an end was asked for: it is not started again */

	struct stdio io;
	/* these are large, and touched only where they are used */
	struct log_writer log; /* but for its beginning */
	struct stdio_buffers buffers;
};

struct monitor *monitor_new(const struct monitor_job *job, struct monitor_result *result);
/* The container runs on return; on failure m is gone, and nothing is left. */
int monitor_start(struct monitor *m, struct error *err);
/* Until it has ended and is torn down; m is gone then. */
int monitor_serve(struct monitor *m, struct error *err);

/* The container's health is another one now: whoever waits is told, and the plan's action taken. */
void monitor_health_changed(struct monitor *m, enum health_status status);

/* pty.c, monitor_stdio.c */
int monitor_stdio_open(struct monitor *m, struct error *err); /* pipes, log, attach socket */
int monitor_stdio_again(struct monitor *m,
			struct error *err); /* for a further run: all but the socket */
void monitor_ends_close(struct monitor *m);
int monitor_pty_open(struct monitor *m, struct error *err); /* once the container has it */
void monitor_resize_own(struct monitor *m);

#endif
