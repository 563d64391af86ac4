/*
 * base64.h - RFC 4648 base64.
 */
#ifndef UTIL_BASE64_H
#define UTIL_BASE64_H

#include "util/str.h"

#include <stdbool.h>

/* Both append to out. */
void base64_encode(const void *bytes, size_t n, struct str *out);
bool base64_decode(const char *text, struct str *out); /* padding may be missing; no blanks */

#endif
