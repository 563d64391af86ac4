/*
 * key.h - the key of a step: SHA-256 over a record of all that its result depends on.
 *
 * A record is a row of named fields, each with its length in front, so that no two different rows
 * have the same bytes.
 */
#ifndef BUILD_KEY_H
#define BUILD_KEY_H

#include "util/sha256.h"
#include "util/str.h"

struct key {
	struct sha256 hash;
};
void key_begin(struct key *k, const char *kind); /* "RUN", "COPY", ...; and the format's version */
void key_add(struct key *k, const char *field, const char *value); /* NULL differs from "" */
void key_addn(struct key *k, const char *field, const void *bytes, size_t n);
void key_int(struct key *k, const char *field, int64_t value);
void key_list(struct key *k, const char *field, const struct strv *values);
void key_end(struct key *k, char hex[SHA256_HEX]);

#endif
