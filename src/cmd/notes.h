/*
 * notes.h - the plain progress of commands that are not build: a line for what is worth reading.
 */
#ifndef CMD_NOTES_H
#define CMD_NOTES_H

#include "cmd/command.h"
#include "util/progress.h"

extern const struct progress notes_progress; /* on stderr */

/* A process of the container was killed for want of memory: what nobody guesses from a bare 137. */
void note_oom(struct app *app, struct container *c, const struct start_result *result);

#endif
