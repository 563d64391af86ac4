/*
 * fields.h - JSON objects as C structs: one table reads, writes and frees, so they cannot disagree.
 *
 *	static const struct field user_fields[] = {
 *		F_INT(struct spec_user, uid, "uid"),
 *		F_LIST(struct spec_user, groups, "additionalGids", ...), F_END };
 *
 * A mistake in the text reads "process: user: uid: expected an integer". C types by macro:
 * F_STR char *; F_BOOL bool; F_TRI int (-1 unset, 0, 1); F_INT int64_t (UNSET when absent);
 * F_STRV struct strv; F_INTS VEC(int64_t); F_MAP struct strmap; F_OBJ a struct inside;
 * F_PTR a pointer to a struct (NULL when absent); F_VEC VEC(struct); F_RAW char * (any JSON value
 * as compact text); F_SET struct strv written as {"key":{}} (ExposedPorts, Volumes).
 * F_REFUSED a member of the format that we cannot honour: ERR_UNSUPPORTED unless it is null, false,
 * 0 or empty; it has no place in the struct.
 */
#ifndef UTIL_FIELDS_H
#define UTIL_FIELDS_H

#include "util/error.h"
#include "util/str.h"
#include "util/vec.h"

#include <jansson.h>

#define UNSET INT64_MIN /* an integer that was not given */

enum field_type {
	FIELD_END,
	FIELD_STR,
	FIELD_BOOL,
	FIELD_TRI,
	FIELD_INT,
	FIELD_STRV,
	FIELD_INTS,
	FIELD_MAP,
	FIELD_OBJ,
	FIELD_PTR,
	FIELD_VEC,
	FIELD_RAW,
	FIELD_SET,
	FIELD_REFUSED,
};
enum field_flags {
	FIELD_REQUIRED = 1, /* absent is an error */
	FIELD_KEEP = 2,	    /* written even when empty (by default what is empty is left out) */
	FIELD_UNSIGNED = 4, /* INT, or RAW holding one: the 64 bits are an unsigned number */
};
struct field {
	const char *name;
	enum field_type type;
	unsigned flags;
	size_t offset;
	const struct field *sub; /* OBJ, PTR, VEC */
	size_t size;		 /* of the struct behind PTR, VEC */
};
#define F_CHECK_(s, m, t) (0 * sizeof(1 ? &((s *)0)->m : (t *)0))
#define F_(s, m, n, T, ctype, fl)                                                                  \
	{                                                                                          \
		.name = (n), .type = (T), .flags = (fl),                                           \
		.offset = offsetof(s, m) + F_CHECK_(s, m, ctype)                                   \
	}
#define F_STR_(s, m, n, fl)  F_(s, m, n, FIELD_STR, char *, fl)
#define F_STR(s, m, n)	     F_STR_(s, m, n, 0)
#define F_BOOL_(s, m, n, fl) F_(s, m, n, FIELD_BOOL, bool, fl)
#define F_BOOL(s, m, n)	     F_BOOL_(s, m, n, 0)
#define F_TRI(s, m, n)	     F_(s, m, n, FIELD_TRI, int, 0)
#define F_INT_(s, m, n, fl)  F_(s, m, n, FIELD_INT, int64_t, fl)
#define F_INT(s, m, n)	     F_INT_(s, m, n, 0)
#define F_STRV_(s, m, n, fl) F_(s, m, n, FIELD_STRV, struct strv, fl)
#define F_STRV(s, m, n)	     F_STRV_(s, m, n, 0)
#define F_REFUSED(n)                                                                               \
	{                                                                                          \
		.name = (n), .type = FIELD_REFUSED                                                 \
	}
#define F_INTS(s, m, n)                                                                            \
	{                                                                                          \
		.name = (n), .type = FIELD_INTS, .offset = offsetof(s, m)                          \
	}
#define F_MAP_(s, m, n, fl) F_(s, m, n, FIELD_MAP, struct strmap, fl)
#define F_MAP(s, m, n)	    F_MAP_(s, m, n, 0)
#define F_SET(s, m, n)	    F_(s, m, n, FIELD_SET, struct strv, 0)
#define F_RAW_(s, m, n, fl) F_(s, m, n, FIELD_RAW, char *, fl)
#define F_RAW(s, m, n)	    F_RAW_(s, m, n, 0)
#define F_OBJ_(s, m, n, table, fl)                                                                 \
	{                                                                                          \
		.name = (n), .type = FIELD_OBJ, .flags = (fl), .offset = offsetof(s, m),           \
		.sub = (table)                                                                     \
	}
#define F_OBJ(s, m, n, table) F_OBJ_(s, m, n, table, 0)
#define F_PTR(s, m, n, table)                                                                      \
	{                                                                                          \
		.name = (n), .type = FIELD_PTR, .offset = offsetof(s, m), .sub = (table),          \
		.size = sizeof(*((s *)0)->m)                                                       \
	}
#define F_VEC_(s, m, n, table, fl)                                                                 \
	{                                                                                          \
		.name = (n), .type = FIELD_VEC, .flags = (fl), .offset = offsetof(s, m),           \
		.sub = (table), .size = sizeof(*((s *)0)->m.v)                                     \
	}
#define F_VEC(s, m, n, table) F_VEC_(s, m, n, table, 0)
#define F_END                                                                                      \
	{                                                                                          \
		.type = FIELD_END                                                                  \
	}

enum fields_mode {
	FIELDS_LENIENT, /* unknown members are ignored, as the image formats ask for */
	FIELDS_STRICT,	/* an unknown member is ERR_INVALID with the nearest name */
};

/* All that a parse needs to refuse: size, depth, duplicate keys. */
struct fields_limits {
	size_t max_bytes; /* ERR_LIMIT over it */
	unsigned max_depth;
};

/*
 * Fills *out, which must hold the struct's unset state (fields_init) and is back in it on failure.
 * ERR_INVALID with the path. null is the same as absent.
 */
int fields_load(const struct field *table, json_t *json, void *out, enum fields_mode mode,
		struct error *err);
/* The same from text; limits apply (duplicate keys are refused, NUL and bad UTF-8 too). */
int fields_parse(const struct field *table, const char *text, size_t n,
		 const struct fields_limits *limits, enum fields_mode mode, void *out,
		 struct error *err);
void fields_init(const struct field *table, void *out); /* zero, with -1 and UNSET where due */
void fields_done(const struct field *table, void *out); /* frees what members own; then as init */
/* Fills *to, which must hold the unset state, with copies of all that the table names. */
void fields_copy(const struct field *table, void *to, const void *from);
json_t *fields_store(const struct field *table, const void *in); /* a new reference */
/*
 * Appends compact JSON (pretty: indented by 4) without going through jansson. Left out, unless
 * FIELD_KEEP says otherwise: NULL, UNSET, -1 of a TRI, false, empty lists and maps, and a struct
 * inside of which nothing is written. An empty string is written. A RAW must be valid JSON.
 */
void fields_format(const struct field *table, const void *in, bool pretty, struct str *out);

/* Appends compact JSON, which must be valid, indented by 4 as Go's MarshalIndent does it. */
void json_indent(const char *text, size_t n, struct str *out);

/*
 * jansson with the limits (NULL: none): a new reference or NULL. Integers from 2^63 to 2^64-1 are
 * read as the negative number of the same bits, so that "no limit" fits an int64_t as -1.
 */
json_t *json_parse(const char *text, size_t n, const struct fields_limits *limits, struct error *err);
void json_done(json_t **json); /* auto_done(json) json_t *j = NULL; */

#endif
