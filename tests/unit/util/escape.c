/* Characters: their UTF-8 (RFC 3629, section 3), and those a terminal would obey. */
#include "unit.h"

#include "util/escape.h"
#include "util/mem.h"

static const struct {
	uint32_t code;
	const char *bytes;
} encoded[] = {
	{ 'A', "A" },
	{ 0x7f, "\x7f" },
	{ 0x80, "\xc2\x80" },
	{ 0x7ff, "\xdf\xbf" },
	{ 0x800, "\xe0\xa0\x80" },
	{ 0x2262, "\xe2\x89\xa2" },
	{ 0xfffd, "\xef\xbf\xbd" },
	{ 0x10000, "\xf0\x90\x80\x80" },
	{ 0x233b4, "\xf0\xa3\x8e\xb4" },
	{ 0x10ffff, "\xf4\x8f\xbf\xbf" },
};

START_TEST(utf8_put_writes_what_the_rfc_says)
{
	char text[5] = { 0 };

	ck_assert_uint_eq(utf8_put(text, encoded[_i].code), strlen(encoded[_i].bytes));
	ck_assert_str_eq(text, encoded[_i].bytes);
}
END_TEST

START_TEST(utf8_next_reads_what_the_rfc_says)
{
	uint32_t code;

	ck_assert_uint_eq(utf8_next(encoded[_i].bytes, strlen(encoded[_i].bytes), &code),
			  strlen(encoded[_i].bytes));
	ck_assert_uint_eq(code, encoded[_i].code);
}
END_TEST

/* cut, overlong, a surrogate, past U+10FFFF, a byte of the middle, two that begin nothing */
static const char *const invalid[] = {
	"\xe2\x89",	    "\xc0\x80", "\xe0\x9f\xbf", "\xed\xa0\x80",
	"\xf4\x90\x80\x80", "\x80",	"\xfe",		"\xff"
};

START_TEST(utf8_next_takes_one_byte_of_what_is_invalid)
{
	uint32_t code = 0;

	ck_assert_uint_eq(utf8_next(invalid[_i], strlen(invalid[_i]), &code), 1);
	ck_assert_uint_eq(code, UINT32_MAX);
	ck_assert(escape_needed(code));
}
END_TEST

START_TEST(escape_is_needed_for_what_a_terminal_obeys_and_for_no_letter)
{
	static const uint32_t obeyed[] = { 0, 0x1b, 0x7f, 0x9b, 0x200f, 0x2028, 0x202e, 0x2066 };
	static const uint32_t text[] = { ' ', 'a', 0xa0, 0xe9, 0x5d0, 0x200d, 0x2030, 0x1f600 };

	for (size_t i = 0; i < ARRAY_SIZE(obeyed); i++)
		ck_assert(escape_needed(obeyed[i]));
	for (size_t i = 0; i < ARRAY_SIZE(text); i++)
		ck_assert(!escape_needed(text[i]));
}
END_TEST

UNIT_MAIN("util/escape", TEST_LOOP(utf8_put_writes_what_the_rfc_says, ARRAY_SIZE(encoded)),
	  TEST_LOOP(utf8_next_reads_what_the_rfc_says, ARRAY_SIZE(encoded)),
	  TEST_LOOP(utf8_next_takes_one_byte_of_what_is_invalid, ARRAY_SIZE(invalid)),
	  TEST(escape_is_needed_for_what_a_terminal_obeys_and_for_no_letter))
