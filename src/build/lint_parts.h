/*
 * lint_parts.h - between lint.c, lint_from.c and lint_stage.c.
 */
#ifndef BUILD_LINT_PARTS_H
#define BUILD_LINT_PARTS_H

#include "instructions.h"
#include "lint.h"

void lint_from(struct dockerfile *df, const struct stages *s, const struct lint_input *in);
void lint_stages(struct dockerfile *df, const struct stages *s, const struct lint_input *in);
/* " (did you mean $NEAR?)" or "": among "K=V". Yours. */
char *lint_suggest(const char *name, const struct strv *env);

#endif
