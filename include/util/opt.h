/*
 * opt.h - option tables: one row gives parsing, --help, the synopsis and completion.
 *
 * A row names a member of the command's argument struct and refuses one of the wrong C type.
 * Defaults: strings NULL, integers UNSET (-1 for seconds "no limit" is a value), lists empty,
 * booleans false, tri-states -1.
 */
#ifndef UTIL_OPT_H
#define UTIL_OPT_H

#include "util/error.h"
#include "util/fields.h" /* UNSET */
#include "util/str.h"

struct opt;
/* A kind of value. parse stores text into field; ERR_USAGE with the reason only ("must be ..."). */
struct opt_type {
	const char *name;     /* shown in help as the argument: "string", "bytes"; NULL: a flag */
	const char *complete; /* completion class: "file", "dir", "container", "image", ... or NULL */
	int (*parse)(void *field, const char *text, const struct opt *o, struct error *err);
	void (*init)(void *field);
	void (*done)(void *field);
};
extern const struct opt_type opt_flag, opt_tri, opt_string, opt_list, opt_int, opt_secs, opt_bytes,
	opt_duration, opt_enum, opt_env, opt_map;

enum opt_flags { OPT_HIDDEN = 1, OPT_OPTIONAL = 2 /* --pull or --pull=always */ };
struct opt {
	char letter; /* 0: long only */
	const char *name;
	const struct opt_type *type;
	size_t offset;
	const char *help;
	const char *value;   /* the argument's name in help when not the type's; enum: "a|b|c" */
	const char *assumed; /* with OPT_OPTIONAL: the value when none is given */
	unsigned flags;
};
#define OPT_(l, n, t, s, m, ctype, h)                                                              \
	.letter = (l), .name = (n), .type = (t),                                                   \
	.offset = offsetof(struct s, m) + F_CHECK_(struct s, m, ctype), .help = (h)
#define OPT_FLAG(l, n, s, m, h)                                                                    \
	{                                                                                          \
		OPT_(l, n, &opt_flag, s, m, bool, h)                                               \
	}
#define OPT_TRI(l, n, s, m, h)                                                                     \
	{                                                                                          \
		OPT_(l, n, &opt_tri, s, m, int, h)                                                 \
	} /* --x, --x=false */
#define OPT_STRING(l, n, s, m, v, h)                                                               \
	{                                                                                          \
		OPT_(l, n, &opt_string, s, m, char *, h), .value = (v)                             \
	}
#define OPT_LIST(l, n, s, m, v, h)                                                                 \
	{                                                                                          \
		OPT_(l, n, &opt_list, s, m, struct strv, h), .value = (v)                          \
	}
#define OPT_INT(l, n, s, m, h)                                                                     \
	{                                                                                          \
		OPT_(l, n, &opt_int, s, m, int64_t, h)                                             \
	}
#define OPT_SECS(l, n, s, m, h)                                                                    \
	{                                                                                          \
		OPT_(l, n, &opt_secs, s, m, int64_t, h)                                            \
	}
#define OPT_BYTES(l, n, s, m, h)                                                                   \
	{                                                                                          \
		OPT_(l, n, &opt_bytes, s, m, int64_t, h)                                           \
	}
#define OPT_DURATION(l, n, s, m, h)                                                                \
	{                                                                                          \
		OPT_(l, n, &opt_duration, s, m, int64_t, h)                                        \
	} /* ns */
#define OPT_MAP(l, n, s, m, v, h)                                                                  \
	{                                                                                          \
		OPT_(l, n, &opt_map, s, m, struct strmap, h), .value = (v)                         \
	}
/* one of "a|b|c", stored as char * */
#define OPT_ENUM(l, n, s, m, choices, h)                                                           \
	{                                                                                          \
		OPT_(l, n, &opt_enum, s, m, char *, h), .value = (choices)                         \
	}
/* any other type: rows of .type = &your_type */
#define OPT_TYPE(l, n, t, s, m, ctype, h)                                                          \
	{                                                                                          \
		OPT_(l, n, t, s, m, ctype, h)                                                      \
	}
#define OPT_END                                                                                    \
	{                                                                                          \
		.name = NULL                                                                       \
	}

enum opt_order {
	OPT_MIXED, /* options anywhere before "--" */
	OPT_FIRST, /* options end at the first operand (run, exec) */
};
/*
 * Parses argv[1..] into args (initialised here) and the operands. --name=value, --name value, -n
 * value, -nvalue, grouped flags, unambiguous long names only in full. ERR_USAGE with the nearest
 * name for an unknown option. "--help" / "-h" (where h is not taken): returns 1, else 0.
 */
int opt_parse(const struct opt *const tables[], int argc, char **argv, enum opt_order order,
	      void *args, struct strv *operands, struct error *err);
/*
 * The way back: appends the words that give the row's value in args ("--name=value"), nothing when
 * it is not given. False: the row is of a type that only its owner can write.
 */
bool opt_words(const struct opt *o, const void *args, struct strv *words);
void opt_done(const struct opt *const tables[], void *args);
void opt_help(const struct opt *const tables[], struct str *out); /* the aligned option lines */

#endif
