/*
 * commit.h - a container's changes become an image.
 */
#ifndef BUILD_COMMIT_H
#define BUILD_COMMIT_H

#include "engine/container.h"

struct commit_request {
	const char *name; /* canonical; NULL: none */
	const char *author, *message;
	struct strv changes; /* instructions, as `import --change` has them */
	bool pause;	     /* while its files are read */
	bool docker_format;
	int64_t epoch; /* SOURCE_DATE_EPOCH; -1: not set */
};
/*
 * The image the container was made from, with one more layer of what it changed, and with the
 * settings that it was started with. ERR_UNSUPPORTED for a container without an image.
 */
int container_commit(struct engine *e, struct container *c, const struct commit_request *q,
		     struct digest *id, struct error *err);

#endif
