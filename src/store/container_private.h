/*
 * container_private.h - between the files about containers.
 */
#ifndef CONTAINER_PRIVATE_H
#define CONTAINER_PRIVATE_H

#include "store/container.h"

/* Parses the text of record.json into an initialised record. ERR_INVALID: damaged. */
int container_record_parse(const char *text, size_t n, struct container_record *r, struct error *err);
/* The same for state.json; checks what other code relies on. */
int container_state_parse(const char *text, size_t n, struct container_state *s, struct error *err);
/*
 * Reads the state of the container whose files are dir/<prefix>* and works out the status from it
 * and the lock. ERR_INVALID when a file is damaged; then status is CONTAINER_CORRUPT.
 */
int container_settle(int dir, const char *prefix, struct container *c, struct error *err);

/*
 * Before the files of a container that has ended go: whoever waits for its end (container_wait, which
 * says so by a shared flock on the directory) has a moment to read its exit code. At most 5 seconds.
 */
void container_let_read(const struct container *c);

/* 1 a monitor (or who is making it) holds the lock, 0, -1. A lock that is gone is held by nobody. */
int container_lock_held(int dir, const char *prefix, struct error *err);

#endif
