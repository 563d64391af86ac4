/*
 * plan.h - what init will do, worked out beforehand: plain values and descriptors, nothing to parse.
 *
 * Theory of operation: runtime_create() first turns the spec into a struct plan in the caller's
 * process, where it may allocate and where a mistake in the spec is found before anything exists.
 * Sources of bind mounts and the rootfs become detached mount trees here, by descriptor, so that no
 * path of the host is looked up twice. Then a child performs the plan (init.c), usually in the
 * caller's own memory (clone.h), so performing does not allocate.
 */
#ifndef RUNTIME_PLAN_H
#define RUNTIME_PLAN_H

#include "filter.h"
#include "listener.h"
#include "rdt.h"
#include "runtime/runtime.h"
#include "schedule.h"
#include "util/userns.h"
#include "util/vec.h"

#include <stdint.h>
#include <sys/resource.h>

/* A mount that later steps come back to. */
enum mount_role { ROLE_NONE, ROLE_PROC, ROLE_SYS, ROLE_DEV, ROLE_PTS, ROLE_CGROUP };

struct plan_mount {
	const char *destination; /* absolute, cleaned; borrowed from plan.names */
	const char *fstype;	 /* NULL: a bind mount */
	const char *source;	 /* for /proc/mounts; borrowed from the spec */
	enum mount_role role;
	int tree;		     /* bind: a detached clone of the source; -1 */
	bool is_dir;		     /* bind: of a directory */
	bool copy_up;		     /* tmpfs: starts with what the image has there */
	struct strv data;	     /* options of the file system: "mode=755", "huge" */
	uint64_t set, clear;	     /* MOUNT_ATTR_ */
	uint64_t all_set, all_clear; /* the same for everything below too */
	uint64_t propagation;	     /* MS_PRIVATE ... or 0 */
	bool propagation_all;
	int idmap; /* a user namespace whose map its owners get, or -1 */
	bool idmap_all;
	bool remount; /* only the attributes of what is mounted there already */
};

struct plan_device {
	const char *path;
	mode_t mode; /* with its type */
	dev_t dev;
	uid_t uid;
	gid_t gid;
};

struct plan_limit {
	int resource;
	struct rlimit value;
};

/* The process as it will be when it executes its command: of create and of exec. */
struct plan_process {
	const struct spec_process *spec;
	const char *cwd;
	bool make_cwd; /* when it is absent */
	char *const *argv, *const *envp;
	struct strv commands; /* paths to try, one for each directory of PATH */
	bool searched;	      /* they come from PATH */
	uid_t uid;
	gid_t gid;
	VEC(gid_t) groups;
	mode_t umask;
	uint64_t bounding, effective, permitted, inheritable, ambient; /* bit masks */
	bool no_new_privs;
	VEC(struct plan_limit) limits;
	int64_t oom_score_adj;	/* UNSET: inherit */
	const char *label;	/* for /proc/self/attr/... or NULL */
	const char *label_file; /* "attr/apparmor/exec" */
	struct seccomp_filter filter, fakes;
	struct listener *listener; /* who is sent the filter's listener; NULL: nobody */
	struct schedule schedule;
	const struct spec *hooks; /* whose startContainer hooks are run before the exec; NULL: none */
	struct hook_state state; /* for them; its pid is found out */
	bool terminal;
	unsigned short rows, columns;
	int stdio[3]; /* -1: /dev/null */
	const int *preserve;
	size_t n_preserve;
	int console;	/* where the master of the terminal is sent: a socket, or -1 */
	int owners;	/* where the listener of the fakes is sent, or -1: they are answered */
	int trampoline; /* a sealed program that makes the last exec, or -1 (trampoline.h) */
	int trampoline_error;
	char **trampoline_argv; /* path, number of the error pipe, argv... */
	char trampoline_fd[12];
	bool new_keyring, die_with_parent;
	int parent; /* its pidfd, with die_with_parent */
};

#define PLAN_PROCESS_NONE                                                                           \
	{                                                                                           \
		.console = -1, .owners = -1, .trampoline = -1, .trampoline_error = -1, .parent = -1 \
	}

struct plan_join {
	int fd;
	int nstype; /* CLONE_NEW* */
	const char *name;
};

struct plan {
	const struct spec *spec;
	uint64_t new_namespaces; /* CLONE_NEW* */
	struct plan_join joins[8];
	size_t n_joins;
	bool copied;	   /* a step needs a memory of its own, or a conversation */
	bool devices_move; /* links of the host are given to us while we wait */
	bool hooks;	   /* before the root is entered the caller is waited for */
	char *place;	   /* where the rootfs is attached for hooks to see; NULL: over / */
	bool join_pid;	   /* one of them is a pid namespace: the child of a child will be in it */
	int rootfs;	   /* a detached mount */
	bool no_pivot;
	VEC(struct plan_mount) mounts;
	struct strv names; /* texts that others point into */
	VEC(struct plan_device) devices;
	bool own_dev;	      /* /dev is the container's: nodes and links are made in it */
	struct strmap sysctl; /* path below /proc/sys -> value */
	uint64_t propagation; /* of the root, finally: MS_PRIVATE ... */
	bool propagation_all;
	bool loopback;	    /* a new network namespace: bring lo up */
	id_maps uids, gids; /* of the new user namespace */
	int cgroup;	    /* directory to be born in, or -1 */
	struct rdt rdt;	    /* what to write ourselves into */
	bool cgroup_required;
	int network; /* a network namespace to join, lent, or -1 */
	int wait;    /* a listening socket where START comes from, or -1 */
	struct plan_process process;
};

void plan_done(struct plan *p);
/* ERR_INVALID naming the member, ERR_UNSUPPORTED, ERR_NOTFOUND for a source that is not there. */
int plan_make(const struct bundle *b, const struct runtime_options *o, struct plan *p,
	      struct error *err);

/* parts of it */
int plan_namespaces(struct plan *p, struct error *err);
int plan_mounts(const struct bundle *b, struct plan *p, struct error *err);
int plan_sysctl(struct plan *p, struct error *err);
int plan_process(const struct spec *spec, const struct spec_process *sp,
		 const struct runtime_options *o, struct plan_process *p, struct error *err);
void plan_process_done(struct plan_process *p);
/* idmap.c: a user namespace with these maps; and a mount shown with it. */
int idmap_namespace(const id_maps *uids, const id_maps *gids, struct error *err);
int idmap_apply(int tree, int namespace, bool all, struct error *err);
bool plan_has_namespace(const struct plan *p, int nstype); /* new or joined */
int namespace_flag(const char *type);			   /* "network": CLONE_NEWNET; unknown: 0 */

#endif
