/*
 * slots.h - how many processes of one build work side by side: --jobs.
 *
 * The first works without a slot; each further one, whoever starts it, takes one. Forks share them:
 * they are bytes in a pipe.
 */
#ifndef BUILD_SLOTS_H
#define BUILD_SLOTS_H

#include "util/error.h"

#include <stdbool.h>
#include <stddef.h>

#define SLOTS_MAX 1024

struct slots {
	int free[2]; /* a byte for each slot that nobody has; -1, -1: there are none */
};
#define SLOTS_NONE                                                                                 \
	{                                                                                          \
		{                                                                                  \
			-1, -1                                                                     \
		}                                                                                  \
	}
int slots_open(struct slots *s, size_t n, struct error *err);
void slots_close(struct slots *s);
bool slot_take(const struct slots *s); /* does not wait */
void slot_give(const struct slots *s);

#endif
