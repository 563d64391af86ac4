/*
 * vec.h - typed growing arrays: VEC(struct mount) mounts = {0};
 *
 *	struct mount *m = vec_add(&mounts);	a zeroed new element
 *	vec_each(&mounts, m) { ... }		m is a pointer to each
 *	vec_done(&mounts);			frees the array, not what its elements own
 *
 * A VEC has no tag, so a list that goes from function to function has a typedef, named as the
 * plural of its noun: typedef VEC(struct network) networks. Other structs have none.
 */
#ifndef UTIL_VEC_H
#define UTIL_VEC_H

#include "util/mem.h"

#include <string.h>

#define VEC(type)                                                                                  \
	struct {                                                                                   \
		type *v;                                                                           \
		size_t n, cap;                                                                     \
	}
/* Any VEC, and struct strv, for who knows the size of its elements only. */
struct any_vec {
	void *v;
	size_t n, cap;
};
/* A zeroed new element behind the n there are; the others may move. */
void *vec_grow(void **v, size_t *n, size_t *cap, size_t size);

#define vec_add(l)                                                                                 \
	((__typeof__((l)->v))vec_grow((void **)&(l)->v, &(l)->n, &(l)->cap, sizeof(*(l)->v)))
#define vec_push(l, value) (*vec_add(l) = (value))
#define vec_each(l, p)	   for (__typeof__((l)->v + 0) p = (l)->v; p && p < (l)->v + (l)->n; p++)
#define vec_remove(l, i)                                                                           \
	do {                                                                                       \
		memmove(&(l)->v[i], &(l)->v[(i) + 1], ((l)->n - (i)-1) * sizeof(*(l)->v));         \
		(l)->n--;                                                                          \
	} while (0)
#define vec_done(l)                                                                                \
	do {                                                                                       \
		free((l)->v);                                                                      \
		(l)->v = NULL;                                                                     \
		(l)->n = (l)->cap = 0;                                                             \
	} while (0)

#endif
