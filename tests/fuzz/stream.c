/*
 * Compressed streams: what comes out stays within the allowance, the digest of what went in is
 * right, and the two readers of gzip agree wherever both accept.
 */
#include "fuzz.h"

#include "image/decode.h"
#include "util/str.h"

#include <sys/mman.h>
#include <unistd.h>

static int file_of(const uint8_t *data, size_t size)
{
	int fd = memfd_create("stream", MFD_CLOEXEC);

	FUZZ_CHECK(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	lseek(fd, 0, SEEK_SET);
	return fd;
}

static void whole(const uint8_t *data, size_t size)
{
	struct digest in, out;
	struct error err = { 0 };
	int64_t n_in, n_out;
	char hex[SHA256_HEX];
	int fd = file_of(data, size);
	struct stream *s = stream_open(fd, -1, &err);

	if (s && stream_finish(s, &in, &n_in, &out, &n_out, &err) == 0) {
		sha256_bytes(data, size, hex);
		FUZZ_CHECK(strcmp(hex, in.hex) == 0 && n_in == (int64_t)size);
		FUZZ_CHECK(n_out <= stream_allowance(s));
	} else {
		FUZZ_CHECK(err.kind != ERR_NONE && err.kind != ERR_BUG);
	}
	stream_close(s);
	close(fd);
}

static int by(const struct decoder_ops *ops, const uint8_t *data, size_t size, struct str *out)
{
	static char buf[4096];
	struct error err = { 0 };
	struct source src;
	struct decoder d = { .ops = ops, .name = "gzip", .src = &src };
	int fd = file_of(data, size);
	ssize_t n = -1;

	if (source_open(&src, fd, -1, &err) == 0 && ops->open(&d, &err) == 0)
		while ((n = ops->read(&d, buf, sizeof(buf), &err)) > 0 && out->len < 1 << 20)
			str_addn(out, buf, (size_t)n);
	ops->close(&d);
	source_close(&src);
	close(fd);
	return n < 0 ? -1 : 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	whole(data, size);
#ifdef HAVE_ISAL
	if (compression_of(data, size) == COMPRESSION_GZIP) {
		struct str a = { 0 }, b = { 0 };

		if (by(&decode_zlib, data, size, &a) == 0 && by(&decode_isal, data, size, &b) == 0)
			FUZZ_CHECK(a.len == b.len && (!a.len || memcmp(a.s, b.s, a.len) == 0));
		str_done(&a);
		str_done(&b);
	}
#endif
	return 0;
}
