/*
 * sha256.c - SHA-256 by nettle, which uses SHA-NI and the ARMv8 instructions where they are.
 *
 * Linked (as an archive where there is one), because names of images are hashed on the way of every
 * `run`, and mapping the library costs more than the hash.
 */
#include "util/sha256.h"

#include "util/mem.h"

#include <errno.h>
#include <nettle/sha2.h>
#include <unistd.h>

/* the header renames its functions by macro, and one of them has the name of ours */
#undef sha256_init

#define READ_CHUNK ((size_t)128 << 10)

_Static_assert(sizeof(struct sha256_ctx) <= sizeof(((struct sha256 *)0)->state),
	       "struct sha256 is too small for nettle's context");
_Static_assert(SHA256_DIGEST_SIZE == SHA256_SIZE, "not SHA-256");

static struct sha256_ctx *context(struct sha256 *h)
{
	return (struct sha256_ctx *)(void *)h->state;
}

void sha256_init(struct sha256 *h)
{
	nettle_sha256_init(context(h));
}

void sha256_add(struct sha256 *h, const void *bytes, size_t n)
{
	nettle_sha256_update(context(h), n, bytes);
}

void sha256_hex(struct sha256 *h, char hex[SHA256_HEX])
{
	static const char digits[] = "0123456789abcdef";
	uint8_t sum[SHA256_SIZE];

	nettle_sha256_digest(context(h), sizeof(sum), sum);
	for (size_t i = 0; i < sizeof(sum); i++) {
		hex[2 * i] = digits[sum[i] >> 4];
		hex[2 * i + 1] = digits[sum[i] & 15];
	}
	hex[2 * sizeof(sum)] = '\0';
}

void sha256_bytes(const void *bytes, size_t n, char hex[SHA256_HEX])
{
	struct sha256 h;

	sha256_init(&h);
	sha256_add(&h, bytes, n);
	sha256_hex(&h, hex);
}

int sha256_fd(int fd, char hex[SHA256_HEX], int64_t *size, struct error *err)
{
	auto_free char *buf = xmalloc(READ_CHUNK);
	struct sha256 h;
	int64_t total = 0;
	ssize_t n;

	sha256_init(&h);
	for (;;) {
		n = read(fd, buf, READ_CHUNK);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_sys(err, "read");
		if (n == 0)
			break;
		sha256_add(&h, buf, (size_t)n);
		total += n;
	}
	sha256_hex(&h, hex);
	if (size)
		*size = total;
	return 0;
}
