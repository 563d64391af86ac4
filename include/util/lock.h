/*
 * lock.h - OFD locks on whole files: they live with the open description and die with the process.
 */
#ifndef UTIL_LOCK_H
#define UTIL_LOCK_H

#include "util/error.h"

#include <stdbool.h>

enum lock_mode { LOCK_SHARED, LOCK_EXCLUSIVE };

/* Waits until it has the lock. fd must be open for reading (shared) or writing (exclusive). */
int lock_take(int fd, enum lock_mode mode, struct error *err);
int lock_try(int fd, enum lock_mode mode, struct error *err); /* 1 taken, 0 held by another, -1 */
/* Does another open description hold a lock that forbids an exclusive one? 1, 0, -1; takes none. */
int lock_held(int fd, struct error *err);
void lock_drop(int fd);
/* Of a directory, which has no OFD locks: exclusive, until the last copy of fd is closed. 1, 0, -1 */
int lock_dir_try(int fd, struct error *err);

#endif
