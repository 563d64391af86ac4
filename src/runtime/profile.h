/*
 * profile.h - a user's system call profile, compiled.
 */
#ifndef RUNTIME_PROFILE_H
#define RUNTIME_PROFILE_H

#include "util/error.h"
#include "util/str.h"

/*
 * json: linux.seccomp. Appends the flags of seccomp(2) as one unsigned, and the instructions
 * (struct sock_filter). ERR_INVALID names the member; ERR_UNSUPPORTED: notify, no libseccomp.
 */
int profile_compile(const char *json, struct str *out, struct error *err);

#endif
