/* SHA-256: the examples of FIPS 180-4, and of other published test vectors. */
#include "unit.h"
#include "scratch.h"

#include "util/sha256.h"

static const struct {
	const char *text, *hex;
} examples[] = {
	{ "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
	{ "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
	{ "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
	  "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
};

START_TEST(sha256_agrees_with_the_standard)
{
	char hex[SHA256_HEX];

	sha256_bytes(examples[_i].text, strlen(examples[_i].text), hex);
	ck_assert_str_eq(hex, examples[_i].hex);
}
END_TEST

START_TEST(sha256_in_pieces_and_of_a_file_is_the_same)
{
	SCRATCH(s);
	struct error err = { 0 };
	char chunk[1000], hex[SHA256_HEX];
	auto_close int fd = openat(s.fd, "a", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	struct sha256 h;
	int64_t size;

	/* one million times "a" */
	memset(chunk, 'a', sizeof(chunk));
	sha256_init(&h);
	for (int i = 0; i < 1000; i++) {
		sha256_add(&h, chunk, 17);
		sha256_add(&h, chunk, sizeof(chunk) - 17);
		ck_assert_int_eq(fd_write_all(fd, chunk, sizeof(chunk), &err), 0);
	}
	sha256_hex(&h, hex);
	ck_assert_str_eq(hex, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
	lseek(fd, 0, SEEK_SET);
	ck_assert_int_eq(sha256_fd(fd, hex, &size, &err), 0);
	ck_assert_str_eq(hex, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
	ck_assert_int_eq(size, 1000000);
}
END_TEST

/* What one hash has before the other begins, and the pieces in which both get the rest. */
static const struct {
	size_t before, piece;
} shapes[] = { { 0, 64 },  { 512, 64 }, { 512, 4096 }, { 512, 1000 },
	       { 1, 128 }, { 63, 63 },	{ 64, 0 } };

START_TEST(sha256_of_both_is_that_of_each)
{
	char bytes[9000], one[SHA256_HEX], two[SHA256_HEX], want_one[SHA256_HEX],
		want_two[SHA256_HEX];
	size_t before = shapes[_i].before, piece = shapes[_i].piece;
	struct sha256 a, b, c;

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)(i * 31 + i / 251);
	sha256_bytes(bytes, sizeof(bytes), want_one);
	sha256_init(&c);
	sha256_add(&c, bytes, before);
	sha256_add(&c, bytes, sizeof(bytes));
	sha256_hex(&c, want_two);

	sha256_init(&a);
	sha256_init(&b);
	sha256_add(&b, bytes, before);
	for (size_t at = 0; at < sizeof(bytes);) {
		size_t n = piece ? MIN(piece, sizeof(bytes) - at) : sizeof(bytes) - at;

		sha256_add_both(&a, &b, bytes + at, n);
		at += n;
	}
	sha256_hex(&a, one);
	sha256_hex(&b, two);
	ck_assert_str_eq(one, want_one);
	ck_assert_str_eq(two, want_two);
}
END_TEST

UNIT_MAIN("util/sha256", TEST_LOOP(sha256_of_both_is_that_of_each, ARRAY_SIZE(shapes)),
	  TEST_LOOP(sha256_agrees_with_the_standard, ARRAY_SIZE(examples)),
	  TEST(sha256_in_pieces_and_of_a_file_is_the_same))
