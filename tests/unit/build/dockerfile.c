/*
 * dockerfile.c - tests of src/build/lex.c, parse.c and instructions.c.
 */
#include "unit.h"

#include "build/instructions.h"

static void dump(const struct dockerfile *df, struct str *out)
{
	if (df->lexed.syntax)
		str_addf(out, "syntax %s\n", df->lexed.syntax);
	if (df->lexed.check)
		str_addf(out, "check %s\n", df->lexed.check);
	if (df->lexed.escape != '\\')
		str_addf(out, "escape %c\n", df->lexed.escape);
	vec_each (&df->list, in) {
		str_addf(out, "%u %s%s\n", in->line, in->def->name, in->exec ? " exec" : "");
		vec_each (&in->flags, f)
			str_addf(out, "\t--%s=%s\n", f->def->name, f->value);
		strv_each (&in->args, i)
			str_addf(out, "\t|%s|\n", in->args.v[i]);
		vec_each (&in->docs, d) {
			auto_free char *text = heredoc_text(d);

			str_addf(out, "\t<<%s%s\n%s", d->word, d->expand ? "" : " plain", text);
		}
		if (in->stored)
			str_addf(out, "\tstored: %s\n", in->stored);
	}
	vec_each (&df->lexed.lints, l)
		str_addf(out, "lint %u %s: %s\n", l->line, l->rule, l->text);
}

static const char *const golden[] = { "classic", "continuation", "directives", "json", "heredoc" };

START_TEST(dockerfile_becomes_instructions)
{
	auto_free char *in = xasprintf("tests/data/build/%s.Dockerfile", golden[_i]);
	auto_free char *want = xasprintf("build/%s.txt", golden[_i]);
	static char text[65536];
	struct error err = { 0 };
	struct dockerfile df;
	struct str out = { 0 };
	char line[ERROR_LINE_MAX];
	FILE *f = fopen(in, "r");
	size_t n;

	ck_assert_ptr_nonnull(f);
	n = fread(text, 1, sizeof(text), f);
	fclose(f);
	ck_assert_msg(dockerfile_parse("Dockerfile", text, n, &df, &err) == 0, "%s",
		      error_text(&err, line, sizeof(line)));
	dump(&df, &out);
	unit_golden(want, str_get(&out));
	dockerfile_done(&df);
	str_done(&out);
}
END_TEST

static const struct {
	const char *text, *error;
} bad[] = {
	{ "", "Dockerfile: no instructions" },
	{ "# only\n\n#comments\n", "Dockerfile: no instructions" },
	{ "ARG a\n", "Dockerfile: no FROM" },
	{ "FROM x\n\n\nRUNN x\n", "Dockerfile:4: unknown instruction 'RUNN' (did you mean RUN?)" },
	{ "FROM x\nfoobar x\n", "Dockerfile:2: unknown instruction 'foobar'" },
	{ "RUN x\n", "Dockerfile:1: RUN in front of the first FROM (only ARG may be)" },
	{ "FROM x\nENV a\n", "Dockerfile:2: ENV: 'a' has no value" },
	{ "FROM x\nENV a=b c\n", "Dockerfile:2: ENV: no '=' in 'c'" },
	{ "FROM x\nENV =b\n", "Dockerfile:2: ENV: the name in front of '=' is empty" },
	{ "FROM x\nENV\n", "Dockerfile:2: ENV takes NAME=value" },
	{ "FROM x\nLABEL a\n", "Dockerfile:2: LABEL: 'a' has no value" },
	{ "FROM x\nARG\n", "Dockerfile:2: ARG takes NAME or NAME=value" },
	{ "FROM x\nCOPY a\n", "Dockerfile:2: COPY takes sources and a destination" },
	{ "FROM x\nADD [\"a\"]\n", "Dockerfile:2: ADD takes sources and a destination" },
	{ "FROM x\nCOPY --form=a b c\n",
	  "Dockerfile:2: COPY: unknown flag --form (did you mean --from?)" },
	{ "FROM x\nCOPY --chown a b c\n", "Dockerfile:2: COPY: --chown needs a value" },
	{ "FROM x\nCOPY --chown=a --chown=b c d\n", "Dockerfile:2: COPY: --chown is given twice" },
	{ "FROM x\nCOPY --link=yes a b\n", "Dockerfile:2: COPY: --link=yes: true or false" },
	{ "FROM x\nCOPY --link --link a b\n", "Dockerfile:2: COPY: --link is given twice" },
	{ "FROM x\nADD --parents a b\n", "Dockerfile:2: ADD: unknown flag --parents" },
	{ "FROM x\nRUN --device=nvidia.com/gpu true\n",
	  "Dockerfile:2: RUN: --device is not supported: there are no CDI devices here" },
	{ "FROM x\n\nRUN --mount=type=cache,tagret=/x true\n",
	  "Dockerfile:3: RUN: --mount=type=cache,tagret=/x: unknown key 'tagret' (did you mean "
	  "target?)" },
	{ "FROM x\nWORKDIR --x=1 /a\n", "Dockerfile:2: WORKDIR: unknown flag --x" },
	{ "FROM x\nRUN\n", "Dockerfile:2: RUN takes a command" },
	{ "FROM x\nCMD\n", "Dockerfile:2: CMD takes a command" },
	{ "FROM x\nRUN []\n", "Dockerfile:2: RUN takes a command" },
	{ "FROM x\nSHELL bash -c\n", "Dockerfile:2: SHELL takes a JSON array of strings" },
	{ "FROM x\nSHELL []\n", "Dockerfile:2: SHELL takes a JSON array of strings" },
	{ "FROM x y\n", NULL }, /* said by stages_plan */
	{ "FROM x as y z\n", "Dockerfile:1: FROM takes IMAGE or IMAGE AS NAME" },
	{ "FROM x\nHEALTHCHECK\n", "Dockerfile:2: HEALTHCHECK takes NONE, or CMD and a command" },
	{ "FROM x\nHEALTHCHECK NONE x\n", "Dockerfile:2: HEALTHCHECK NONE takes no arguments" },
	{ "FROM x\nHEALTHCHECK CMD\n",
	  "Dockerfile:2: HEALTHCHECK takes NONE, or CMD and a command" },
	{ "FROM x\nHEALTHCHECK CMD []\n", "Dockerfile:2: HEALTHCHECK CMD needs a command" },
	{ "FROM x\nHEALTHCHECK RUN x\n",
	  "Dockerfile:2: HEALTHCHECK takes NONE, or CMD and a command" },
	{ "FROM x\nONBUILD ONBUILD RUN x\n", "Dockerfile:2: ONBUILD ONBUILD is not allowed" },
	{ "FROM x\nONBUILD FROM y\n", "Dockerfile:2: ONBUILD FROM is not allowed" },
	{ "FROM x\nONBUILD MAINTAINER y\n", "Dockerfile:2: ONBUILD MAINTAINER is not allowed" },
	{ "FROM x\nONBUILD\n", "Dockerfile:2: ONBUILD takes an instruction" },
	{ "FROM x\nONBUILD RUNN y\n",
	  "Dockerfile:2: ONBUILD: unknown instruction 'RUNN' (did you mean RUN?)" },
	{ "FROM x\nEXPOSE\n", "Dockerfile:2: EXPOSE takes ports" },
	{ "FROM x\nVOLUME\n", "Dockerfile:2: VOLUME takes paths" },
	{ "FROM x\nRUN <<EOF\nnever\n", "Dockerfile:2: heredoc 'EOF' has no end" },
	{ "# escape=x\nFROM x\n", "Dockerfile:1: escape must be \\ or `, not 'x'" },
	{ "# escape=`\n# ESCAPE=`\nFROM x\n",
	  "Dockerfile:2: parser directive 'ESCAPE' is given twice" },
	{ "# syntax=a\n# syntax=b\n", "Dockerfile:2: parser directive 'syntax' is given twice" },
};

