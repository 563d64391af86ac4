/*
 * loop.h - one epoll loop. Watches live in the structs of their owners; nothing is allocated.
 */
#ifndef MONITOR_LOOP_H
#define MONITOR_LOOP_H

#include "util/error.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>

struct watch {
	int fd;		 /* -1: none */
	uint32_t events; /* what is waited for; 0: not in the loop */
	void (*ready)(struct watch *w, uint32_t events);
};
struct loop {
	int epoll;
	bool thrifty; /* it may be long until the next event: memory is worth more than a wake-up */
	bool alone;   /* see idle.h */
};
#define watch_owner(w, type, member) ((type *)((char *)(w)-offsetof(type, member)))

int loop_init(struct loop *l, struct error *err);
void loop_done(struct loop *l);
/* Waits for events (EPOLLIN, EPOLLOUT) of w from now on; 0: for nothing, not even its end. */
void loop_watch(struct loop *l, struct watch *w, uint32_t events);
void loop_close(struct loop *l, struct watch *w); /* and closes its descriptor; harmless twice */
/* Waits at most so long (-1: for ever) and calls what is ready. A signal ends it early. */
void loop_turn(struct loop *l, int timeout_ms);

#endif
