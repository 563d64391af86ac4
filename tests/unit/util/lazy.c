/* Libraries mapped at first use. */
#include "unit.h"

#include "util/lazy.h"

struct math_api {
	double (*cbrt)(double);
};
static struct math_api math;
static const struct lazy_symbol math_symbols[] = { LAZY_SYMBOL(struct math_api, cbrt), LAZY_END };
static struct lazy math_lazy = LAZY("math", "libm.so.6", &math, math_symbols);
LAZY_NOTE(math, "libm.so.6", "a test", "required");

static char line[ERROR_LINE_MAX];

START_TEST(lazy_load_fills_the_table_once)
{
	struct error err = { 0 };

	ck_assert_int_eq(lazy_load(&math_lazy, &err), 0);
	ck_assert_int_eq((int)(math.cbrt(27.0) + 0.5), 3);
	ck_assert_int_eq(lazy_load(&math_lazy, &err), 0);
}
END_TEST

START_TEST(lazy_load_of_a_missing_library_says_which)
{
	static struct lazy none = LAZY("zzz", "libzzz-none.so.1", &math, math_symbols);
	struct error err = { 0 };

	ck_assert_int_eq(lazy_load(&none, &err), -1);
	ck_assert_int_eq(err.kind, ERR_UNSUPPORTED);
	ck_assert_str_eq(error_text(&err, line, sizeof(line)),
			 "zzz: libzzz-none.so.1 is not installed");
	ck_assert_str_ne(err.hint, "");
}
END_TEST

START_TEST(lazy_load_of_a_missing_function_says_which)
{
	static const struct lazy_symbol symbols[] = { { "no_such_function_here", 0 }, LAZY_END };
	static struct lazy l = LAZY("math", "libm.so.6", &math, symbols);
	struct error err = { 0 };

	ck_assert_int_eq(lazy_load(&l, &err), -1);
	ck_assert_str_eq(error_text(&err, line, sizeof(line)),
			 "math: this libm.so.6 has no no_such_function_here");
}
END_TEST

UNIT_MAIN("util/lazy", TEST(lazy_load_fills_the_table_once),
	  TEST(lazy_load_of_a_missing_library_says_which),
	  TEST(lazy_load_of_a_missing_function_says_which))
