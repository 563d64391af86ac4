/*
 * digest.c - tests of oci/digest.
 */
#include "unit.h"

#include "oci/digest.h"
#include "util/mem.h"

/* sha256 of no bytes */
#define EMPTY "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

START_TEST(digest_is_read_and_written)
{
	struct digest d, e = { "" };
	struct error err = { 0 };
	char buf[DIGEST_TEXT_MAX];

	ck_assert(!digest_is_set(&e));
	ck_assert_int_eq(digest_parse("sha256:" EMPTY, &d, &err), 0);
	ck_assert(digest_is_set(&d));
	ck_assert_str_eq(d.hex, EMPTY);
	ck_assert_str_eq(digest_format(&d, buf), "sha256:" EMPTY);
	ck_assert(!digest_eq(&d, &e));
	e = d;
	ck_assert(digest_eq(&d, &e));
}
END_TEST

static const char *const bad[] = {
	"",
	EMPTY,
	"sha256:",
	"sha256:" EMPTY "0",
	"sha256:E3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
	"sha256:g3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
	"sha256:../../../../../../../../../../../../../../../../../../../../../etc",
	"SHA256:" EMPTY,
	"md5:d41d8cd98f00b204e9800998ecf8427e",
	"sha512:" EMPTY EMPTY,
	" sha256:" EMPTY,
	"sha256:" EMPTY "\n",
};

START_TEST(digest_refuses_what_is_none)
{
	struct digest d;
	struct error err = { 0 };

	ck_assert_int_eq(digest_parse(bad[_i], &d, &err), -1);
	ck_assert_int_eq(err.kind, ERR_INVALID);
}
END_TEST

UNIT_MAIN("oci/digest", TEST(digest_is_read_and_written),
	  TEST_LOOP(digest_refuses_what_is_none, ARRAY_SIZE(bad)))
