/*
 * build.h - a Dockerfile and a context become an image.
 *
 *	lex -> parse -> stages and their graph -> for each needed stage: expand, key, hit or perform
 */
#ifndef BUILD_BUILD_H
#define BUILD_BUILD_H

#include "engine/container.h"
#include "image/resolve.h"
#include "store/image.h"
#include "util/progress.h"
#include "util/vec.h"

struct build_secret { /* --secret: one of file and env is set */
	char *id;
	char *file; /* read when a step wants it */
	char *env;  /* name of one of our variables */
};
struct build_ssh {    /* --ssh */
	char *id;     /* "default" */
	char *socket; /* absolute path of an agent's */
};
struct build_context { /* --build-context: a name that FROM and --from look up first */
	char *name, *source;
};
struct build_request {
	const char *context; /* a directory, or "-": fd 0 holds a Dockerfile or a tar */
	const char *file;    /* -f: path, "-"; NULL: Dockerfile, then Containerfile */
	struct strv tags;    /* as typed */
	struct strv args;    /* "K=V", resolved */
	struct strmap labels;
	const char *target;
	const char *platform;
	enum pull_policy pull;
	bool no_cache;
	char *network; /* none host; NULL: none until networks exist */
	int64_t epoch; /* SOURCE_DATE_EPOCH; -1: not set */
	VEC(struct build_secret) secrets;
	VEC(struct build_ssh) ssh;
	VEC(struct build_context) contexts;
	struct strv allow; /* --allow: "security.insecure" */
};
struct build_result {
	struct digest id;
	struct strv names;
	struct strv warnings; /* "Dockerfile:3: ..." also told to progress as notes */
};
void build_request_init(struct build_request *r);
void build_request_done(struct build_request *r);
void build_result_done(struct build_result *r);
/*
 * ERR_INVALID with "Dockerfile:7: ..."; ERR_FAILED when a RUN failed (its output was told, its exit
 * code is in the text and in *exit_code); ERR_INTERRUPTED.
 */
int build_image(struct engine *e, const struct build_request *r, struct build_result *result,
		int *exit_code, struct error *err);

#endif
