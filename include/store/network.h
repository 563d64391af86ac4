/*
 * network.h - the definitions of networks on disk, as text: what is in them is not the store's.
 */
#ifndef STORE_NETWORK_H
#define STORE_NETWORK_H

#include "store/store.h"

/* ERR_EXISTS when the name is taken, ERR_INVALID when it is none. */
int network_file_add(struct store *st, const char *name, const char *text, size_t n,
		     struct error *err);
/* 1 and the text, 0, -1 */
int network_file_read(struct store *st, const char *name, struct str *text, struct error *err);
int network_file_list(struct store *st, struct strv *names, struct error *err);
int network_file_remove(struct store *st, const char *name, struct error *err);

#endif
