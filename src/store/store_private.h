/*
 * store_private.h - what the files of this folder share and nobody else sees.
 */
#ifndef STORE_PRIVATE_H
#define STORE_PRIVATE_H

#include "oci/digest.h"
#include "store/store.h"
#include "util/fields.h"

/* Limits for files of our own: larger ones are damaged. */
#define RECORD_MAX ((size_t)1 << 20)
#define META_MAX   ((size_t)1 << 20)
extern const struct fields_limits store_limits;

/* Did reading fail for a reason that says nothing about what is on disk? Then nothing is concluded. */
bool error_may_pass(const struct error *err);

/* Moves an object out of its folder into tmp/ (atomic), then deletes it at leisure. Absent: 0. */
int store_trash(struct store *st, int dirfd, const char *name, struct error *err);

/*
 * Reads a small file into buf without stat: 1 and *n, 0 absent, -1. ERR_LIMIT when it does not fit.
 * For the paths that read a thousand of them.
 */
int small_read(int dirfd, const char *name, char *buf, size_t size, size_t *n, struct error *err);

/* The time since which everything in the store is kept: the oldest living maker's, or now. */
int staging_oldest(struct store *st, struct timespec *since, struct error *err);

/* The lock of names.lock, under which names are judged stale: a descriptor. */
int names_lock(struct store *st, struct error *err);
/*
 * Reserves names/NAME for the container: 0, or ERR_EXISTS naming the holder. A name left behind by
 * a dead maker or by a rename that was cut short is taken over.
 */
int name_reserve(struct store *st, const char *name, const char *id, struct error *err);
int name_reserve_locked(struct store *st, const char *name, const char *id, struct error *err);
/* Removes names that mean nothing any more; not all: only those of containers that are gone, which is cheap. */
int names_sweep(struct store *st, bool all, struct error *err);
/* The ID behind a name: 1, 0, -1. */
int name_find(struct store *st, const char *name, char *id, size_t size, struct error *err);
int name_release(struct store *st, const char *name, const char *id, struct error *err);
/* Frees whatever names the container has: for one without a sound record. names.lock is held. */
int names_release_all(struct store *st, const char *id, struct error *err);

/* Removes containers whose maker died before the record was written. */
int container_sweep(struct store *st, struct error *err);

/* The directory that lies below every writable rootfs (O_PATH), made at first use. */
int base_open(struct store *st, struct error *err);

/*
 * In the mode of layers/HEX: the layer says nothing of "/", as nearly all do, and need not be asked
 * at each mount. Not there, as in stores of before: it may or may not.
 */
#define LAYER_PLAIN S_ISVTX

struct layer_meta;
int layer_meta_save(struct store *st, const struct digest *diff_id, const struct layer_meta *m,
		    struct error *err);
struct image_name;
/* Parses the text of a file in images/ into an initialised name. ERR_INVALID: damaged. */
int image_name_parse(const char *text, size_t n, struct image_name *out, struct error *err);

/* The set of digests something refers to: sorted hexes. */
struct refs {
	struct strv layers, blobs;
	bool sorted;
};
void refs_done(struct refs *r);
bool refs_has(struct refs *r, const struct strv *list, const char *hex);
/*
 * Collects what names, containers and the build cache refer to. An image that cannot be read stops
 * it (ERR_INVALID naming it) unless damaged is given, which then gets one line for each.
 */
int refs_collect(struct store *st, struct refs *r, struct strv *damaged, struct error *err);

#endif
