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
	NEED_MOUNTS = 16,    /* behind NEED_NAMESPACE: what we mount is seen by nobody else */
};
struct oci; /* private to cmd */
/* What a command needs comes in as this. */
struct app {
	struct store store;
	struct userns userns;
	struct engine engine;
	const char *called_as; /* "hod", "docker" */
	bool debug;
	const char *root;      /* --root */
	unsigned prepared;     /* the needs that are met */
	const struct oci *oci; /* `hod oci`: the options before its command; or NULL */
	int keeper; /* holds the networks of this user while something is started, or 0 */
};
/* The exit code is returned; -1: *err says why (main prints it and chooses the code). */
struct command {
	const char *name;     /* "stop"; of a noun's own commands both words: "volume create" */
	const char *operands; /* "CONTAINER...": for help and the synopsis */
	const char *summary;
	const char *description;	    /* two or three sentences for --help, or NULL */
	const struct opt *opts, *more_opts; /* two tables: its own, and a shared one; or NULL */
	size_t args_size;
	void (*init)(void *args); /* before the options are read: what their rows do not cover */
	void (*done)(void *args); /* after the command: the same, harmless on what is empty */
	unsigned needs;
	enum opt_order order;
	int min, max; /* operands; max -1: any number */
	int (*run)(struct app *app, void *args, struct strv *operands, struct error *err);
	int failure; /* exit code of its own errors: 1 (stop, rm, ...) or 125 (run, create, ...) */
};
/* A further way to say a command: `hod container ls`, `hod image build`. */
struct command_alias {
	const char *words;
	const struct command *command;
};
extern const struct command *const commands[];	     /* NULL-terminated, sorted by name */
extern const struct command_alias command_aliases[]; /* ended by NULL words */

/*
 * The command that argv begins with, and how many of its words name it. NULL: there is none, and
 * err (ERR_USAGE) tells the nearest name.
 */
const struct command *command_find(int argc, char **argv, int *used, struct error *err);
/* What --help prints. */
void command_help(const struct command *c, const char *called_as, struct str *out);
/*
 * Makes ready what needs asks for and is not ready yet. main does so for the table's needs; a
 * command calls it when only some of its options need more. When it enters the namespace, the store
 * is opened again: containers found before must be found anew to be mounted.
 */
int app_prepare(struct app *app, unsigned needs, struct error *err);
/*
 * Meets NEED_NAMESPACE by the namespace that the container's monitor is in, for what shares further
 * namespaces with it (exec, --network container:NAME). The container must be running.
 */
int app_join(struct app *app, const struct container *c, struct error *err);
/*
 * The same for a container that is to be on a bridge network: without root their members share the
 * namespaces of one keeper, which is started when there is none. Of other modes nothing is done.
 */
int app_join_network(struct app *app, const char *mode, struct error *err);
void app_done(struct app *app);

#define EXIT_OURS 125 /* our own failure, of commands that pass on a container's exit code */

#endif
