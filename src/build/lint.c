/*
 * lint.c - the rules that look at more than one line, and which rules are wanted.
 *
 * Never  fails a build; what is wrong is an error of parsing or building.
 * Spec   Docker's build checks; FEATURES B3, B45.
 */
#include "lint.h"
#include "lint_parts.h"

#include <ctype.h>
#include <stdio.h>
#include <strings.h>

const struct lint_rule lint_rules[] = {
	{ "ConsistentInstructionCasing", "all instructions are in upper case, or all in lower case",
	  false },
	{ "CopyIgnoredFile", "the ignore file leaves out what is to be copied", false },
	{ "DuplicateStageName", "each stage has a name of its own", false },
	{ "ExposeInvalidFormat", "EXPOSE takes a port, without addresses or the host's port", false },
	{ "ExposeProtoCasing", "protocols are in lower case", false },
	{ "FromAsCasing", "AS is written as FROM is", false },
	{ "FromPlatformFlagConstDisallowed", "--platform of FROM is no constant", false },
	{ "InvalidBaseImagePlatform", "the base image is made for the platform that is built for",
	  false },
	{ "InvalidDefaultArgInFrom", "without build arguments FROM still names an image", false },
	{ "InvalidDefinitionDescription", "a comment above ARG or FROM begins with the name", true },
	{ "JSONArgsRecommended", "CMD and ENTRYPOINT are JSON arrays, so that signals arrive", false },
	{ "LegacyKeyValueFormat", "ENV and LABEL are written name=value", false },
	{ "MaintainerDeprecated", "the author is a label", false },
	{ "MultipleInstructionsDisallowed", "only the last one in a stage counts", false },
	{ "NoEmptyContinuation", "continued instructions have no empty lines", false },
	{ "RedundantTargetPlatform", "the target platform is FROM's default", false },
	{ "ReservedStageName", "scratch and context are no names of stages", false },
	{ "SecretsUsedInArgOrEnv", "secrets are mounted, not put into ARG or ENV", false },
	{ "StageNameCasing", "names of stages are in lower case", false },
	{ "UndefinedArgInFrom", "FROM uses ARGs that are there", false },
	{ "UndefinedVar", "variables are set before they are used", false },
	{ "WorkdirRelativePath", "the first WORKDIR is absolute", false },
};
const size_t n_lint_rules = ARRAY_SIZE(lint_rules);

const struct lint_rule *lint_rule_find(const char *name)
{
	for (size_t i = 0; i < n_lint_rules; i++)
		if (strcmp(lint_rules[i].name, name) == 0)
			return &lint_rules[i];
	return NULL;
}

/* ---- the whole file ---- */

static bool all_of(const char *word, int (*is)(int))
{
	for (; *word; word++)
		if (isalpha((unsigned char)*word) && !is((unsigned char)*word))
			return false;
	return true;
}

static void lint_casing(struct dockerfile *df)
{
	size_t lower = 0, upper = 0;
	bool to_lower;

	vec_each (&df->list, in) {
		lower += all_of(in->word, islower);
		upper += all_of(in->word, isupper);
	}
	to_lower = lower > upper;
	vec_each (&df->list, in)
		if (!all_of(in->word, to_lower ? islower : isupper))
			lint_add(&df->lexed, in->line, "ConsistentInstructionCasing",
				 "'%s' should be in %s case, as most instructions are", in->word,
				 to_lower ? "lower" : "upper");
}

static bool comment_names(const char *comment, const char *name)
{
	auto_done(strv) struct strv lines = { 0 };
	size_t n = strlen(name);

	strv_split(&lines, comment, '\n');
	strv_each (&lines, i)
		if (strncmp(lines.v[i], name, n) == 0 && (!lines.v[i][n] || lines.v[i][n] == ' '))
			return true;
	return false;
}

static bool is_check(const char *comment)
{
	return str_starts(comment, "check=") || str_starts(comment, "check =");
}

static void lint_description(struct dockerfile *df, const struct instruction *in)
{
	const char *value;
	auto_free char *name = NULL;

	if (!in->comment || is_check(in->comment))
		return;
	if (instruction_is(in, "FROM") && in->args.n == 3)
		name = xstrdup(in->args.v[2]);
	else if (instruction_is(in, "ARG") && in->args.n == 1)
		name = arg_name(in->args.v[0], &value);
	if (name && !comment_names(in->comment, name))
		lint_add(&df->lexed, in->line, "InvalidDefinitionDescription",
			 "the comment should be '# %s <description>', or an empty line apart", name);
}

