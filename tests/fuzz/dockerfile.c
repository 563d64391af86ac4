/*
 * dockerfile.c - fuzz: bytes -> instructions. What was parsed and printed parses to the same
 * again, line numbers lie within the text, and all lints have rules.
 */
#include "build/instructions.h"
#include "build/lint.h"
#include "fuzz.h"

static void format_all(const struct dockerfile *df, struct str *out)
{
	if (df->lexed.escape != '\\')
		str_addf(out, "# escape=%c\n", df->lexed.escape);
	vec_each (&df->list, in)
		instruction_format(in, out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dockerfile one, two;
	struct stages stages;
	struct strv none = { 0 };
	struct stages_input input = { &none, &none, NULL };
	struct error err = { 0 };
	struct str first = { 0 }, second = { 0 };

	if (size > 65536 || dockerfile_parse("F", (const char *)data, size, &one, &err) < 0)
		return 0;
	vec_each (&one.list, in)
		FUZZ_CHECK(in->line >= 1 && in->line <= one.lexed.n_lines);
	format_all(&one, &first);
	FUZZ_CHECK(dockerfile_parse("F", first.s, first.len, &two, &err) == 0);
	FUZZ_CHECK(one.list.n == two.list.n);
	for (size_t i = 0; i < one.list.n; i++) {
		const struct instruction *a = &one.list.v[i], *b = &two.list.v[i];

		FUZZ_CHECK(a->def == b->def && a->exec == b->exec && a->args.n == b->args.n);
		FUZZ_CHECK(a->flags.n == b->flags.n && a->docs.n == b->docs.n);
		strv_each (&a->args, k)
			FUZZ_CHECK(strcmp(a->args.v[k], b->args.v[k]) == 0);
	}
	format_all(&two, &second);
	FUZZ_CHECK(strcmp(str_get(&first), str_get(&second)) == 0);
	if (stages_plan(&one, &input, &stages, &err) == 0) {
		struct lint_input lints = { .predefined = &none };

		dockerfile_lint(&one, &stages, &lints);
		vec_each (&one.lexed.lints, l)
			FUZZ_CHECK(lint_rule_find(l->rule) && l->line >= 1 &&
				   l->line <= one.lexed.n_lines);
		stages_done(&stages);
	}
	str_done(&first);
	str_done(&second);
	dockerfile_done(&one);
	dockerfile_done(&two);
	return 0;
}
