/*
 * place.h - where files of a context come from: a directory, standard input, a server, a repository.
 */
#ifndef BUILD_PLACE_H
#define BUILD_PLACE_H

#include "build/build.h"
#include "store/store.h"

struct place {
	int root;   /* a directory, or -1 */
	int file;   /* -1, or what came is a single file that is no archive, at its beginning */
	bool local; /* the user's own directory: it outlives the build, and may change meanwhile */
};
#define PLACE_NONE                                                                                 \
	{                                                                                          \
		.root = -1, .file = -1                                                             \
	}
bool place_is_remote(const char *text); /* is fetched: a URL or a repository */
/*
 * "-" is standard input. What is not local is unpacked into `name` below the staging entry. One
 * file from a server is ERR_INVALID unless file_ok. ERR_NOTFOUND, ERR_LIMIT, ERR_FAILED.
 */
int place_open(struct store *st, const struct build_request *request, struct staging *staging,
	       const char *text, const char *name, bool file_ok, struct place *p, struct error *err);
void place_done(struct place *p);

#endif
