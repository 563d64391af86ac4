/*
 * builder.h - a build under way: what the do_ functions share.
 *
 * Theory of operation: a stage is a state (configuration, layers, ARGs in scope) that its
 * instructions change one after the other. An instruction that changes files makes a key of all its
 * result depends on, asks the cache, and else carries the change out and notes it. Keys hold the
 * layers below, not the history of how they came to be, so a LABEL in between costs nothing later.
 *
 * A staging entry is held as long as the build lives: layers younger than it are not collected.
 */
#ifndef BUILD_BUILDER_H
#define BUILD_BUILDER_H

#include "ahead.h"
#include "build/build.h"
#include "cache.h"
#include "context.h"
#include "instructions.h"
#include "named.h"
#include "pins.h"
#include "share.h"
#include "slots.h"
#include "stages.h"

#define ENV_TOTAL_MAX (2 << 20) /* bytes of a stage's environment */

struct stage_state {
	bool done, running;
	struct image_config config;
	struct strv layers; /* diffID hexes, lowest first */
	struct strv args;   /* "K=V": ARGs in scope */
	bool cmd_set;	    /* CMD was given in this very stage */
	size_t base_layers; /* how many of the layers came with the base image */
	int view;	    /* a read-only mount of the layers, -1 until needed */
};
struct builder {
	struct engine *e;
	struct store *st;
	const struct build_request *r;
	struct build_result *result;
	int *exit_code;
	struct staging staging;
	struct context context;
	VEC(struct named_context *) named;
	struct dockerfile df;
	struct stages stages;
	struct stage_state *states;
	const char *platform_text; /* NULL: this machine's */
	struct platform platform;
	struct share share;
	struct pins *pins;     /* borrowed; NULL: change.c */
	struct strv args_used; /* names of build arguments that some ARG took */
	int64_t epoch;
	/* the step under way */
	size_t stage;
	size_t at; /* its instruction, of df.list; 0: a trigger of the base image */
	char step_id[96];
	bool cached;
	int step_lock; /* held from a miss in the cache to the end of the step; -1 */
	char step_key[SHA256_HEX];
	char escape;
	/* processes of this build */
	struct slots slots;
	struct ahead ahead;
	struct ahead_result *making; /* this is one that makes a COPY ahead; else NULL */
};

/* build.c: the order of a build. platform: one of --platform, or NULL; borrowed. */
void builder_init(struct builder *b, struct engine *e, const struct build_request *r,
		  const char *platform, struct pins *pins, struct build_result *result,
		  int *exit_code);
/* With staging and context: Dockerfile and stages, all but steps. strict: lints are errors. */
int builder_plan(struct builder *b, bool *strict, struct error *err);
void builder_done(struct builder *b);
/* check.c: fills the Dockerfile's lints with what is wanted; tells them, and fails when strict. */
int builder_lint(struct builder *b, const struct strv *predefined, bool *strict, struct error *err);
int builder_tell_lints(struct builder *b, bool strict, struct error *err);

/* Carries an instruction out in a stage. Its errors do not name the place. */
typedef int do_fn(struct builder *b, struct stage_state *s, const struct instruction *in,
		  struct error *err);
do_fn do_add, do_arg, do_cmd, do_copy, do_entrypoint, do_env, do_expose, do_from, do_healthcheck,
	do_label, do_maintainer, do_onbuild, do_run, do_shell, do_stopsignal, do_user, do_volume,
	do_workdir;

/* Replaces the variables of an instruction and carries it out. */
int stage_perform(struct builder *b, struct stage_state *s, const struct instruction *in,
		  struct error *err);
/* Builds a stage unless it was built. */
int stage_build(struct builder *b, size_t index, struct error *err);
void stage_state_init(struct stage_state *s);
void stage_state_done(struct stage_state *s);

/* What variables are seen: ARGs, then ENV, which wins. Appends. */
void stage_scope(const struct stage_state *s, struct strv *env);
int stage_expand(struct builder *b, const struct stage_state *s, const char *word, char **out,
		 struct error *err);
/* The rootfs of the stage so far, read-only: a borrowed descriptor. */
int stage_view(struct builder *b, struct stage_state *s, struct error *err);
/* The layer is on top from now on. */
void stage_add_layer(struct stage_state *s, const struct digest *diff_id);
/* An entry of the history; created 0: known only when the image is. */
void stage_add_history(struct builder *b, struct stage_state *s, const char *created_by,
		       bool empty_layer, int64_t created);
/*
 * Steps that change files: 1 when the cache knew the result, which is then taken; 0; -1. When
 * another build is carrying out the very same step, its result is waited for.
 */
int step_find(struct builder *b, struct stage_state *s, const char *key, const char *created_by,
	      struct error *err);
/*
 * May the step be carried out before its key is known? 1 when no step with this outline, a key of
 * some of what the step depends on, is in the cache, and nobody else is carrying one out; 0; -1.
 */
int step_is_new(struct builder *b, const char *outline, struct error *err);
/* Takes and notes a result; layer NULL: no file was changed. */
int step_finish(struct builder *b, struct stage_state *s, const char *key,
		const struct digest *layer, const char *created_by, struct error *err);
void builder_warn(struct builder *b, unsigned line, const char *fmt, ...) PRINTF_LIKE(3, 4);
bool arg_is_proxy(const char *name); /* HTTP_PROXY and its like: no ARG needed */
/* ["/bin/sh", "-c"] or what SHELL set. Appends. */
void stage_shell(const struct stage_state *s, struct strv *argv);

#endif
