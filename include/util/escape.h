/*
 * escape.h - one character of untrusted text at a time, made safe.
 */
#ifndef UTIL_ESCAPE_H
#define UTIL_ESCAPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Decodes the UTF-8 sequence at s (n > 0 bytes) and returns its length; *code is the code point.
 * Overlong forms, surrogates, values over U+10FFFF and cut sequences are invalid: returns 1 and
 * *code is UINT32_MAX.
 */
size_t utf8_next(const char *s, size_t n, uint32_t *code);
/* Writes the UTF-8 of a code point, up to U+10FFFF, without a NUL; returns how many bytes, 1 to 4. */
size_t utf8_put(char *to, uint32_t code);
/* Could a terminal take this code point for more than text: C0, DEL, C1, U+2028/9, bidi controls? */
bool escape_needed(uint32_t code);

#endif
