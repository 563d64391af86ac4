/*
 * cp_plan.c - what `cp` was asked for: its operands, and docker's table of sources and destinations.
 *
 * Pure: what is there has been looked up before.
 */
#include "engine/cp.h"

void cp_operand_done(struct cp_operand *o)
{
	free(o->container);
	free(o->path);
	*o = (struct cp_operand){ 0 };
}

int cp_operand_parse(const char *text, struct cp_operand *o, struct error *err)
{
	const char *colon = strchr(text, ':');

	*o = (struct cp_operand){ .stream = strcmp(text, "-") == 0 };
	if (o->stream)
		return 0;
	if (!*text)
		return error_set(err, ERR_USAGE, "an empty name");
	if (!colon || text[0] == '.' || memchr(text, '/', (size_t)(colon - text))) {
		o->path = xstrdup(text);
		return 0;
	}
	if (colon == text) {
		error_set(err, ERR_USAGE, "'%s': no container before the colon", text);
		return error_hint(err, "a file of this host whose name has a colon: './%s'", text);
	}
	if (!colon[1])
		return error_set(err, ERR_USAGE, "'%s': no path behind the colon", text);
	o->container = xstrndup(text, (size_t)(colon - text));
	o->path = xstrdup(colon + 1);
	return 0;
}

enum verdict { NO = -1 }; /* beside the actions: the text says why not */
static const struct {
	int action;
	const char *why;
} table[CP_SOURCES][CP_TARGETS] = {
	[CP_FILE] = {
		[CP_AT_DIR] = { CP_INTO, NULL },
		[CP_AT_FILE] = { CP_AS, NULL },
		[CP_AT_NOTHING] = { CP_AS, NULL },
		[CP_AT_NOWHERE] = { NO, "the directory of the destination does not exist" },
		[CP_OUT_TAR] = { CP_STREAM, NULL },
	},
	[CP_DIR] = {
		[CP_AT_DIR] = { CP_INTO, NULL },
		[CP_AT_FILE] = { NO, "a directory cannot be copied onto a file" },
		[CP_AT_NOTHING] = { CP_AS, NULL },
		[CP_AT_NOWHERE] = { NO, "the directory of the destination does not exist" },
		[CP_OUT_TAR] = { CP_STREAM, NULL },
	},
	[CP_CONTENTS] = {
		[CP_AT_DIR] = { CP_MERGE, NULL },
		[CP_AT_FILE] = { NO, "a directory cannot be copied onto a file" },
		[CP_AT_NOTHING] = { CP_AS, NULL },
		[CP_AT_NOWHERE] = { NO, "the directory of the destination does not exist" },
		[CP_OUT_TAR] = { CP_STREAM, NULL },
	},
	[CP_IN_TAR] = {
		[CP_AT_DIR] = { CP_MERGE, NULL },
		[CP_AT_FILE] = { NO, "a tar is unpacked into a directory, and the destination is none" },
		[CP_AT_NOTHING] = { NO, "the directory to unpack the tar into does not exist" },
		[CP_AT_NOWHERE] = { NO, "the directory to unpack the tar into does not exist" },
		[CP_OUT_TAR] = { NO, "a tar from stdin cannot go to stdout" },
	},
};

int cp_plan(enum cp_source from, enum cp_target to, bool slash, enum cp_action *action,
	    struct error *err)
{
	const char *why = table[from][to].why;

	/* "new/" names a directory, and a file would not become one */
	if (!why && slash && to == CP_AT_FILE)
		why = "the destination is not a directory";
	if (!why && slash && to == CP_AT_NOTHING && from == CP_FILE)
		why = "the destination directory does not exist";
	if (why)
		return error_set(err, ERR_INVALID, "%s", why);
	*action = (enum cp_action)table[from][to].action;
	return 0;
}
