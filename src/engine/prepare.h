/*
 * prepare.h - from a container on disk to a spec, a mounted rootfs and a monitor's job.
 */
#ifndef ENGINE_PREPARE_H
#define ENGINE_PREPARE_H

#include "engine/container.h"
#include "engine/health.h"
#include "engine/network.h"
#include "mounts.h"

/* What start works from: in memory behind `run`, read from the record for `start`. */
struct start_input {
	const struct run_request *request;
	const struct image_settings *image; /* NULL: none */
};
/* All that a start has made so far; released in one go. */
struct prepared {
	struct spec spec;
	struct user user;
	struct resolved_mounts mounts;
	char *rootfs_path;
	int rootfs;	     /* detached mount */
	struct net_job *net; /* or NULL */
	struct health_plan health;
};
void prepared_init(struct prepared *p);
void prepared_done(struct prepared *p);

/*
 * Mounts the rootfs, looks the user up in it, resolves mounts and joins, writes the files of /etc
 * and config.json.
 */
int container_prepare(struct engine *e, struct container *c, const struct start_input *in,
		      struct prepared *p, struct error *err);
/*
 * Could a container write our executable (CVE-2019-5736)? Only when its owner is one of the
 * container's users: a binary of the host's root is safe from a container without that root.
 */
bool prepare_owned_binary(const struct engine *e);
/* The size of our own terminal, which the process's has from its first moment. */
void prepare_console_size(struct spec_process *process);
/* `--security-opt seccomp=FILE` becomes the profile's text: a later start needs no file. */
int request_read_profiles(struct strv *opts, struct error *err);
/* The image of a request, fetched as its --pull and --platform say. image was initialised. */
int request_image(struct engine *e, const struct run_request *r, struct image *image,
		  struct error *err);
/* The container's tree as a detached mount: yours. */
int container_mount_rootfs(struct engine *e, const struct container *c, const struct run_request *r,
			   struct error *err);
/* The user the process runs as: --user, else the image's, else the caller with keep-id, else root. */
int prepare_user(struct engine *e, const struct run_request *r, const struct image_settings *image,
		 int rootfs, struct user *user, struct error *err);
int start_with(struct engine *e, struct container *c, const struct start_input *in,
	       const struct start_options *o, struct start_result *result, struct error *err);
/* Fills c from the request and writes it; `run` goes on with what is in memory. */
int create_with(struct engine *e, struct run_request *r, struct container *c,
		struct image_settings *image, struct error *err);

/* Another request in the record, for the next start. */
int container_request_save(struct engine *e, struct container *c, const struct run_request *r,
			   struct error *err);

/* Seconds between the stop signal and SIGKILL: as asked, else the container's own; -1: for ever. */
int64_t stop_grace(const struct container *c, int64_t asked_s);
/*
 * A member of a publish group gets no new connections; drain: and returns when the open ones have
 * ended, or its drain time is over. Nothing is done for others.
 */
int container_leave_group(struct engine *e, const struct container *c, bool drain, struct error *err);
/* What is stopped on purpose is not started again by its policy (RESTART_STOPPED). */
int container_mark_stopped(const struct container *c, struct error *err);
/* One between two runs: its monitor is told to leave it; returns when it has. */
int container_end_restarts(struct engine *e, struct container *c, struct error *err);
/* The running process of a container: a pidfd that is certainly its init, or ERR_BUSY. */
int container_pidfd(const struct container *c, struct error *err);

#endif
