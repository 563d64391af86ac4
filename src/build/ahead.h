/*
 * ahead.h - COPYs of a stage made before their turn, side by side with the one under way.
 *
 * Theory of operation: a layer does not depend on those below it but through what its making looks
 * at there (looks.h). So when a COPY has to be carried out, forks of this process, as many as
 *--jobs allows, make the layers of the COPYs behind it above the layers that are there now. When
 *their turn comes the layers that came in between are compared with what was looked at: where they
 *do not matter, the layer is taken, under the key that it would have had; else, or when the fork
 *did not make it for any reason, the step is carried out as if nothing had happened. Nobody sees a
 * difference but in time.
 *
 *	fork		builder
 *	  |- one result -->|  at the step's turn; nothing: it was not made
 *
 * Made ahead is what takes from the context or a stage, with only settings in between; not what has
 * to be fetched or unpacked.
 */
#ifndef BUILD_AHEAD_H
#define BUILD_AHEAD_H

#include "looks.h"
#include "oci/digest.h"
#include "util/sha256.h"
#include "util/vec.h"

struct builder;
struct stage_state;

struct ahead_job {
	size_t at; /* which instruction */
	size_t n_layers;
	pid_t pid;
	int sock;
};
struct ahead {
	VEC(struct ahead_job) v;
};
struct ahead_result {
	struct digest layer;
	char sources[SHA256_HEX], outline[SHA256_HEX]; /* of copy_sources.h */
	int64_t skipped;			       /* files that are not copied */
	struct looks looks;
};
/* The step under way, a COPY, has to be carried out: begins with those behind it. */
void ahead_begin(struct builder *b, const struct stage_state *s);
/* Is the layer of the step under way there, and valid? 1, 0, -1 */
int ahead_take(struct builder *b, const struct stage_state *s, struct ahead_result *r,
	       struct error *err);
void ahead_result_done(struct ahead_result *r);
/* Ends what was begun in vain. */
void ahead_stop(struct builder *b);

#endif
