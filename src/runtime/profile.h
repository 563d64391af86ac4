/*
 * profile.h - a user's system call profile, compiled.
 */
#ifndef RUNTIME_PROFILE_H
#define RUNTIME_PROFILE_H

#include "util/error.h"
#include "util/str.h"

/*
 * json: linux.seccomp. Appends the flags of seccomp(2) as one unsigned, and the instructions
 * (struct sock_filter); with SECCOMP_FILTER_FLAG_NEW_LISTENER when it notifies somebody.
 * ERR_INVALID names the member; ERR_UNSUPPORTED: no libseccomp.
 */
int profile_compile(const char *json, struct str *out, struct error *err);

/* linux.seccomp's listenerPath and listenerMetadata: yours, NULL when absent. */
int profile_listener(const char *json, char **path, char **metadata, struct error *err);

#endif
