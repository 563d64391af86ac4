/*
 * header.h - private: the headers of an answer that have a grammar of their own.
 */
#ifndef HEADER_H
#define HEADER_H

#include "util/error.h"
#include "util/str.h"
#include "util/vec.h"

#define HEADER_MAX ((size_t)64 << 10) /* bytes of one line */

/* One challenge of a WWW-Authenticate header, RFC 9110 11.6.1. */
struct challenge {
	char *scheme;	      /* lower case */
	struct strmap params; /* keys in lower case */
};
typedef VEC(struct challenge) challenges;
void challenges_done(challenges *l);
/* Appends all of one header's value. Quoted commas are text. ERR_INVALID. */
int challenges_parse(const char *value, challenges *l, struct error *err);
const struct challenge *challenge_find(const challenges *l, const char *scheme); /* or NULL */

/* Seconds to wait by a Retry-After header, which has seconds or a date; -1: not understood. */
int64_t retry_after_parse(const char *value, int64_t now);
/* "bytes 10-19/20": true; *total is -1 for an asterisk. */
bool content_range_parse(const char *value, int64_t *first, int64_t *last, int64_t *total);
/* "0-19" or "bytes=0-19", which a registry answers to a chunk: how many bytes it has. -1: neither. */
int64_t upload_range_parse(const char *value);
/* The target of the link with rel="next"; NULL: there is none. Yours. */
char *link_next(const char *value);
/* May the token stand in an Authorization header? b64token of RFC 6750. */
bool token_is_valid(const char *token);

#endif
