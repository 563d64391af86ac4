/*
 * git.h - a repository as a build context, as a named one, or of ADD: fetched by the git program.
 */
#ifndef BUILD_GIT_H
#define BUILD_GIT_H

#include "util/error.h"
#include "util/str.h"

#define GIT_COMMIT_MAX 65

struct git_source {
	char *url;    /* what git is given */
	char *ref;    /* branch, tag, "refs/..." or a commit; NULL: what HEAD is */
	char *subdir; /* relative and cleaned, or NULL */
};
void git_source_done(struct git_source *g);
/*
 * "git://...", "ssh://...", "git@host:path", "github.com/...", and http, https or file URLs whose
 * path ends in ".git"; "#REF", "#REF:SUBDIR", "#:SUBDIR" behind. Also "?ref=...&subdir=..." and
 * "branch=", "tag=", "commit=" (Dockerfile 1.18). 1 and *g, 0 when it is no repository, -1 ERR_INVALID.
 */
int git_source_parse(const char *text, struct git_source *g, struct error *err);
/*
 * Fetches only what the ref needs, with submodules, into the new directory `path`, and tells the
 * commit. header: a line that the server is to get ("Authorization: ..."), or NULL. keep_git:
 * ".git" stays. The caller takes SUBDIR below it. ERR_FAILED with what git said.
 */
int git_fetch(const struct git_source *g, const char *header, const char *path, bool keep_git,
	      char commit[GIT_COMMIT_MAX], struct error *err);

#endif
