/*
 * loop.c - one epoll loop.
 */
#include "loop.h"
#include "util/mem.h"

#include <unistd.h>

#define LOOP_EVENTS 16

int loop_init(struct loop *l, struct error *err)
{
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

extern __typeof__(epoll_wait) epoll_wait NO_PLT;

IDLE_PATH void loop_turn(struct loop *l, int timeout_ms)
{
	struct epoll_event events[LOOP_EVENTS];
	int n = epoll_wait(l->epoll, events, LOOP_EVENTS, timeout_ms);

	for (int i = 0; i < n; i++) {
		struct watch *w = events[i].data.ptr;

		/* an earlier one of this turn may have closed it or wait for something else now */
		if (w->events && (events[i].events & (w->events | EPOLLHUP | EPOLLERR)))
			w->ready(w, events[i].events);
	}
}
