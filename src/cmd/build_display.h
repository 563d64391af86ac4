/*
 * build_display.h - a build shown while it runs, on stderr.
 *
 *	plain	one line when a step begins, its output, one line when it ends
 *	tty	steps that are done, one line each; below them the running ones with their time and
 *		the last lines of their output, redrawn in place
 *	quiet	nothing, but the output of a step that failed
 */
#ifndef CMD_BUILD_DISPLAY_H
#define CMD_BUILD_DISPLAY_H

#include "util/progress.h"

#include <stdbool.h>

enum display_kind { DISPLAY_AUTO, DISPLAY_PLAIN, DISPLAY_TTY, DISPLAY_QUIET, DISPLAY_JSON };

struct display;
/* out: where it is shown, borrowed: stderr, or a log file. */
struct display *display_begin(enum display_kind kind,
			      int out); /* auto: tty when stderr is a terminal */
struct progress display_progress(struct display *d);
/* Ends and frees it. When the build failed, what a step printed last is shown. */
void display_end(struct display *d, bool succeeded);

#endif
