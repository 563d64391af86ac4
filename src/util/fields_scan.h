/*
 * fields_scan.h - the quick way from JSON text to a struct. Private to util.
 */
#ifndef UTIL_FIELDS_SCAN_H
#define UTIL_FIELDS_SCAN_H

#include "util/fields.h"

/*
 * Fills *out, which holds its unset state, from text, without building a tree: true. False for all
 * that is unusual, wrong or over a limit (*out is then unset again): fields_load() decides about
 * that, with its messages. What is accepted is what fields_load() would have accepted, with the
 * same result.
 */
bool fields_scan(const struct field *table, const char *text, size_t n, unsigned max_depth,
		 enum fields_mode mode, void *out);

#endif