START_TEST(mistakes_name_file_and_line)
{
	struct error err = { 0 };
	struct dockerfile df;
	char line[ERROR_LINE_MAX];
	int r = dockerfile_parse("Dockerfile", bad[_i].text, strlen(bad[_i].text), &df, &err);

	if (!bad[_i].error) {
		ck_assert_int_eq(r, 0);
		dockerfile_done(&df);
		return;
	}
	ck_assert_int_eq(r, -1);
	ck_assert_str_eq(error_text(&err, line, sizeof(line)), bad[_i].error);
}
END_TEST

START_TEST(a_nul_byte_is_refused_with_its_line)
{
	struct error err = { 0 };
	struct dockerfile df;
	char line[ERROR_LINE_MAX];

	ck_assert_int_eq(dockerfile_parse("F", "FROM x\nRUN \0y\n", 14, &df, &err), -1);
	ck_assert_str_eq(error_text(&err, line, sizeof(line)), "F:2: a NUL byte");
}
END_TEST

START_TEST(too_many_instructions_are_a_limit)
{
	struct str text = { 0 };
	struct error err = { 0 };
	struct dockerfile df;

	str_add(&text, "FROM x\n");
	for (int i = 0; i < DOCKERFILE_INSTR_MAX; i++)
		str_add(&text, "CMD x\n");
	ck_assert_int_eq(dockerfile_parse("F", text.s, text.len, &df, &err), -1);
	ck_assert_int_eq(err.kind, ERR_LIMIT);
	str_done(&text);
}
END_TEST

START_TEST(a_very_long_line_is_read)
{
	struct str text = { 0 };
	struct error err = { 0 };
	struct dockerfile df;

	str_add(&text, "FROM x\nRUN ");
	for (int i = 0; i < 30000; i++)
		str_add(&text, "echo \\\n");
	str_add(&text, "end\n");
	ck_assert_int_eq(dockerfile_parse("F", text.s, text.len, &df, &err), 0);
	ck_assert_uint_eq(strlen(df.list.v[1].args.v[0]), 30000 * 5 + 3);
	dockerfile_done(&df);
	str_done(&text);
}
END_TEST

UNIT_MAIN("build/dockerfile", TEST_LOOP(dockerfile_becomes_instructions, ARRAY_SIZE(golden)),
	  TEST_LOOP(mistakes_name_file_and_line, ARRAY_SIZE(bad)),
	  TEST(a_nul_byte_is_refused_with_its_line), TEST(too_many_instructions_are_a_limit),
	  TEST(a_very_long_line_is_read))
