/*
 * runtime.h - the OCI runtime: a bundle in, a running process out.
 *
 * Knows nothing of images, networks or the store. `run`, `start`, `exec`, RUN of a Dockerfile,
 * restart and `hod oci create` all meet here; the spec (config.json) is the only thing handed over.
 *
 *	caller			init
 *	  |- clone3 ------------>|  namespaces
 *	  |<---------- MAP_IDS --|  (a new user namespace only)
 *	  |- GO ---------------->|  mounts, devices, ...
 *	  |<------------ HOOKS --|  (hooks only) the caller runs its own
 *	  |- GO ---------------->|  runs its own; pivot_root
 *	  |<------------ READY --|  waits
 *	  |- START ------------->|  caps, seccomp, execve
 *	  |<------- end of file -|  it has exec'd
 *
 * With `start` set and nobody needed in between, init is a CLONE_VM|CLONE_VFORK child that does the
 * same steps in its parent's memory and execs: no messages, errors come back in place.
 */
#ifndef RUNTIME_RUNTIME_H
#define RUNTIME_RUNTIME_H

#include "oci/spec.h"
#include "util/error.h"

#include <stdbool.h>
#include <sys/types.h>

struct bundle {
	int dir;		 /* of the bundle: where root.path is relative to; borrowed */
	const struct spec *spec; /* as in the bundle's config.json; borrowed */
};
/* What the caller lends for the time of the call. */
struct runtime_options {
	int stdio[3];	 /* -1: /dev/null. Ignored with process.terminal */
	int *pty_master; /* process.terminal: where to put the master; NULL: console_socket */
	int *owners; /* ANNOTATION_FAKE_OWNERS: where to put the listener, for owner_watch_start */
	int console_socket;  /* -1, or a unix socket that is sent the master */
	const int *preserve; /* further descriptors: 3, 4, ... in the container, in this order */
	size_t n_preserve;
	bool start;	      /* create and start in one: may take the fast path */
	bool die_with_parent; /* PDEATHSIG for init (monitors: yes; oci create: no) */
	bool no_pivot;
	bool no_new_keyring;
	bool owned_binary; /* the container could write our executable: run init from a sealed copy */
	int cache;	   /* a directory for compiled seccomp profiles, or -1 */
	/*
	 * Without start: a listening SOCK_SEQPACKET socket, lent, on which init waits for START once
	 * it is READY, so that another process than the creator can start it: it connects, puts that
	 * into runtime_process.sock and calls runtime_start. -1: the creator's own socket.
	 */
	int listen;
	int *network_made; /* without start: where to put a new network namespace, yours; or NULL */
	int network; /* a namespace that is ready, instead of a new one: lent; -1: a new one */
	const char *id, *path; /* its own and its bundle's, for hooks and listeners; NULL: "" */
	int rootfs; /* a detached mount of the rootfs (fsmount), or -1: root.path of the spec */
};
#define RUNTIME_OPTIONS_INIT                                                                       \
	{                                                                                          \
		.stdio = { 0, 1, 2 }, .console_socket = -1, .cache = -1, .listen = -1,             \
		.rootfs = -1, .network = -1                                                        \
	}

struct runtime_process {
	pid_t pid;    /* in the caller's pid namespace */
	int pidfd;    /* yours */
	int sock;     /* until started: the conversation with init; -1 with `start` */
	char *cgroup; /* v2 path below the mount that it was put in, or NULL; yours */
};
#define RUNTIME_PROCESS_NONE                                                                       \
	{                                                                                          \
		.pid = 0, .pidfd = -1, .sock = -1                                                  \
	}
void runtime_process_done(struct runtime_process *p);

/*
 * Makes the container; with o->start its process runs on return. ERR_NOCOMMAND and ERR_NOEXEC for
 * the command (docker's words), ERR_INVALID naming the member of config.json, ERR_UNSUPPORTED for
 * what this machine cannot do, ERR_SYSTEM. On failure nothing is left: no process, mount, cgroup.
 */
int runtime_create(const struct bundle *b, const struct runtime_options *o,
		   struct runtime_process *p, struct error *err);
int runtime_start(struct runtime_process *p, struct error *err); /* after create without start */

/*
 * A further process in the container of init_pidfd/pid: joins its namespaces by pidfd and its
 * cgroup. process: what to run (its capabilities, or NULL: those of the container's spec).
 */
int runtime_exec(pid_t init, int init_pidfd, const struct spec *spec,
		 const struct spec_process *process, const struct runtime_options *o,
		 struct runtime_process *p, struct error *err);

/* Signals init, or with all every process of its cgroup (cgroup.kill for SIGKILL). Gone: ERR_BUSY. */
int runtime_kill(int pidfd, const char *cgroup, int sig, bool all, struct error *err);
/* Freezes or thaws; ERR_UNSUPPORTED without a usable v2 cgroup. */
int runtime_pause(const char *cgroup, bool freeze, struct error *err);
/* Kills what is left in the cgroup, waits until it is empty, removes it. Absent is success. */
int runtime_cgroup_remove(const char *cgroup, struct error *err);
bool runtime_cgroup_exists(const char *cgroup); /* NULL: no */
/* The last parts of the names of cgroups where ours are made without a service manager. */
void runtime_cgroup_list(struct strv *names);
/* What is left of linux.intelRdt when a container of this id has ended. Harmless without. */
void runtime_rdt_remove(const struct spec *spec, const char *id);
/*
 * At the end: cgroup and rusage figures as a JSON object, yours. *oom: was a process of this cgroup
 * killed for want of memory?
 */
char *runtime_usage(const char *cgroup, const void *rusage, bool *oom);

#endif
