/*
 * init_file.h - the program of `--init` as a file that can be bind-mounted.
 */
#ifndef ENGINE_INIT_FILE_H
#define ENGINE_INIT_FILE_H

#include "store/store.h"

/* Writes it into the store's cache when it is not there yet. Its absolute path; yours. */
char *init_file_find(struct store *st, struct error *err);

#endif
