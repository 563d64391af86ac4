/*
 * manifest_name.h - private: what the commands about manifests are given as names.
 */
#ifndef MANIFEST_NAME_H
#define MANIFEST_NAME_H

#include "oci/reference.h"
#include "util/error.h"

/* The reference and its full name (yours). ERR_INVALID for what names a file. */
int manifest_name(const char *text, char **name, struct reference *r, struct error *err);

#endif
