/*
 * pins.h - hod.lock: the digest of each image and file that a build uses.
 *
 *	{"version":1,"images":{"NAME PLATFORM":"sha256:..."},"files":{"URL":"sha256:..."},
 *	 "repositories":{"URL":"COMMIT"}}
 *
 * With --lock it is written anew after the build; with --locked nothing else is used, and what is
 * used must be in it.
 */
#ifndef BUILD_PINS_H
#define BUILD_PINS_H

#include "oci/platform.h"
#include "store/image.h"
#include "util/str.h"

#define PINS_FILE "hod.lock"

struct builder;
struct build_request;
struct pins {
	int64_t version;
	struct strmap images, files, repositories;
	bool demand, record;
};
/* root: the context; -1: there is none. ERR_NOTFOUND, ERR_INVALID. */
int pins_open(const struct build_request *r, int root, struct pins *p, struct error *err);
int pins_save(const struct pins *p, int root, struct error *err);
void pins_done(struct pins *p);

/* image_resolve(), as the pins have it. i was initialised. */
int pinned_image(struct builder *b, const char *name, const struct platform *platform,
		 struct image *i, struct error *err);
/* What was fetched for ADD: a file, behind fd, or a commit. */
int pinned_file(struct builder *b, const char *url, int fd, struct error *err);
int pinned_digest(struct builder *b, const char *url, const char *hex, struct error *err);
int pinned_commit(struct builder *b, const char *url, const char *commit, struct error *err);

#endif
