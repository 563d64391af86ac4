/*
 * step_mounts.h - the mounts of one RUN step: planned, keyed, made, taken away.
 *
 * Theory of operation: a bind mount shows layers of the store: those of a stage or an image, or one
 * made of the context's files, which are so as COPY would have them (owner, ignore rules) and cannot
 * change below the step. Views are attached below the build's staging directory in our private mount
 * namespace, so that parts of them can be cloned, and are handed over as /proc/self/fd/N: resolved
 * inside their tree once, never again by path. Secrets and sockets are in a tmpfs there.
 */
#ifndef BUILD_STEP_MOUNTS_H
#define BUILD_STEP_MOUNTS_H

#include "cache_mount.h"
#include "origin.h"
#include "ssh_forward.h"

struct step_mount {
	struct run_mount m;
	char *target;		  /* absolute, cleaned; NULL: a secret in a variable only */
	struct origin origin;	  /* bind; cache with from */
	char content[SHA256_HEX]; /* bind: all that is seen; cache: which one it is */
	struct cache_mount cache;
	int fd; /* what is bound (O_PATH), -1 */
};
struct step_mounts {
	struct builder *b;
	VEC(struct step_mount) v;
	struct strv attached; /* names in the build's staging directory with a mount on each */
	int files;	      /* the tmpfs; -1 */
	VEC(struct ssh_forward *) agents;
};
/*
 * Reads the flags of a RUN, builds the stages it takes from and finds out what is in its binds.
 * ERR_INVALID, ERR_NOTFOUND. The caller calls step_mounts_done in any case.
 */
int step_mounts_plan(struct builder *b, struct stage_state *s, const struct instruction *in,
		     struct step_mounts *sm, struct error *err);
/* All of them that the step's result depends on: not what is in caches and secrets. */
void step_mounts_key(const struct step_mounts *sm, struct key *k);
/* Makes them and adds them to the request, with the variables that come with them. */
int step_mounts_make(struct step_mounts *sm, struct run_request *r, struct error *err);
void step_mounts_done(struct step_mounts *sm);

/* ---- between step_mounts.c, step_views.c and step_files.c ---- */

/* Puts a detached mount on a new directory, `name` of which is given back (borrowed). */
int step_attach(struct step_mounts *sm, int mount, const char **name, struct error *err);
int step_bind_make(struct step_mounts *sm, struct step_mount *m, struct error *err);
int step_cache_plan(struct step_mounts *sm, struct step_mount *m, struct error *err);
int step_caches_make(struct step_mounts *sm, struct error *err);
/* 1; 0: not given and not required. */
int step_secret_make(struct step_mounts *sm, struct step_mount *m, size_t number,
		     struct run_request *r, struct error *err);
int step_ssh_make(struct step_mounts *sm, struct step_mount *m, size_t number,
		  struct run_request *r, struct error *err);

#endif
