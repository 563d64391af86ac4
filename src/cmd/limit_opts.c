/*
 * limit_opts.c - kinds of values that limits have, and those that cgroup v2 cannot give.
 */
#include "limit_opts.h"

static int cpus_parse(void *field, const char *text, const struct opt *o, struct error *err)
{
	return nano_cpus_parse(text, field, err);
}

static void cpus_init(void *field)
{
	*(int64_t *)field = UNSET;
}

/* -1 and 0 are how scripts say that they do not ask for it. */
static int impossible_parse(void *field, const char *text, const struct opt *o, struct error *err)
{
	if (str_eq(text, "-1") || str_eq(text, "0"))
		return 0;
	return error_set(err, ERR_UNSUPPORTED, "%s", o->help);
}

static void nothing(void *field)
{
}

const struct opt_type opt_nano_cpus = { "number", NULL, cpus_parse, cpus_init, NULL };
const struct opt_type opt_impossible = { "value", NULL, impossible_parse, nothing, NULL };
