/*
 * tree.h - a directory tree copied with everything that belongs to it.
 */
#ifndef UTIL_TREE_H
#define UTIL_TREE_H

#include "util/error.h"

#include <stdbool.h>

/*
 * Copies the entries of directory `from` (not the directory itself) into directory `to`: regular
 * files by reflink or copy_file_range, links, hard links within the tree, FIFOs, devices where that
 * is allowed; with mode, owner, xattrs and mtime. Sockets are skipped. Nothing is followed.
 * Owners that the user namespace cannot express are left as they come when lenient.
 */
int tree_copy(int from, int to, bool lenient, struct error *err);
/* Mode, owner, xattrs and mtime of one open file or directory (not O_PATH) onto another. */
int tree_copy_attributes(int from, int to, bool lenient, struct error *err);

#endif
