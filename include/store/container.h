/*
 * container.h - containers on disk: their directory, record, state, name and lock.
 *
 *	containers/ID/	record.json (engine's), config.json (engine's), state.json (monitor's), lock,
 *			log, log.idx, upper/ work/, hosts hostname resolv.conf, attach (socket)
 *	names/NAME	symlink to ID: symlink(2) is the reservation
 *
 * A container runs if and only if its monitor holds `lock`. State files are never believed about it.
 */
#ifndef STORE_CONTAINER_H
#define STORE_CONTAINER_H

#include "oci/digest.h"
#include "store/store.h"
#include "util/fields.h"

#define CONTAINER_ID_MAX 65

struct container_mount { /* for inspect, for volumes in use, for --volumes-from */
	char *type, *name, *source, *destination, *mode, *propagation; /* "bind" "volume" "tmpfs" */
	bool rw;
	struct strv options; /* further mount options as given */
	bool nonrecursive, nocopy, create_source;
	bool anonymous; /* a volume removed with the container */
};
/* record.json: what was asked for, written once by the engine (and at rename). */
struct container_record {
	char *id, *name;
	int64_t created_ns;
	char *image;	    /* as named by the user */
	char *image_id;	    /* hex of the config digest; NULL: --rootfs */
	struct strv layers; /* diffID hexes, lowest first: they are in use */
	char *path;	    /* the command: argv[0] */
	struct strv args;   /* the rest */
	struct strmap labels;
	VEC(struct container_mount) mounts;
	bool auto_remove, tty, open_stdin;
	char *log_driver;
	char *stop_signal;
	int64_t stop_timeout; /* seconds; UNSET: 10 */
	char *restart;	      /* the policy as given; NULL: none */
	char *replaces;	      /* ID of the one that `replace` makes it for; until that is done */
	bool replacing;	      /* it is well: the other one goes */
	char *image_settings; /* raw JSON: the image's `config` as it was at create, or NULL */
	char *request;	      /* raw JSON: the engine's struct run_request */
};
enum container_status {
	CONTAINER_CREATED,
	CONTAINER_RUNNING,
	CONTAINER_PAUSED,
	CONTAINER_RESTARTING, /* between two runs: its monitor waits before it starts it again */
	CONTAINER_EXITED,
	CONTAINER_CORRUPT, /* a file of it cannot be read: shown, removable */
};
/* state.json: written by the monitor alone. */
struct container_state {
	int64_t pid, pid_start; /* start time in clock ticks: with boot_id this identifies it */
	char *boot_id;
	int64_t monitor_pid;
	int64_t started_ns, finished_ns; /* 0: never */
	int64_t exit_code;		 /* UNSET until it ended */
	bool oom_killed;
	char *error; /* why it could not start, or "" */
	char *reason; /* how it ended: "exited" "signal" "oom" "timeout" "unhealthy" "monitor-lost" "reboot" */
	char *cgroup;	  /* path below the v2 mount, or NULL */
	char *report;	  /* raw JSON: cgroup or rusage figures */
	int64_t restarts; /* by its policy, since it was started */
	bool restarting;
};
struct container {
	char id[CONTAINER_ID_MAX];
	int fd;	  /* containers/ID; -1 in lists */
	int lock; /* held, from container_make until container_lock or container_done takes it */
	struct container_record record;
	struct container_state state;
	enum container_status status;
	char *why; /* corrupt: what is wrong */
	enum error_kind why_kind;
};
void container_init(struct container *c);
void container_done(struct container *c);
/* The record without image_settings and request, which are lines of their own in record.json. */
extern const struct field container_record_fields[], container_state_fields[];

/*
 * Makes containers/ID with its lock, which it keeps in c->lock, and reserves the name (NULL: one is
 * made up). ERR_EXISTS names the holder. Not durable. c was initialised; its record has id, name
 * and created_ns then. Until the record is saved it is not listed, and if we die it is swept away.
 */
int container_make(struct store *st, struct container *c, const char *name, struct error *err);
int container_record_save(struct store *st, struct container *c, struct error *err);
int container_state_save(struct store *st, const struct container *c, bool sync, struct error *err);
/*
 * A container that runs is about to be removed: what its monitor still writes need not survive a power
 * cut, and is not waited for. Taken back by the next start, if the removal did not come to be.
 */
int container_mark_leaving(const struct container *c, struct error *err);
bool container_is_leaving(const struct container *c);
void container_stays(const struct container *c);
/* Is the cgroup frozen? Without one (NULL) it cannot be. */
bool container_is_frozen(const char *cgroup);
/* Its monitor stays with it: running, paused or between two runs. */
bool container_is_alive(const struct container *c);
/* By name, ID, unique ID prefix: 1, 0, -1 (ambiguous: ERR_INVALID). Loads record, state, status. */
int container_find(struct store *st, const char *text, struct container *c, struct error *err);
int container_load(struct store *st, const char *id, struct container *c, struct error *err);
typedef VEC(struct container) containers;
void containers_done(containers *l);
/* Sorted newest first; broken ones are CONTAINER_CORRUPT. Fast: 1,000 in under 20 ms. */
int container_list(struct store *st, containers *l, struct error *err);
/*
 * The status from lock, state and boot id, now. A state that says "running" under a free lock is
 * settled: exited with 137, reason monitor-lost or reboot (in memory; the next writer saves it).
 */
int container_refresh(struct store *st, struct container *c, struct error *err);
/* The lock, held: a descriptor, yours (that of container_make, if any). ERR_BUSY: a monitor has it. */
int container_lock(struct store *st, struct container *c, struct error *err);
/* The same, but waits: for a container that has ended and whose monitor is putting things away. */
int container_lock_wait(struct store *st, struct container *c, int64_t patience_ns,
			struct error *err);
/* Is the lock of the container of this ID held? 1, 0; -1: there is none of it. Cheap: no file is read. */
int container_id_held(struct store *st, const char *id);
int container_rename(struct store *st, struct container *c, const char *name, struct error *err);
/* Removes the directory and frees the name; the caller holds the lock (or the container is dead). */
int container_remove(struct store *st, struct container *c, struct error *err);
/* The same, and its anonymous volumes, but for those that others use. */
int container_remove_whole(struct store *st, struct container *c, struct error *err);
/*
 * Bytes of its writable layer; 0 when it has none yet or was removed meanwhile. Works for
 * containers out of a list, too. ERR_DENIED for files of other ids outside their user namespace.
 */
int container_usage(struct store *st, const struct container *c, uint64_t *bytes, struct error *err);
/* Unique names such as "quiet_heron". Yours. */
char *container_make_name(struct store *st, struct error *err);
bool container_name_valid(const char *name); /* [a-zA-Z0-9][a-zA-Z0-9_.-]*, as podman's */
/*
 * Blocks until the container is not running: 1, or 0 after timeout_ns (-1: none). It watches the
 * directory and the monitor's end; no polling. ERR_NOTFOUND when it is removed meanwhile,
 * ERR_INTERRUPTED by a signal that was caught.
 */
int container_wait(struct store *st, struct container *c, int64_t timeout_ns, struct error *err);
/* The same until `met` says so, asked whenever a file of the container is another one. -1: as met. */
int container_wait_until(struct store *st, struct container *c,
			 int (*met)(struct store *st, const struct container *c, const void *arg,
				    struct error *err),
			 const void *arg, int64_t timeout_ns, struct error *err);

#endif
