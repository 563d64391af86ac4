/*
 * loop.c - one epoll loop.
 */
#include "loop.h"
#include "idle.h"
#include "util/mem.h"

#include <unistd.h>

#define LOOP_EVENTS 16
#define SETTLE_MS   1000

int loop_init(struct loop *l, struct error *err)
{
	l->thrifty = l->alone = false;
	l->epoll = epoll_create1(EPOLL_CLOEXEC);
	return l->epoll < 0 ? error_sys(err, "make an epoll") : 0;
}

void loop_done(struct loop *l)
{
	auto_close_fd(&l->epoll);
	l->epoll = -1;
}

void loop_watch(struct loop *l, struct watch *w, uint32_t events)
{
	struct epoll_event e = { .events = events, .data.ptr = w };

	if (events == w->events || w->fd < 0)
		return;
	/* it fails only for what cannot be waited for (files), and their owners do not ask */
	epoll_ctl(l->epoll,
		  !events     ? EPOLL_CTL_DEL
		  : w->events ? EPOLL_CTL_MOD
			      : EPOLL_CTL_ADD,
		  w->fd, &e);
	w->events = events;
}

void loop_close(struct loop *l, struct watch *w)
{
	loop_watch(l, w, 0);
	auto_close_fd(&w->fd);
	w->fd = -1;
}

/* A moment in which nothing happens shows that it can be long until something does. */
static int wait(const struct loop *l, struct epoll_event *events, int timeout_ms)
{
	int n;

	if (!l->thrifty || (timeout_ms >= 0 && timeout_ms <= SETTLE_MS))
		return epoll_wait(l->epoll, events, LOOP_EVENTS, timeout_ms);
	n = epoll_wait(l->epoll, events, LOOP_EVENTS, SETTLE_MS);
	if (n != 0)
		return n;
	return idle_wait(l->epoll, events, LOOP_EVENTS,
			 timeout_ms < 0 ? -1 : timeout_ms - SETTLE_MS, l->alone);
}

void loop_turn(struct loop *l, int timeout_ms)
{
	struct epoll_event events[LOOP_EVENTS];
	int n = wait(l, events, timeout_ms);

	for (int i = 0; i < n; i++) {
		struct watch *w = events[i].data.ptr;

		/* an earlier one of this turn may have closed it or wait for something else now */
		if (w->events && (events[i].events & (w->events | EPOLLHUP | EPOLLERR)))
			w->ready(w, events[i].events);
	}
}
