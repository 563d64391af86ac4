/*
 * bits.h - sets of small numbers as the kernel writes them: "0-3,8".
 */
#ifndef UTIL_BITS_H
#define UTIL_BITS_H

#include <stdbool.h>
#include <stddef.h>

#define BITS_MAX  8192 /* processors or memory nodes */
#define BITS_LONG (8 * sizeof(long))

/* As sched_setaffinity(2) and set_mempolicy(2) take them. */
struct bits {
	unsigned long w[BITS_MAX / BITS_LONG];
};
/* false when it is not of this form, or a number is too big; "" is the empty set. */
bool bits_parse(const char *text, struct bits *b);
bool bits_within(const struct bits *b, const struct bits *all); /* is each of b in all? */

#endif
