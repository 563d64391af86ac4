/*
 * mem.h - memory and the release of things by scope. Out of memory ends the process.
 */
#ifndef UTIL_MEM_H
#define UTIL_MEM_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

/* Out of memory ends the process: none of these returns NULL. */
void *xmalloc(size_t size);
void *xcalloc(size_t n, size_t size); /* zeroed; n * size may not overflow */
void *xrealloc(void *p, size_t n, size_t size);
char *xstrdup(const char *s);
char *xstrndup(const char *s, size_t n);
char *xstrdup_or_null(const char *s); /* NULL stays NULL */
char *xasprintf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
char *xvasprintf(const char *fmt, va_list ap) __attribute__((format(printf, 1, 0)));

void auto_close_fd(int *fd);   /* keeps errno; -1 is nothing */
void auto_free_ptr(void *ptr); /* ptr is the address of a pointer */
#define auto_close __attribute__((cleanup(auto_close_fd)))
#define auto_free  __attribute__((cleanup(auto_free_ptr)))
/* auto_done(str) struct str s = {0}: calls str_done(&s) at the end of the scope */
#define auto_done(noun) __attribute__((cleanup(noun##_done)))

int take_fd(int *fd); /* returns *fd and leaves -1 */
#define take_ptr(p)                                                                                \
	({                                                                                         \
		__typeof__(p) take_p_ = (p);                                                       \
		__typeof__(*take_p_) take_v_ = *take_p_;                                           \
		*take_p_ = NULL;                                                                   \
		take_v_;                                                                           \
	})

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define MIN(a, b)     ((a) < (b) ? (a) : (b))
#define MAX(a, b)     ((a) > (b) ? (a) : (b))

#endif
