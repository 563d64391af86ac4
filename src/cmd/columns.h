/*
 * columns.h - text with tabs set in columns, by the rules of docker's tables (FEATURES.md 5.3).
 */
#ifndef CMD_COLUMNS_H
#define CMD_COLUMNS_H

#include "util/str.h"

#define COLUMNS_MIN_WIDTH 10  /* of a column */
#define COLUMNS_GAP	  3   /* blanks between two */
#define COLUMNS_MAX	  100 /* tabs behind so many cells of a line are left as they are */

/*
 * A tab ends a cell; what stands behind the last tab of a line belongs to no column. Lines below
 * each other that have a cell at one place share a column, as wide as its widest cell. Widths are
 * counted in characters.
 */
void columns_format(const char *text, size_t n, struct str *out);

#endif
