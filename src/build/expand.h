/*
 * expand.h - variables and quotes of a Dockerfile word.
 */
#ifndef BUILD_EXPAND_H
#define BUILD_EXPAND_H

#include "util/error.h"
#include "util/str.h"

#define EXPAND_MAX	 (128 << 10) /* bytes of a value: the kernel's MAX_ARG_STRLEN */
#define EXPAND_DEPTH_MAX 64	     /* of ${a:-${b:-...}} */
#define EXPAND_WORK_MAX	 (64 << 20)  /* bytes copied and compared for one word */

/*
 * word with its quotes and escapes taken off and $v ${v} ${v:-w} ${v-w} ${v:+w} ${v+w} ${v:?e}
 * ${v?e} ${v#p} ${v##p} ${v%p} ${v%%p} ${v/p/r} ${v//p/r} replaced from env ("K=V" each, names
 * unique). ERR_INVALID with the reason, ERR_LIMIT. *out is yours.
 */
int expand_word(const char *word, char escape, const struct strv *env, char **out, struct error *err);
/* The same, split at unquoted blanks after the replacement, as EXPOSE wants it. Appends. */
int expand_words(const char *word, char escape, const struct strv *env, struct strv *out,
		 struct error *err);
/*
 * The names that word uses, without a default or replacement of their own, and env does not have.
 * Appends each once; a word that cannot be expanded uses none.
 */
void expand_unset(const char *word, char escape, bool quotes, const struct strv *env,
		  struct strv *unset);
/* Variables only: quotes stay what they are (bodies of heredocs). */
int expand_text(const char *text, char escape, const struct strv *env, char **out, struct error *err);

/* pattern.c: the patterns of # % / : only * and ? are special, \ makes them plain. */
enum pattern_op { PATTERN_PREFIX, PATTERN_SUFFIX, PATTERN_REPLACE, PATTERN_REPLACE_ALL };
/*
 * Appends value without the matching prefix or suffix (longest: the longest one), or with the
 * matches replaced. *work counts down; below zero is ERR_LIMIT.
 */
int pattern_apply(enum pattern_op op, bool longest, const char *pattern, const char *value,
		  const char *replacement, long *work, struct str *out, struct error *err);

#endif
