/*
 * event.h - what happens in a store, for `hod events`: a journal that all write and anybody reads.
 *
 * Theory of operation. <root>/events has one line of JSON for each event, in docker's form. Who
 * does something appends the line with one write(2), which the kernel keeps whole (O_APPEND): no
 * lock, and no process that must be there. At EVENTS_MAX bytes it is renamed to events.1, whose
 * predecessor is gone then. Readers follow both by inotify. Nothing fails for want of the journal.
 */
#ifndef STORE_EVENT_H
#define STORE_EVENT_H

#include "store/container.h"

#define EVENTS_FILE	"events"
#define EVENTS_OLD_FILE "events.1"
#define EVENTS_MAX	(4 << 20)  /* bytes of one file */
#define EVENT_MAX	(64 << 10) /* of a line: one that is longer goes without labels */

struct event_pair {
	const char *key, *value; /* a NULL value: not there */
};
/* Appends the line of an event of now; n pairs go before what is known of the container. */
void event_format(struct str *out, const struct container *c, const char *action,
		  const struct event_pair *pairs, size_t n);
/* The same of an object that is no container: "image", "volume", "network". */
void event_format_object(struct str *out, const char *type, const char *action, const char *id,
			 const struct event_pair *pairs, size_t n);
void event_append(struct store *st, const struct str *lines);

#define EVENT_END ((const char *)NULL)
/* Both in one; key, value, ... end with EVENT_END. */
void event_container(struct store *st, const struct container *c, const char *action, ...)
	__attribute__((sentinel));
void event_object(struct store *st, const char *type, const char *action, const char *id, ...)
	__attribute__((sentinel));

struct event {
	char *type, *action, *id;
	struct strmap attributes;
	int64_t time_ns;
};
struct event_query {
	int64_t since_ns; /* UNSET: what is new only */
	int64_t until_ns; /* UNSET: for ever; until then it waits for more */
};
/* For each in turn; -1 of `each` ends it, with its error. ERR_INTERRUPTED by a caught signal. */
int events_read(struct store *st, const struct event_query *q,
		int (*each)(const struct event *e, void *arg, struct error *err), void *arg,
		struct error *err);

#endif
