/*
 * platform.h - os/architecture/variant and which of several fits best.
 */
#ifndef OCI_PLATFORM_H
#define OCI_PLATFORM_H

#include "util/error.h"
#include "util/fields.h"

struct platform {
	char *os, *architecture, *variant;
};
extern const struct field platform_fields[];
void platform_done(struct platform *p);
int platform_parse(const char *text, struct platform *p, struct error *err); /* "linux/arm64/v8" */
char *platform_format(const struct platform *p);
void platform_host(struct platform *p); /* by uname(2); amd64, arm64/v8, ... */
/* 0 does not fit; else the larger the better (arm v8 > v7 > ..., amd64 v1..v4 up to the host's) */
int platform_match(const struct platform *wanted, const struct platform *have);

#endif
