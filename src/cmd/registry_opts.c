/*
 * registry_opts.c - the options of all commands that speak to a registry.
 */
#include "registry_opts.h"

const struct opt registry_opts[] = {
	OPT_STRING(0, "authfile", registry_args, authfile, "FILE",
		   "where logins are stored, instead of the usual places"),
	OPT_STRING(0, "cert-dir", registry_args, cert_dir, "DIR",
		   "*.crt, *.cert and *.key for this registry"),
	OPT_STRING(0, "creds", registry_args, creds, "USER:PASSWORD",
		   "instead of a stored login; other users may see it"),
	OPT_INT(0, "retry", registry_args, retry, "how often what may pass is tried again (3)"),
	OPT_DURATION(0, "retry-delay", registry_args, retry_delay,
		     "the first pause, doubled each time (1s)"),
	OPT_TRI(0, "tls-verify", registry_args, tls_verify,
		"false: take any certificate, or none, and http"),
	OPT_END,
};

void registry_args_options(const struct registry_args *args, struct registry_options *o)
{
	registry_options_init(o);
	o->authfile = args->authfile;
	o->cert_dir = args->cert_dir;
	o->creds = args->creds;
	o->tls_verify = args->tls_verify;
	o->retries = args->retry;
	o->retry_delay_ns = args->retry_delay;
}
