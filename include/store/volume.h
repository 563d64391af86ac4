/*
 * volume.h - named directories that outlive containers: volumes/NAME/{_data/,volume.json}.
 */
#ifndef STORE_VOLUME_H
#define STORE_VOLUME_H

#include "store/store.h"
#include "util/fields.h"

struct volume {
	char *name;
	int64_t created_ns;
	bool anonymous;
	bool filled; /* copy-up was done, or must not be done any more */
	struct strmap labels, options;
};
void volume_init(struct volume *v);
void volume_done(struct volume *v);
typedef VEC(struct volume) volumes;
void volumes_done(volumes *l);

/* name NULL: an anonymous one with 64 hex digits. ERR_EXISTS; ERR_INVALID for a bad name. */
int volume_create(struct store *st, const char *name, const struct strmap *labels,
		  const struct strmap *options, struct volume *v, struct error *err);
int volume_find(struct store *st, const char *name, struct volume *v, struct error *err); /* 1 0 -1 */
int volume_list(struct store *st, volumes *l, struct error *err);	     /* sorted by name */
int volume_open_data(struct store *st, const char *name, struct error *err); /* _data, O_PATH-free */
/* An exclusive lock of the volume for copy-up; close to give back. */
int volume_lock(struct store *st, const char *name, struct error *err);
int volume_set_filled(struct store *st, struct volume *v, struct error *err);
/* IDs of containers that use it. */
int volume_users(struct store *st, const char *name, struct strv *ids, struct error *err);
/* ERR_BUSY naming a user of it; force changes nothing about that. */
int volume_remove(struct store *st, const char *name, struct error *err);

#endif
