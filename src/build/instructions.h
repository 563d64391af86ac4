/*
 * instructions.h - the table of Dockerfile instructions: what each takes and who carries it out.
 */
#ifndef BUILD_INSTRUCTIONS_H
#define BUILD_INSTRUCTIONS_H

#include "dockerfile.h"

enum arguments {
	ARGS_WORDS,   /* split at blanks */
	ARGS_ONE,     /* the whole text is one */
	ARGS_LIST,    /* a JSON array of strings, else words */
	ARGS_PAIRS,   /* name=value ..., or the old form: name, the rest is the value */
	ARGS_NAMES,   /* name or name=value ... */
	ARGS_COMMAND, /* a JSON array of strings, else the whole text for the shell */
	ARGS_JSON,    /* a JSON array of strings and nothing else */
	ARGS_HEALTH,  /* NONE, or CMD and a command */
	ARGS_TRIGGER, /* another instruction */
};
enum variables { VERBATIM, EXPAND };
enum flag_kind {
	FLAG_VALUE,
	FLAG_LIST,    /* may be given several times */
	FLAG_BOOL,    /* --link, --link=true, --link=false: its value is "true" or "false" */
	FLAG_REFUSED, /* exists in the language, and not here */
};
struct flag_def {
	const char *name;
	enum flag_kind kind;
	const char *reason; /* FLAG_REFUSED: why */
};
struct builder;
struct stage_state;
struct instruction_def {
	const char *name;
	enum arguments args;
	enum variables variables;
	const struct flag_def *flags; /* NULL: none */
	int (*perform)(struct builder *b, struct stage_state *s, const struct instruction *in,
		       struct error *err);
	unsigned min, max; /* of args; max 0: no limit */
	const char *usage; /* what it takes, for messages */
};
extern const struct instruction_def instructions[];
extern const size_t n_instructions;

const struct instruction_def *instruction_find(const char *name); /* any case; or NULL */
const char *instruction_nearest(const char *name);		  /* or NULL */
bool instruction_is(const struct instruction *in, const char *name);

#endif
