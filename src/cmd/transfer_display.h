/*
 * transfer_display.h - pulls and pushes shown while they run, on stderr.
 *
 *	plain	a line when an item begins, one when it ends
 *	tty	items that are done, a line each; below them a bar for each running one, redrawn in place
 *	rawjson	a JSON object on a line for everything that is told: for other programs
 *	quiet	nothing
 */
#ifndef CMD_TRANSFER_DISPLAY_H
#define CMD_TRANSFER_DISPLAY_H

#include "util/error.h"
#include "util/progress.h"

enum transfer_kind {
	TRANSFER_AUTO,
	TRANSFER_PLAIN,
	TRANSFER_TTY,
	TRANSFER_RAWJSON,
	TRANSFER_QUIET
};
#define TRANSFER_KINDS "auto|plain|tty|rawjson|quiet"
enum transfer_kind transfer_kind_of(const char *text); /* one of TRANSFER_KINDS, or NULL: auto */

struct transfer_display;
struct transfer_display *transfer_begin(enum transfer_kind kind);
struct progress transfer_progress(struct transfer_display *d);
void transfer_end(struct transfer_display *d); /* leaves the screen in order, and frees it */

#endif
