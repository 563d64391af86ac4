/*
 * container.h - containers as the user sees them: create, start, stop, remove.
 *
 * run = create + start. create plans (request, image, facts -> record, spec) and writes the record;
 * start resolves what the host has now, writes config.json, and becomes or forks the monitor.
 */
#ifndef ENGINE_CONTAINER_H
#define ENGINE_CONTAINER_H

#include "engine/facts.h"
#include "engine/request.h"
#include "monitor/monitor.h"
#include "store/container.h"
#include "store/image.h"
#include "util/progress.h"

struct engine {
	struct store *store;
	struct host_facts facts;
	struct progress progress;
};
/* The caller gives what userns_enter() said. */
int engine_init(struct engine *e, struct store *st, const struct userns *u, struct error *err);
void engine_done(struct engine *e);

/*
 * Resolves the image, creates named volumes, reserves the name, writes the record. The command line
 * is checked too, so that `create` fails where `start` would for want of a command. Files that
 * the request names (seccomp=FILE) are replaced in it by their text.
 */
int container_create(struct engine *e, struct run_request *r, struct container *c, struct error *err);

/*
 * What the record keeps of how it was asked for: the request, and unless image is NULL the image's
 * settings (both initialised by the caller, and theirs to empty). The mounts are in the record
 * itself. ERR_INVALID.
 */
int container_request(const struct container *c, struct run_request *r,
		      struct image_settings *image, struct error *err);

/* The same as a request for another such container: the mounts are in it. r was initialised. */
int container_request_again(const struct container *c, struct run_request *r, struct error *err);
/* Another name for it, in what was asked for, too. */
int container_take_name(struct engine *e, struct container *c, const char *name, struct error *err);

enum start_mode {
	START_DETACHED,	  /* fork the monitor; return when the command was executed */
	START_FOREGROUND, /* become the monitor; in, out, err_ are the caller's */
	START_ATTACHED,	  /* fork the monitor and attach to it (-it, and start -a -i with a tty) */
};
struct start_options {
	enum start_mode mode;
	bool in, out, err_; /* which of our standard streams are attached */
	bool sig_proxy;
	int report;		   /* a descriptor for the report at the end; 0: none */
	const char *detach_keys;   /* NULL: ctrl-p,ctrl-q */
	const char *notify_socket; /* $NOTIFY_SOCKET, for containers of --sdnotify; or NULL */
};
struct start_result {
	int exit_code;	 /* foreground and attached */
	bool oom_killed; /* foreground: a process of it was, for want of memory */
	bool detached;	 /* the user left by the detach keys */
};
/*
 * Starts one that was created or has ended: network and specification are made anew. Returns when
 * the mode says so, with result filled. ERR_BUSY: it runs already. ERR_INVALID: it is corrupt.
 */
int container_start(struct engine *e, struct container *c, const struct start_options *o,
		    struct start_result *result, struct error *err);

/*
 * create and start in one, without reading back what was written: `run`. With auto_remove nothing
 * is left when the start fails; otherwise the container stays as created.
 */
int container_run(struct engine *e, struct run_request *r, struct container *c,
		  const struct start_options *o, struct start_result *result, struct error *err);

/* Was it stopped on purpose and not started since? Known of containers with a restart policy only. */
bool container_is_left_stopped(const struct container *c);
/* Signals, waits, then kills. timeout_s UNSET: the container's; -1: for ever. Not running: success. */
int container_stop(struct engine *e, struct container *c, int64_t timeout_s, struct error *err);
int container_kill(struct engine *e, struct container *c, int sig, struct error *err);
int container_pause(struct engine *e, struct container *c, bool pause, struct error *err);
/* ERR_BUSY when it runs and not force. with_volumes: its anonymous volumes too. */
int container_delete(struct engine *e, struct container *c, bool force, bool with_volumes,
		     struct error *err);

/*
 * Members of limits that are given replace those of the container: at once when it runs, and for
 * its next start. Needs no namespace of ours. ERR_USAGE for what contradicts what stays.
 */
int container_update(struct engine *e, struct container *c, const struct request_limits *limits,
		     struct error *err);

struct exec_request {
	struct strv args, env;
	char *user, *workdir;
	bool tty, interactive, detach, privileged;
	const char *detach_keys;
};
/* Exit code of the process in *exit_code (detach: 0 once it runs). ERR_BUSY when not running. */
int container_exec(struct engine *e, struct container *c, const struct exec_request *x,
		   int *exit_code, struct error *err);

/*
 * One run of its health check, now; what the monitor has noted is not changed. ERR_INVALID when it
 * has none, ERR_BUSY when it does not run.
 */
int container_probe(struct engine *e, struct container *c, struct probe_result *result,
		    struct error *err);

/*
 * A RUN step: request with layers and build_step set. Runs it to its end with output told to the
 * progress (PROGRESS_OUTPUT under id), and leaves its upper directory in s as diff/, cleaned of
 * what we put there (hosts, resolv.conf, mount points we made). exit_code is the command's.
 */
int engine_run_step(struct engine *e, struct run_request *r, const struct image_settings *image,
		    const char *id, struct staging *s, int *exit_code, struct error *err);

#endif
