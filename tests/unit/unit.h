/*
 * unit.h - what every unit test file shares: Check, a main, and golden files.
 *
 *	START_TEST(reference_refuses_uppercase_name) { ... } END_TEST
 *	UNIT_MAIN("oci/reference", TEST(reference_refuses_uppercase_name), ...)
 */
#ifndef UNIT_H
#define UNIT_H

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct unit_case {
	const TTest *test;
	int loops; /* 0: once; else the test is run with _i from 0 to loops-1 */
};
#define TEST(fn)                                                                                   \
	{                                                                                          \
		fn, 0                                                                              \
	}
#define TEST_LOOP(fn, n)                                                                           \
	{                                                                                          \
		fn, (int)(n)                                                                       \
	}

static inline int unit_run(const char *name, const struct unit_case *cases, size_t n)
{
	Suite *s = suite_create(name);
	TCase *tc = tcase_create(name);
	SRunner *sr;
	int failed;

	tcase_set_timeout(tc, 60);
	for (size_t i = 0; i < n; i++)
		if (cases[i].loops)
			tcase_add_loop_test(tc, cases[i].test, 0, cases[i].loops);
		else
			tcase_add_test(tc, cases[i].test);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

#define UNIT_MAIN(name, ...)                                                                       \
	int main(void)                                                                             \
	{                                                                                          \
		const struct unit_case unit_cases[] = { __VA_ARGS__ };                             \
		return unit_run(name, unit_cases, sizeof(unit_cases) / sizeof(unit_cases[0]));     \
	}

/* The text of tests/data/<path>; to be freed. */
static inline char *unit_read(const char *path)
{
	char name[512], *text;
	FILE *f;
	long size;

	snprintf(name, sizeof(name), "tests/data/%s", path);
	f = fopen(name, "r");
	ck_assert_msg(f != NULL, "no file %s", name);
	fseek(f, 0, SEEK_END);
	size = ftell(f);
	rewind(f);
	text = calloc(1, (size_t)size + 1);
	ck_assert_uint_eq(fread(text, 1, (size_t)size, f), (size_t)size);
	fclose(f);
	return text;
}

/*
 * Compares text with tests/data/<path>; with GOLDEN=rewrite in the environment it writes the file
 * instead, and the diff is part of the review.
 */
static inline void unit_golden(const char *path, const char *text)
{
	const char *mode = getenv("GOLDEN");
	char *want;

	if (mode && strcmp(mode, "rewrite") == 0) {
		char name[512];
		FILE *f;

		snprintf(name, sizeof(name), "tests/data/%s", path);
		f = fopen(name, "w");
		ck_assert_msg(f != NULL, "cannot write %s", name);
		fputs(text, f);
		fclose(f);
		return;
	}
	want = unit_read(path);
	ck_assert_msg(strcmp(want, text) == 0, "tests/data/%s differs:\n--- want\n%s\n--- got\n%s",
		      path, want, text);
	free(want);
}

#endif
