/*
 * command.h - subcommands: what the table says of each, and what main prepares for it.
 */
#ifndef CMD_COMMAND_H
#define CMD_COMMAND_H

#include "engine/container.h"
#include "store/store.h"
#include "util/opt.h"
#include "util/userns.h"

enum command_needs {
	NEED_STORE = 1,	     /* app->store is open (made when missing) */
	NEED_NAMESPACE = 2,  /* we are root of a user namespace with the caller's ids */
	NEED_ENGINE = 4,     /* app->engine is ready */
	NEED_STORE_READ = 8, /* as NEED_STORE, but a missing store is just empty and is not made */
};
/* What a command needs comes in as this. */
struct app {
	struct store store;
	struct userns userns;
	struct engine engine;
	const char *called_as; /* "hod", "docker" */
	bool debug;
	const char *root; /* --root */
};
/* The exit code is returned; -1: *err says why (main prints it and chooses the code). */
struct command {
	const char *name;
	const char *group; /* "container", "image", ...: also reachable as `hod GROUP NAME`; NULL */
	const char *operands; /* "CONTAINER...": for help and the synopsis */
	const char *summary;
	const char *description;	    /* two or three sentences for --help, or NULL */
	const struct opt *opts, *more_opts; /* two tables: its own, and a shared one */
	size_t args_size;
	unsigned needs;
	enum opt_order order;
	int min, max; /* operands; max -1: any number */
	int (*run)(struct app *app, void *args, struct strv *operands, struct error *err);
	int failure; /* exit code of its own errors: 1 (stop, rm, ...) or 125 (run, create, ...) */
};
extern const struct command *const commands[]; /* NULL-terminated, cmd/table.c */
const struct command *command_find(const char *group, const char *name);

#endif
