/*
 * monitor.h - the process that stays with one container: its stdio, log, exit.
 *
 * Theory of operation: see src/monitor/monitor.c. One epoll loop; no allocation once the container
 * runs. In the foreground without a terminal the command itself is the monitor; with -d and -it it
 * is forked (monitor_spawn), never re-executed.
 *
 *	engine			monitor
 *	  |- fork or become ----->|  rootfs, runtime_create
 *	  |<----------- RUNNING --|
 *	  |  (attached: PTY/STDIO over the container's attach socket)
 */
#ifndef MONITOR_MONITOR_H
#define MONITOR_MONITOR_H

#include "monitor/health.h"
#include "monitor/log_writer.h"
#include "monitor/restart.h"
#include "net/net.h"
#include "oci/spec.h"
#include "store/container.h"
#include "util/error.h"

#include <stdbool.h>

/* What a monitor needs to know; all borrowed for the life of the call. */
struct monitor_job {
	struct store *store;
	struct container *container; /* with record */
	/*
	 * Held: the container's life. Borrowed, and kept open as long as the monitor lives; after
	 * monitor_spawn the caller closes its own copy at once, or it would hold the lock too.
	 */
	int lock;
	const struct spec *spec; /* as written to config.json */
	/*
	 * The rootfs as a detached mount, which the engine made to look users up in it; handed on
	 * as runtime_options.rootfs. So the monitor mounts nothing and needs no mount namespace.
	 */
	int rootfs;
	/* Mounts the rootfs once more, for a start by the restart policy: a detached mount, yours. */
	int (*remount)(void *arg, struct error *err);
	void *remount_arg;
	struct net_job *net; /* what it is on, completed with what was chosen; NULL: nothing of ours */
	struct restart_policy restart;
	const struct health_plan *health; /* NULL: none */
	struct log_options log;
	int stop_signal;
	int64_t grace_ns;   /* between the stop signal and SIGKILL; -1: for ever */
	int64_t timeout_ns; /* kill after so long; 0: never (exit code 124) */
	/* The caller's own streams, monitor_run only (-1: not attached): */
	int in, out, err_;
	bool sig_proxy;	   /* monitor_run only: false: INT, TERM, HUP, QUIT kill the container */
	bool owned_binary; /* see runtime.h */
	int report;	   /* where the report goes at the end (report.h), or -1; borrowed */
	const char *notify_socket; /* told when it runs (sd_notify(3)); NULL: nobody */
	bool notify_healthy;	   /* not before its health check has succeeded */
	const char *detach_keys;   /* of the caller's terminal; NULL: ctrl-p,ctrl-q */
};
struct monitor_result {
	int exit_code; /* 0..255; 128+n for a signal; 124 timeout */
	bool oom_killed;
};

/*
 * Becomes the monitor in this process until the container has ended: mounts, creates, starts,
 * serves, writes the exit record, tears down (auto_remove removes). Errors before the start are
 * returned (ERR_NOCOMMAND, ERR_NOEXEC, ...), recorded in state.json, and nothing is left.
 */
int monitor_run(const struct monitor_job *job, struct monitor_result *result, struct error *err);
/*
 * The same in a forked process of its own session, reparented, that has let go of all inherited
 * descriptors; returns when the container's command was executed (or could not be). client, when
 * not NULL, becomes the socket of a client that was attached before the command started, so that
 * nothing it prints is lost (attach_options.sock); yours. The container waits for this client as it
 * would for a terminal, while others that do not keep up miss some output.
 */
int monitor_spawn(const struct monitor_job *job, int *client, struct error *err);

/* The other side of attach: connects to a running container's monitor and serves the terminal. */
struct attach_options {
	int in, out, err_; /* -1: not */
	bool tty;	   /* raw mode, SIGWINCH forwarded */
	bool sig_proxy;
	const char *detach_keys; /* "ctrl-p,ctrl-q"; "" disables */
	int sock;		 /* >= 0: connected already */
};
struct attach_result {
	bool detached; /* by keys: the container goes on */
	int exit_code;
};
int monitor_attach(struct store *st, struct container *c, const struct attach_options *o,
		   struct attach_result *result, struct error *err);
/* Connects only, so that nothing the container prints is lost when it is started afterwards. */
int monitor_connect(struct container *c, struct error *err);
/* "ctrl-p,ctrl-q", "a,b", "" (none): can it be given as detach_keys? */
bool detach_keys_valid(const char *text);

/* stdio of `exec`: serves a process made by runtime_exec until it ends; exit code in result. */
struct exec_stdio {
	int in, out, err_;
	bool tty;
	int pty_master;
	int pipes[3]; /* our ends: to stdin, from stdout, from stderr; -1 */
	int pidfd;
	const char *detach_keys;
};
int exec_serve(const struct exec_stdio *x, struct attach_result *result, struct error *err);

#endif
