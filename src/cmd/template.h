/*
 * template.h - the part of Go's text/template that --format takes (FEATURES.md 5.4).
 *
 * Data are jansson values. Go tells structs from maps, and a list that is nil from nothing at all;
 * JSON does not, so the caller gives a table of the names that need telling apart.
 */
#ifndef CMD_TEMPLATE_H
#define CMD_TEMPLATE_H

#include "util/error.h"
#include "util/str.h"

#include <jansson.h>

/* Limits, named by their errors. */
#define TEMPLATE_TEXT_MAX   65536	       /* bytes of source */
#define TEMPLATE_DEPTH_MAX  64		       /* blocks and parentheses inside each other */
#define TEMPLATE_STEPS_MAX  2000000	       /* nodes visited by one execution */
#define TEMPLATE_OUTPUT_MAX (16 * 1024 * 1024) /* bytes written by one execution */

enum template_shape {
	SHAPE_AUTO,	/* an object is a struct: an absent member is an error */
	SHAPE_MAP,	/* an object is a map: an absent key is <no value>; null prints map[] */
	SHAPE_LIST,	/* null prints [] */
	SHAPE_OPTIONAL, /* null prints <nil>, and asking it for a field is an error */
	SHAPE_ALIAS,	/* another name of the member `alias`; absent, it is "" */
	SHAPE_METHOD, /* called as {{.Label "k"}} on an object of strings; not part of {{json .}} */
};
/*
 * What is known of a member's name: "Labels", or with the name of the struct that holds it,
 * "State.Health". A struct has such a member (as null) even when the JSON leaves it out.
 */
struct template_name {
	const char *name;
	enum template_shape shape;
	const char *alias;
};

enum template_flags {
	TEMPLATE_ESCAPES = 1, /* parse: \t and \n typed literally in the text mean tab and newline */
	TEMPLATE_HEADER = 2, /* execute: data are the headers of a table, which most functions keep */
};

struct template;
/* ERR_INVALID with the column. */
struct template *template_parse(const char *text, unsigned flags, struct error *err);
void template_free(struct template *t);
void template_done(struct template **t); /* auto_done(template) struct template *t = NULL; */
bool template_mentions(const struct template *t, const char *field); /* .field, anywhere */
/*
 * Appends the result to out. names ends with a NULL name, or is NULL. ERR_INVALID for what the
 * data do not have, ERR_LIMIT over a limit above; out then holds what was written before it.
 */
int template_execute(const struct template *t, json_t *data, const struct template_name *names,
		     unsigned flags, struct str *out, struct error *err);

/*
 * Appends JSON text, with indent blanks a level (0: on one line), safe on a terminal. Members
 * whose shape in names is SHAPE_METHOD are left out.
 */
void template_json(json_t *value, int indent, const struct template_name *names, struct str *out);

#endif
