/*
 * notes.h - the plain progress of commands that are not build: a line for what is worth reading.
 */
#ifndef CMD_NOTES_H
#define CMD_NOTES_H

#include "util/progress.h"

extern const struct progress notes_progress; /* on stderr */

#endif
