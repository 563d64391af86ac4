/*
 * instructions.c - the table of Dockerfile instructions.
 *
 * A new instruction is a row here, a do_ function and a golden case.
 */
#include "instructions.h"
#include "builder.h"

#include <ctype.h>
#include <strings.h>

static const struct flag_def from_flags[] = { { "platform", FLAG_VALUE, NULL },
					      { NULL, FLAG_VALUE, NULL } };
static const struct flag_def run_flags[] = {
	{ "mount", FLAG_LIST, NULL },
	{ "network", FLAG_VALUE, NULL },
	{ "security", FLAG_VALUE, NULL },
	{ "device", FLAG_REFUSED, "there are no CDI devices here" },
	{ NULL, FLAG_VALUE, NULL },
};
static const struct flag_def copy_flags[] = {
	{ "from", FLAG_VALUE, NULL },  { "chown", FLAG_VALUE, NULL },
	{ "chmod", FLAG_VALUE, NULL }, { "exclude", FLAG_LIST, NULL },
	{ "link", FLAG_BOOL, NULL },   { "parents", FLAG_BOOL, NULL },
	{ NULL, FLAG_VALUE, NULL },
};
static const struct flag_def add_flags[] = {
	{ "chown", FLAG_VALUE, NULL },	  { "chmod", FLAG_VALUE, NULL },
	{ "exclude", FLAG_LIST, NULL },	  { "link", FLAG_BOOL, NULL },
	{ "unpack", FLAG_BOOL, NULL },	  { "keep-git-dir", FLAG_BOOL, NULL },
	{ "checksum", FLAG_VALUE, NULL }, { NULL, FLAG_VALUE, NULL },
};
static const struct flag_def health_flags[] = {
	{ "interval", FLAG_VALUE, NULL },     { "timeout", FLAG_VALUE, NULL },
	{ "start-period", FLAG_VALUE, NULL }, { "start-interval", FLAG_VALUE, NULL },
	{ "retries", FLAG_VALUE, NULL },      { NULL, FLAG_VALUE, NULL },
};

/* clang-format off */
const struct instruction_def instructions[] = {
	/* name        arguments     variables flags         carried out by  min, max */
	{ "ADD",         ARGS_LIST,    EXPAND,   add_flags,    do_add,         2, 0, "sources and a destination" },
	{ "ARG",         ARGS_NAMES,   EXPAND,   NULL,         do_arg,         1, 0, "NAME or NAME=value" },
	{ "CMD",         ARGS_COMMAND, VERBATIM, NULL,         do_cmd,         0, 0, "a command" },
	{ "COPY",        ARGS_LIST,    EXPAND,   copy_flags,   do_copy,        2, 0, "sources and a destination" },
	{ "ENTRYPOINT",  ARGS_COMMAND, VERBATIM, NULL,         do_entrypoint,  0, 0, "a command" },
	{ "ENV",         ARGS_PAIRS,   EXPAND,   NULL,         do_env,         2, 0, "NAME=value" },
	{ "EXPOSE",      ARGS_WORDS,   EXPAND,   NULL,         do_expose,      1, 0, "ports" },
	{ "FROM",        ARGS_WORDS,   VERBATIM, from_flags,   do_from,        1, 3, "IMAGE or IMAGE AS NAME" },
	{ "HEALTHCHECK", ARGS_HEALTH,  VERBATIM, health_flags, do_healthcheck, 1, 0, "NONE, or CMD and a command" },
	{ "LABEL",       ARGS_PAIRS,   EXPAND,   NULL,         do_label,       2, 0, "NAME=value" },
	{ "MAINTAINER",  ARGS_ONE,     VERBATIM, NULL,         do_maintainer,  1, 1, "a name" },
	{ "ONBUILD",     ARGS_TRIGGER, VERBATIM, NULL,         do_onbuild,     1, 1, "an instruction" },
	{ "RUN",         ARGS_COMMAND, VERBATIM, run_flags,    do_run,         1, 0, "a command" },
	{ "SHELL",       ARGS_JSON,    VERBATIM, NULL,         do_shell,       1, 0, "a JSON array of strings" },
	{ "STOPSIGNAL",  ARGS_ONE,     EXPAND,   NULL,         do_stopsignal,  1, 1, "a signal" },
	{ "USER",        ARGS_ONE,     EXPAND,   NULL,         do_user,        1, 1, "a user" },
	{ "VOLUME",      ARGS_LIST,    EXPAND,   NULL,         do_volume,      1, 0, "paths" },
	{ "WORKDIR",     ARGS_ONE,     EXPAND,   NULL,         do_workdir,     1, 1, "a path" },
};
/* clang-format on */
const size_t n_instructions = ARRAY_SIZE(instructions);

const struct instruction_def *instruction_find(const char *name)
{
	for (size_t i = 0; i < n_instructions; i++)
		if (strcasecmp(instructions[i].name, name) == 0)
			return &instructions[i];
	return NULL;
}

const char *instruction_nearest(const char *name)
{
	const char *names[ARRAY_SIZE(instructions)];
	auto_free char *upper = xstrdup(name);

	for (char *p = upper; *p; p++)
		*p = (char)toupper((unsigned char)*p);
	for (size_t i = 0; i < n_instructions; i++)
		names[i] = instructions[i].name;
	return str_nearest(upper, names, n_instructions);
}

bool instruction_is(const struct instruction *in, const char *name)
{
	return strcmp(in->def->name, name) == 0;
}
