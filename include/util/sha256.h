/*
 * sha256.h - SHA-256 by nettle (SHA-NI where the processor has it).
 */
#ifndef UTIL_SHA256_H
#define UTIL_SHA256_H

#include "util/error.h"

#include <stddef.h>
#include <stdint.h>

#define SHA256_SIZE 32
#define SHA256_HEX  65 /* 64 lower-case digits and the NUL */

struct sha256 {
	uint64_t state[32]; /* nettle's context, opaque here */
};
void sha256_init(struct sha256 *h); /* nothing to free; a copy of h goes its own way */
void sha256_add(struct sha256 *h, const void *bytes, size_t n);
/* The same bytes to both; where both have taken a multiple of 64 bytes, hardly slower than to one. */
void sha256_add_both(struct sha256 *a, struct sha256 *b, const void *bytes, size_t n);
void sha256_hex(struct sha256 *h, char hex[SHA256_HEX]); /* ends it */
void sha256_bytes(const void *bytes, size_t n, char hex[SHA256_HEX]);
int sha256_fd(int fd, char hex[SHA256_HEX], int64_t *size, struct error *err); /* to the end */

#endif
