/* Compression found by magic, both digests, limits, what may not follow the data. */
#include "image/stream.h"

#include "image/zstd_lib.h"
#include "make_tar.h"
#include "unit.h"

#include <unistd.h>
#include <zlib.h>

static const char hello[] = "hello, layer\n";
/* printf 'hello, layer\n' | xz, bzip2, sha256sum */
static const unsigned char hello_xz[] = {
	0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00, 0x00, 0x04, 0xe6, 0xd6, 0xb4, 0x46, 0x02, 0x00, 0x21,
	0x01, 0x16, 0x00, 0x00, 0x00, 0x74, 0x2f, 0xe5, 0xa3, 0x01, 0x00, 0x0c, 0x68, 0x65, 0x6c,
	0x6c, 0x6f, 0x2c, 0x20, 0x6c, 0x61, 0x79, 0x65, 0x72, 0x0a, 0x00, 0x00, 0x00, 0x00, 0xb6,
	0x8b, 0xb8, 0xa4, 0x77, 0xef, 0x98, 0xea, 0x00, 0x01, 0x25, 0x0d, 0x71, 0x19, 0xc4, 0xb6,
	0x1f, 0xb6, 0xf3, 0x7d, 0x01, 0x00, 0x00, 0x00, 0x00, 0x04, 0x59, 0x5a
};
static const unsigned char hello_bzip2[] = { 0x42, 0x5a, 0x68, 0x39, 0x31, 0x41, 0x59, 0x26, 0x53,
					     0x59, 0x86, 0xdd, 0xac, 0x0a, 0x00, 0x00, 0x03, 0x51,
					     0x80, 0x00, 0x10, 0x40, 0x04, 0x22, 0x44, 0x90, 0x20,
					     0x20, 0x00, 0x31, 0x00, 0x30, 0x20, 0x03, 0xd2, 0x14,
					     0x02, 0xde, 0x58, 0xd0, 0xbc, 0x5d, 0xc9, 0x14, 0xe1,
					     0x42, 0x42, 0x1b, 0x76, 0xb0, 0x28 };
#define HELLO_SHA256 "2e3b1cb027bc7b6a2c9c8f9e50c79d9764fafcfa0fa1f30015b0f1da74c50838"

static void add_gzip(struct str *out, const void *bytes, size_t n)
{
	z_stream z = { 0 };
	size_t room = n + n / 100 + 4096;

	ck_assert_int_eq(deflateInit2(&z, 6, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY), Z_OK);
	str_reserve(out, room);
	z.next_in = (unsigned char *)(uintptr_t)bytes;
	z.avail_in = (uInt)n;
	z.next_out = (unsigned char *)out->s + out->len;
	z.avail_out = (uInt)room;
	ck_assert_int_eq(deflate(&z, Z_FINISH), Z_STREAM_END);
	out->len += room - z.avail_out;
	deflateEnd(&z);
}

static void add_zstd(struct str *out, const void *bytes, size_t n, int window_log)
{
	struct error err = { 0 };
	const struct zstd_api *zstd = zstd_lib(&err);
	size_t room = n + n / 100 + 4096, r;
	ZSTD_CCtx *c;
	ZSTD_inBuffer in = { bytes, n, 0 };
	ZSTD_outBuffer o;

	ck_assert_ptr_nonnull(zstd);
	c = zstd->ZSTD_createCCtx();
	if (window_log)
		zstd->ZSTD_CCtx_setParameter(c, ZSTD_c_windowLog, window_log);
	str_reserve(out, room);
	o = (ZSTD_outBuffer){ out->s + out->len, room, 0 };
	if (window_log) /* in two steps, so that the size is not known and the window stays */
		zstd->ZSTD_compressStream2(c, &o, &in, ZSTD_e_continue);
	r = zstd->ZSTD_compressStream2(c, &o, &in, ZSTD_e_end);
	ck_assert_uint_eq(r, 0);
	out->len += o.pos;
	zstd->ZSTD_freeCCtx(c);
}

struct got {
	struct str plain;
	struct digest compressed, plain_digest;
	int64_t compressed_size, plain_size;
	enum compression form;
};
static void got_done(struct got *g)
{
	str_done(&g->plain);
}

static int read_all(int fd, int64_t limit, struct got *g, struct error *err)
{
	struct stream *s = stream_open(fd, limit, err);
	char buf[70000];
	ssize_t n;
	int r = -1;

	if (!s)
		return -1;
	g->form = stream_compression(s);
	while ((n = stream_read(s, buf, sizeof(buf), err)) > 0)
		str_addn(&g->plain, buf, (size_t)n);
	if (n == 0)
		r = stream_finish(s, &g->compressed, &g->compressed_size, &g->plain_digest,
				  &g->plain_size, err);
	stream_close(s);
	return r;
}

