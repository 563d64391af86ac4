/*
 * dockerfile.h - a Dockerfile from its bytes to instructions: lex.c makes lines, parse.c instructions.
 *
 * Pure: nothing here opens a file. Errors read "Dockerfile:7: unknown instruction 'RUNN' (did you
 * mean RUN?)"; the name in front is the one the user gave.
 * Spec   the Dockerfile reference (FEATURES B1-B45).
 */
#ifndef BUILD_DOCKERFILE_H
#define BUILD_DOCKERFILE_H

#include "util/error.h"
#include "util/str.h"
#include "util/vec.h"

#define DOCKERFILE_MAX	     (4 << 20) /* bytes of a Dockerfile */
#define DOCKERFILE_INSTR_MAX 10000     /* instructions in it */

struct heredoc {
	char *word;  /* the terminator, quotes removed; the file name in COPY <<word */
	char *body;  /* as written, with its newlines */
	bool chomp;  /* <<-: leading tabs of the body do not count */
	bool expand; /* the word was not quoted: variables of the body are expanded by COPY, ADD */
	unsigned line; /* of the word */
};
typedef VEC(struct heredoc) heredocs;
void heredocs_done(heredocs *h);
void heredocs_copy(heredocs *to, const heredocs *from);
/* The body as it is used: without leading tabs when chomp is set. Yours. */
char *heredoc_text(const struct heredoc *h);

/* One instruction's text: continuation lines joined, comments gone, blanks at both ends gone. */
struct line {
	unsigned no; /* of its first line, from 1 */
	char *text;
	char *comment; /* the comment lines right above it, without '#' and blanks; or NULL */
	heredocs docs;
};

/* What is legal but probably not meant. The rules have buildkit's names. */
struct lint {
	unsigned line;
	const char *rule; /* static: "MaintainerDeprecated" */
	char *text;
};

struct lexed {
	char escape;  /* '\\' or '`' */
	char *syntax; /* of "# syntax=", or NULL */
	char *check;  /* of "# check=", or NULL */
	unsigned n_lines;
	VEC(struct line) lines;
	VEC(struct lint) lints;
};
/* name is for messages. ERR_INVALID, ERR_LIMIT. Fills out, which the caller empties in any case. */
int lex_dockerfile(const char *name, const char *text, size_t n, struct lexed *out,
		   struct error *err);
void lexed_done(struct lexed *l);
void lint_add(struct lexed *l, unsigned line, const char *rule, const char *fmt, ...)
	PRINTF_LIKE(4, 5);

struct flag_def;
struct instruction_def;
struct flag {
	const struct flag_def *def;
	char *value;
};
struct instruction {
	const struct instruction_def *def;
	unsigned line;
	char *word;    /* the instruction's, as written */
	char *text;    /* all behind it, as written, joined to one line */
	char *comment; /* of the line; or NULL */
	VEC(struct flag) flags;
	/*
	 * By the kind of arguments (instructions.h): words, the elements of the JSON array, or the
	 * whole text as one. Quotes and variables are still in them. ENV and LABEL: name, value,
	 * name, value, ... HEALTHCHECK: NONE or CMD first.
	 */
	struct strv args;
	bool exec; /* args came from a JSON array */
	heredocs docs;
	char *stored; /* ONBUILD: the instruction to be stored, else NULL */
};
void instruction_done(struct instruction *in);
const char *instruction_flag(const struct instruction *in, const char *name); /* NULL: not given */
bool instruction_has(const struct instruction *in, const char *name); /* --link, --parents: true */

struct dockerfile {
	char *name;
	struct lexed lexed; /* directives and lints; its lines are gone after parsing */
	VEC(struct instruction) list;
};
/* Lexes and parses. On failure df is empty. */
int dockerfile_parse(const char *name, const char *text, size_t n, struct dockerfile *df,
		     struct error *err);
void dockerfile_done(struct dockerfile *df);
/*
 * One instruction out of a line (ONBUILD triggers come from images): in is filled, or empty after
 * an error, which does not name the place.
 */
int instruction_parse(const struct line *l, struct lexed *lx, struct instruction *in,
		      struct error *err);
/* The text that parses to the same instruction again, with heredocs, ended by a newline. */
void instruction_format(const struct instruction *in, struct str *out);

/*
 * Words of ENV, LABEL and ARG: split at blanks outside quotes; quotes and escapes stay, so that
 * expand_word() can tell what was quoted.
 */
void words_split(const char *text, char escape, struct strv *words);
/* "<<EOF", "<<-'EOF'", "3<<EOF" as a whole word: fills word, chomp, expand. */
bool heredoc_word(const char *word, struct heredoc *h);
bool is_blank(char c);

#endif
