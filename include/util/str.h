/*
 * str.h - strings that grow, lists of strings, and the small questions asked of strings.
 */
#ifndef UTIL_STR_H
#define UTIL_STR_H

#include "util/mem.h"

#include <string.h>

/* A growing string. A zeroed one is empty and ready; s is NULL until something was added. */
struct str {
	char *s; /* always terminated when not NULL; may hold NULs: len counts */
	size_t len, cap;
};
void str_done(struct str *s);
void str_clear(struct str *s); /* empty, memory kept */
void str_add(struct str *s, const char *text);
void str_addn(struct str *s, const char *bytes, size_t n);
void str_addc(struct str *s, char c);
void str_addf(struct str *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void str_reserve(struct str *s, size_t more); /* room for so many bytes beyond len */
char *str_take(struct str *s);		      /* yours; "" when empty; s is then empty */
const char *str_get(const struct str *s);     /* never NULL */

/* A list of strings, always NULL-terminated when v is not NULL, so that v is an argv. */
struct strv {
	char **v;
	size_t n, cap;
};
#define strv_each(list, item) for (size_t item = 0; item < (list)->n; item++)
void strv_done(struct strv *l);
void strv_add(struct strv *l, const char *s); /* copies */
void strv_take(struct strv *l, char *s);      /* taken */
void strv_addf(struct strv *l, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void strv_copy(struct strv *to, const struct strv *from); /* appends copies */
void strv_remove(struct strv *l, size_t i);
bool strv_has(const struct strv *l, const char *s);
void strv_sort(struct strv *l);				  /* bytewise */
void strv_split(struct strv *l, const char *s, char sep); /* keeps empty parts */
char *strv_join(const struct strv *l, const char *sep);
/* "K=V" lists, as environments are: the value of key, or NULL; set replaces or appends. */
const char *strv_env_get(const struct strv *l, const char *key);
void strv_env_set(struct strv *l, const char *key, const char *value);
void strv_env_unset(struct strv *l, const char *key);

/* A map from string to string, kept sorted by key: labels, annotations. */
struct strmap {
	struct strpair {
		char *key, *value;
	} * v;
	size_t n, cap;
};
void strmap_done(struct strmap *m);
void strmap_set(struct strmap *m, const char *key, const char *value); /* copies; replaces */
bool strmap_unset(struct strmap *m, const char *key);
const char *strmap_get(const struct strmap *m, const char *key); /* NULL when absent */
void strmap_copy(struct strmap *to, const struct strmap *from);	 /* sets each */

bool str_eq(const char *a, const char *b); /* NULL equals NULL only */
bool str_starts(const char *s, const char *prefix);
bool str_ends(const char *s, const char *suffix);
bool str_empty(const char *s); /* NULL or "" */
bool str_is_one_of(const char *s, const char *const *words, size_t n);
/* The nearest of n names within two edits (one for a third of its length), or NULL: "did you mean". */
const char *str_nearest(const char *s, const char *const *names, size_t n);
/* A whole decimal number without sign, blanks or overflow: true and *value. */
bool str_u64(const char *s, uint64_t *value);
bool str_i64(const char *s, int64_t *value); /* the same, with an optional '-' */

/*
 * Appends bytes so that they are safe on a terminal: C0, DEL, C1, invalid UTF-8, U+2028/9 and
 * bidi controls become \xNN. Tabs too unless keep_tabs; newlines always. (SECURITY.md rule 4)
 */
void str_add_escaped(struct str *s, const char *bytes, size_t n, bool keep_tabs);
void str_add_json(struct str *s, const char *text); /* with the quotes, as a JSON string */

#endif