static int read_bytes(const struct str *in, struct got *g, struct error *err)
{
	int fd = tar_fd(in), r;

	ck_assert_int_ge(fd, 0);
	r = read_all(fd, -1, g, err);
	close(fd);
	return r;
}

static void make_form(enum compression c, struct str *out)
{
	switch (c) {
	case COMPRESSION_NONE:
		str_add(out, hello);
		break;
	case COMPRESSION_GZIP:
		add_gzip(out, hello, sizeof(hello) - 1);
		break;
	case COMPRESSION_ZSTD:
		add_zstd(out, hello, sizeof(hello) - 1, 0);
		break;
	case COMPRESSION_XZ:
		str_addn(out, (const char *)hello_xz, sizeof(hello_xz));
		break;
	case COMPRESSION_BZIP2:
		str_addn(out, (const char *)hello_bzip2, sizeof(hello_bzip2));
		break;
	}
}

START_TEST(stream_finds_the_form_and_both_digests)
{
	auto_done(str) struct str in = { 0 };
	auto_done(got) struct got g = { 0 };
	struct error err = { 0 };
	char hex[SHA256_HEX];

	make_form((enum compression)_i, &in);
	sha256_bytes(in.s, in.len, hex);
	ck_assert_msg(read_bytes(&in, &g, &err) == 0, "%s", err.text);
	ck_assert_int_eq(g.form, _i);
	ck_assert_str_eq(str_get(&g.plain), hello);
	ck_assert_str_eq(g.plain_digest.hex, HELLO_SHA256);
	ck_assert_str_eq(g.compressed.hex, hex);
	ck_assert_int_eq(g.plain_size, (int)sizeof(hello) - 1);
	ck_assert_int_eq(g.compressed_size, (int64_t)in.len);
}
END_TEST

START_TEST(stream_refuses_data_cut_short)
{
	auto_done(str) struct str in = { 0 };

	make_form((enum compression)(_i + 1), &in);
	for (size_t cut = 7; cut < 12; cut++) {
		auto_done(got) struct got g = { 0 };
		struct error err = { 0 };
		struct str part = { in.s, in.len - cut, in.cap };

		ck_assert_int_eq(read_bytes(&part, &g, &err), -1);
		ck_assert_int_eq(err.kind, ERR_INVALID);
	}
}
END_TEST

START_TEST(stream_refuses_what_follows_the_data)
{
	auto_done(str) struct str in = { 0 };
	auto_done(got) struct got g = { 0 };
	struct error err = { 0 };

	make_form((enum compression)(_i + 1), &in);
	str_add(&in, "this is not compressed data at all");
	ck_assert_int_eq(read_bytes(&in, &g, &err), -1);
	ck_assert_int_eq(err.kind, ERR_INVALID);
}
END_TEST

static const size_t member_sizes[] = { 1, 3, 65536, 262143, 262144, 262145, 700000 };

/* eStargz and pigz write many members; zstd:chunked many frames and skippable ones. */
START_TEST(stream_reads_many_members)
{
	auto_done(str) struct str in = { 0 };
	auto_done(str) struct str plain = { 0 };
	auto_done(got) struct got g = { 0 };
	struct error err = { 0 };
	unsigned seed = 1;

	for (size_t i = 0; i < ARRAY_SIZE(member_sizes); i++) {
		size_t start = plain.len;

		while (plain.len - start < member_sizes[i]) {
			seed = seed * 1103515245 + 12345;
			str_addc(&plain, (char)(seed >> 16));
		}
		if (_i)
			add_zstd(&in, plain.s + start, member_sizes[i], 0);
		else
			add_gzip(&in, plain.s + start, member_sizes[i]);
		if (_i)
			str_addn(&in, "\x50\x2a\x4d\x18\x03\0\0\0abc", 11);
	}
	ck_assert_msg(read_bytes(&in, &g, &err) == 0, "%s", err.text);
	ck_assert_uint_eq(g.plain.len, plain.len);
	ck_assert_int_eq(memcmp(g.plain.s, plain.s, plain.len), 0);
}
END_TEST

START_TEST(stream_reads_no_further_than_its_limit)
{
	auto_done(str) struct str in = { 0 };
	auto_done(got) struct got g = { 0 };
	struct error err = { 0 };
	size_t n;
	int fd;

	str_add(&in, "before");
	make_form((enum compression)_i, &in);
	n = in.len - 6;
	str_add(&in, "behind");
	fd = tar_fd(&in);
	lseek(fd, 6, SEEK_SET);
	ck_assert_msg(read_all(fd, (int64_t)n, &g, &err) == 0, "%s", err.text);
	ck_assert_str_eq(str_get(&g.plain), hello);
	ck_assert_int_eq(lseek(fd, 0, SEEK_CUR), (off_t)(6 + n));
	close(fd);
}
END_TEST

