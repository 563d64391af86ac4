/*
 * filters.h - --filter KEY=VALUE: conditions with one key are alternatives, those with different
 * keys must all hold; of labels, all must hold (as docker has it).
 */
#ifndef CMD_FILTERS_H
#define CMD_FILTERS_H

#include "util/error.h"
#include "util/str.h"
#include "util/vec.h"

struct filter {
	char *key, *value;
	bool unequal; /* label!=x */
};
struct filters {
	VEC(struct filter) v;
};
void filters_done(struct filters *f);
/* known ends with NULL. ERR_USAGE with the nearest key. "dangling" alone means dangling=true. */
int filters_parse(const struct strv *texts, const char *const known[], struct filters *f,
		  struct error *err);
bool filters_have(const struct filters *f, const char *key);
const char *filters_first(const struct filters *f, const char *key); /* its value, or NULL */
/* No condition has the key, or one of those that have it is met. */
bool filters_match(const struct filters *f, const char *key,
		   bool (*met)(const char *value, const void *arg), const void *arg);
bool filters_match_labels(const struct filters *f, const struct strmap *labels);
/* "until": a time or an age; true when there is none, or when at_ns is before it. */
int filters_match_until(const struct filters *f, int64_t at_ns, bool *matches, struct error *err);

#endif