static int by_line(const void *a, const void *b)
{
	const struct lint *x = a, *y = b;

	if (x->line != y->line)
		return x->line < y->line ? -1 : 1;
	return strcmp(x->rule, y->rule);
}

void dockerfile_lint(struct dockerfile *df, const struct stages *s, const struct lint_input *in)
{
	lint_casing(df);
	vec_each (&df->list, instruction) {
		if (instruction_is(instruction, "MAINTAINER"))
			lint_add(&df->lexed, instruction->line, "MaintainerDeprecated",
				 "write LABEL org.opencontainers.image.authors=... instead");
		lint_description(df, instruction);
	}
	lint_from(df, s, in);
	lint_stages(df, s, in);
	if (df->lexed.lints.n)
		qsort(df->lexed.lints.v, df->lexed.lints.n, sizeof(*df->lexed.lints.v), by_line);
}

/* ---- what is wanted ---- */

void lint_options_done(struct lint_options *o)
{
	strv_done(&o->skip);
	strv_done(&o->experimental);
	*o = (struct lint_options){ 0 };
}

static void add_names(struct strv *to, const char *text)
{
	auto_done(strv) struct strv names = { 0 };

	strv_split(&names, text, ',');
	strv_each (&names, i) {
		char *name = names.v[i];
		size_t n;

		while (is_blank(*name))
			name++;
		n = strlen(name);
		while (n && is_blank(name[n - 1]))
			name[--n] = '\0';
		if (n)
			strv_add(to, name);
	}
}

int lint_options_parse(const char *text, struct lint_options *o, struct error *err)
{
	auto_done(strv) struct strv parts = { 0 };

	*o = (struct lint_options){ 0 };
	if (str_empty(text))
		return 0;
	strv_split(&parts, text, ';');
	strv_each (&parts, i) {
		const char *part = parts.v[i];

		while (is_blank(*part))
			part++;
		if (str_starts(part, "skip=")) {
			add_names(&o->skip, part + 5);
		} else if (str_starts(part, "experimental=")) {
			add_names(&o->experimental, part + 13);
		} else if (strcasecmp(part, "error=true") == 0 ||
			   strcasecmp(part, "error=false") == 0) {
			o->error = strcasecmp(part, "error=true") == 0;
		} else if (*part) {
			lint_options_done(o);
			return error_set(
				err, ERR_INVALID,
				"check '%s': skip=RULE,..., error=true or experimental=RULE,...",
				part);
		}
	}
	return 0;
}

static bool has(const struct strv *names, const char *rule)
{
	return strv_has(names, rule) || strv_has(names, "all");
}

/* "# check=skip=RULE" among the comment lines above the instruction of the line */
static bool skipped_above(const struct dockerfile *df, const struct lint *l)
{
	vec_each (&df->list, in) {
		auto_done(strv) struct strv lines = { 0 };

		if (in->line != l->line || !in->comment)
			continue;
		strv_split(&lines, in->comment, '\n');
		strv_each (&lines, i) {
			struct error ignored = { 0 }; /* then it is a comment like any other */
			struct lint_options o;
			bool skip;

			if (!str_starts(lines.v[i], "check=") ||
			    lint_options_parse(lines.v[i] + 6, &o, &ignored) < 0)
				continue;
			skip = has(&o.skip, l->rule);
			lint_options_done(&o);
			if (skip)
				return true;
		}
	}
	return false;
}

void dockerfile_lint_filter(struct dockerfile *df, const struct lint_options *o)
{
	for (size_t i = df->lexed.lints.n; i-- > 0;) {
		struct lint *l = &df->lexed.lints.v[i];
		const struct lint_rule *rule = lint_rule_find(l->rule);
		bool asked = has(&o->experimental, l->rule);

		if (!has(&o->skip, l->rule) && (!rule || !rule->experimental || asked) &&
		    !skipped_above(df, l))
			continue;
		free(l->text);
		vec_remove(&df->lexed.lints, i);
	}
}
