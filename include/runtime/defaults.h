/*
 * defaults.h - the constants of the default sandbox (SECURITY.md section 3), for engine/spec.c.
 */
#ifndef RUNTIME_DEFAULTS_H
#define RUNTIME_DEFAULTS_H

#include "util/error.h"
#include "util/str.h"

extern const char *const default_capabilities[]; /* NULL-terminated, "CAP_CHOWN" ... */
extern const char *const default_masked_paths[];
extern const char *const default_readonly_paths[];
/* Adds what this machine has besides: /sys/devices/system/cpu/cpu<N>/thermal_throttle. */
void default_masked_add_host(struct strv *paths);

/* "chown", "CAP_CHOWN", any case -> "CAP_CHOWN", or NULL. ALL is the caller's business. */
const char *capability_name(const char *text);
extern const char *const capability_all[]; /* every one this program knows, NULL-terminated */

/*
 * linux.seccomp of the default profile for a capability set, as JSON text. Where it is one of the
 * embedded variants *shared points into the program (borrowed) and NULL is returned; otherwise the
 * text is yours.
 */
char *seccomp_default(const struct strv *capabilities, const char **shared);
/* The same for containers that run containers: namespaces and mounts are allowed besides. */
char *seccomp_nested(const struct strv *capabilities, const char **shared);
/* A profile in docker's or OCI's JSON -> linux.seccomp for this machine and capability set; yours. */
char *seccomp_from_profile(const char *json, size_t n, const struct strv *capabilities,
			   struct error *err);
/* The filter of single mode's RUN steps, where chown and mknod are answered with success: added to
 * the profile by the annotation "hod.fake-owners"="1" of the spec. */
#define ANNOTATION_FAKE_OWNERS "hod.fake-owners"

int signal_parse(const char *text); /* "TERM", "SIGTERM", "15", "RTMIN+3": the number, or -1 */
const char *signal_name(int sig);   /* "TERM" or NULL */

#endif
