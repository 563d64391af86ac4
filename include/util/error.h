/*
 * error.h - what went wrong: kind, errno, and frames of text with the cause first.
 *
 * A fixed-size value: it needs no allocation, works between clone and exec, and crosses a socket as
 * it is. See STYLE.md, "Errors": filled exactly once where it happened; every caller may add the
 * context that names what the user named.
 */
#ifndef UTIL_ERROR_H
#define UTIL_ERROR_H

#include <stddef.h>

enum error_kind {
	ERR_NONE = 0,
	ERR_SYSTEM,	 /* a system call failed: see .sys */
	ERR_INVALID,	 /* the input (file, image, argument value) is wrong */
	ERR_USAGE,	 /* the command line is wrong: main adds a hint at --help */
	ERR_NOTFOUND,	 /* what was named does not exist */
	ERR_EXISTS,	 /* the name is taken */
	ERR_BUSY,	 /* in use, or in a state that forbids it */
	ERR_DENIED,	 /* not allowed to */
	ERR_UNSUPPORTED, /* this machine or this version cannot do it */
	ERR_LIMIT,	 /* a written-down limit was exceeded; the text names it */
	ERR_NOCOMMAND,	 /* the container's command was not found: exit 127 */
	ERR_NOEXEC,	 /* it was found and cannot be executed: exit 126 */
	ERR_FAILED,	 /* something that we ran failed (a RUN step): exit 1 */
	ERR_INTERRUPTED, /* a signal told us to stop */
	ERR_BUG,	 /* us */
};

#define ERROR_TEXT_MAX 1536
#define ERROR_HINT_MAX 256

struct error {
	enum error_kind kind;
	int sys;		   /* errno of the cause, or 0 */
	unsigned short used;	   /* bytes of text in use, the final NUL not counted */
	char text[ERROR_TEXT_MAX]; /* frames, each ended by '\n', the cause first */
	char hint[ERROR_HINT_MAX]; /* what would help, or "" */
};

#define PRINTF_LIKE(f, a) __attribute__((format(printf, f, a)))

/*
 * Each fills err and returns -1, so that `return error_set(...)` is one statement.
 * error_sys reads errno itself: it stands right behind the call that failed. Its kind is
 * ERR_NOTFOUND for ENOENT, ERR_EXISTS for EEXIST, ERR_DENIED for EACCES and EPERM, else ERR_SYSTEM.
 */
int error_set(struct error *err, enum error_kind kind, const char *fmt, ...) PRINTF_LIKE(3, 4);
int error_sys(struct error *err, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Adds a wider context in front of what is there; when full the widest context is lost. */
int error_add(struct error *err, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Sets the second line; the first hint given stays. Returns -1. */
int error_hint(struct error *err, const char *fmt, ...) PRINTF_LIKE(2, 3);

void error_clear(struct error *err); /* nothing has failed */
/*
 * Writes "widest: ...: cause" into buf (one line, control bytes escaped, always terminated) and
 * returns buf. The hint is not part of it.
 */
const char *error_text(const struct error *err, char *buf, size_t size);

#define ERROR_LINE_MAX (2 * ERROR_TEXT_MAX)

#endif
