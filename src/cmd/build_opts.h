/*
 * build_opts.h - the arguments of build, and those of its options that have a form of their own.
 */
#ifndef CMD_BUILD_OPTS_H
#define CMD_BUILD_OPTS_H

#include "build/build.h"
#include "util/opt.h"

struct build_args {
	struct build_request request; /* what the rows of build_opts.c fill */
	struct strv tags, build_args, allow, env;
	struct strmap labels;
	char *file, *target, *platform, *pull, *network, *iidfile, *progress, *metadata_file,
		*logfile;
	char *format, *isolation, *call;
	int64_t epoch, timestamp;
	bool no_cache, quiet, load, check;
};
extern const struct opt build_more_opts[];
void build_args_init(void *args);
void build_args_done(void *args);
/* What several options say together. ERR_USAGE. */
int build_args_finish(struct build_args *args, struct error *err);

#endif
