/*
 * template_run.h - private to the template files: one execution, as blocks and pipelines share it.
 */
#ifndef TEMPLATE_RUN_H
#define TEMPLATE_RUN_H

#include "template_node.h"

#include "util/vec.h"

struct scope_var {
	const char *name;
	struct value value;
};
struct run {
	const struct template_name *names;
	unsigned flags;
	struct str *out;
	struct error *err;
	size_t start; /* length of out at the beginning */
	long steps;
	VEC(struct scope_var) vars; /* innermost last */
};
/* Counts one; ERR_LIMIT when it is one too many. */
int run_step(struct run *r);

/* A new variable, or with assigns the innermost of that name; v is copied. */
void scope_set(struct run *r, const char *name, bool assigns, const struct value *v);
void scope_drop(struct run *r, size_t mark); /* all but the first mark variables */

/* n: a PIPE; its variables are set. *result is yours on success. */
int pipe_eval(struct run *r, const struct value *dot, const struct node *n, struct value *result);

#endif
