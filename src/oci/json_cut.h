/*
 * json_cut.h - finding one value in a JSON text without parsing the text.
 */
#ifndef JSON_CUT_H
#define JSON_CUT_H

#include <stdbool.h>
#include <stddef.h>

/*
 * The bytes [*from, *to) of the value at path (names of members from the outermost object on,
 * ended by NULL). False when there is none, when a name is written with escapes, or when the text
 * is no JSON as far as was looked; the value itself is only skipped, not checked.
 */
bool json_cut_find(const char *text, size_t n, const char *const *path, size_t *from, size_t *to);

#endif
