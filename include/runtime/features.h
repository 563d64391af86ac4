/*
 * features.h - what this runtime can do, read from the tables that do it.
 *
 * Spec   runtime-spec 1.2 features.md
 */
#ifndef RUNTIME_FEATURES_H
#define RUNTIME_FEATURES_H

#include "util/str.h"

#include <stdbool.h>

void features_mount_options(struct strv *names); /* sorted */
void features_namespaces(struct strv *types);	 /* sorted */
extern const char *const features_hooks[];	 /* NULL-terminated; those that are carried out */
extern const char *const features_seccomp_actions[], *const features_seccomp_operators[];
extern const bool features_idmap; /* idmapped mounts */

#endif
