/*
 * program.h - another program run to its end, with nothing of ours but what it is told.
 */
#ifndef UTIL_PROGRAM_H
#define UTIL_PROGRAM_H

#include "util/error.h"
#include "util/str.h"

#define PROGRAM_OUTPUT_MAX (1 << 20) /* bytes of stdout, and of stderr, that are kept */
#define PROGRAM_INPUT_MAX  32768     /* bytes of stdin: less than any pipe holds */

/*
 * argv[0] is looked up in our PATH. env is added to ours. stdin is /dev/null. cwd may be NULL. What
 * it writes to stdout is appended to out (may be NULL). ERR_UNSUPPORTED when the program is not
 * there; ERR_FAILED with the last line of its stderr when it does not exit with 0.
 */
int program_run(const struct strv *argv, const struct strv *env, const char *cwd, struct str *out,
		struct error *err);
/* The same with n bytes for its stdin (ERR_LIMIT). When it fails, out has what it wrote all the same. */
int program_feed(const struct strv *argv, const void *input, size_t n, struct str *out,
		 struct error *err);

#endif
