/*
 * confine.h - a piece of work that may touch one tree of files, and no network.
 */
#ifndef UTIL_CONFINE_H
#define UTIL_CONFINE_H

#include "util/error.h"

#include <stdbool.h>

/*
 * Runs fn on a thread of its own, which Landlock keeps from opening, making, removing, renaming or
 * executing anything outside of the tree at `tree` (a directory's descriptor), and from TCP; so are
 * the threads that fn starts. Descriptors that are open already stay usable: libraries that are
 * mapped at first use must be mapped before. Returns what fn returned. On a kernel without
 * Landlock, or one that cannot do hard links under it (before 5.19), fn runs all the same.
 *
 * This is against a mistake in a path, ours or a library's. Code that runs in place of ours shares
 * our memory with threads that are not confined.
 */
int confine_run(int tree, int (*fn)(void *arg, struct error *err), void *arg, struct error *err);
bool confine_works(void); /* on this kernel */

#endif
