/*
 * build.h - a Dockerfile and a context become an image.
 *
 *	lex -> parse -> stages and their graph -> for each needed stage: expand, key, hit or perform
 */
#ifndef BUILD_BUILD_H
#define BUILD_BUILD_H

#include "engine/container.h"
#include "image/resolve.h"
#include "image/stream.h"
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
enum build_output_type {
	BUILD_TO_STORE, /* type=image, and docker without dest */
	BUILD_TO_LOCAL, /* the files, into a directory */
	BUILD_TO_TAR,	/* the files */
	BUILD_TO_DOCKER,
	BUILD_TO_OCI,
	BUILD_TO_OCI_DIR,
};
struct build_output { /* --output */
	enum build_output_type type;
	char *dest;	   /* a path; "-" is stdout; NULL: the store */
	struct strv names; /* name=: in the archive, beside the tags; as typed */
	enum compression compression;
};
enum build_cache_type { BUILD_CACHE_LOCAL, BUILD_CACHE_INLINE, BUILD_CACHE_IMAGE };
struct build_cache { /* --cache-from, --cache-to */
	enum build_cache_type type;
	char *place; /* a directory; an image with a cache, or that becomes one; NULL: inline */
};
struct build_request {
	const char *context; /* a directory, or "-": fd 0 holds a Dockerfile or a tar */
	const char *file;    /* -f: path, "-"; NULL: Dockerfile, then Containerfile */
	struct strv tags;    /* as typed */
	struct strv args;    /* "K=V", resolved */
	struct strmap labels;
	const char *target;
	const char *platform; /* "os/arch[,os/arch...]": several make an index */
	enum pull_policy pull;
	bool no_cache;
	char *network; /* default none host; NULL: default */
	int64_t epoch; /* SOURCE_DATE_EPOCH; -1: not set */
	VEC(struct build_secret) secrets;
	VEC(struct build_ssh) ssh;
	VEC(struct build_context) contexts;
	struct strv allow; /* --allow: "security.insecure" */
	/* RUN: add_host, dns*, shm_size, ulimits, cap_*, security_opt, limits; unset as run has it */
	struct run_request step;
	struct strv no_cache_stages; /* --no-cache-filter: names */
	/* the image */
	struct strv env, unset_env, unset_labels; /* "K=V", names */
	struct strmap annotations;
	bool docker_format; /* docker's media types */
	bool squash, squash_all, omit_history;
	bool rewrite_timestamp; /* asked for by name: needs an epoch */
	/* where it goes; none: the store */
	VEC(struct build_output) outputs;
	VEC(struct build_cache) cache_from, cache_to;
	int64_t jobs; /* stages and COPYs side by side; UNSET: as many as there are processors */
	bool verify, lock, locked;
	bool push; /* the caller sends what was named to its registries */
};
struct build_result {
	struct digest id; /* of the configuration; of an index its own. Unset: no image was kept */
	struct digest manifest; /* or index */
	int64_t manifest_size;
	const char *media_type;
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
