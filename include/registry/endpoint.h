/*
 * endpoint.h - where a repository is fetched from: its mirrors and itself, by the settings.
 */
#ifndef REGISTRY_ENDPOINT_H
#define REGISTRY_ENDPOINT_H

#include "util/error.h"
#include "util/settings.h"
#include "util/str.h"

struct endpoint {
	char *host;	  /* "host[:port]", perhaps behind "http://" or "https://" */
	char *repository; /* there */
	bool mirror;
};
typedef VEC(struct endpoint) endpoints;
void endpoints_done(endpoints *l);
/*
 * Mirrors in their order, then the place itself. by_digest: what is wanted is named by its digest;
 * some mirrors are only for those, some never. ERR_DENIED when the repository is blocked. For a
 * push only the last of them counts.
 */
int endpoints_find(const struct settings *s, const char *host, const char *repository,
		   bool by_digest, endpoints *l, struct error *err);
/* repository may be NULL: of the host as a whole */
bool registry_is_blocked(const struct settings *s, const char *host, const char *repository);
/* name: "host[:port]"; bare: the host of it. This machine is always. */
bool registry_is_insecure(const struct settings *s, const char *name, const char *bare);

#endif
