/*
 * registry_opts.h - the options of all commands that speak to a registry.
 */
#ifndef CMD_REGISTRY_OPTS_H
#define CMD_REGISTRY_OPTS_H

#include "registry/registry.h"
#include "util/opt.h"

/* The first member of a command's arguments; the rows go into its more_opts. */
struct registry_args {
	char *authfile, *cert_dir, *creds;
	int tls_verify;
	int64_t retry, retry_delay;
};
extern const struct opt registry_opts[];
/* Borrows from args. */
void registry_args_options(const struct registry_args *args, struct registry_options *o);

#endif
