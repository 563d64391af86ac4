/*
 * serve.h - a read-only registry over a store or an OCI layout, for networks without another one.
 *
 * Repositories are the names in the store: "docker.io/library/x" answers to "x" and "library/x",
 * others to their path with or without their host. What is in the store only as a tree is packed
 * when it is asked for.
 * Spec   OCI distribution-spec 1.1, the part for pulling, tags/list and docker's _catalog.
 */
#ifndef IMAGE_SERVE_H
#define IMAGE_SERVE_H

#include "store/image.h"

struct serve_options {
	const char *listen; /* "[host]:port", "port", "[v6]:port"; port 0: any that is free */
	const char *dir;    /* an OCI layout; NULL: the store */
	/* Called once, when connections are taken: the address with the real port. */
	int (*ready)(void *arg, const char *address, struct error *err);
	/* Called for every answer, on other threads one at a time; may be NULL. */
	void (*answered)(void *arg, const char *method, const char *path, unsigned status);
	void *arg;
};
/* Serves until a signal ends the process. ERR_UNSUPPORTED without libmicrohttpd. */
int registry_serve(struct store *st, const struct serve_options *o, struct error *err);

#endif
