/*
 * toml.h - TOML read as JSON, for the files of others that are written in it.
 *
 * Spec   TOML 1.0 but for dates and for numbers that are not whole, which are errors: no file that
 * we read has them. Limits: 1 MiB, 32 tables or lists inside each other.
 */
#ifndef UTIL_TOML_H
#define UTIL_TOML_H

#include "util/error.h"

#include <jansson.h>

#define TOML_MAX ((size_t)1 << 20)

/* A new reference (an object), or NULL: ERR_INVALID with the line, ERR_LIMIT. */
json_t *toml_parse(const char *text, size_t n, struct error *err);

#endif
