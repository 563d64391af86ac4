/*
 * loop.h - one epoll loop. Watches live in the structs of their owners; nothing is allocated.
 */
#ifndef MONITOR_LOOP_H
#define MONITOR_LOOP_H

#include "util/error.h"

#include <stdint.h>
#include <sys/epoll.h>

struct watch {
	int fd;		 /* -1: none */
	uint32_t events; /* what is waited for; 0: not in the loop */
	void (*ready)(struct watch *w, uint32_t events);
};
struct loop {
	int epoll;
};
/*
 * What an idle monitor runs stands together in the program, and calls the library without its
 * procedure linkage table: so it keeps one piece of the program in memory, 64 kB, and not
 * one for each function.
 */
#define IDLE_PATH __attribute__((hot, noinline))
#if __has_attribute(noplt) /* clang has none */
#define NO_PLT __attribute__((noplt))
#else
#define NO_PLT
#endif

#define watch_owner(w, type, member) ((type *)((char *)(w)-offsetof(type, member)))

int loop_init(struct loop *l, struct error *err);
void loop_done(struct loop *l);
/* Waits for events (EPOLLIN, EPOLLOUT) of w from now on; 0: for nothing, not even its end. */
void loop_watch(struct loop *l, struct watch *w, uint32_t events);
void loop_close(struct loop *l, struct watch *w); /* and closes its descriptor; harmless twice */
/* Waits at most so long (-1: for ever) and calls what is ready. A signal ends it early. */
void loop_turn(struct loop *l, int timeout_ms);

#endif