START_TEST(stream_reads_from_a_pipe)
{
	auto_done(str) struct str in = { 0 };
	auto_done(got) struct got g = { 0 };
	struct error err = { 0 };
	int p[2];

	make_form(COMPRESSION_GZIP, &in);
	ck_assert_int_eq(pipe(p), 0);
	ck_assert_int_eq(write(p[1], in.s, in.len), (ssize_t)in.len);
	close(p[1]);
	ck_assert_int_eq(read_all(p[0], -1, &g, &err), 0);
	ck_assert_str_eq(str_get(&g.plain), hello);
	close(p[0]);
}
END_TEST

START_TEST(stream_refuses_a_bomb)
{
	auto_done(str) struct str zeros = { 0 };
	auto_done(str) struct str in = { 0 };
	auto_done(got) struct got g = { 0 };
	struct error err = { 0 };

	str_reserve(&zeros, 80 << 20);
	memset(zeros.s, 0, 80 << 20);
	if (_i)
		add_zstd(&in, zeros.s, 80 << 20, 0);
	else
		add_gzip(&in, zeros.s, 80 << 20);
	ck_assert_int_eq(read_bytes(&in, &g, &err), -1);
	ck_assert_int_eq(err.kind, ERR_LIMIT);
	ck_assert_uint_le(g.plain.len, (64 << 20) + 100 * in.len);
}
END_TEST

START_TEST(stream_refuses_a_huge_window)
{
	auto_done(str) struct str in = { 0 };
	auto_done(got) struct got g = { 0 };
	struct error err = { 0 };

	add_zstd(&in, hello, sizeof(hello) - 1, 28);
	ck_assert_int_eq(read_bytes(&in, &g, &err), -1);
	ck_assert_int_eq(err.kind, ERR_INVALID);
}
END_TEST

struct copy {
	struct str bytes;
};
static int copy_write(void *arg, const void *bytes, size_t n, struct error *err)
{
	str_addn(arg, bytes, n);
	return 0;
}

START_TEST(stream_shows_every_compressed_byte)
{
	auto_done(str) struct str in = { 0 };
	auto_done(str) struct str seen = { 0 };
	auto_done(str) struct str plain = { 0 };
	struct error err = { 0 };
	struct digest a, b;
	struct stream *s;
	int64_t na, nb;
	int fd;

	for (unsigned i = 0; plain.len < 3 << 20; i++)
		str_addf(&plain, "%u,", i * 2654435761u);
	add_gzip(&in, plain.s, plain.len);
	fd = tar_fd(&in);
	s = stream_open(fd, -1, &err);
	ck_assert_ptr_nonnull(s);
	stream_tee(s, &(struct layer_sink){ copy_write, &seen });
	ck_assert_int_eq(stream_finish(s, &a, &na, &b, &nb, &err), 0);
	stream_close(s);
	close(fd);
	ck_assert_uint_eq(seen.len, in.len);
	ck_assert_int_eq(memcmp(seen.s, in.s, in.len), 0);
}
END_TEST

START_TEST(stream_may_be_closed_in_the_middle)
{
	auto_done(str) struct str plain = { 0 };
	auto_done(str) struct str in = { 0 };
	struct error err = { 0 };
	struct stream *s;
	char c;
	int fd;

	for (unsigned i = 0; plain.len < 8 << 20; i++)
		str_addf(&plain, "%u,", i * 2654435761u);
	add_gzip(&in, plain.s, plain.len);
	fd = tar_fd(&in);
	s = stream_open(fd, -1, &err);
	ck_assert_int_eq(stream_read(s, &c, 1, &err), 1);
	stream_close(s);
	close(fd);
}
END_TEST

UNIT_MAIN("image/stream", TEST_LOOP(stream_finds_the_form_and_both_digests, 5),
	  TEST_LOOP(stream_refuses_data_cut_short, 4),
	  TEST_LOOP(stream_refuses_what_follows_the_data, 2), TEST(stream_reads_from_a_pipe),
	  TEST_LOOP(stream_reads_many_members, 2),
	  TEST_LOOP(stream_reads_no_further_than_its_limit, 5), TEST_LOOP(stream_refuses_a_bomb, 2),
	  TEST(stream_refuses_a_huge_window), TEST(stream_shows_every_compressed_byte),
	  TEST(stream_may_be_closed_in_the_middle))
