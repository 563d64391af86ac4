/*
 * foreign.h - RUN for another processor than ours.
 */
#ifndef BUILD_FOREIGN_H
#define BUILD_FOREIGN_H

#include "builder.h"

/*
 * Before anything is built: ERR_UNSUPPORTED when a stage that is needed has a RUN for a platform
 * whose programs this machine cannot execute, by itself or by binfmt_misc.
 */
int foreign_check(struct builder *b, struct error *err);

#endif
