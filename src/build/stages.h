/*
 * stages.h - the stages of a Dockerfile, what each is built from, and which ones are needed.
 */
#ifndef BUILD_STAGES_H
#define BUILD_STAGES_H

#include "dockerfile.h"

struct stage {
	char *name; /* lower case; NULL: only a number */
	unsigned line;
	char *base;	 /* image, stage name or "scratch", variables replaced */
	char *platform;	 /* of --platform, variables replaced; or NULL */
	long base_stage; /* index, or -1: an image or scratch */
	bool scratch;
	size_t first, n; /* its instructions behind FROM, in the Dockerfile's list */
	bool needed;
};
struct stages {
	VEC(struct stage) v;
	struct strv global;	/* "K=V": ARGs in front of the first FROM and the platform's */
	struct strv predefined; /* the platform's alone */
	struct strv used;	/* names of build arguments that an ARG in front of FROM took */
	size_t target;
};
struct stages_input {
	const struct strv *args;       /* --build-arg: "K=V" */
	const struct strv *predefined; /* TARGETPLATFORM=... : FEATURES B11 */
	const char *target;	       /* name or number; NULL: the last */
	/* Is it a name that stands for something outside, before all stages? NULL: none does. */
	bool (*is_named)(const void *arg, const char *name);
	const void *arg;
};
/*
 * Pure. Expands ARG and FROM, resolves names, marks what target needs. Lints are added to df.
 * ERR_INVALID with "Dockerfile:3: ...", ERR_NOTFOUND for the target, with the nearest name.
 */
int stages_plan(struct dockerfile *df, const struct stages_input *in, struct stages *out,
		struct error *err);
void stages_done(struct stages *s);
/*
 * What COPY --from=text means in stage `current`: 1 and *index for an earlier stage by name (any
 * case) or number; 0: none, an image; -1: the stage itself, a later one, or a variable.
 */
int stage_find(const struct stages *s, const char *text, size_t current, size_t *index,
	       struct error *err);
/* The values of --from, and of from= in --mount: what the instruction takes from. Appends. */
void instruction_origins(const struct instruction *in, struct strv *names);
/* "NAME" or "NAME=value" as the name alone; *value is behind the '=', or NULL. Yours. */
char *arg_name(const char *text, const char **value);

#endif
