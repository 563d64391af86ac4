/*
 * base64.c - RFC 4648 base64, for Basic authentication, auth files and git.
 */
#include "util/base64.h"

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void base64_encode(const void *bytes, size_t n, struct str *out)
{
	const unsigned char *b = bytes;

	for (size_t i = 0; i < n; i += 3) {
		unsigned v = (unsigned)b[i] << 16 | (i + 1 < n ? (unsigned)b[i + 1] << 8 : 0) |
			     (i + 2 < n ? b[i + 2] : 0);

		str_addc(out, digits[v >> 18]);
		str_addc(out, digits[v >> 12 & 63]);
		str_addc(out, i + 1 < n ? digits[v >> 6 & 63] : '=');
		str_addc(out, i + 2 < n ? digits[v & 63] : '=');
	}
}

bool base64_decode(const char *text, struct str *out)
{
	size_t n = strcspn(text, "=");
	unsigned v = 0, bits = 0;

	if (text[n + strspn(text + n, "=")] || n % 4 == 1)
		return false;
	for (size_t i = 0; i < n; i++) {
		const char *at = strchr(digits, text[i]);

		if (!at || !*at)
			return false;
		v = v << 6 | (unsigned)(at - digits);
		bits += 6;
		if (bits >= 8) {
			bits -= 8;
			str_addc(out, (char)(v >> bits & 255));
		}
	}
	return true;
}
