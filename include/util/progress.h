/*
 * progress.h - what long work tells about itself. Below cmd nothing prints; the command decides.
 */
#ifndef UTIL_PROGRESS_H
#define UTIL_PROGRESS_H

#include <stdint.h>

enum progress_event {
	PROGRESS_BEGIN,	 /* an item starts: id, text, total (bytes or 0) */
	PROGRESS_UPDATE, /* now bytes of total are done */
	PROGRESS_OUTPUT, /* raw bytes a step printed: text, now = their number, stream 1 or 2 */
	PROGRESS_END,	 /* the item is done: text says how ("done", "cached", "failed") */
	PROGRESS_NOTE,	 /* a line worth reading that belongs to no item */
};
struct progress_report {
	enum progress_event event;
	const char *id;	  /* stable name of the item, e.g. a step "[build 2/7]" or a digest */
	const char *text; /* escaped by the receiver */
	uint64_t now, total;
	int stream;
	uint64_t elapsed_ms; /* with PROGRESS_END */
};
struct progress {
	void (*report)(void *arg, const struct progress_report *r);
	void *arg;
};
/* p may be NULL, or have no report */
void progress_report(const struct progress *p, const struct progress_report *r);
void progress_note(const struct progress *p, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

#endif
