/*
 * tar_probe.c - is a file a tar, of whatever compression?
 */
#include "tar_probe.h"
#include "image/stream.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BLOCK		512
#define CHECKSUM	148 /* where it is in a header, 8 bytes that count as blanks */
#define PROBE_BYTES_MAX ((int64_t)64 << 20)

/* The sum may have been made of signed characters by old programs. */
static bool header_ok(const unsigned char *block)
{
	char text[9] = "";
	unsigned long want, sum = 0;
	long old = 0;

	if (!block[0])
		return false;
	memcpy(text, block + CHECKSUM, 8);
	want = strtoul(text, NULL, 8);
	for (int i = 0; i < BLOCK; i++) {
		bool blank = i >= CHECKSUM && i < CHECKSUM + 8;

		sum += blank ? ' ' : block[i];
		old += blank ? ' ' : (signed char)block[i];
	}
	return want == sum || (long)want == old;
}

int tar_probe(int fd, struct error *err)
{
	struct error ignored = { 0 }; /* what cannot be decompressed is no archive */
	unsigned char block[BLOCK];
	struct stream *in = stream_open(fd, PROBE_BYTES_MAX, &ignored);
	size_t have = 0;

	while (in && have < BLOCK) {
		ssize_t n = stream_read(in, block + have, BLOCK - have, &ignored);

		if (n <= 0)
			break;
		have += (size_t)n;
	}
	if (in)
		stream_close(in);
	if (lseek(fd, 0, SEEK_SET) < 0)
		return error_sys(err, "rewind");
	return have == BLOCK && header_ok(block);
}
