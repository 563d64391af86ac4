/*
 * stages.c - tests of src/build/stages.c.
 */
#include "unit.h"

#include "build/stages.h"

static int plan(const char *text, const char *target, const char *arg, struct dockerfile *df,
		struct stages *s, struct error *err)
{
	struct strv args = { 0 }, predefined = { 0 };
	struct stages_input in = { &args, &predefined, target };
	int r;

	if (arg)
		strv_add(&args, arg);
	strv_add(&predefined, "TARGETARCH=amd64");
	ck_assert_int_eq(dockerfile_parse("Dockerfile", text, strlen(text), df, err), 0);
	r = stages_plan(df, &in, s, err);
	strv_done(&args);
	strv_done(&predefined);
	return r;
}

#define FOUR                                                                                       \
	"FROM a AS One\nRUN x\nFROM b AS two\nCOPY --from=ONE x y\nFROM c\nRUN y\n"                \
	"FROM two AS last\nCOPY --from=other/image x y\n"

static const struct {
	const char *target, *needed;
} needs[] = {
	{ NULL, "1101" },  { "last", "1101" }, { "LAST", "1101" }, { "two", "1100" },
	{ "one", "1000" }, { "2", "0010" },    { "0", "1000" },
};

START_TEST(only_what_the_target_needs_is_marked)
{
	struct dockerfile df;
	struct stages s;
	struct error err = { 0 };
	char got[5] = "";

	ck_assert_int_eq(plan(FOUR, needs[_i].target, NULL, &df, &s, &err), 0);
	for (size_t i = 0; i < s.v.n; i++)
		got[i] = s.v.v[i].needed ? '1' : '0';
	ck_assert_str_eq(got, needs[_i].needed);
	stages_done(&s);
	dockerfile_done(&df);
}
END_TEST

static const struct {
	const char *text, *arg, *base; /* of the last stage */
} bases[] = {
	{ "ARG V=1\nFROM debian:$V\n", NULL, "debian:1" },
	{ "ARG V=1\nFROM debian:$V\n", "V=2", "debian:2" },
	{ "ARG V\nFROM debian:${V:-12}\n", NULL, "debian:12" },
	{ "ARG A=x\nARG B=$A-y\nFROM $B\n", NULL, "x-y" },
	{ "FROM img-$TARGETARCH\n", NULL, "img-amd64" },
	{ "FROM a\nARG V=1\nFROM b$V\n", NULL, "b" }, /* an ARG of a stage is not global */
};

START_TEST(from_sees_global_arguments_only)
{
	struct dockerfile df;
	struct stages s;
	struct error err = { 0 };

	ck_assert_int_eq(plan(bases[_i].text, NULL, bases[_i].arg, &df, &s, &err), 0);
	ck_assert_str_eq(s.v.v[s.v.n - 1].base, bases[_i].base);
	stages_done(&s);
	dockerfile_done(&df);
}
END_TEST

START_TEST(a_name_given_twice_means_the_later_stage)
{
	struct dockerfile df;
	struct stages s;
	struct error err = { 0 };

	ck_assert_int_eq(plan("FROM x AS a\nFROM y AS a\nFROM a\n", NULL, NULL, &df, &s, &err), 0);
	ck_assert_int_eq(s.v.v[2].base_stage, 1);
	ck_assert_uint_eq(df.lexed.lints.n, 1);
	ck_assert_str_eq(df.lexed.lints.v[0].rule, "DuplicateStageName");
	stages_done(&s);
	dockerfile_done(&df);
}
END_TEST

START_TEST(scratch_is_no_image_unless_a_stage_has_the_name)
{
	struct dockerfile df;
	struct stages s;
	struct error err = { 0 };

	ck_assert_int_eq(plan("FROM scratch\nFROM x AS scratch\nFROM scratch\n", NULL, NULL, &df,
			      &s, &err),
			 0);
	ck_assert(s.v.v[0].scratch);
	ck_assert(!s.v.v[2].scratch);
	ck_assert_int_eq(s.v.v[2].base_stage, 1);
	stages_done(&s);
	dockerfile_done(&df);
}
END_TEST

static const struct {
	const char *text, *target, *error;
} bad[] = {
	{ "FROM x y\n", NULL, "Dockerfile:1: FROM takes IMAGE or IMAGE AS NAME" },
	{ "FROM x is y\n", NULL, "Dockerfile:1: FROM takes IMAGE or IMAGE AS NAME" },
	{ "FROM x AS 1a\n", NULL,
	  "Dockerfile:1: '1a' is no name for a stage: a letter, then letters, digits, '-', '_', "
	  "'.'" },
	{ "FROM $nothing\n", NULL,
	  "Dockerfile:1: FROM '$nothing' is empty after replacing variables" },
	{ "FROM ${a:?unset}\n", NULL, "Dockerfile:1: '${a:?unset}'" },
	{ "FROM x AS build\n", "biuld", "no stage 'biuld' (did you mean build?)" },
	{ "FROM x\n", "1", "no stage '1'" },
	{ "FROM x AS a\nCOPY --from=a b c\n", NULL,
	  "Dockerfile:2: --from=a: stage 'a' is this one (line 1)" },
	{ "FROM x\nCOPY --from=b b c\nFROM y AS b\nCOPY --from=0 a b\n", NULL,
	  "Dockerfile:2: --from=b: stage 'b' comes later (line 3)" },
	{ "FROM x\nCOPY --from=0 b c\n", NULL,
	  "Dockerfile:2: --from=0: no earlier stage of this number" },
	{ "FROM x\nCOPY --from=$a b c\n", NULL,
	  "Dockerfile:2: --from=$a: no variables here; name a stage FROM $... AS name" },
};

START_TEST(mistakes_are_named)
{
	struct dockerfile df;
	struct stages s;
	struct error err = { 0 };
	char line[ERROR_LINE_MAX];

	ck_assert_int_eq(plan(bad[_i].text, bad[_i].target, NULL, &df, &s, &err), -1);
	error_text(&err, line, sizeof(line));
	ck_assert_msg(strncmp(line, bad[_i].error, strlen(bad[_i].error)) == 0, "%s", line);
	dockerfile_done(&df);
}
END_TEST

UNIT_MAIN("build/stages", TEST_LOOP(only_what_the_target_needs_is_marked, ARRAY_SIZE(needs)),
	  TEST_LOOP(from_sees_global_arguments_only, ARRAY_SIZE(bases)),
	  TEST(a_name_given_twice_means_the_later_stage),
	  TEST(scratch_is_no_image_unless_a_stage_has_the_name),
	  TEST_LOOP(mistakes_are_named, ARRAY_SIZE(bad)))
