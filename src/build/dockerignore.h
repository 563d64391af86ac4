/*
 * dockerignore.h - what of a context is left out: .dockerignore and COPY --exclude.
 */
#ifndef BUILD_DOCKERIGNORE_H
#define BUILD_DOCKERIGNORE_H

#include "glob.h"
#include "util/str.h"

#define IGNORE_MAX	 (1 << 20) /* bytes of the file */
#define IGNORE_RULES_MAX 4096

struct ignore_rule {
	struct glob glob;
	bool negate; /* "!pattern": matching paths come back */
};
struct ignore {
	VEC(struct ignore_rule) rules;
};
/* Appends the rules of a file. ERR_INVALID "line 3: bad pattern '[a'", ERR_LIMIT. */
int ignore_parse(const char *text, size_t n, struct ignore *ig, struct error *err);
int ignore_add(struct ignore *ig, const char *pattern, struct error *err); /* one line of it */
void ignore_done(struct ignore *ig);
/*
 * Is path ("a/b", cleaned, relative) left out? The last rule that matches it or a directory above
 * it decides. For walks: above holds one flag for each rule, set where it matched the directory
 * above (NULL at the top); here, when not NULL, is filled likewise for path.
 */
bool ignore_step(const struct ignore *ig, const char *path, const bool *above, bool *here);
bool ignore_path(const struct ignore *ig, const char *path); /* the same, alone */
/* For a walk that begins at path: the flags of the directory it is in. NULL at the top. Yours. */
bool *ignore_above(const struct ignore *ig, const char *path);
/* With dir left out: may a rule bring something below it back? */
bool ignore_may_return(const struct ignore *ig, const char *dir);

#endif
