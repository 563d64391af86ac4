/* Typed growing arrays. */
#include "unit.h"

#include "util/vec.h"

struct item {
	int n;
	char pad[12];
};

START_TEST(vec_add_gives_zeroed_elements_and_keeps_the_old)
{
	VEC(struct item) l = { 0 };
	int sum = 0;

	for (int i = 0; i < 1000; i++) {
		struct item *e = vec_add(&l);

		ck_assert_int_eq(e->n, 0);
		ck_assert_int_eq(e->pad[11], 0);
		e->n = i;
		e->pad[11] = 1;
	}
	vec_each (&l, e)
		sum += e->n;
	ck_assert_int_eq(sum, 499500);
	ck_assert_uint_eq(l.n, 1000);
	vec_done(&l);
	ck_assert_ptr_null(l.v);
}
END_TEST

START_TEST(vec_remove_closes_the_gap)
{
	VEC(int) l = { 0 };

	for (int i = 0; i < 5; i++)
		vec_push(&l, i);
	vec_remove(&l, 4);
	vec_remove(&l, 1);
	vec_remove(&l, 0);
	ck_assert_uint_eq(l.n, 2);
	ck_assert_int_eq(l.v[0], 2);
	ck_assert_int_eq(l.v[1], 3);
	vec_done(&l);
}
END_TEST

START_TEST(vec_each_of_an_empty_one_does_nothing)
{
	VEC(int) l = { 0 };
	int n = 0;

	vec_each (&l, e)
		n += *e + 1;
	ck_assert_int_eq(n, 0);
}
END_TEST

UNIT_MAIN("util/vec", TEST(vec_add_gives_zeroed_elements_and_keeps_the_old),
	  TEST(vec_remove_closes_the_gap), TEST(vec_each_of_an_empty_one_does_nothing))
