/*
 * sha256.c - SHA-256 by nettle, which uses SHA-NI and the ARMv8 instructions where they are.
 *
 * Mapped at first use, because most commands hash nothing.
 */
#include "util/sha256.h"

#include "util/lazy.h"
#include "util/mem.h"

#include <errno.h>
#include <nettle/sha2.h>
#include <stdio.h>
#include <unistd.h>

/* the header renames its functions by macro, and one of them has the name of ours */
#undef sha256_init

#define READ_CHUNK ((size_t)128 << 10)

_Static_assert(sizeof(struct sha256_ctx) <= sizeof(((struct sha256 *)0)->state),
	       "struct sha256 is too small for nettle's context");
_Static_assert(SHA256_DIGEST_SIZE == SHA256_SIZE, "not SHA-256");

struct nettle_api {
	void (*init)(struct sha256_ctx *);
	void (*update)(struct sha256_ctx *, size_t, const uint8_t *);
	void (*digest)(struct sha256_ctx *, size_t, uint8_t *);
};
static const struct lazy_symbol nettle_symbols[] = {
	{ "nettle_sha256_init", offsetof(struct nettle_api, init) },
	{ "nettle_sha256_update", offsetof(struct nettle_api, update) },
	{ "nettle_sha256_digest", offsetof(struct nettle_api, digest) },
	LAZY_END,
};
static struct nettle_api nettle;
static struct lazy nettle_lazy = LAZY("nettle", "libnettle.so.8", &nettle, nettle_symbols);
LAZY_NOTE(nettle, "libnettle.so.8", "SHA-256", "required");

static struct sha256_ctx *context(struct sha256 *h)
{
	return (struct sha256_ctx *)(void *)h->state;
}

void sha256_init(struct sha256 *h)
{
	struct error err = { 0 };
	char line[ERROR_LINE_MAX];

	if (lazy_load(&nettle_lazy, &err) < 0) {
		dprintf(STDERR_FILENO, "hod: %s\n", error_text(&err, line, sizeof(line)));
		_exit(125);
	}
	nettle.init(context(h));
}

void sha256_add(struct sha256 *h, const void *bytes, size_t n)
{
	nettle.update(context(h), n, bytes);
}

void sha256_hex(struct sha256 *h, char hex[SHA256_HEX])
{
	static const char digits[] = "0123456789abcdef";
	uint8_t sum[SHA256_SIZE];

	nettle.digest(context(h), sizeof(sum), sum);
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
