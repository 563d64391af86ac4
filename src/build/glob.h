/*
 * glob.h - path patterns: Go's filepath.Match (COPY, ADD) and those of .dockerignore.
 *
 * Matching is by a set of states, in time path * pattern: nothing backtracks.
 */
#ifndef BUILD_GLOB_H
#define BUILD_GLOB_H

#include "util/error.h"
#include "util/vec.h"

#include <stdbool.h>

#define GLOB_MAX 4096 /* bytes of a pattern */

enum glob_kind {
	GLOB_MATCH,  /* * ? [a-z] [^a] \x; none of * and ? matches '/' */
	GLOB_IGNORE, /* also **: any number of directories, none too */
};
struct glob_token;
struct glob {
	struct glob_token *tokens;
	size_t n, cap;
	size_t n_fixed; /* so many at the start are plain characters */
};
/* ERR_INVALID "bad pattern '[a'", ERR_LIMIT */
int glob_parse(const char *pattern, enum glob_kind kind, struct glob *g, struct error *err);
void glob_done(struct glob *g);
bool glob_match(const struct glob *g, const char *path);
/* Is there any path below dir that matches? dir has no slash at its ends. */
bool glob_may_match_below(const struct glob *g, const char *dir);
bool glob_is_special(const char *text); /* has it any of * ? [ \ */
char *glob_plain(const char *text);	/* text with its escapes taken off; yours */

#endif
