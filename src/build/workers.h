/*
 * workers.h - stages built side by side, each in a process of its own.
 */
#ifndef BUILD_WORKERS_H
#define BUILD_WORKERS_H

#include "builder.h"

/* Builds all stages that are needed, at most `jobs` at once. */
int workers_build(struct builder *b, size_t jobs, struct error *err);

/* This process is a worker that was told to stop: no further step is to begin. */
bool worker_stopping(void);

#endif
