/*
 * hooks.h - private to runtime: hooks that init runs, and the state as text.
 */
#ifndef HOOKS_PRIVATE_H
#define HOOKS_PRIVATE_H

#include "plan.h"
#include "runtime/hooks.h"

/* Is there one that needs a conversation with init? */
bool hooks_need_talk(const struct spec *s);
/* As hooks_run, of HOOK_START_CONTAINER: each takes the privileges of p before it is executed. */
int hooks_run_as(const struct spec *s, const struct plan_process *p, const struct hook_state *st,
		 struct error *err);
/* The two parts of the state's JSON between which its pid stands. */
void hook_state_head(const struct hook_state *st, const char *status, struct str *out);
void hook_state_tail(const struct hook_state *st, struct str *out);

#endif
