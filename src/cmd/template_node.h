/*
 * template_node.h - private to the template files: tokens, the tree, values.
 */
#ifndef TEMPLATE_NODE_H
#define TEMPLATE_NODE_H

#include "template.h"

enum token_type {
	TOK_END,
	TOK_TEXT,
	TOK_OPEN,   /* {{ */
	TOK_CLOSE,  /* }} */
	TOK_DOT,    /* . alone */
	TOK_FIELD,  /* .Name; the span is Name */
	TOK_VAR,    /* $ or $name; the span is name */
	TOK_WORD,   /* a function, a keyword, true, false, nil */
	TOK_STRING, /* "..." with its quotes */
	TOK_RAW,    /* `...` with its quotes */
	TOK_CHAR,   /* '.' with its quotes */
	TOK_NUMBER,
	TOK_PIPE,
	TOK_LPAREN,
	TOK_RPAREN,
	TOK_DECLARE, /* := */
	TOK_ASSIGN,  /* = */
	TOK_COMMA,
};
/* A span of the source. */
struct token {
	enum token_type type;
	bool spaced; /* a blank stands before it: ".A .B" are two words, ".A.B" is one */
	size_t at;
	const char *s;
	size_t n;
};
struct lexer {
	const char *s;
	size_t n, at;
	bool inside; /* between {{ and }} */
	bool trim;   /* the last }} was -}} */
};
int lex_next(struct lexer *lex, struct token *t, struct error *err);
/* The value of a string, raw, character or number token; yours. NULL: malformed, ERR_INVALID. */
json_t *literal_parse(const struct token *t, struct error *err);
/* "template: column 7: ..." */
int template_error(struct error *err, size_t at, const char *fmt, ...) PRINTF_LIKE(3, 4);

enum node_type {
	NODE_TEXT,   /* text */
	NODE_ACTION, /* first: a pipe */
	NODE_IF,     /* first: a pipe, body, otherwise */
	NODE_WITH,   /* the same */
	NODE_RANGE,  /* the same */
	NODE_BREAK,
	NODE_CONTINUE,
	NODE_PIPE,    /* names: variables set; first: commands */
	NODE_COMMAND, /* first: words */
	NODE_DOT,     /* names: a chain of fields, for this and the next two */
	NODE_VAR,     /* text: its name */
	NODE_PARENS,  /* first: a pipe */
	NODE_CALL,    /* text: the function */
	NODE_LITERAL, /* value; NULL: nil */
};
struct node {
	enum node_type type;
	size_t at;
	char *text;
	size_t len;
	struct strv names;
	bool assigns; /* PIPE: = and not := */
	json_t *value;
	struct node *first, *body, *otherwise, *next;
};
struct template
{
	struct node *body;
};
void node_free(struct node *n); /* with all that follows */

/* A value while a template runs. */
struct value {
	json_t *json; /* owned; NULL: absent, printed as <no value> */
	enum template_shape shape;
	const char *name; /* the member it was found as, or "" */
};
void value_done(struct value *v);
struct value value_copy(const struct value *v); /* with a reference of its own */
bool value_true(const struct value *v);
struct value value_string(const char *s, size_t n);
struct value value_of(json_t *taken);
const char *value_type(const struct value *v);		  /* "string", "map", ... for messages */
void value_print(const struct value *v, struct str *out); /* as %v */
void value_printf(const struct value *args, size_t n, struct str *out); /* args[0]: the format */
void value_sprint(const struct value *args, size_t n, bool line, struct str *out);

struct function {
	const char *name;
	int min, max;	   /* arguments; max -1: any number */
	bool keeps_header; /* gives its last string argument back when the data are headers */
	int (*call)(const struct value *args, size_t n, const struct template_name *names,
		    struct value *result, struct error *err);
};
const struct function *function_find(const char *name);

#endif
