/*
 * idle.h - private: waiting without the memory that only work needs.
 */
#ifndef MONITOR_IDLE_H
#define MONITOR_IDLE_H

#include <stdbool.h>
#include <sys/epoll.h>

/*
 * epoll_wait(2), for as long as it may be (-1: for ever), by a process that has time: what it can
 * get back is given back before, and is there again when this returns. It costs some 0.1 ms of page
 * faults. alone: there is no other thread, which could miss what is not there meanwhile.
 */
int idle_wait(int epoll, struct epoll_event *events, int max, int timeout_ms, bool alone);

#endif
