/*
 * What an operand of cp means, and docker's table of sources and destinations.
 */
#include "engine/cp.h"
#include "unit.h"

static struct error err;

static const struct {
	const char *text, *container, *path; /* path NULL: refused */
} operands[] = {
	{ "web:/etc", "web", "/etc" },
	{ "web:etc/x", "web", "etc/x" },
	{ "web:a:b", "web", "a:b" }, /* the first colon counts */
	{ "file", NULL, "file" },
	{ "/a:b", NULL, "/a:b" },
	{ "./a:b", NULL, "./a:b" },
	{ "../a:b", NULL, "../a:b" },
	{ ".a:b", NULL, ".a:b" },
	{ "dir/a:b", NULL, "dir/a:b" }, /* no container has a slash in its name */
	{ "--", NULL, "--" },
	{ ":/etc", NULL, NULL },
	{ "web:", NULL, NULL },
	{ "", NULL, NULL },
};

START_TEST(an_operand_is_a_place_in_a_container_or_here)
{
	struct cp_operand o;
	int r = cp_operand_parse(operands[_i].text, &o, &err);

	ck_assert_int_eq(r, operands[_i].path ? 0 : -1);
	if (r < 0) {
		ck_assert_int_eq(err.kind, ERR_USAGE);
		return;
	}
	ck_assert_pstr_eq(o.container, operands[_i].container);
	ck_assert_str_eq(o.path, operands[_i].path);
	ck_assert(!o.stream);
	cp_operand_done(&o);
}
END_TEST

START_TEST(a_dash_is_a_tar)
{
	struct cp_operand o;

	ck_assert_int_eq(cp_operand_parse("-", &o, &err), 0);
	ck_assert(o.stream);
	ck_assert_ptr_null(o.container);
	ck_assert_ptr_null(o.path);
}
END_TEST

#define REFUSED (-1)
static const struct {
	enum cp_source from;
	enum cp_target to;
	int plain, slash; /* the action, also when the destination has a slash behind it */
} cases[] = {
	{ CP_FILE, CP_AT_DIR, CP_INTO, CP_INTO },
	{ CP_FILE, CP_AT_FILE, CP_AS, REFUSED },
	{ CP_FILE, CP_AT_NOTHING, CP_AS, REFUSED },
	{ CP_FILE, CP_AT_NOWHERE, REFUSED, REFUSED },
	{ CP_FILE, CP_OUT_TAR, CP_STREAM, CP_STREAM },
	{ CP_DIR, CP_AT_DIR, CP_INTO, CP_INTO },
	{ CP_DIR, CP_AT_FILE, REFUSED, REFUSED },
	{ CP_DIR, CP_AT_NOTHING, CP_AS, CP_AS },
	{ CP_DIR, CP_AT_NOWHERE, REFUSED, REFUSED },
	{ CP_DIR, CP_OUT_TAR, CP_STREAM, CP_STREAM },
	{ CP_CONTENTS, CP_AT_DIR, CP_MERGE, CP_MERGE },
	{ CP_CONTENTS, CP_AT_FILE, REFUSED, REFUSED },
	{ CP_CONTENTS, CP_AT_NOTHING, CP_AS, CP_AS },
	{ CP_CONTENTS, CP_AT_NOWHERE, REFUSED, REFUSED },
	{ CP_CONTENTS, CP_OUT_TAR, CP_STREAM, CP_STREAM },
	{ CP_IN_TAR, CP_AT_DIR, CP_MERGE, CP_MERGE },
	{ CP_IN_TAR, CP_AT_FILE, REFUSED, REFUSED },
	{ CP_IN_TAR, CP_AT_NOTHING, REFUSED, REFUSED },
	{ CP_IN_TAR, CP_AT_NOWHERE, REFUSED, REFUSED },
	{ CP_IN_TAR, CP_OUT_TAR, REFUSED, REFUSED },
};

static void expect(size_t i, bool slash, int want)
{
	enum cp_action action;
	struct error why = { 0 };
	int r = cp_plan(cases[i].from, cases[i].to, slash, &action, &why);

	if (want == REFUSED) {
		ck_assert_int_eq(r, -1);
		ck_assert_int_eq(why.kind, ERR_INVALID);
	} else {
		ck_assert_int_eq(r, 0);
		ck_assert_int_eq(action, want);
	}
}

START_TEST(each_source_meets_each_destination_as_in_docker)
{
	expect((size_t)_i, false, cases[_i].plain);
	expect((size_t)_i, true, cases[_i].slash);
}
END_TEST

START_TEST(the_table_of_this_test_is_whole)
{
	ck_assert_uint_eq(sizeof(cases) / sizeof(*cases), CP_SOURCES * CP_TARGETS);
}
END_TEST

UNIT_MAIN("engine/cp_plan",
	  TEST_LOOP(an_operand_is_a_place_in_a_container_or_here,
		    sizeof(operands) / sizeof(*operands)),
	  TEST(a_dash_is_a_tar),
	  TEST_LOOP(each_source_meets_each_destination_as_in_docker, sizeof(cases) / sizeof(*cases)),
	  TEST(the_table_of_this_test_is_whole))
