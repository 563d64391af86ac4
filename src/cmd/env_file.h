/*
 * env_file.h - --env-file and --label-file: a variable or label on each line.
 */
#ifndef CMD_ENV_FILE_H
#define CMD_ENV_FILE_H

#include "util/error.h"
#include "util/str.h"

#define ENV_FILE_MAX (1 << 20) /* bytes */

/*
 * Appends to out what the files hold, in their order, then the given ones, which so win. "K=V",
 * "K" (our own value; nothing when it is unset); # at the start of a line is a comment; nothing is
 * unquoted; a BOM is dropped. ERR_INVALID with file and line.
 */
int env_files_read(const struct strv *files, const struct strv *given, struct strv *out,
		   struct error *err);
/* The same lines as labels ("K" alone has an empty value); the given ones win. */
int label_files_read(const struct strv *files, struct strmap *labels, struct error *err);

#endif
