/* gzip in blocks: what every reader gets back, and that nothing but the input decides the bytes. */
#include "image/gzip_blocks.h"

#include "unit.h"
#include "util/str.h"

#include <zlib.h>

#define BLOCK ((size_t)512 << 10) /* of gzip_blocks.c: where its members end */

/* The sizes around the cuts, and one that has more blocks than there are slots. */
static const size_t sizes[] = { 0, 1, 70000, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK, 13 * BLOCK + 5 };

/* Words of a small generator: neither all alike nor all different. */
static char *input_new(size_t n)
{
	char *bytes = malloc(n + 1);
	uint32_t x = 7;

	for (size_t i = 0; i < n; i++) {
		x = x * 1664525 + 1013904223;
		bytes[i] = "abcdefgh"[x >> 29];
	}
	return bytes;
}

static int add(void *arg, const void *bytes, size_t n, struct error *err)
{
	(void)err;
	str_addn(arg, bytes, n);
	return 0;
}

static void compress_in_steps(const char *bytes, size_t n, size_t step, struct str *out)
{
	struct error err = { 0 };
	struct gzip_blocks *g = gzip_blocks_open(&(struct layer_sink){ add, out });

	for (size_t at = 0; at < n; at += step)
		ck_assert_int_eq(gzip_blocks_write(g, bytes + at, n - at < step ? n - at : step, &err),
				 0);
	ck_assert_int_eq(gzip_blocks_finish(g, &err), 0);
	gzip_blocks_close(g);
}

/* zlib, member by member; returns how many there were. */
static int inflate_all(const struct str *in, char *out, size_t room, size_t *got)
{
	z_stream z = { 0 };
	int members = 0, r;

	z.next_in = (unsigned char *)in->s;
	z.avail_in = (uInt)in->len;
	z.next_out = (unsigned char *)out;
	z.avail_out = (uInt)room;
	while (z.avail_in) {
		ck_assert_int_eq(inflateInit2(&z, MAX_WBITS + 16), Z_OK);
		r = inflate(&z, Z_FINISH); /* it verifies the CRC and the length */
		ck_assert_int_eq(r, Z_STREAM_END);
		inflateEnd(&z);
		members++;
	}
	*got = room - z.avail_out;
	return members;
}

START_TEST(gzip_blocks_gives_members_that_zlib_reads)
{
	size_t n = sizes[_i], got;
	char *bytes = input_new(n), *back = malloc(n + 1);
	struct str out = { 0 };
	int members;

	compress_in_steps(bytes, n, 100000, &out);
	members = inflate_all(&out, back, n + 1, &got);
	ck_assert_uint_eq(got, n);
	ck_assert_int_eq(memcmp(bytes, back, n), 0);
	/* nothing is one empty member, a whole number of blocks has no empty one behind it */
	ck_assert_int_eq(members, n ? (int)((n + BLOCK - 1) / BLOCK) : 1);
	if (n > 1000)
		ck_assert_uint_lt(out.len, n / 2);
	str_done(&out);
	free(bytes);
	free(back);
}
END_TEST

START_TEST(gzip_blocks_does_not_depend_on_the_sizes_of_writes)
{
	size_t n = sizes[_i];
	char *bytes = input_new(n);
	struct str whole = { 0 }, parts = { 0 };

	compress_in_steps(bytes, n, n + 1, &whole);
	compress_in_steps(bytes, n, 4099, &parts);
	ck_assert_uint_eq(whole.len, parts.len);
	ck_assert_int_eq(memcmp(whole.s, parts.s, whole.len), 0);
	str_done(&whole);
	str_done(&parts);
	free(bytes);
}
END_TEST

/* RFC 1952: no name, no time, the system unknown */
START_TEST(gzip_blocks_says_nothing_of_where_it_was_made)
{
	static const unsigned char header[] = { 0x1f, 0x8b, 8, 0, 0, 0, 0, 0 };
	struct str out = { 0 };

	compress_in_steps("x", 1, 1, &out);
	ck_assert_int_eq(memcmp(out.s, header, sizeof(header)), 0);
	ck_assert_int_eq((unsigned char)out.s[9], 255);
	str_done(&out);
}
END_TEST

static int refuse(void *arg, const void *bytes, size_t n, struct error *err)
{
	(void)bytes;
	(void)n;
	*(int *)arg += 1;
	return error_set(err, ERR_FAILED, "full");
}

START_TEST(gzip_blocks_passes_on_the_failure_of_its_sink)
{
	size_t n = 13 * BLOCK;
	char *bytes = input_new(n);
	struct error err = { 0 };
	int calls = 0;
	struct gzip_blocks *g = gzip_blocks_open(&(struct layer_sink){ refuse, &calls });

	ck_assert(gzip_blocks_write(g, bytes, n, &err) < 0 || gzip_blocks_finish(g, &err) < 0);
	ck_assert_int_eq(calls, 1);
	ck_assert_int_eq(err.kind, ERR_FAILED);
	gzip_blocks_close(g);
	free(bytes);
}
END_TEST

#define SIZES (int)(sizeof(sizes) / sizeof(sizes[0]))
UNIT_MAIN("image/gzip_blocks", TEST_LOOP(gzip_blocks_gives_members_that_zlib_reads, SIZES),
	  TEST_LOOP(gzip_blocks_does_not_depend_on_the_sizes_of_writes, SIZES),
	  TEST(gzip_blocks_says_nothing_of_where_it_was_made),
	  TEST(gzip_blocks_passes_on_the_failure_of_its_sink))
