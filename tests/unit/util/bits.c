/*
 * bits.c - tests of util/bits, by the examples of cpuset(7) "List format".
 */
#include "unit.h"

#include "util/bits.h"

static bool has(const struct bits *b, size_t n)
{
	return b->w[n / BITS_LONG] >> (n % BITS_LONG) & 1;
}

START_TEST(list_is_read_as_the_kernel_writes_it)
{
	struct bits b;

	ck_assert(bits_parse("0-4,9", &b));
	for (size_t i = 0; i < 64; i++)
		ck_assert_int_eq(has(&b, i), i <= 4 || i == 9);
	ck_assert(bits_parse("0-2,7,12-14", &b));
	ck_assert(has(&b, 7) && has(&b, 13) && !has(&b, 3) && !has(&b, 15));
	ck_assert(bits_parse("8191", &b));
	ck_assert(has(&b, 8191));
	ck_assert(bits_parse("", &b));
	ck_assert_uint_eq(b.w[0], 0);
}
END_TEST

static const char *const wrong[] = { "-1",   "1-",    "3-1", "1,",     ",1",
				     "1,,2", " 1",    "+1",  "1 2",    "8192",
				     "0x1",  "1-2-3", "one", "0-8192", "99999999999999999999",
				     "1;2" };
START_TEST(list_of_another_form_is_refused)
{
	struct bits b;

	ck_assert(!bits_parse(wrong[_i], &b));
}
END_TEST

START_TEST(a_set_is_within_one_that_has_all_of_it)
{
	struct bits few, many;

	bits_parse("2,70", &few);
	bits_parse("0-3,70-71", &many);
	ck_assert(bits_within(&few, &many));
	ck_assert(!bits_within(&many, &few));
	bits_parse("", &few);
	ck_assert(bits_within(&few, &many));
}
END_TEST

UNIT_MAIN("util/bits", TEST(list_is_read_as_the_kernel_writes_it),
	  TEST_LOOP(list_of_another_form_is_refused, sizeof(wrong) / sizeof(wrong[0])),
	  TEST(a_set_is_within_one_that_has_all_of_it))
