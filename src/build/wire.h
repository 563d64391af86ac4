/*
 * wire.h - what a worker tells its builder, as bytes: both are the same program at the same time.
 */
#ifndef BUILD_WIRE_H
#define BUILD_WIRE_H

#include "builder.h"

struct wire { /* what is left to be read */
	const char *at;
	size_t left;
};
void wire_put(struct str *out, const void *bytes, size_t n);
void wire_put_int(struct str *out, int64_t n);
bool wire_get(struct wire *in, void *bytes, size_t n); /* false: too little is left */
bool wire_int(struct wire *in, int64_t *n);
void wire_put_string(struct str *out, const char *text);
bool wire_string(struct wire *in, char **text); /* yours; NULL for what was NULL */

void wire_put_report(struct str *out, const struct progress_report *r);
void wire_replay_report(struct wire *in, const struct progress *p);
/* The state of a stage, and what the builder learnt on the way; n_stats: what was known before. */
void wire_put_stage(struct str *out, const struct builder *b, size_t stage, size_t n_stats);
int wire_take_stage(struct wire *in, struct builder *b, size_t stage, struct error *err);

#endif
