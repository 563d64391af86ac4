/*
 * signals.h - signals as events of the loop, and sending them on to a container.
 */
#ifndef MONITOR_SIGNALS_H
#define MONITOR_SIGNALS_H

#include "loop.h"

#include <signal.h>
#include <stdbool.h>

/*
 * While open, every catchable signal but CHLD, PIPE (ignored) and the terminal's TTIN and TTOU
 * comes to handle instead of acting on us; what came since signals_hold too.
 */
struct signals {
	struct watch w;
	struct loop *loop;
	bool held, pipe_ignored;
	sigset_t before;
	void (*handle)(struct signals *s, int sig);
};
#define SIGNALS_NONE                                                                               \
	{                                                                                          \
		.w = {.fd = -1 }                                                                   \
	}
void signals_hold(struct signals *s); /* from now on they wait */
int signals_open(struct signals *s, struct loop *l, void (*handle)(struct signals *s, int sig),
		 struct error *err);
void signals_close(struct signals *s); /* what waits is dropped, the mask is as before */

/* Does the user want an end by it: INT, TERM, HUP, QUIT? */
bool signal_ends(int sig);

#endif
