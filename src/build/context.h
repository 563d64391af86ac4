/*
 * context.h - a build context: a directory, an archive, a repository, or none.
 */
#ifndef BUILD_CONTEXT_H
#define BUILD_CONTEXT_H

#include "build/build.h"
#include "dockerignore.h"
#include "stat_cache.h"
#include "tree.h"

struct context {
	int root;    /* -1: there is none, the Dockerfile came from standard input */
	bool cached; /* a directory of the user's: digests are remembered */
	struct ignore ignore;
	struct stat_cache stats;
	struct tree tree;
	char *file;	 /* the Dockerfile's name, for messages */
	struct str text; /* its bytes */
};
#define CONTEXT_NONE                                                                               \
	{                                                                                          \
		.root = -1, .tree = { .root = -1 },                                                \
	}
/*
 * Opens it, finds and reads the Dockerfile and the ignore file. A tar is unpacked below `staging`.
 * ERR_NOTFOUND when there is no Dockerfile, ERR_INVALID, ERR_LIMIT.
 */
int context_open(struct store *st, const struct build_request *r, struct staging *staging,
		 struct context *c, struct error *err);
/* --build-context: the same without a Dockerfile; what is fetched goes into `dir` of the staging. */
int context_open_named(struct store *st, const struct build_request *r, const char *source,
		       const char *dir, struct staging *staging, struct context *c,
		       struct error *err);
/* Writes what was learnt about files. */
int context_save(struct store *st, struct context *c, struct error *err);
/* to holds none. */
void context_move(struct context *from, struct context *to);
void context_done(struct context *c);

#endif
