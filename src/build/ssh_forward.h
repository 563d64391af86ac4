/*
 * ssh_forward.h - an agent's socket as a step may have it: with an owner and a mode of its own.
 */
#ifndef BUILD_SSH_FORWARD_H
#define BUILD_SSH_FORWARD_H

#include "util/error.h"

struct ssh_forward;
/*
 * Listens on the new socket `name` in dir, and joins each connection to one to the agent at path,
 * in a thread of its own, until stopped. NULL when the agent is not there.
 */
struct ssh_forward *ssh_forward_start(int dir, const char *name, const char *path, struct error *err);
void ssh_forward_stop(struct ssh_forward *f); /* frees; NULL is harmless */

#endif
