/*
 * run_opts.h - the options that run and create have in common: one table, one struct.
 */
#ifndef CMD_RUN_OPTS_H
#define CMD_RUN_OPTS_H

#include "engine/request.h"
#include "util/opt.h"

struct run_args {
	struct run_request request; /* detach and cidfile too; filled completely by run_args_finish */
	struct strv env, env_files, label_files;
	struct strv attach; /* STDIN, STDOUT, STDERR */
	bool quiet;
	char *report;			  /* run only */
	struct transfer_display *display; /* of a pull; NULL: nobody watches */
};
extern const struct opt run_opts[];
void run_args_init(void *args);
void run_args_done(void *args);
/*
 * What the rows alone do not do: operands (IMAGE COMMAND...), files of variables and labels, and
 * the checks that need a terminal. attached: the command will show the container's streams.
 */
int run_args_finish(struct run_args *args, const struct strv *operands, bool attached,
		    struct error *err);
/* Is the stream ("stdout") one of those attached? All are when --attach was not given. */
bool run_args_attaches(const struct run_args *args, const char *stream);

#endif
