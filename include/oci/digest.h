/*
 * digest.h - "sha256:<64 hex>", the only algorithm we make; sha512 is refused by name.
 */
#ifndef OCI_DIGEST_H
#define OCI_DIGEST_H

#include "util/error.h"
#include "util/sha256.h"

#include <stdbool.h>

/* A digest is held as its 64 lower-case hex digits, "" when unset; never used before parsed. */
struct digest {
	char hex[SHA256_HEX];
};
#define DIGEST_TEXT_MAX 72 /* "sha256:" + 64 + NUL */

int digest_parse(const char *text, struct digest *d, struct error *err); /* ERR_INVALID */
const char *digest_format(const struct digest *d, char buf[DIGEST_TEXT_MAX]);
bool digest_eq(const struct digest *a, const struct digest *b);
bool digest_is_set(const struct digest *d);
bool digest_is_hex(const char *s); /* exactly 64 lower-case hex digits */

#endif
