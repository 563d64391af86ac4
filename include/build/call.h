/*
 * call.h - what a Dockerfile says of itself, without a build: --call=check, outline, targets.
 */
#ifndef BUILD_CALL_H
#define BUILD_CALL_H

#include "build/build.h"

struct build_lint {
	unsigned line;
	const char *rule, *about; /* static */
	char *text;
};
struct build_target {
	unsigned line;
	char *name; /* NULL: only a number */
	char *base, *platform, *description;
	bool is_default;
};
struct build_input { /* an ARG, a secret or an agent that the target uses */
	unsigned line;
	char *name, *value, *description;
	bool required;
};
typedef VEC(struct build_input) build_inputs;
struct build_description {
	char *file, *text; /* the Dockerfile's name and bytes */
	VEC(struct build_lint) lints;
	bool failed; /* there are lints, and check=error=true */
	VEC(struct build_target) targets;
	size_t target; /* the one that --target names, or the last */
	build_inputs args, secrets, agents;
};
/*
 * Reads context and Dockerfile as build_image() does and carries nothing out. ERR_INVALID for what
 * would fail before the first step. out is filled, or empty.
 */
int build_describe(struct engine *e, const struct build_request *r, struct build_description *out,
		   struct error *err);
void build_description_done(struct build_description *d);

#endif
