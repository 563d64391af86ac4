/*
 * platform.c - tests of oci/platform.
 */
#include "unit.h"

#include "oci/platform.h"

#include <sys/utsname.h>

static const struct {
	const char *text, *platform; /* NULL: refused */
} texts[] = {
	{ "linux/amd64", "linux/amd64" },
	{ "linux/arm64", "linux/arm64/v8" },
	{ "linux/arm64/v8", "linux/arm64/v8" },
	{ "linux/arm", "linux/arm/v7" },
	{ "linux/arm/v6", "linux/arm/v6" },
	{ "arm64", "linux/arm64/v8" },
	{ "x86_64", "linux/amd64" },
	{ "linux/aarch64", "linux/arm64/v8" },
	{ "linux/armhf", "linux/arm/v7" },
	{ "linux/armel", "linux/arm/v6" },
	{ "Linux/AMD64", "linux/amd64" },
	{ "windows/amd64", "windows/amd64" },
	{ "linux/i386", "linux/386" },
	{ "linux/riscv64", "linux/riscv64" },
	{ "", NULL },
	{ "linux/", NULL },
	{ "/amd64", NULL },
	{ "linux/amd64/v1/x", NULL },
	{ "linux/am d64", NULL },
	{ "linux/*", NULL },
};

START_TEST(platform_is_read_in_all_spellings)
{
	struct platform p;
	struct error err = { 0 };
	char *text;

	if (!texts[_i].platform) {
		ck_assert_int_eq(platform_parse(texts[_i].text, &p, &err), -1);
		ck_assert_int_eq(err.kind, ERR_INVALID);
		return;
	}
	ck_assert_int_eq(platform_parse(texts[_i].text, &p, &err), 0);
	text = platform_format(&p);
	ck_assert_str_eq(text, texts[_i].platform);
	free(text);
	platform_done(&p);
}
END_TEST

/* -1 the first fits better, 1 the second, 0 none; wanted | first | second */
static const struct {
	const char *wanted, *first, *second;
	int better;
} choices[] = {
	{ "linux/amd64", "linux/amd64", "linux/arm64", -1 },
	{ "linux/amd64", "windows/amd64", "linux/amd64", 1 },
	{ "linux/amd64", "linux/arm64", "linux/386", 0 },
	{ "linux/arm/v7", "linux/arm/v6", "linux/arm/v7", 1 },
	{ "linux/arm/v6", "linux/arm/v6", "linux/arm/v7", -1 },
	{ "linux/arm/v6", "linux/arm/v7", "linux/arm/v8", 0 },
	{ "linux/arm/v7", "linux/arm/v5", "linux/arm/v6", 1 },
	{ "linux/arm64/v8", "linux/arm64/v9", "linux/arm64", 1 },
	{ "linux/amd64/v2", "linux/amd64/v3", "linux/amd64", 1 },
	{ "linux/amd64/v3", "linux/amd64/v3", "linux/amd64/v2", -1 },
	{ "linux/amd64", "linux/amd64/v9", "linux/amd64", 1 },
	{ "linux/ppc64le/power9", "linux/ppc64le/power8", "linux/ppc64le/power9", 1 },
};

START_TEST(platform_prefers_the_best_variant_that_runs)
{
	struct platform wanted, first, second;
	struct error err = { 0 };
	int a, b;

	ck_assert_int_eq(platform_parse(choices[_i].wanted, &wanted, &err), 0);
	ck_assert_int_eq(platform_parse(choices[_i].first, &first, &err), 0);
	ck_assert_int_eq(platform_parse(choices[_i].second, &second, &err), 0);
	a = platform_match(&wanted, &first);
	b = platform_match(&wanted, &second);
	if (choices[_i].better < 0)
		ck_assert_int_gt(a, b);
	else if (choices[_i].better > 0)
		ck_assert_int_gt(b, a);
	else
		ck_assert(a == 0 && b == 0);
	platform_done(&wanted);
	platform_done(&first);
	platform_done(&second);
}
END_TEST

START_TEST(platform_without_os_or_architecture_never_fits)
{
	struct platform wanted, empty = { 0 };

	platform_host(&wanted);
	ck_assert_int_eq(platform_match(&wanted, &empty), 0);
	ck_assert_int_gt(platform_match(&wanted, &wanted), 0);
	platform_done(&wanted);
}
END_TEST

START_TEST(platform_of_the_host_has_its_go_name)
{
	struct platform p;
	struct utsname u;

	uname(&u);
	platform_host(&p);
	ck_assert_str_eq(p.os, "linux");
	if (strcmp(u.machine, "x86_64") == 0)
		ck_assert_str_eq(p.architecture, "amd64");
	if (strcmp(u.machine, "aarch64") == 0)
		ck_assert_str_eq(p.architecture, "arm64");
	platform_done(&p);
}
END_TEST

UNIT_MAIN("oci/platform", TEST_LOOP(platform_is_read_in_all_spellings, ARRAY_SIZE(texts)),
	  TEST_LOOP(platform_prefers_the_best_variant_that_runs, ARRAY_SIZE(choices)),
	  TEST(platform_without_os_or_architecture_never_fits),
	  TEST(platform_of_the_host_has_its_go_name))
