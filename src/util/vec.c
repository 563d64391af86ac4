/*
 * vec.c - growth of typed arrays.
 */
#include "util/vec.h"

void *vec_grow(void **v, size_t *n, size_t *cap, size_t size)
{
	char *element;

	if (*n == *cap) {
		*cap = *cap ? *cap * 2 : 8;
		*v = xrealloc(*v, *cap, size);
	}
	element = (char *)*v + *n * size;
	memset(element, 0, size);
	(*n)++;
	return element;
}
