/*
 * digest.c - content digests: "sha256:<64 hex>".
 *
 * Owns   what counts as a digest. Lower case only: one content has one name.
 * Never  computes one (util/sha256.h does).
 * Spec   image-spec 1.1, descriptor.md, "Digests".
 */
#include "oci/digest.h"

#include "util/str.h"

#include <stdio.h>

#define HEX_DIGITS 64

bool digest_is_hex(const char *s)
{
	return strspn(s, "0123456789abcdef") == HEX_DIGITS && !s[HEX_DIGITS];
}

int digest_parse(const char *text, struct digest *d, struct error *err)
{
	const char *colon = strchr(text, ':');

	if (colon && strncmp(text, "sha512:", 7) == 0)
		return error_set(err, ERR_INVALID, "digest '%.32s...': sha512 is not supported",
				 text);
	if (!colon || strncmp(text, "sha256:", 7) != 0 || !digest_is_hex(colon + 1))
		return error_set(err, ERR_INVALID,
				 "digest '%.80s' is not sha256: and 64 lower-case hex digits", text);
	memcpy(d->hex, colon + 1, HEX_DIGITS + 1);
	return 0;
}

const char *digest_format(const struct digest *d, char buf[DIGEST_TEXT_MAX])
{
	snprintf(buf, DIGEST_TEXT_MAX, "sha256:%s", d->hex);
	return buf;
}

bool digest_eq(const struct digest *a, const struct digest *b)
{
	return strcmp(a->hex, b->hex) == 0;
}

bool digest_is_set(const struct digest *d)
{
	return d->hex[0] != '\0';
}
