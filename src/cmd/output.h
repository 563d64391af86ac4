/*
 * output.h - what commands say: the answer on stdout, the rest on stderr, all of it checked.
 */
#ifndef CMD_OUTPUT_H
#define CMD_OUTPUT_H

#include "util/error.h"
#include "util/str.h"

/*
 * Writes to stdout. On a terminal everything but newlines and tabs that could act on it is
 * escaped; elsewhere the bytes are written as they are. ERR_SYSTEM (EPIPE, ENOSPC, ...).
 */
int output_text(const struct str *text, struct error *err);
int output_line(struct error *err, const char *fmt, ...) PRINTF_LIKE(2, 3); /* adds the newline */
bool output_is_terminal(void);

/* A line on stderr, escaped: "hod: ..." for errors, with the hint on a line of its own. */
void report_error(const struct error *err);
void report_note(const char *fmt, ...) PRINTF_LIKE(1, 2);
/* The text with what could act on a terminal escaped, newlines too. Yours. */
char *escaped(const char *text);

/* Asks on stderr, reads a line of stdin: true for y or yes; its end is a no. */
bool confirm(const char *question);

#endif
