/*
 * authfile.h - private: what the readers and the writer of auth files share.
 */
#ifndef AUTHFILE_H
#define AUTHFILE_H

#include "credential.h"

#include <jansson.h>

#define AUTHFILE_MAX (1 << 20)

json_t *authfile_json(const char *text, size_t n, struct error *err); /* an object, or NULL */
/* How many bytes of "host/repository" the key covers; 0: it is about something else. */
size_t authfile_match(const char *key, const char *host, const char *repository);
const char *authfile_helper(json_t *file, const char *host); /* or NULL; borrowed from file */

#endif
